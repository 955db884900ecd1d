// SPDX-License-Identifier: MPL-2.0
//! Borrowed pixels: formats, planes of `f32`, the resize to the model and its exact adjoint, and the way back.
//!
//! Values of planes are 0..1 (8-bit value / 255), rows top to bottom, planes tightly packed. This room knows
//! nobody: no model, no GStreamer.

mod axis;
mod error;
mod fit;
mod format;
mod planes;
mod resize;
mod sampling;
mod watch;

pub use error::Error;
pub use fit::{Fit, Placement, Rect};
pub(crate) use format::with_layout;
pub use format::{FrameView, FrameViewMut, PixelFormat};
pub(crate) use planes::LUMA;
pub use planes::{read_luma, read_rgb, write_luma_change, write_rgb_change};
pub use resize::Resize;
pub use sampling::Sampling;
pub use watch::{FrameCopy, Moment, Picture, Watch};
