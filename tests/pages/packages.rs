// SPDX-License-Identifier: MPL-2.0
//! What is handed out says what it is: every crate that can be published, and CITATION.cff.

use std::fs;

use crate::{files, members, root};

/// The manifests of the workspace's crates, the library's own among them.
fn manifests() -> impl Iterator<Item = (String, String)> {
    std::iter::once(String::new()).chain(members()).map(|folder| {
        let text = fs::read_to_string(root().join(&folder).join("Cargo.toml")).unwrap();
        (folder, text)
    })
}

#[test]
fn every_crate_that_is_published_has_licence_readme_and_keywords() {
    let mut published = 0;
    for (folder, text) in manifests().filter(|(_, text)| !text.contains("publish = false")) {
        published += 1;
        for key in [
            "description = ",
            "readme = ",
            "license.workspace",
            "keywords.workspace",
            "categories.workspace",
        ] {
            assert!(
                text.contains(&format!("\n{key}")),
                "{folder}/Cargo.toml has no {key}"
            );
        }
        let include = text
            .split_once("\ninclude = [")
            .and_then(|(_, rest)| rest.split_once(']'));
        let include = include.map_or("", |(list, _)| list);
        assert!(
            include.contains("\"/LICENSE-MPL-2.0\""),
            "{folder}/Cargo.toml ships no licence"
        );
        let licence = fs::read(root().join(&folder).join("LICENSE-MPL-2.0")).unwrap();
        assert!(
            licence == fs::read(root().join("LICENSE-MPL-2.0")).unwrap(),
            "{folder}"
        );
    }
    assert_eq!(published, 6);
}

#[test]
fn what_a_crate_includes_of_the_repository_lies_in_the_crate() {
    let sources = members().into_iter().map(|member| format!("{member}/src"));
    for folder in sources.chain(["src".to_owned()]) {
        for file in files(&folder, &[".rs"]) {
            let text = fs::read_to_string(&file).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (at, _) in text
                .match_indices("include_str!(\"")
                .chain(text.match_indices("include_bytes!(\""))
            {
                let (_, rest) = text[at..].split_once('"').unwrap();
                let named = rest.split_once('"').unwrap().0;
                let path = file.parent().unwrap().join(named).canonicalize().unwrap();
                let of_the_crate = root().join(folder.strip_suffix("/src").unwrap_or(&folder));
                let own = path.starts_with(of_the_crate.canonicalize().unwrap());
                // Pages are packed with the library.
                let page = folder == "src" && path.starts_with(root().join("docs").canonicalize().unwrap());
                assert!(own || page, "{}: {named}", file.display());
            }
        }
    }
}

#[test]
fn the_citation_is_of_this_version() {
    let citation = fs::read_to_string(root().join("CITATION.cff")).unwrap();
    assert!(citation.contains(&format!("\nversion: {}\n", env!("CARGO_PKG_VERSION"))));
    assert!(citation.contains("\nlicense: MPL-2.0\n"));
}
