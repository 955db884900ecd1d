// SPDX-License-Identifier: MPL-2.0
//! What pages and code say of each other, where a machine can tell whether it is so.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod citations;
mod links;
mod order;
mod packages;
mod summary;
mod unsafe_code;

use std::fs;
use std::path::{Path, PathBuf};

/// The pages that stand in no folder.
const PAGES: [&str; 4] = ["README.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folders of the workspace's crates, the library's own left out, as the manifest lists them.
fn members() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, list) = manifest.split_once("members = [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The files below a folder of the repository that end in one of these ways.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let wanted = endings
                .iter()
                .any(|ending| path.to_string_lossy().ends_with(*ending));
            match path.is_dir() {
                true => folders.push(path),
                false if wanted => found.push(path),
                false => {}
            }
        }
    }
    found
}
