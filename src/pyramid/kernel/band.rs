// SPDX-License-Identifier: MPL-2.0
//! A band out of the spectrum, and back into it: rows first on the way out, strips of columns first on the way back.
//! Strips are transformed where they lie.

use crate::simd::{Ascending, Complex, Descending, Isa, Task};

use super::filter::{Filter, RowTile, TileRows};
use super::{Kernel, KernelScratch};

/// Masks and transforms every tile of rows, and transposes it into the strips.
pub(super) struct AnalyseBand<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) filter: &'a Filter,
    pub(super) spectrum: &'a [f32],
    /// All strips of the band.
    pub(super) strips: &'a mut [f32],
    pub(super) scratch: &'a mut KernelScratch,
}

impl Task for AnalyseBand<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let Self {
            kernel,
            filter,
            spectrum,
            strips,
            scratch,
        } = self;
        let lanes = S::F32_LANES;
        let (nx, ny) = (filter.rows.len(), filter.columns.len());
        let row_tile = 2 * lanes * (kernel.width + 1);
        let strips = S::complex_mut(strips);
        let line = &mut scratch.columns[..2 * lanes * nx.next_multiple_of(lanes)];
        // Lanes without a column.
        line[2 * lanes * nx..].fill(0.0);
        for tile in &filter.tiles {
            let source = &spectrum[tile.tile * row_tile..][..row_tile];
            read(simd, filter, tile, S::complex(source), S::complex_mut(line));
            filter.rows.inverse(simd, &mut line[..2 * lanes * nx]);
            let squares = S::complex(line).chunks_exact(lanes);
            for (square, strip) in squares.zip(strips.chunks_exact_mut(ny + 1)) {
                match &tile.rows {
                    TileRows::Ascending(first) => {
                        simd.transpose(square, Ascending, &mut strip[*first..], Ascending);
                    }
                    TileRows::Descending(last) => {
                        simd.transpose(square, Ascending, &mut strip[*last..], Descending);
                    }
                    TileRows::Any(rows) => simd.transpose(square, Ascending, strip, &rows[..lanes]),
                }
            }
        }
    }
}

/// The masked frequencies of one tile of rows, by the band's columns.
#[inline(always)]
fn read<S: Isa>(simd: S, filter: &Filter, tile: &RowTile, spectrum: &[Complex<S>], line: &mut [Complex<S>]) {
    let zero = simd.splat_f32s(0.0);
    for gap in &tile.empty {
        line[gap.clone()].fill([zero; 2]);
    }
    for (run, masks) in filter.runs(tile) {
        let (source, target) = (&spectrum[run.spectrum()], &mut line[run.columns()]);
        let masks = S::vectors(masks);
        let samples = target.iter_mut().zip(masks);
        match (tile.mirrored, run.add) {
            (false, false) => {
                for ((to, mask), [re, im]) in samples.zip(source) {
                    *to = [simd.mul_f32s(*re, *mask), simd.mul_f32s(*im, *mask)];
                }
            }
            (true, false) => {
                for ((to, mask), [re, im]) in samples.zip(source.iter().rev()) {
                    *to = [
                        simd.mul_f32s(*re, *mask),
                        simd.neg_f32s(simd.mul_f32s(*im, *mask)),
                    ];
                }
            }
            (false, true) => {
                for ((to, mask), [re, im]) in samples.zip(source) {
                    *to = [
                        simd.add_product(*re, *mask, to[0]),
                        simd.add_product(*im, *mask, to[1]),
                    ];
                }
            }
            (true, true) => {
                for ((to, mask), [re, im]) in samples.zip(source.iter().rev()) {
                    *to = [
                        simd.add_product(*re, *mask, to[0]),
                        simd.sub_product(*im, *mask, to[1]),
                    ];
                }
            }
        }
    }
}

/// Transforms the columns of one strip.
pub(super) struct AnalyseStrip<'a> {
    pub(super) filter: &'a Filter,
    pub(super) strip: &'a mut [f32],
}

