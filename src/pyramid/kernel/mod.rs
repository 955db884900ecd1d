// SPDX-License-Identifier: MPL-2.0
//! The pyramid on own transforms of whole columns: a lane of a vector is one line of the picture or the band.
//!
//! Twice the speed and more of a transform library that puts one line across a vector, for lengths without large
//! factors. Everything lies in *tiles* of as many lines as a vector has lanes, `L`; one dimension is transformed
//! with the lines of a tile side by side, then squares of `L x L` numbers are transposed in registers on their way
//! to tiles of the other dimension.
//!
//! - spectrum: `[tile of v][u, one row to spare][re, im][L]`, `u = 0..width` modulo the width, and `v >= 0` only.
//!   What lies at `-v` is the conjugate of what lies at `(-u, v)`. Nyquist rows are left out: no band has them.
//!   Values are twice the transform's, because two columns of a plane go through one complex transform.
//! - strips of a band, before and after their transform: `[strip][row, one to spare][re, im][L]`, columns in the order
//!   that the transform of the rows leaves them in.
//! - masks: `[tile of v][u][L]`.
//!
//! The row to spare takes what belongs to lanes without a line, and keeps tiles from lying at the same cache lines.

mod band;
mod butterfly;
mod energy;
mod filter;
mod image;
mod lane_fft;
mod pass;
mod size;
mod transforms_alone;

use std::sync::Arc;

use aligned_vec::avec;

use crate::simd::Simd;

use super::coordinates::Coordinates;
use super::layout::BandLayout;
use super::masks::{Frequency, Masks};
use filter::Filter;
use lane_fft::LaneFft;
pub(super) use lane_fft::suits;
pub(crate) use size::{Kernel, KernelScratch};

impl Kernel {
    /// For planes of `width x height`, no bands yet.
    ///
    /// # Panics
    /// When a side does not suit ([`suits`]).
    pub(super) fn new(simd: Simd, width: usize, height: usize, masks: &Masks) -> Self {
        let lanes = simd.lanes();
        Self {
            simd,
            width,
            height,
            rows: LaneFft::new(width, lanes),
            columns: LaneFft::new(height, lanes),
            filters: Vec::new(),
            energy_weights: energy::weights(masks, width, height, lanes),
        }
    }

    /// Takes in a band of `nx x ny` samples with its support.
    ///
    /// # Panics
    /// When a length does not suit ([`suits`]).
    pub(super) fn push(&mut self, support: &[Frequency], nx: usize, ny: usize) {
        let size = (self.width, self.height);
        let filter = Filter::new(support, size, (nx, ny), self.simd.lanes());
        self.filters.push(filter);
    }

    /// The vectors that the transforms use.
    pub(super) fn simd(&self) -> Simd {
        self.simd
    }

    /// The one-dimensional transforms of a frame, on a tile of zeros.
    pub(super) fn transforms_alone(&self, scratch: &mut KernelScratch) {
        scratch.columns.fill(0.0);
        self.simd.run(transforms_alone::TransformsAlone {
            kernel: self,
            scratch,
        });
    }
}

impl Coordinates for Kernel {
    type Value = f32;
    type Scratch = KernelScratch;

    fn spectrum_len(&self) -> usize {
        self.row_tiles() * self.row_tile_len()
    }

    fn scratch(&self) -> KernelScratch {
        let lanes = self.simd.lanes();
        let lines = self.filters.iter().map(|f| f.rows.len().max(f.columns.len()));
        let longest = lines.fold(self.width.max(self.height), usize::max);
        let band = self.filters.iter().map(Filter::scratch_len).max().unwrap_or(0);
        KernelScratch {
            columns: avec![0.0; 2 * lanes * (longest + lanes)],
            squares: avec![0.0; 4 * lanes * lanes],
            band: avec![0.0; band],
        }
    }

    fn layout(&self, band: usize) -> BandLayout {
        let Filter { rows, columns, .. } = &self.filters[band];
        let size = (rows.len(), columns.len());
        let places = [rows, columns].map(|fft| Arc::clone(fft.position()));
        let [columns, rows] = places;
        BandLayout::strips_of_columns(size, self.simd.lanes(), columns, rows)
    }

    fn transform(&self, plane: &[f32], spectrum: &mut [f32], scratch: &mut KernelScratch) {
        self.simd.run(image::Forward {
            kernel: self,
            plane,
            spectrum,
            scratch,
        });
    }

    fn energy(&self, spectrum: &[f32]) -> f64 {
        self.simd.run(energy::Energy {
            kernel: self,
            spectrum,
        })
    }

    fn analyse_band(&self, band: usize, spectrum: &[f32], strips: &mut [f32], scratch: &mut KernelScratch) {
        self.simd.run(band::AnalyseBand {
            kernel: self,
            filter: &self.filters[band],
            spectrum,
            strips,
            scratch,
        });
    }

    fn analyse_strip(&self, band: usize, strip: &mut [f32]) {
        self.simd.run(band::AnalyseStrip {
            filter: &self.filters[band],
            strip,
        });
    }

    fn synthesise_strip(
        &self,
        band: usize,
        strip: usize,
        coefficients: &mut [f32],
        _: &mut [f32],
        scratch: &mut KernelScratch,
    ) {
        self.simd.run(band::SynthesiseStrip {
            filter: &self.filters[band],
            strip,
            coefficients,
            scratch,
        });
    }

    fn synthesise_band(&self, band: usize, spectrum: &mut [f32], scratch: &mut KernelScratch) {
        self.simd.run(band::SynthesiseBand {
            kernel: self,
            filter: &self.filters[band],
            spectrum,
            scratch,
        });
    }

    fn inverse(&self, spectrum: &mut [f32], plane: &mut [f32], scratch: &mut KernelScratch) {
        self.simd.run(image::Inverse {
            kernel: self,
            spectrum,
            plane,
            scratch,
        });
    }
}
