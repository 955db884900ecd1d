// SPDX-License-Identifier: MPL-2.0
//! The page of made-up audits: large and small, with and without everything.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use steerlens::morph::Method;

use super::render;
use crate::summary::made_up::{MadeUp, label};
use crate::summary::{Record, Summary};

fn page(sample: &MadeUp) -> String {
    render(&sample.summary(), Path::new("/nonexistent")).unwrap()
}

/// Checks that tags are closed in the order in which they were opened, and that ids are single; their number.
fn check_markup(page: &str) -> usize {
    const EMPTY: [&str; 5] = ["meta", "br", "img", "path", "!doctype"];
    let mut open: Vec<&str> = Vec::new();
    let mut tags = 0;
    let mut ids = std::collections::HashSet::new();
    let (start, rest) = page.split_once("<style>").unwrap();
    let (_, rest) = rest.split_once("</style>").unwrap();
    for part in [start, rest] {
        for tag in part.split('<').skip(1) {
            let (tag, _) = tag.split_once('>').expect("a tag ends");
            tags += 1;
            let name = tag.split([' ', '\n', '/']).find(|name| !name.is_empty()).unwrap();
            match tag.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name), "near <{tag}>"),
                None if EMPTY.contains(&name) => {}
                None => open.push(name),
            }
            if let Some((_, id)) = tag.split_once(" id=\"") {
                assert!(ids.insert(id.split('"').next().unwrap()), "id twice in <{tag}>");
            }
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    for (_, link) in page
        .match_indices("href=\"#")
        .map(|(at, _)| page[at + 7..].split_once('"').unwrap())
        .map(|(link, rest)| (rest, link))
    {
        assert!(ids.contains(link), "#{link} leads nowhere");
    }
    tags
}

#[test]
fn a_full_audit_makes_a_page_that_needs_nothing_else() {
    let page = page(&MadeUp::default());
    assert!(check_markup(&page) > 500);
    for absent in ["http:", "https:", "@import", "url(", "<link", "NaN", "inf<"] {
        assert!(!page.contains(absent), "{absent}");
    }
    // What runs is what the policy names.
    let (_, script) = page.split_once("<script>").unwrap();
    let (script, _) = script.split_once("</script>").unwrap();
    let hash = STANDARD.encode(Sha256::digest(script));
    let policy = format!("script-src 'sha256-{hash}'");
    assert!(
        page.replace("&#x27;", "'")
            .replace("&#x2f;", "/")
            .contains(&policy)
    );
    for present in [
        "CSP phase",
        "319 of 340",
        "mini_xception",
        "both judges",
        "scene cut",
        "clip &amp; &lt;41&gt;.webm",
    ] {
        assert!(page.contains(present), "{present}");
    }
}

#[test]
fn labels_and_paths_are_no_markup() {
    let page = page(&MadeUp {
        labels: label,
        ..MadeUp::default()
    });
    check_markup(&page);
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert_eq!(page.matches("<script").count(), 1, "its own");
    assert!(page.contains("{{ 7*7 }}"), "a label is no template");
}

#[test]
fn what_is_not_there_is_said() {
    let bare = MadeUp {
        videos: 0,
        judges: 0,
        control: false,
        flips: false,
        pictures: 10,
        classes: 2,
        methods: &[Method::Pixel],
        budgets: &[2.0],
        ..MadeUp::default()
    };
    let page = page(&bare);
    check_markup(&page);
    for said in [
        "No judge was given",
        "No control was run",
        "searched no flips",
        "No video was among",
        "cannot be said",
    ] {
        assert!(page.contains(said), "{said}");
    }
    let nothing = render(&Summary::of([], Record::default(), &[]).unwrap(), Path::new("")).unwrap();
    check_markup(&nothing);
    assert!(nothing.contains("No edit attained its distance"));
}

#[test]
fn many_rows_and_classes_make_no_large_page() {
    let large = MadeUp {
        pictures: 1_200,
        classes: 1_000,
        judges: 1,
        methods: &[Method::CspPhase, Method::Pixel],
        labels: |class| format!("class {class}"),
        ..MadeUp::default()
    };
    let page = page(&large);
    check_markup(&page);
    assert!(page.len() < 500_000, "{} bytes", page.len());
    assert!(page.contains("further classes") && page.contains("further pairs"));
}

#[test]
fn a_small_table_gives_the_very_page() {
    // Remade by `make bless`, and looked at in a browser then.
    let small = MadeUp {
        pictures: 10,
        videos: 0,
        classes: 2,
        judges: 1,
        methods: &[Method::CspPhase],
        budgets: &[2.0],
        ..MadeUp::default()
    };
    let page = page(&small);
    let (_, body) = page.split_once("</style>").unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/audit_page.html");
    if std::env::var_os("STEERLENS_BLESS").is_some() {
        std::fs::write(&file, body).unwrap();
    }
    assert!(
        std::fs::read_to_string(&file).unwrap() == body,
        "the page differs from {}: see what `make bless` changes there",
        file.display()
    );
}

/// Pages for `tools/audit_page_check`, where it says to which folder.
#[test]
fn sample_pages() {
    let Some(folder) = std::env::var_os("STEERLENS_SAMPLE_PAGES") else {
        return;
    };
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder.join("strips")).unwrap();
    let full = MadeUp {
        labels: label,
        ..MadeUp::default()
    };
    let rows = MadeUp::default().rows();
    for row in rows.iter().filter_map(|row| row.strip.as_ref()) {
        let strip = image::RgbImage::from_fn(960, 240, |x, y| {
            let shade = 128.0
                + 100.0
                    * (f64::from(x % 240) / 19.0).sin()
                    * (f64::from(y) / (9.0 + f64::from(x / 240))).cos();
            image::Rgb([shade as u8, (255.0 - shade) as u8, 120])
        });
        strip.save(folder.join(row)).unwrap();
        strip.save(folder.join(crate::closest::path(row))).unwrap();
    }
    let bare = MadeUp {
        videos: 0,
        judges: 0,
        control: false,
        flips: false,
        pictures: 10,
        classes: 2,
        methods: &[Method::Pixel],
        budgets: &[2.0],
        ..MadeUp::default()
    };
    let large = MadeUp {
        pictures: 400,
        classes: 1_000,
        labels: |class| format!("class {class}"),
        ..MadeUp::default()
    };
    let mut compared = MadeUp::default().summary();
    let baseline = MadeUp {
        pictures: 30,
        ..MadeUp::default()
    }
    .summary();
    compared.compare(&baseline, Some(0.01));
    let summaries = [
        ("full", compared),
        ("odd", full.summary()),
        ("bare", bare.summary()),
        ("large", large.summary()),
    ];
    for (name, summary) in summaries {
        std::fs::write(
            folder.join(name).with_extension("html"),
            render(&summary, folder).unwrap(),
        )
        .unwrap();
    }
}
