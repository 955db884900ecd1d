// SPDX-License-Identifier: MPL-2.0
//! What the tests of the element share.

#![allow(dead_code, reason = "each test program uses its own part")]
#![expect(clippy::unwrap_used, reason = "a failed test panics")]

pub(crate) mod rig;
pub(crate) mod tiny;

use std::path::Path;

use gst::glib;
use gst::prelude::*;

/// GStreamer with the plugin, where every GLib warning ends the test.
pub(crate) fn init() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        gst::init().unwrap();
        let fatal = [
            glib::LogLevels::LEVEL_ERROR,
            glib::LogLevels::LEVEL_CRITICAL,
            glib::LogLevels::LEVEL_WARNING,
        ];
        glib::log_set_always_fatal(fatal.into_iter().collect());
        gststeerlens::plugin_desc::plugin_register_static().unwrap();
    });
}

/// A new element.
pub(crate) fn classmorph() -> gst::Element {
    init();
    gst::ElementFactory::make("classmorph").build().unwrap()
}

/// The drawn faces' classifier: 64x64 grey, classes neutral, smile, frown, surprise.
pub(crate) fn model() -> String {
    shipped("faces_robust.onnx")
}

/// A file of the repository's models.
pub(crate) fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(name);
    assert!(path.is_file(), "{} is missing: run `make setup`", path.display());
    path.to_str().unwrap().to_owned()
}

/// An element with a bus of its own.
pub(crate) fn with_bus(element: &gst::Element) -> gst::Bus {
    let bus = gst::Bus::new();
    element.set_bus(Some(&bus));
    bus
}

/// Every message on the bus of this type.
pub(crate) fn messages(bus: &gst::Bus, kind: gst::MessageType) -> Vec<gst::Message> {
    std::iter::from_fn(|| bus.pop_filtered(&[kind])).collect()
}

/// The element messages of this name.
pub(crate) fn said(bus: &gst::Bus, name: &str) -> Vec<gst::Structure> {
    messages(bus, gst::MessageType::Element)
        .iter()
        .filter_map(|message| message.structure().map(|structure| structure.to_owned()))
        .filter(|structure| structure.name() == name)
        .collect()
}

/// The one error that a start without success leaves on the bus.
pub(crate) fn start_error(element: &gst::Element) -> glib::Error {
    let bus = with_bus(element);
    let begun = std::time::Instant::now();
    assert!(element.set_state(gst::State::Paused).is_err());
    let errors = messages(&bus, gst::MessageType::Error);
    element.set_state(gst::State::Null).unwrap();
    // A hang is what is looked for here, not speed.
    assert!(begun.elapsed().as_secs() < 5, "an error must come at once");
    let [error] = &errors[..] else {
        panic!("one error expected: {errors:?}")
    };
    let gst::MessageView::Error(error) = error.view() else {
        unreachable!()
    };
    error.error()
}

/// A first-in-first-out file in `folder`.
pub(crate) fn fifo(folder: &Path) -> String {
    let path = folder.join("fifo.onnx");
    let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    path.to_str().unwrap().to_owned()
}
