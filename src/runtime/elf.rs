// SPDX-License-Identifier: MPL-2.0
//! A look at a library file before the loader maps it.
//!
//! `dlopen` of a truncated library ends in SIGBUS, of a FIFO never (docs/gstreamer.md 3.3). This is sanity, not security:
//! a complete library runs its code when it is loaded.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Refuses what is not a complete 64-bit little-endian ELF file, with the reason.
pub(super) fn check(path: &Path) -> Result<(), String> {
    let found = std::fs::metadata(path).map_err(|e| e.to_string())?;
    // Before opening: to open a FIFO is to wait for its writer.
    if !found.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    let mut file = File::open(path).map_err(|e| e.to_string())?;
    let mut header = [0; 64];
    if file.read_exact(&mut header).is_err() || !header.starts_with(b"\x7fELF\x02\x01") {
        return Err("it is not a 64-bit little-endian ELF library".to_owned());
    }
    let [segments, sections] = tables(&header);
    let complete = segments.end().is_some_and(|end| end <= found.len())
        && sections.end().is_some_and(|end| end <= found.len())
        && last_mapped_byte(&mut file, &segments).is_some_and(|end| end <= found.len());
    if complete {
        Ok(())
    } else {
        Err("the file is truncated".to_owned())
    }
}

/// A table in the file: where it starts, and how many entries of what size it has.
struct Table {
    offset: u64,
    entry: u16,
    entries: u16,
}

impl Table {
    fn end(&self) -> Option<u64> {
        self.offset
            .checked_add(u64::from(self.entry) * u64::from(self.entries))
    }
}

/// The program headers and the section headers (ELF-64 Object File Format 1.5, figures 2 and 3).
fn tables(header: &[u8; 64]) -> [Table; 2] {
    let half = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let segments = Table {
        offset: word(header, 32),
        entry: half(54),
        entries: half(56),
    };
    let sections = Table {
        offset: word(header, 40),
        entry: half(58),
        entries: half(60),
    };
    [segments, sections]
}

/// Where the last byte that the loader maps lies: the largest `p_offset + p_filesz`. `None`: the table is broken.
fn last_mapped_byte(file: &mut File, segments: &Table) -> Option<u64> {
    const ENTRY: u16 = 56;
    if segments.entry != ENTRY {
        return None;
    }
    file.seek(SeekFrom::Start(segments.offset)).ok()?;
    (0..segments.entries).try_fold(0, |end, _| {
        let mut entry = [0; ENTRY as usize];
        file.read_exact(&mut entry).ok()?;
        Some(word(&entry, 8).checked_add(word(&entry, 32))?.max(end))
    })
}

fn word(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 8]
        .iter()
        .rev()
        .fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// The running test is a complete ELF file; every cut of it is not.
    #[test]
    fn a_cut_anywhere_is_noticed() {
        let whole = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        check(&std::env::current_exe().unwrap()).unwrap();
        for cut in [0, 3, 63, 64, 100, whole.len() / 3, whole.len() - 1] {
            let mut part = tempfile::NamedTempFile::new().unwrap();
            part.write_all(&whole[..cut]).unwrap();
            let expected = if cut < 64 {
                "it is not a 64-bit"
            } else {
                "the file is truncated"
            };
            let reason = check(part.path()).unwrap_err();
            assert!(reason.starts_with(expected), "cut at {cut}: {reason}");
        }
    }

    /// A file whose section headers lie in front (`patchelf` may put them there) can lose mapped bytes only.
    #[test]
    fn a_missing_end_of_a_segment_is_noticed() {
        let mut bytes = [0; 64 + 56];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = 1;
        bytes[64 + 32] = 120;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        check(file.path()).unwrap();
        bytes[64 + 32] = 121;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        assert_eq!(check(file.path()).unwrap_err(), "the file is truncated");
    }

    #[test]
    fn what_is_not_a_file_is_refused() {
        assert_eq!(check("/".as_ref()).unwrap_err(), "it is not a regular file");
        assert_eq!(
            check("/dev/null".as_ref()).unwrap_err(),
            "it is not a regular file"
        );
        assert!(
            check("/nowhere/lib.so".as_ref())
                .unwrap_err()
                .contains("No such file")
        );
    }
}
