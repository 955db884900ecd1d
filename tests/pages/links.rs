// SPDX-License-Identifier: MPL-2.0
//! The links of pages lead somewhere.

use std::fs;

use crate::{PAGES, files, root};

#[test]
fn pages_link_to_what_is_there() {
    let pages = PAGES.map(|page| root().join(page));
    let below = ["docs", "tools", "models", "media"].map(|folder| files(folder, &[".md"]));
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
