// SPDX-License-Identifier: MPL-2.0
//! The pages that describe the element: `docs/properties.md`, made from its properties, and what `gst-inspect-1.0`
//! shows. Both are frozen, so that no property changes by accident; after a change on purpose run `make bless`.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod common;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use gst::glib;
use gst::prelude::*;

use common::classmorph;

/// Headings of the page, each before its first property.
const GROUPS: [(&str, &str); 11] = [
    ("model-file", "The model, and what runs it"),
    ("input-format", "How a frame becomes its input"),
    ("source-class", "From which class to which, and where"),
    ("class-hold", "How the gradient is taken"),
    ("fit", "What of a frame goes into the model"),
    ("resolution", "How the picture moves"),
    ("magnification", "How far it moves"),
    ("display-mode", "What is shown"),
    ("sweep", "How a stream is followed"),
    ("post-messages", "What is told"),
    ("stats", "To be read"),
];

/// Holds a file to its text, or with STEERLENS_BLESS writes it.
fn hold(path: PathBuf, made: &str) {
    if std::env::var_os("STEERLENS_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, made).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let first = made
        .lines()
        .zip(found.lines().chain(std::iter::repeat("(end of the page)")))
        .find(|(made, found)| made != found);
    assert!(
        made == found,
        "{} differs, from {first:?} (is, should be) on; if that is meant, run `make bless`",
        path.display()
    );
}

fn own(element: &gst::Element) -> Vec<glib::ParamSpec> {
    let specs = element.list_properties();
    specs
        .iter()
        .filter(|spec| spec.owner_type() == element.type_())
        .cloned()
        .collect()
}

/// A number as people write it.
fn short(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Type and range of a property, and its default.
fn kind(element: &gst::Element, spec: &glib::ParamSpec) -> (String, String) {
    let value = element.property_value(spec.name());
    if let Some((_, value)) = glib::EnumValue::from_value(&value) {
        return ("one of".into(), value.nick().into());
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecDouble>() {
        let range = format!("number, {} to {}", short(spec.minimum()), short(spec.maximum()));
        return (range, short(spec.default_value()));
    }
    let whole = |min: i128, max: i128, all: i128, default: i128| {
        let most = if max == all {
            String::new()
        } else {
            format!(" to {max}")
        };
        let from = if most.is_empty() { " from" } else { "," };
        (format!("whole number{from} {min}{most}"), default.to_string())
    };
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecUInt>() {
        let [min, max, default] = [spec.minimum(), spec.maximum(), spec.default_value()].map(i128::from);
        return whole(min, max, i128::from(u32::MAX), default);
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecUInt64>() {
        let [min, max, default] = [spec.minimum(), spec.maximum(), spec.default_value()].map(i128::from);
        return whole(min, max, i128::from(u64::MAX), default);
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecInt64>() {
        let [min, max, default] = [spec.minimum(), spec.maximum(), spec.default_value()].map(i128::from);
        return whole(min, max, i128::from(i64::MAX), default);
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecInt>() {
        let [min, max, default] = [spec.minimum(), spec.maximum(), spec.default_value()].map(i128::from);
        return whole(min, max, i128::from(i32::MAX), default);
    }
    match spec.value_type() {
        glib::Type::BOOL => ("true or false".into(), value.get::<bool>().unwrap().to_string()),
        glib::Type::STRING => ("text".into(), "unset".into()),
        of if of == gst::Array::static_type() => ("list of numbers, `<a,b,c>`".into(), "empty".into()),
        _ => ("structure".into(), "".into()),
    }
}

fn page() -> String {
    let element = classmorph();
    let mut page = String::from(
        "# Properties of `classmorph`\n\n\
         Made from the element itself; after a change there, run `make bless`.\n\n\
         *When* says from when on a change counts: **start** the next start, set in NULL or READY; **frame** the next \
         frame,\nat any time; **control** likewise, and a controller may drive it over stream time.\n",
    );
    for spec in own(&element) {
        if let Some((_, heading)) = GROUPS.iter().find(|(first, _)| *first == spec.name()) {
            write!(
                page,
                "\n## {heading}\n\n| property | values | default | when | meaning |\n|---|---|---|---|---|\n"
            )
            .unwrap();
        }
        let flags = spec.flags();
        let when = match () {
            () if flags.contains(gst::PARAM_FLAG_CONTROLLABLE) => "control",
            () if flags.contains(gst::PARAM_FLAG_MUTABLE_PLAYING) => "frame",
            () if flags.contains(gst::PARAM_FLAG_MUTABLE_READY) => "start",
            () => "read-only",
        };
        let (mut values, default) = kind(&element, &spec);
        let mut meaning = spec.blurb().unwrap_or_default().replace('|', "\\|");
        if let Some(class) = glib::EnumClass::with_type(spec.value_type()) {
            values = class
                .values()
                .iter()
                .map(|v| format!("`{}`", v.nick()))
                .collect::<Vec<_>>()
                .join(", ");
            for value in class.values() {
                write!(meaning, "<br>`{}`: {}", value.nick(), value.name()).unwrap();
            }
        }
        writeln!(
            page,
            "| `{}` | {values} | {default} | {when} | {meaning} |",
            spec.name()
        )
        .unwrap();
    }
    page
}

#[test]
#[cfg_attr(feature = "v1_24", ignore = "the page tells of the plugin without it")]
fn the_page_of_properties_says_what_the_element_says() {
    hold(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/properties.md"),
        &page(),
    );
}

/// GStreamer words the page, and each series words it a little otherwise: the frozen one is that of 1.22. Elsewhere
/// every property's name and blurb must stand on it.
#[test]
fn gst_inspect_shows_the_frozen_page() {
    common::init();
    // Beside the test programs lies the plugin that was built with them.
    let plugin = std::env::current_exe()
        .unwrap()
        .with_file_name("libgststeerlens.so");
    let folder = tempfile::tempdir().unwrap();
    let shown = Command::new("gst-inspect-1.0")
        .arg(format!("--gst-plugin-load={}", plugin.display()))
        .args(["--no-colors", "classmorph"])
        .env("GST_REGISTRY", folder.path().join("registry"))
        .env("LC_ALL", "C.UTF-8")
        // Nothing is opened: it works where there is no ONNX Runtime.
        .env("ORT_DYLIB_PATH", "/nowhere")
        .output()
        .unwrap();
    let errors = String::from_utf8(shown.stderr).unwrap();
    assert!(shown.status.success() && errors.is_empty(), "{errors}");
    let text = String::from_utf8(shown.stdout).unwrap();
    // Where it was built, and when.
    let fleeting = ["Filename", "Version", "Source release date"];
    let page: String = text
        .lines()
        .filter(|line| !fleeting.iter().any(|key| line.trim_start().starts_with(key)))
        .map(|line| format!("{}\n", line.trim_end()))
        .collect();
    let (_, minor, ..) = gst::version();
    if minor == 22 {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/gst-inspect.txt");
        hold(golden, &page);
    }
    for spec in own(&classmorph()) {
        assert!(
            page.contains(&format!("  {} ", spec.name())),
            "{}: {page}",
            spec.name()
        );
        assert!(page.contains(spec.blurb().unwrap()), "{}", spec.name());
    }
}
