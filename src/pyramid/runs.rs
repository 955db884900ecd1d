// SPDX-License-Identifier: MPL-2.0
//! A band's mask on its support alone, cut into runs that are contiguous in the half spectrum and in the band.
//!
//! Runs go along `v`, the contiguous direction of the half spectrum. A column `u < 0` is read as the conjugate of
//! column `-u` in descending order (docs/method.md 1.7). Runs are cut where the frequency `v` wraps in the spectrum or
//! in the band, and grouped by the tile of the band's columns that they fall into.

use std::ops::Range;

use num_complex::Complex32;

use super::fft::TILE;
use super::grid::wrap;
use super::masks::Frequency;

/// Consecutive frequencies of one column.
#[derive(Debug, Clone)]
struct ColumnRun {
    /// First index in the half spectrum; the run occupies `spectrum..spectrum + len`.
    spectrum: u32,
    /// The column is seen through its mirror image: conjugate, and in descending order.
    mirrored: bool,
    /// First index in the tile of columns.
    tile: u32,
    /// First index in the mask values.
    mask: u32,
    len: u32,
}

/// The mask of one band, by tiles.
#[derive(Debug, Clone)]
pub(super) struct Runs {
    runs: Vec<ColumnRun>,
    mask: Vec<f32>,
    /// The runs of each tile of columns.
    tiles: Vec<Range<usize>>,
}

impl Runs {
    /// The runs of a support (ascending `u`, then `v`) on a band of `nx x ny` samples, for a spectrum of columns
    /// of `height` samples.
    pub(super) fn new(support: &[Frequency], height: usize, nx: usize, ny: usize) -> Self {
        let mut columns: Vec<&[Frequency]> = support.chunk_by(|a, b| a.u == b.u).collect();
        columns.sort_by_key(|column| (wrap(column[0].u, nx), column[0].u));
        let mut built = Self {
            runs: Vec::new(),
            mask: Vec::with_capacity(support.len()),
            tiles: Vec::new(),
        };
        for tile in 0..nx.div_ceil(TILE) {
            let begin = built.runs.len();
            let in_tile = |column: &&&[Frequency]| wrap(column[0].u, nx) / TILE == tile;
            let from = columns.partition_point(|column| wrap(column[0].u, nx) / TILE < tile);
            for column in columns[from..].iter().take_while(in_tile) {
                for run in column.chunk_by(|a, b| joined(*a, *b, height, ny)) {
                    built.push(run, height, nx, ny);
                }
            }
            built.tiles.push(begin..built.runs.len());
        }
        built
    }

    fn push(&mut self, run: &[Frequency], height: usize, nx: usize, ny: usize) {
        let (first, last) = (run[0], run[run.len() - 1]);
        let mirrored = first.u < 0;
        // In the mirror image the last frequency comes first.
        let v = if mirrored { -last.v } else { first.v };
        self.runs.push(ColumnRun {
            spectrum: (first.u.unsigned_abs() as usize * height + wrap(v, height)) as u32,
            mirrored,
            tile: (wrap(first.u, nx) % TILE * ny + wrap(first.v, ny)) as u32,
            mask: self.mask.len() as u32,
            len: run.len() as u32,
        });
        self.mask.extend(run.iter().map(|sample| sample.mask as f32));
    }

    /// Number of tiles of columns.
    pub(super) fn tiles(&self) -> usize {
        self.tiles.len()
    }

    /// Whether no frequency of the band falls into a tile.
    pub(super) fn is_empty(&self, tile: usize) -> bool {
        self.tiles[tile].is_empty()
    }

    /// `tile = factor * mask * spectrum` on the support, 0 elsewhere.
    pub(super) fn read(&self, tile: usize, spectrum: &[Complex32], factor: f32, out: &mut [Complex32]) {
        out.fill(Complex32::ZERO);
        for run in &self.runs[self.tiles[tile].clone()] {
            let (source, mask) = (&spectrum[run.in_spectrum()], &self.mask[run.in_mask()]);
            let out = out[run.in_tile()].iter_mut().zip(mask);
            if run.mirrored {
                out.zip(source.iter().rev())
                    .for_each(|((z, m), x)| *z = x.conj() * (m * factor));
            } else {
                out.zip(source).for_each(|((z, m), x)| *z = x * (m * factor));
            }
        }
    }

    /// `spectrum += factor * mask * tile` on the support; what belongs to `u < 0` goes to its mirror image.
    pub(super) fn add(&self, tile: usize, band: &[Complex32], factor: f32, spectrum: &mut [Complex32]) {
        for run in &self.runs[self.tiles[tile].clone()] {
            let (target, mask) = (&mut spectrum[run.in_spectrum()], &self.mask[run.in_mask()]);
            let band = band[run.in_tile()].iter().zip(mask);
            if run.mirrored {
                target
                    .iter_mut()
                    .rev()
                    .zip(band)
                    .for_each(|(y, (c, m))| *y += c.conj() * (m * factor));
            } else {
                target
                    .iter_mut()
                    .zip(band)
                    .for_each(|(y, (c, m))| *y += c * (m * factor));
            }
        }
    }
}

impl ColumnRun {
    fn in_spectrum(&self) -> Range<usize> {
        self.spectrum as usize..(self.spectrum + self.len) as usize
    }

    fn in_tile(&self) -> Range<usize> {
        self.tile as usize..(self.tile + self.len) as usize
    }

    fn in_mask(&self) -> Range<usize> {
        self.mask as usize..(self.mask + self.len) as usize
    }
}

/// Whether `b` follows `a` in the column and neither the spectrum nor the band wraps between them.
fn joined(a: Frequency, b: Frequency, height: usize, ny: usize) -> bool {
    let in_spectrum = if a.u < 0 {
        wrap(-b.v, height) + 1 == wrap(-a.v, height)
    } else {
        wrap(a.v, height) + 1 == wrap(b.v, height)
    };
    b.v == a.v + 1 && in_spectrum && wrap(a.v, ny) + 1 == wrap(b.v, ny)
}
