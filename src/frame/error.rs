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
    /// Two frames that belong together differ in size or format.
    #[error("a {expected} frame is needed here, and a {found} frame was given")]
    Mismatch {
        /// Size and format that fit, as text.
        expected: String,
        /// Size and format that came, as text.
        found: String,
    },
}
