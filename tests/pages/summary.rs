// SPDX-License-Identifier: MPL-2.0
//! The book's table of contents.

use std::fs;

use crate::{files, root};

#[test]
fn the_book_has_every_page_once() {
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    for page in files("docs", &[".md"]) {
        let name = page
            .strip_prefix(root().join("docs"))
            .unwrap()
            .display()
            .to_string();
        let named = summary.matches(&format!("]({name})")).count();
        assert_eq!(named, usize::from(name != "SUMMARY.md"), "{name}");
    }
}
