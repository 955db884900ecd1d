// SPDX-License-Identifier: MPL-2.0
//! GStreamer plugin `steerlens`: the element `classmorph`.
//!
//! Loading the plugin registers the element and opens nothing: `gst-inspect-1.0 classmorph` works on a machine
//! without ONNX Runtime.
//!
//! ```shell
//! gst-launch-1.0 v4l2src ! videoconvert ! classmorph model-file=models/faces_robust.onnx target-label=smile ! \
//!     videoconvert ! autovideosink
//! ```
//!
//! Every property, with its range and default, stands in `docs/properties.md`, which is made from the element; launch lines
//! in `docs/pipelines.md`. The element is a thin layer over the crate `steerlens`, where everything is computed, and whose
//! front page names the environment variables. Categories of `GST_DEBUG` are `classmorph`, `steerlens` for the library, and
//! `steerlens-ort` for what ONNX Runtime says.
//!
//! From Rust, register the element without a plugin file by `plugin_desc::plugin_register_static`. Read its messages and
//! `GstClassMorphMeta` by the types in [`message`].
//!
//! # Features
//!
//! | feature | does |
//! |---|---|
//! | `v1_24` | results as analytics meta too; then links `libgstanalytics` and needs GStreamer 1.24 |
//! | `static`, `capi` | for cargo-c: a static library; a C library |
//! | `doc` | lists enumerations for GStreamer's documentation tools |
//!
//! # Stability
//!
//! Names of properties, nicks of their values, and fields of messages and metas stay, and new ones are added. The Rust API is
//! 0.x: it may change from one minor version to the next.

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
