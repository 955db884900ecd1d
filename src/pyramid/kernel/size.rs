// SPDX-License-Identifier: MPL-2.0
//! What the transforms of one size need, and the scratch of one thread.

use aligned_vec::AVec;

use super::filter::Filter;
use super::lane_fft::LaneFft;
use crate::simd::Simd;

/// What the transforms of one size need.
#[derive(Debug, Clone)]
pub(crate) struct Kernel {
    pub(super) simd: Simd,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) rows: LaneFft,
    pub(super) columns: LaneFft,
    pub(super) filters: Vec<Filter>,
    /// What makes band energy of a sample of the spectrum, `[tile of v][u][L]`.
    pub(super) energy_weights: AVec<f32>,
}

/// Scratch of one thread.
#[derive(Debug, Clone)]
pub(crate) struct KernelScratch {
    /// One tile of columns: of the picture, or of a band's first dimension.
    pub(super) columns: AVec<f32>,
    /// A square of each of two tiles.
    pub(super) squares: AVec<f32>,
    /// A band between its two transforms on the way back: tiles of rows.
    pub(super) band: AVec<f32>,
}

impl Kernel {
    /// Tiles of rows `v >= 0` below the Nyquist frequency.
    pub(super) fn row_tiles(&self) -> usize {
        self.height.div_ceil(2).div_ceil(self.simd.lanes())
    }

    /// Floats of one of them.
    pub(super) fn row_tile_len(&self) -> usize {
        2 * self.simd.lanes() * (self.width + 1)
    }
}
