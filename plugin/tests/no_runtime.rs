// SPDX-License-Identifier: MPL-2.0
//! ONNX Runtime is not where it was said to be. A program of its own: the library is opened once per process, and
//! a success elsewhere would hide the failure here.

mod common;

use gst::glib;
use gst::prelude::*;

use common::{classmorph, fifo, model, start_error};

fn with_library(path: &str) -> glib::Error {
    let element = classmorph();
    element.set_property("model-file", model());
    element.set_property("onnxruntime-library", path);
    start_error(&element)
}

#[test]
fn every_library_that_is_none_is_one_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("libonnxruntime.so");
    std::fs::write(&text, "This is no library.\n").unwrap();
    let missing = folder.path().join("missing.so");
    let name = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    for library in [
        name(&missing),
        name(&text),
        name(folder.path()),
        fifo(folder.path()),
    ] {
        let error = with_library(&library);
        assert!(error.matches(gst::LibraryError::Init), "{library}: {error:?}");
        assert!(error.message().contains(&library), "{library}: {error}");
    }
}
