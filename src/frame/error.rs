// SPDX-License-Identifier: MPL-2.0
//! What does not fit about a frame.

/// A frame whose description does not fit its bytes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The buffer is shorter than size and stride need.
    #[error(
        "a {width}x{height} frame with rows of {stride} bytes needs {needed} bytes, the buffer has {found}"
    )]
    Short {
        /// Pixels per row.
        width: usize,
        /// Rows.
        height: usize,
        /// Bytes from one row to the next.
        stride: usize,
        /// Bytes that the description needs.
        needed: usize,
        /// Bytes in the buffer.
        found: usize,
    },
    /// A row is shorter than its pixels.
    #[error("rows of {stride} bytes cannot hold {width} pixels of {pixel} bytes")]
    Stride {
        /// Pixels per row.
        width: usize,
        /// Bytes from one row to the next.
        stride: usize,
        /// Bytes per pixel.
        pixel: usize,
    },
    /// The frame has no pixels.
    #[error("the frame is empty ({width}x{height})")]
    Empty {
        /// Pixels per row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// Another number of planes came than the format has.
    #[error("a frame of {format:?} has {expected} planes, and {found} were given")]
    Planes {
        /// The format.
        format: super::PixelFormat,
        /// Planes that it has.
        expected: usize,
        /// Planes that were given.
        found: usize,
    },
    /// More than luma is to be edited where colour differences lie apart.
    #[error(
        "a frame of {format:?} can be edited in luma only: choose color-mode luma, or convert the frame to RGB"
    )]
    LumaOnly {
        /// The format.
        format: super::PixelFormat,
    },
    /// Two frames that belong together differ in size or format.
    #[error("a {expected} frame is needed here, and a {found} frame was given")]
    Mismatch {
        /// Size and format that fit, as text.
        expected: String,
        /// Size and format that came, as text.
        found: String,
    },
}
