// SPDX-License-Identifier: MPL-2.0
//! What the element posts: messages, warnings, errors, and a panic as one of them.
//!
//! None of it while a lock is held: who receives a message may call back.

use std::time::Instant;

use gst::prelude::*;
use gst::subclass::prelude::*;

use super::imp::{ClassMorph, lock};
use super::warnings::Kind;

impl ClassMorph {
    /// Posts an element message; without a bus nobody listens.
    pub(super) fn post(&self, structure: gst::Structure) {
        let element = self.obj();
        let message = gst::message::Element::builder(structure).src(&*element).build();
        let _ = element.post_message(message);
    }

    /// Posts a warning, unless one like it went out before; see [`Kind`].
    pub(super) fn warn(&self, kind: Kind, text: &str) {
        let allowed = lock(&self.limiter).allows(kind, text, Instant::now());
        if allowed {
            match kind {
                Kind::Settings | Kind::Unused => {
                    gst::element_imp_warning!(self, gst::ResourceError::Settings, ("{text}"));
                }
                Kind::Caps => gst::element_imp_warning!(self, gst::CoreError::Caps, ("{text}")),
                Kind::Frame => gst::element_imp_warning!(self, gst::StreamError::Failed, ("{text}")),
                Kind::Content => gst::element_imp_warning!(self, gst::StreamError::Format, ("{text}")),
            }
        }
    }

    /// Posts the error, and counts it.
    pub(super) fn report(&self, message: gst::ErrorMessage) {
        lock(&self.stats).errors += 1;
        self.post_error_message(message);
    }

    /// Posts the error, once, and ends the stream.
    pub(super) fn fail(&self, message: gst::ErrorMessage) -> gst::FlowError {
        self.report(message);
        gst::FlowError::Error
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use gst::glib;

    /// The offset of a buffer at which the element panics, as if it had a mistake.
    const MISTAKE: u64 = 0xDEAD;

    /// Panics at that buffer.
    pub(in super::super) fn panic_at(buffer: &gst::BufferRef) {
        assert!(buffer.offset() != MISTAKE, "a mistake");
    }

    /// The application survives, learns of it once, and gets rid of the element.
    #[test]
    fn a_panic_ends_as_one_bus_error() {
        gst::init().unwrap();
        let element = glib::Object::new::<super::super::ClassMorph>();
        element.set_property(
            "model-file",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../models/faces_robust.onnx"),
        );
        let bus = gst::Bus::new();
        element.set_bus(Some(&bus));
        let mut harness = gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
        harness.play();
        harness.set_src_caps(
            "video/x-raw,format=GRAY8,width=32,height=32,framerate=25/1"
                .parse()
                .unwrap(),
        );
        let frame = |offset| {
            let mut buffer = gst::Buffer::with_size(32 * 32).unwrap();
            buffer.get_mut().unwrap().set_offset(offset);
            buffer
        };
        assert!(harness.push(frame(0)).is_ok(), "run `make setup`");
        assert_eq!(harness.push(frame(MISTAKE)), Err(gst::FlowError::Error));
        let errors: Vec<_> = bus.iter_filtered(&[gst::MessageType::Error]).collect();
        assert_eq!(harness.push(frame(1)), Err(gst::FlowError::Error));
        let [error] = &errors[..] else {
            panic!("{errors:?}")
        };
        let gst::MessageView::Error(error) = error.view() else {
            unreachable!()
        };
        assert!(error.error().message().contains("a mistake"), "{}", error.error());
    }
}
