// SPDX-License-Identifier: MPL-2.0
//! What the four methods do to the networks that are shipped: the tables and pictures of `docs/methods.md`.
//!
//! `cargo bench --bench methods -- PICTURES OUT [agreement] [pairs] [sheets] [KIND ...]`; `tools/methods`
//! draws PICTURES (a folder for each kind of network, `LABEL-N.png`), runs this, and lays out what is in OUT.
//! Everything is drawn by seed: the same networks give the same tables.

#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

mod agreement;
mod kind;
mod pairs;
mod sheets;
mod walk;

use std::error::Error;
use std::path::PathBuf;

use kind::Kind;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What can be asked for by name.
const TABLES: [&str; 3] = ["agreement", "pairs", "sheets"];

fn main() -> Result<()> {
    // Cargo says `--bench`.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let [pictures, out, wishes @ ..] = &arguments[..] else {
        println!("methods: give the folders PICTURES and OUT, see benches/methods/main.rs");
        return Ok(());
    };
    let (pictures, out) = (PathBuf::from(pictures), PathBuf::from(out));
    let wanted = |name: &str, all: &[&str]| {
        let named = wishes.iter().any(|wish| all.contains(&wish.as_str()));
        !named || wishes.iter().any(|wish| wish == name)
    };
    let kinds = ["digits", "faces", "shapes", "clothes"];
    for name in kinds.into_iter().filter(|name| wanted(name, &kinds)) {
        let mut kind = Kind::open(name, &pictures.join(name))?;
        if wanted("agreement", &TABLES) {
            agreement::table(&mut kind)?;
        }
        if wanted("pairs", &TABLES) {
            pairs::table(&mut kind, &out)?;
        }
        if wanted("sheets", &TABLES) {
            sheets::write(&mut kind, &out)?;
        }
    }
    Ok(())
}
