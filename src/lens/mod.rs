// SPDX-License-Identifier: MPL-2.0
//! The hot path: read a frame, move it, show it.
//!
//! [`Lens`] does the three for one frame after the other; [`Live`] does them for a stream, where it may leave the model on a
//! thread of its own.

mod average;
mod bracket;
mod driver;
mod editor;
mod flip;
mod frame_editor;
mod input_planes;
mod judge;
mod lead;
mod live;
mod mailbox;
mod one_step;
mod reader;
mod region;
mod report;
mod settings;
mod steps;
mod sync;
mod temporal_state;
mod view;

pub use bracket::FARTHEST_FLIP;
pub use editor::Editor;
pub use judge::{Judge, Opinion};
pub use live::{GradientMode, Live, LiveReport, LiveSettings};
pub use reader::Reader;
pub use report::{After, Report};
pub use settings::{Control, GradientSettings, InputSettings, LensSettings, Resolution, ViewSettings};
pub use sync::Lens;
