// SPDX-License-Identifier: MPL-2.0
//! A frame of an input.

use std::sync::Arc;

use steerlens_files::Picture;

/// A frame, and where it is from.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) input: Arc<FrameInput>,
    pub(crate) index: u64,
    pub(crate) time_ns: Option<u64>,
    pub(crate) scene_cut: bool,
    pub(crate) picture: Picture,
}

/// What is known of the file that a frame is from.
#[derive(Debug)]
pub(crate) struct FrameInput {
    pub(crate) path: String,
    pub(crate) key: String,
    pub(crate) sha256: String,
    pub(crate) truth: Option<String>,
    /// Whether the key alone names the frame.
    pub(crate) is_picture: bool,
}
