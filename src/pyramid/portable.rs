// SPDX-License-Identifier: MPL-2.0
//! The pyramid on `rustfft`: for every size, on every processor.

use num_complex::Complex32;

use super::fft::{ImageScratch, ImageTransform, Lines, Planner, TILE, load_columns, store_columns};
use super::masks::{Masks, Sample};
use super::runs::Runs;

/// What the transforms of one size need.
#[derive(Clone)]
pub(super) struct Portable {
    width: usize,
    height: usize,
    image: ImageTransform,
    filters: Vec<Filter>,
    /// `[width/2 + 1, height]`: share of a half-spectrum sample's energy that lies in the bands, both of the
    /// pair `{f, -f}` counted.
    band_share: Vec<f32>,
}

/// How a band is read out of the spectrum and put back.
#[derive(Clone)]
struct Filter {
    width: usize,
    height: usize,
    runs: Runs,
    rows: Lines,
    columns: Lines,
}

/// Scratch of one thread.
#[derive(Debug, Clone)]
pub(super) struct Room {
    image: ImageScratch,
    tile: Vec<Complex32>,
    fft: Vec<Complex32>,
}

impl Portable {
    /// For planes of `width x height`, no bands yet.
    pub(super) fn new(width: usize, height: usize, masks: &Masks, planner: &mut Planner) -> Self {
        Self {
            width,
            height,
            image: ImageTransform::with_planner(width, height, planner),
            filters: Vec::new(),
            band_share: band_share(masks, width, height),
        }
    }

    /// Takes in a band of `nx x ny` samples with its support.
    pub(super) fn push(&mut self, support: &[Sample], nx: usize, ny: usize, planner: &mut Planner) {
        self.filters.push(Filter {
            width: nx,
            height: ny,
            runs: Runs::new(support, self.height, nx, ny),
            rows: planner.lines(nx),
            columns: planner.lines(ny),
        });
    }

    pub(super) fn spectrum(&self) -> Vec<Complex32> {
        vec![Complex32::ZERO; self.image.spectrum_len()]
    }

    pub(super) fn room(&self) -> Room {
        let zero = Complex32::ZERO;
        let longest = |len: fn(&Filter) -> usize| self.filters.iter().map(len).max().unwrap_or(0);
        Room {
            image: self.image.scratch(),
            tile: vec![zero; longest(|filter| TILE * filter.height)],
            fft: vec![zero; longest(|filter| filter.rows.scratch_len().max(filter.columns.scratch_len()))],
        }
    }

    /// The half spectrum of a plane.
    pub(super) fn transform(&self, plane: &[f32], spectrum: &mut [Complex32], room: &mut Room) {
        self.image.forward(plane, spectrum, &mut room.image);
    }

    /// The plane of a half spectrum.
    pub(super) fn render(&self, spectrum: &mut [Complex32], plane: &mut [f32], room: &mut Room) {
        complete_axis(&mut spectrum[..self.height]);
        self.image.inverse(spectrum, plane, &mut room.image);
    }

    /// One band of a spectrum.
    pub(super) fn analyse_band(
        &self,
        band: usize,
        spectrum: &[Complex32],
        out: &mut [Complex32],
        room: &mut Room,
    ) {
        let filter = &self.filters[band];
        let factor = 1.0 / (self.width * self.height) as f32;
        for tile in 0..filter.runs.tiles() {
            let first = tile * TILE;
            let columns = &mut room.tile[..TILE.min(filter.width - first) * filter.height];
            filter.runs.read(tile, spectrum, factor, columns);
            if !filter.runs.is_empty(tile) {
                filter.columns.inverse(columns, &mut room.fft);
            }
            store_columns(columns, filter.height, out, filter.width, first);
        }
        filter.rows.inverse(out, &mut room.fft);
    }

    /// Adds a band to a spectrum; the coefficients hold their row transforms afterwards.
    pub(super) fn synthesise_band(
        &self,
        band: usize,
        coefficients: &mut [Complex32],
        spectrum: &mut [Complex32],
        room: &mut Room,
    ) {
        let filter = &self.filters[band];
        // N/N_b of the synthesis, 1/N of the inverse transform, 1/2 of the Hermitian part.
        let factor = 0.5 / coefficients.len() as f32;
        filter.rows.forward(coefficients, &mut room.fft);
        for tile in (0..filter.runs.tiles()).filter(|tile| !filter.runs.is_empty(*tile)) {
            let first = tile * TILE;
            let columns = &mut room.tile[..TILE.min(filter.width - first) * filter.height];
            load_columns(coefficients, filter.width, first, columns, filter.height);
            filter.columns.forward(columns, &mut room.fft);
            filter.runs.add(tile, columns, factor, spectrum);
        }
    }

    /// `sum_b w_b sum |c_b|^2` of a spectrum.
    pub(super) fn band_energy(&self, spectrum: &[Complex32]) -> f64 {
        let mut sums = [0.0f64; 8];
        let (values, shares) = (spectrum.chunks(8), self.band_share.chunks(8));
        for (values, shares) in values.zip(shares) {
            for ((sum, value), share) in sums.iter_mut().zip(values).zip(shares) {
                *sum += f64::from(value.norm_sqr() * share);
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

fn band_share(masks: &Masks, width: usize, height: usize) -> Vec<f32> {
    let signed = |v: usize| {
        if v < height.div_ceil(2) {
            v as i32
        } else {
            v as i32 - height as i32
        }
    };
    let mut share = Vec::with_capacity((width / 2 + 1) * height);
    for u in 0..width / 2 + 1 {
        let pair = if u == 0 || 2 * u == width { 1.0 } else { 2.0 };
        share.extend((0..height).map(|v| (pair * masks.band_share(u as i32, signed(v))) as f32));
    }
    share
}
