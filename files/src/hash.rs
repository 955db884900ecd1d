// SPDX-License-Identifier: MPL-2.0
//! SHA-256: of files, for the record, and of names, for choices that must come out the same everywhere.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

/// Of the bytes of some files, one after the other; hexadecimal.
///
/// # Errors
/// When one of them cannot be read.
pub fn of_files<P: AsRef<Path>>(paths: &[P]) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    for path in paths {
        let mut file = File::open(path)?;
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                read => hasher.update(&buffer[..read]),
            }
        }
    }
    Ok(hexadecimal(hasher))
}

/// Of some bytes; hexadecimal.
pub fn of_bytes(bytes: &[u8]) -> String {
    hexadecimal(Sha256::new_with_prefix(bytes))
}

fn hexadecimal(hasher: Sha256) -> String {
    let mut text = String::new();
    for byte in hasher.finalize() {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The first 64 bits of that of some words.
pub fn of_words(words: &[&str]) -> u64 {
    let mut hasher = Sha256::new();
    for word in words {
        hasher.update(word);
        hasher.update([0]);
    }
    let mut first = [0; 8];
    first
        .iter_mut()
        .zip(hasher.finalize())
        .for_each(|(to, byte)| *to = byte);
    u64::from_be_bytes(first)
}
