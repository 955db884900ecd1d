// SPDX-License-Identifier: MPL-2.0
//! The security page names every file with `unsafe` code.

use std::fs;

use crate::{files, root};

#[test]
fn unsafe_code_is_in_the_files_that_the_security_page_names() {
    let page = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let sources = [
        "src",
        "plugin/src",
        "audit/src",
        "cli/src",
        "python/src",
        "examples/src",
        "tools/convert/src",
    ];
    let mut with: Vec<String> = sources
        .iter()
        .flat_map(|folder| files(folder, &[".rs"]))
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