impl Task for AnalyseStrip<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let Self { filter, strip } = self;
        let columns = S::complex_mut(strip);
        for &row in &filter.empty_rows {
            columns[row as usize] = [simd.splat_f32s(0.0); 2];
        }
        let samples = 2 * S::F32_LANES * filter.columns.len();
        filter.columns.inverse(simd, &mut strip[..samples]);
    }
}

/// Transforms the columns of one strip back, and transposes it into the tiles of rows.
pub(super) struct SynthesiseStrip<'a> {
    pub(super) filter: &'a Filter,
    pub(super) strip: usize,
    pub(super) coefficients: &'a mut [f32],
    pub(super) scratch: &'a mut KernelScratch,
}

impl Task for SynthesiseStrip<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let Self {
            filter,
            strip,
            coefficients,
            scratch,
        } = self;
        let lanes = S::F32_LANES;
        let ny = filter.columns.len();
        let band = S::complex_mut(&mut scratch.band);
        filter.columns.forward(simd, &mut coefficients[..2 * lanes * ny]);
        let columns = S::complex_mut(coefficients);
        // Lanes without a row.
        columns[ny] = [simd.splat_f32s(0.0); 2];
        let first = strip * lanes;
        for (tile, line) in filter.tiles.iter().zip(band.chunks_exact_mut(filter.tile_rows())) {
            let square = &mut line[first..first + lanes];
            match &tile.rows {
                TileRows::Ascending(first) => {
                    simd.transpose(&columns[*first..], Ascending, square, Ascending);
                }
                TileRows::Descending(last) => {
                    simd.transpose(&columns[*last..], Descending, square, Ascending);
                }
                TileRows::Any(rows) => simd.transpose(columns, &rows[..lanes], square, Ascending),
            }
        }
    }
}

/// Transforms every tile of rows back, and adds what the mask leaves of it to the spectrum.
pub(super) struct SynthesiseBand<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) filter: &'a Filter,
    pub(super) spectrum: &'a mut [f32],
    pub(super) scratch: &'a mut KernelScratch,
}

impl Task for SynthesiseBand<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let Self {
            kernel,
            filter,
            spectrum,
            scratch,
        } = self;
        let (lanes, nx) = (S::F32_LANES, filter.rows.len());
        let (line_len, tile_len) = (2 * lanes * filter.tile_rows(), 2 * lanes * (kernel.width + 1));
        for (tile, line) in filter.tiles.iter().zip(scratch.band.chunks_exact_mut(line_len)) {
            filter.rows.forward(simd, &mut line[..2 * lanes * nx]);
            let target = &mut spectrum[tile.tile * tile_len..][..tile_len];
            add(simd, filter, tile, S::complex(line), S::complex_mut(target));
        }
    }
}

/// Adds the masked frequencies of one tile of rows to the spectrum.
#[inline(always)]
fn add<S: Isa>(simd: S, filter: &Filter, tile: &RowTile, line: &[Complex<S>], spectrum: &mut [Complex<S>]) {
    let weight = simd.splat_f32s(filter.weight);
    for (run, masks) in filter.runs(tile) {
        let (source, target) = (&line[run.columns()], &mut spectrum[run.spectrum()]);
        let samples = source.iter().zip(S::vectors(masks));
        if tile.mirrored {
            for (([re, im], mask), to) in samples.zip(target.iter_mut().rev()) {
                let mask = simd.mul_f32s(*mask, weight);
                *to = [
                    simd.add_product(*re, mask, to[0]),
                    simd.sub_product(*im, mask, to[1]),
                ];
            }
        } else {
            for (([re, im], mask), to) in samples.zip(target) {
                let mask = simd.mul_f32s(*mask, weight);
                *to = [
                    simd.add_product(*re, mask, to[0]),
                    simd.add_product(*im, mask, to[1]),
                ];
            }
        }
    }
}
