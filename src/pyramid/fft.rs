// SPDX-License-Identifier: MPL-2.0
//! Fourier transforms of many lines at once, on `rustfft` and `realfft`.
//!
//! A second dimension is done on tiles of [`TILE`] columns: they are copied into the tile (or out of it), so
//! that every one-dimensional transform runs on contiguous samples in cache and nothing is transposed as a whole.

use std::sync::Arc;

use num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};

/// Columns handled at a time: eight complex samples fill one cache line of a row.
pub(super) const TILE: usize = 8;

/// Makes transforms and keeps those already made for their next use in the same plan.
pub(super) struct Planner {
    complex: FftPlanner<f32>,
    real: RealFftPlanner<f32>,
}

impl Planner {
    pub(super) fn new() -> Self {
        Self {
            complex: FftPlanner::new(),
            real: RealFftPlanner::new(),
        }
    }

    pub(super) fn lines(&mut self, len: usize) -> Lines {
        Lines {
            forward: self.complex.plan_fft_forward(len),
            inverse: self.complex.plan_fft_inverse(len),
        }
    }
}

/// Complex transforms of one length, in place on any number of contiguous lines, without a factor.
#[derive(Clone)]
pub(super) struct Lines {
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
}

impl Lines {
    pub(super) fn forward(&self, lines: &mut [Complex32], scratch: &mut [Complex32]) {
        self.forward.process_with_scratch(lines, scratch);
    }

    pub(super) fn inverse(&self, lines: &mut [Complex32], scratch: &mut [Complex32]) {
        self.inverse.process_with_scratch(lines, scratch);
    }

    pub(super) fn scratch_len(&self) -> usize {
        self.forward
            .get_inplace_scratch_len()
            .max(self.inverse.get_inplace_scratch_len())
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lines({})", self.forward.len())
    }
}

/// The two-dimensional transform of a real plane and back.
///
/// The spectrum is the half `u = 0..=width/2`, stored column after column: `spectrum[u * height + v mod height]`.
/// What lies at `-u` is the conjugate of what lies at `(u, -v)`.
#[derive(Clone)]
pub(crate) struct ImageTransform {
    width: usize,
    height: usize,
    rows_forward: Arc<dyn RealToComplex<f32>>,
    rows_inverse: Arc<dyn ComplexToReal<f32>>,
    columns: Lines,
}

impl std::fmt::Debug for ImageTransform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImageTransform({}x{})", self.width, self.height)
    }
}

/// Scratch of an [`ImageTransform`].
#[derive(Debug, Clone)]
pub(crate) struct ImageScratch {
    /// `[height, width/2 + 1]`: rows transformed, columns not yet.
    half_rows: Vec<Complex32>,
    row: Vec<f32>,
    tile: Vec<Complex32>,
    fft: Vec<Complex32>,
}

impl ImageTransform {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self::with_planner(width, height, &mut Planner::new())
    }

    pub(super) fn with_planner(width: usize, height: usize, planner: &mut Planner) -> Self {
        Self {
            width,
            height,
            rows_forward: planner.real.plan_fft_forward(width),
            rows_inverse: planner.real.plan_fft_inverse(width),
            columns: planner.lines(height),
        }
    }

    pub(crate) fn scratch(&self) -> ImageScratch {
        let zero = Complex32::ZERO;
        let fft = [
            self.rows_forward.get_scratch_len(),
            self.rows_inverse.get_scratch_len(),
            self.columns.scratch_len(),
        ];
        ImageScratch {
            half_rows: vec![zero; self.spectrum_len()],
            row: vec![0.0; self.width],
            tile: vec![zero; TILE * self.height],
            fft: vec![zero; fft.into_iter().max().unwrap_or(0)],
        }
    }

    /// Columns of the half spectrum.
    pub(crate) fn half_width(&self) -> usize {
        self.width / 2 + 1
    }

    pub(crate) fn spectrum_len(&self) -> usize {
        self.half_width() * self.height
    }

    /// The spectrum of a plane, without a factor.
    pub(crate) fn forward(&self, plane: &[f32], spectrum: &mut [Complex32], scratch: &mut ImageScratch) {
        let (half, height) = (self.half_width(), self.height);
        let rows = plane
            .chunks_exact(self.width)
            .zip(scratch.half_rows.chunks_exact_mut(half));
        for (row, half_row) in rows {
            scratch.row.copy_from_slice(row);
            let fft = &mut scratch.fft[..self.rows_forward.get_scratch_len()];
            let done = self
                .rows_forward
                .process_with_scratch(&mut scratch.row, half_row, fft);
            debug_assert!(done.is_ok(), "the rows are as long as planned");
        }
        for (tile, columns) in spectrum.chunks_mut(TILE * height).enumerate() {
            load_columns(&scratch.half_rows, half, tile * TILE, columns, height);
            self.columns.forward(columns, &mut scratch.fft);
        }
    }

    /// The plane of a spectrum, times `width * height`.
    pub(crate) fn inverse(&self, spectrum: &[Complex32], plane: &mut [f32], scratch: &mut ImageScratch) {
        let (half, height) = (self.half_width(), self.height);
        for (tile, columns) in spectrum.chunks(TILE * height).enumerate() {
            let work = &mut scratch.tile[..columns.len()];
            work.copy_from_slice(columns);
            self.columns.inverse(work, &mut scratch.fft);
            store_columns(work, height, &mut scratch.half_rows, half, tile * TILE);
        }
        for (half_row, row) in scratch
            .half_rows
            .chunks_exact_mut(half)
            .zip(plane.chunks_exact_mut(self.width))
        {
            // Real but for rounding, and `realfft` insists.
            half_row[0].im = 0.0;
            if self.width.is_multiple_of(2) {
                half_row[half - 1].im = 0.0;
            }
            let fft = &mut scratch.fft[..self.rows_inverse.get_scratch_len()];
            let done = self.rows_inverse.process_with_scratch(half_row, row, fft);
            debug_assert!(done.is_ok(), "the rows are as long as planned");
        }
    }
}

/// Copies `tile.len() / height` columns, from column `first` on, of rows of `stride` samples into a tile, where
/// they lie one after the other.
pub(super) fn load_columns(
    rows: &[Complex32],
    stride: usize,
    first: usize,
    tile: &mut [Complex32],
    height: usize,
) {
    let count = tile.len() / height;
    for (y, row) in rows.chunks_exact(stride).enumerate() {
        for (x, value) in row[first..first + count].iter().enumerate() {
            tile[x * height + y] = *value;
        }
    }
}

/// The reverse of [`load_columns`].
pub(super) fn store_columns(
    tile: &[Complex32],
    height: usize,
    rows: &mut [Complex32],
    stride: usize,
    first: usize,
) {
    let count = tile.len() / height;
    for (y, row) in rows.chunks_exact_mut(stride).enumerate() {
        for (x, value) in row[first..first + count].iter_mut().enumerate() {
            *value = tile[x * height + y];
        }
    }
}
