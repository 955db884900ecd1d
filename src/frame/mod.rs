// SPDX-License-Identifier: MPL-2.0
//! Borrowed pixels: formats, planes of `f32`, the resize to the model and its exact adjoint, and the way back.
//!
//! A [`FrameView`] looks at bytes of any [`PixelFormat`]; its [`Shape`] says what they mean. Values of planes are 0..1
//! (8-bit value / 255), rows top to bottom, planes tightly packed. No model, no GStreamer.

mod axis;
mod change;
mod change_detector;
mod colorimetry;
mod error;
mod fit;
mod format;
mod input_geometry;
mod luma;
mod paint;
mod planes;
mod resize;
mod sampling;
mod scene_cut;
mod shape;
mod view;

pub use change::{write_luma_change, write_rgb_change};
pub use change_detector::{ChangeDetector, FrameCopy, FramePosition, PictureId};
pub use colorimetry::{Colorimetry, Range};
pub use error::Error;
pub use fit::{Fit, Placement, Rect};
pub use format::PixelFormat;
pub(crate) use format::with_layout;
pub(crate) use input_geometry::InputGeometry;
pub use luma::LUMA;
pub(crate) use paint::{Overlay, write_colours};
pub(crate) use planes::luma_of_planes;
pub use planes::{read_luma, read_rgb};
pub use resize::{Change, Resize};
pub use sampling::Sampling;
pub use scene_cut::is_scene_cut;
pub use shape::Shape;
pub use view::{Bytes, FrameView, FrameViewMut, View};
