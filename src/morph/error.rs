// SPDX-License-Identifier: MPL-2.0
//! What a morph cannot be made of.

use crate::settings::OutOfRange;

/// What a morph cannot be made of.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is out of its range.
    #[error(transparent)]
    Setting(#[from] OutOfRange),
    /// The padding is larger than the picture that it would mirror.
    #[error(
        "the padding is {padding} pixels, and the picture only {width}x{height}: at most its shorter side can be mirrored"
    )]
    Padding {
        /// The padding asked for.
        padding: usize,
        /// Columns of the picture.
        width: usize,
        /// Rows of the picture.
        height: usize,
    },
    /// The picture has a number of planes that no colour mode knows.
    #[error(
        "a picture of {channels} planes cannot be morphed: give 1 (luma or grey) or 3 (red, green, blue)"
    )]
    Channels {
        /// The number of planes.
        channels: usize,
    },
    /// No pyramid can be made.
    #[error(transparent)]
    Pyramid(#[from] crate::pyramid::Error),
}
