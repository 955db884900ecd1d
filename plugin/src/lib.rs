// SPDX-License-Identifier: MPL-2.0
//! GStreamer plugin `steerlens`: the element `classmorph`.
//!
//! Loading the plugin registers the element and opens nothing: `gst-inspect-1.0 classmorph` works on a machine
//! without ONNX Runtime.

#![expect(
    missing_docs,
    reason = "gst::plugin_define! makes public items that say nothing"
)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use gst::glib;

mod classmorph;
pub mod message;

pub use classmorph::ClassMorph;

fn plugin_init(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    classmorph::register(plugin)
}

gst::plugin_define!(
    steerlens,
    env!("CARGO_PKG_DESCRIPTION"),
    plugin_init,
    concat!(env!("CARGO_PKG_VERSION"), "-", env!("COMMIT_ID")),
    "MPL-2.0",
    env!("CARGO_PKG_NAME"),
    env!("CARGO_PKG_NAME"),
    "https://arxiv.org/abs/2506.02300",
    env!("BUILD_REL_DATE")
);
