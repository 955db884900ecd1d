// SPDX-License-Identifier: MPL-2.0
//! What pages say of the code, where a machine can tell whether it is so.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder of the repository that end so.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.to_string_lossy().ends_with(ending) => found.push(path),
                false => {}
            }
        }
    }
    found
}

#[test]
fn unsafe_code_is_in_the_files_that_the_security_page_names() {
    let page = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let sources = [
        "src",
        "plugin/src",
        "cli/src",
        "examples/src",
        "tools/convert/src",
    ];
    let mut with: Vec<String> = sources
        .iter()
        .flat_map(|folder| files(folder, ".rs"))
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap();
            ["unsafe {", "unsafe fn ", "unsafe impl ", "unsafe extern "]
                .iter()
                .any(|kind| text.contains(kind))
        })
        .map(|path| path.strip_prefix(root()).unwrap().display().to_string())
        .collect();
    with.sort();
    let named: Vec<&String> = with
        .iter()
        .filter(|path| page.contains(&format!("`{path}`")))
        .collect();
    assert_eq!(named.len(), with.len(), "{with:?}");
    let numbers = ["no file", "one file", "two files", "three files", "four files"];
    let count = format!("There is `unsafe` code in {}:", numbers[with.len()]);
    assert!(page.contains(&count), "{count} {with:?}");
}

#[test]
fn pages_link_to_what_is_there() {
    let pages = ["README.md", "SECURITY.md", "CHANGELOG.md"].map(|page| root().join(page));
    let below = ["docs", "tools", "models", "media"].map(|folder| files(folder, ".md"));
    for page in pages.into_iter().chain(below.into_iter().flatten()) {
        let text = fs::read_to_string(&page).unwrap();
        // Outside of code; a formula may look like a link, but for its blanks.
        let prose: String = text.split("```").step_by(2).collect();
        let targets = prose
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains(char::is_whitespace)) {
            let file = target.split('#').next().unwrap_or_default();
            let elsewhere = file.is_empty() || file.contains("://");
            let there = page.parent().unwrap().join(file).exists();
            assert!(elsewhere || there, "{}: {target}", page.display());
        }
    }
}
