// SPDX-License-Identifier: MPL-2.0
//! What a plane is analysed into: the bands of a plan, and the coefficients of one plane.

use std::ops::Range;

use num_complex::Complex32;

/// One band of a plan: where it lies in frequency, and how it is sampled.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Radial band, 0 is the finest.
    pub scale: usize,
    /// Octave of the radial band: `scale / bands_per_octave`.
    pub octave: usize,
    /// Orientation `k`; the band keeps the frequencies on the side of `(cos pi k/K, sin pi k/K)`.
    pub orientation: usize,
    /// Samples in a row, `nx`.
    pub width: usize,
    /// Rows, `ny`.
    pub height: usize,
    /// Area of one sample in pixels, `w_b = N / N_b`.
    pub weight: f64,
    /// Index of the first sample in [`Bands`].
    pub(super) start: usize,
}

impl Band {
    /// Where the band's samples lie, row major, among those of all bands.
    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.width * self.height
    }
}

/// The coefficients of one plane.
#[derive(Debug, Clone, PartialEq)]
pub struct Bands {
    values: Vec<Complex32>,
}

impl Bands {
    /// Of so many samples, all 0.
    pub(super) fn new(samples: usize) -> Self {
        Self {
            values: vec![Complex32::ZERO; samples],
        }
    }

    /// One band's samples, `[height, width]`.
    pub fn band(&self, band: &Band) -> &[Complex32] {
        &self.values[band.range()]
    }

    /// One band's samples, `[height, width]`.
    pub fn band_mut(&mut self, band: &Band) -> &mut [Complex32] {
        &mut self.values[band.range()]
    }

    /// All samples, band after band.
    pub fn values(&self) -> &[Complex32] {
        &self.values
    }
}
