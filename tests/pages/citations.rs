// SPDX-License-Identifier: MPL-2.0
//! What the code cites of `docs/` is there: the page, and the section of the page.

use std::collections::BTreeSet;

use crate::{PAGES, files, root};

/// Where citations stand, besides the pages of no folder.
const FOLDERS: [&str; 11] = [
    "src", "plugin", "audit", "live", "cli", "examples", "tests", "benches", "tools", "docs", "models",
];

/// A citation: the page, and the section where one is named.
type Citation = (String, Option<String>);

/// The name of the page and, after a blank, of its section, which ends at the first character that no section has.
fn citations(text: &str) -> impl Iterator<Item = Citation> + '_ {
    text.match_indices("docs/").filter_map(|(at, _)| {
        let rest = &text[at + "docs/".len()..];
        let page = &rest[..rest.find(".md")?];
        if page.is_empty()
            || !page
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        {
            return None;
        }
        let after = rest[page.len() + ".md".len()..].strip_prefix(' ');
        let section = after.map(|after| {
            let end = after
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
                .unwrap_or(after.len());
            after[..end].trim_end_matches('.').to_owned()
        });
        let section = section.filter(|s| s.starts_with(|c: char| c.is_ascii_digit()));
        Some((page.to_owned(), section))
    })
}

/// The sections of a page: the numbers of its headings and of the paragraphs that begin with one in bold, and those of
/// the items of numbered lists, seen from the heading above.
fn sections(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut heading = String::new();
    for line in page.lines() {
        let number = |text: &str| {
            let word = text.split_whitespace().next().unwrap_or_default();
            word.trim_end_matches('.').to_owned()
        };
        let digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        if let Some(title) = line
            .strip_prefix('#')
            .map(|rest| rest.trim_start_matches('#').trim())
        {
            if digit(title) {
                heading = number(title);
                found.insert(heading.clone());
            }
        } else if let Some(bold) = line.strip_prefix("**").filter(|rest| digit(rest)) {
            found.insert(number(bold));
        } else if digit(line)
            && line
                .split_once(". ")
                .is_some_and(|(n, _)| n.chars().all(|c| c.is_ascii_digit()))
        {
            found.insert(format!("{heading}.{}", number(line)));
        }
    }
    found
}

#[test]
fn every_page_and_section_that_is_cited_is_there() {
    let pages = PAGES.map(|page| root().join(page)).into_iter();
    let below = FOLDERS.map(|folder| files(folder, &[".rs", ".md", ".py", ".toml"]));
    let (mut cited, mut missing) = (0, Vec::new());
    for file in pages.chain(below.into_iter().flatten()) {
        let text = std::fs::read_to_string(&file).unwrap();
        for (page, section) in citations(&text) {
            cited += 1;
            let place = file.strip_prefix(root()).unwrap().display();
            match std::fs::read_to_string(root().join("docs").join(format!("{page}.md"))) {
                Err(_) => missing.push(format!("{place}: no page docs/{page}.md")),
                Ok(text) => {
                    if let Some(section) = section.filter(|s| !sections(&text).contains(s)) {
                        missing.push(format!("{place}: docs/{page}.md has no section {section}"));
                    }
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(cited > 100, "{cited} citations were found");
}

#[test]
fn a_citation_is_read_up_to_its_end() {
    let read = |text| citations(text).collect::<Vec<_>>();
    let cited = |page: &str, section: Option<&str>| (page.to_owned(), section.map(ToOwned::to_owned));
    assert_eq!(read("(docs/method.md 2.5b)."), [cited("method", Some("2.5b"))]);
    assert_eq!(
        read("as docs/method.md 2.3, and docs/gradient.md says"),
        [cited("method", Some("2.3")), cited("gradient", None),]
    );
    assert_eq!(read("docs/pictures/x.jpg"), []);
    let page = "# A\n## 4. Tests\n1. one\n12. twelve\n### 2.5b Pad\n**5.1 Four**, more\n";
    let found: Vec<_> = sections(page).into_iter().collect();
    assert_eq!(found, ["2.5b", "4", "4.1", "4.12", "5.1"]);
}
