// SPDX-License-Identifier: MPL-2.0
//! What no pyramid can be made of.

/// The largest area a plan is made for: 2^28 pixels, so that every index fits 32 bits.
pub const MAX_PIXELS: usize = 1 << 28;

/// What no pyramid can be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The plane is empty or too large.
    #[error(
        "a picture of {width}x{height} pixels has no pyramid: both sides must be at least 1 and the area at most {MAX_PIXELS} pixels"
    )]
    Size {
        /// Columns asked for.
        width: usize,
        /// Rows asked for.
        height: usize,
    },
    /// The number of orientations is out of range.
    #[error("the pyramid has 2 to 8 orientations, not {orientations}")]
    Orientations {
        /// The number asked for.
        orientations: u32,
    },
    /// The number of radial bands per octave is out of range.
    #[error("the pyramid has 1 or 2 bands per octave, not {bands_per_octave}")]
    BandsPerOctave {
        /// The number asked for.
        bands_per_octave: usize,
    },
}
