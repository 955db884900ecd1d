// SPDX-License-Identifier: MPL-2.0
//! What `classmorph` says, as types: the element itself builds its messages and metas from them, and an application
//! gets them back with `try_from`.
//!
//! * [`FrameReport`]: the element message `classmorph` and the custom meta [`META`], one for each analysed frame
//! * [`Loading`] and [`Loaded`]: before and after a model is opened
//!
//! ```
//! use gststeerlens::message::FrameReport;
//!
//! fn on_message(message: &gst::Message) {
//!     let Some(structure) = message.structure() else { return };
//!     if let Ok(report) = FrameReport::try_from(structure) {
//!         println!("{} to {}: {:+.2}", report.source_label, report.target_label, report.margin);
//!     }
//! }
//!
//! fn on_buffer(buffer: &gst::BufferRef) {
//!     if let Ok(meta) = gst::meta::CustomMeta::from_buffer(buffer, gststeerlens::message::META) {
//!         println!("{:?}", FrameReport::try_from(meta.structure()));
//!     }
//! }
//! ```
//!
//! Probabilities lie in 0..1. Times of the stream are `None` where the buffer has none; in a structure they are
//! `guint64` nanoseconds with `GST_CLOCK_TIME_NONE`. Durations are `guint64` nanoseconds. Lists are `GstValueArray`s.
//! An optional field that has no value is left out.

mod declare;
mod field;
mod frame;
mod load;

pub use field::Error;
pub use frame::{After, FrameReport, META};
pub use load::{Loaded, Loading};

pub(crate) use field::nanoseconds;
