// SPDX-License-Identifier: MPL-2.0
//! The pyramid on `rustfft`: for every size, on every processor.

use num_complex::Complex32;

use crate::simd::{Simd, pairs};

use super::coordinates::Coordinates;
use super::fft::{ImageScratch, ImageTransform, Lines, Planner, TILE, load_columns, store_columns};
use super::layout::BandLayout;
use super::masks::{Frequency, Masks};
use super::runs::Runs;

/// What the transforms of one size need.
#[derive(Debug)]
pub(crate) struct Portable {
    width: usize,
    height: usize,
    image: ImageTransform,
    filters: Vec<BandFilter>,
    simd: Simd,
    /// `[width/2 + 1, height]`: fraction of a half-spectrum sample's energy that lies in the bands, both of the
    /// pair `{f, -f}` counted.
    energy_fractions: Vec<f32>,
}

/// How a band is read out of the spectrum and put back.
#[derive(Debug)]
struct BandFilter {
    width: usize,
    height: usize,
    runs: Runs,
    rows: Lines,
    columns: Lines,
}

/// Scratch of one thread.
#[derive(Debug, Clone)]
pub(crate) struct PortableScratch {
    image: ImageScratch,
    tile: Vec<Complex32>,
    fft: Vec<Complex32>,
    /// A band, row by row.
    band: Vec<Complex32>,
}

impl Portable {
    /// For planes of `width x height`, no bands yet.
    pub(super) fn new(simd: Simd, width: usize, height: usize, masks: &Masks, planner: &mut Planner) -> Self {
        Self {
            simd,
            width,
            height,
            image: ImageTransform::with_planner(width, height, planner),
            filters: Vec::new(),
            energy_fractions: energy_fractions(masks, width, height),
        }
    }

    /// Takes in a band of `nx x ny` samples with its support.
    pub(super) fn push(&mut self, support: &[Frequency], nx: usize, ny: usize, planner: &mut Planner) {
        self.filters.push(BandFilter {
            width: nx,
            height: ny,
            runs: Runs::new(support, self.height, nx, ny),
            rows: planner.lines(nx),
            columns: planner.lines(ny),
        });
    }
}

impl Coordinates for Portable {
    type Value = Complex32;
    type Scratch = PortableScratch;

    fn spectrum_len(&self) -> usize {
        self.image.spectrum_len()
    }

    fn scratch(&self) -> PortableScratch {
        let zero = Complex32::ZERO;
        let longest = |len: fn(&BandFilter) -> usize| self.filters.iter().map(len).max().unwrap_or(0);
        PortableScratch {
            image: self.image.scratch(),
            tile: vec![zero; longest(|filter| TILE * filter.height)],
            fft: vec![zero; longest(|filter| filter.rows.scratch_len().max(filter.columns.scratch_len()))],
            band: vec![zero; longest(|filter| filter.width * filter.height)],
        }
    }

    fn transform(&self, plane: &[f32], spectrum: &mut [Complex32], scratch: &mut PortableScratch) {
        self.image.forward(plane, spectrum, &mut scratch.image);
    }

    fn inverse(&self, spectrum: &mut [Complex32], plane: &mut [f32], scratch: &mut PortableScratch) {
        complete_axis(&mut spectrum[..self.height]);
        self.image.inverse(spectrum, plane, &mut scratch.image);
    }

    fn layout(&self, band: usize) -> BandLayout {
        let &BandFilter { width, height, .. } = &self.filters[band];
        BandLayout::row_by_row(width, height, self.simd.lanes())
    }

    /// The only strip is the band, and is done with.
    fn analyse_band(
        &self,
        band: usize,
        spectrum: &[Complex32],
        strip: &mut [f32],
        scratch: &mut PortableScratch,
    ) {
        let (filter, layout) = (&self.filters[band], self.layout(band));
        let factor = 1.0 / (self.width * self.height) as f32;
        let out = &mut scratch.band[..layout.samples()];
        for tile in 0..filter.runs.tiles() {
            let first = tile * TILE;
            let columns = &mut scratch.tile[..TILE.min(filter.width - first) * filter.height];
            filter.runs.read(tile, spectrum, factor, columns);
            if !filter.runs.is_empty(tile) {
                filter.columns.inverse(columns, &mut scratch.fft);
            }
            store_columns(columns, filter.height, out, filter.width, first);
        }
        let rows = out.chunks_exact_mut(filter.width);
        for (row, vectors) in rows.zip(strip.chunks_exact_mut(2 * layout.row_stride())) {
            filter.rows.inverse(row, &mut scratch.fft);
            pairs::split(self.simd, row, vectors);
        }
    }

    fn analyse_strip(&self, _: usize, _: &mut [f32]) {}

    /// The only strip is the band: the spectrum holds it now.
    fn synthesise_strip(
        &self,
        band: usize,
        _: usize,
        strip: &mut [f32],
        spectrum: &mut [Complex32],
        scratch: &mut PortableScratch,
    ) {
        let (filter, layout) = (&self.filters[band], self.layout(band));
        let coefficients = &mut scratch.band[..layout.samples()];
        // N/N_b of the synthesis, 1/N of the inverse transform, 1/2 of the Hermitian part.
        let factor = 0.5 / coefficients.len() as f32;
        let rows = coefficients.chunks_exact_mut(filter.width);
        for (row, vectors) in rows.zip(strip.chunks_exact(2 * layout.row_stride())) {
            pairs::join(self.simd, vectors, row);
            filter.rows.forward(row, &mut scratch.fft);
        }
        for tile in (0..filter.runs.tiles()).filter(|tile| !filter.runs.is_empty(*tile)) {
            let first = tile * TILE;
            let columns = &mut scratch.tile[..TILE.min(filter.width - first) * filter.height];
            load_columns(coefficients, filter.width, first, columns, filter.height);
            filter.columns.forward(columns, &mut scratch.fft);
            filter.runs.add(tile, columns, factor, spectrum);
        }
    }

    fn synthesise_band(&self, _: usize, _: &mut [Complex32], _: &mut PortableScratch) {}

    fn energy(&self, spectrum: &[Complex32]) -> f64 {
        let mut sums = [0.0f64; 8];
        let (values, fractions) = (spectrum.chunks(8), self.energy_fractions.chunks(8));
        for (values, fractions) in values.zip(fractions) {
            for ((sum, value), fraction) in sums.iter_mut().zip(values).zip(fractions) {
                *sum += f64::from(value.norm_sqr() * fraction);
            }
        }
        sums.iter().sum::<f64>() / (self.width * self.height) as f64
    }
}

/// Column `u = 0` is its own mirror image: what a band has at `(0, v)` belongs at `(0, -v)` as well. Every band lies
/// on the side `v > 0` of it, because `sin(pi k/K) >= 0`.
fn complete_axis(axis: &mut [Complex32]) {
    let height = axis.len();
    for v in 1..height.div_ceil(2) {
        axis[height - v] = axis[v].conj();
    }
}

fn energy_fractions(masks: &Masks, width: usize, height: usize) -> Vec<f32> {
    let signed = |v: usize| {
        if v < height.div_ceil(2) {
            v as i32
        } else {
            v as i32 - height as i32
        }
    };
    let mut fractions = Vec::with_capacity((width / 2 + 1) * height);
    for u in 0..width / 2 + 1 {
        let pair = if u == 0 || 2 * u == width { 1.0 } else { 2.0 };
        fractions.extend((0..height).map(|v| (pair * masks.energy_fraction(u as i32, signed(v))) as f32));
    }
    fractions
}
