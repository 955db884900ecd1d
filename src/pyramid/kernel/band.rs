// SPDX-License-Identifier: MPL-2.0
//! A band out of the spectrum, and back into it: rows first on the way out, strips of columns first on the way back.
//! Strips are transformed where they lie.

use crate::simd::{Complex, Isa, Task};

use super::filter::{Filter, RowTile};
use super::{Kernel, Room};

/// Masks and transforms every tile of rows, and transposes it into the strips.
pub(super) struct OpenBand<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) filter: &'a Filter,
    pub(super) spectrum: &'a [f32],
    /// All strips of the band.
    pub(super) strips: &'a mut [f32],
    pub(super) room: &'a mut Room,
}

impl Task for OpenBand<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let Self {
            kernel,
            filter,
            spectrum,
            strips,
            room,
        } = self;
        let (lanes, zero) = (S::F32_LANES, [simd.splat_f32s(0.0); 2]);
        let (nx, ny) = (filter.rows.len(), filter.columns.len());
        let row_tile = 2 * lanes * (kernel.width + 1);
        let strip = 2 * lanes * (ny + 1);
        for tile in &filter.tiles {
            let line = &mut room.columns[..2 * lanes * (nx + 1)];
            let source = &spectrum[tile.tile * row_tile..][..row_tile];
            read(simd, filter, tile, S::complex(source), S::complex_mut(line));
            filter.rows.inverse(simd, &mut line[..2 * lanes * nx]);
            let line = S::complex_mut(line);
            // Samples beyond the last.
            line[nx] = zero;
            let columns = filter.rows.position().chunks_exact(lanes);
            for (columns, strip) in columns.zip(strips.chunks_exact_mut(strip)) {
                simd.transpose(line, columns, S::complex_mut(strip), &tile.rows);
            }
        }
    }
}

/// The masked frequencies of one tile of rows, by the band's columns.
#[inline(always)]
fn read<S: Isa>(simd: S, filter: &Filter, tile: &RowTile, spectrum: &[Complex<S>], line: &mut [Complex<S>]) {
    if tile.sparse {
        line.fill([simd.splat_f32s(0.0); 2]);
    }
    let sign = simd.splat_f32s(if tile.mirrored { -1.0 } else { 1.0 });
    for (run, masks) in filter.runs(tile) {
        let (source, masks) = (
            &spectrum[run.spectrum()],
            &S::vectors(masks)[..run.columns().len()],
        );
        let target = &mut line[run.columns()];
        let len = target.len();
        for i in 0..len {
            let [re, im] = source[if tile.mirrored { len - 1 - i } else { i }];
            let (re, im) = (
                simd.mul_f32s(re, masks[i]),
                simd.mul_f32s(im, simd.mul_f32s(masks[i], sign)),
            );
            target[i] = match run.add {
                true => [simd.add_f32s(target[i][0], re), simd.add_f32s(target[i][1], im)],
                false => [re, im],
            };
        }
    }
}

/// Transforms the columns of one strip of an opened band.
pub(super) struct ReadStrip<'a> {
    pub(super) filter: &'a Filter,
    pub(super) strip: &'a mut [f32],
}

impl Task for ReadStrip<'_> {
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
pub(super) struct WriteStrip<'a> {
    pub(super) filter: &'a Filter,
    pub(super) strip: usize,
    pub(super) coefficients: &'a mut [f32],
    pub(super) room: &'a mut Room,
}

impl Task for WriteStrip<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let Self {
            filter,
            strip,
            coefficients,
            room,
        } = self;
        let lanes = S::F32_LANES;
        let (nx, ny) = (filter.rows.len(), filter.columns.len());
        let row_tile = 2 * lanes * (nx + 1);
        let band = &mut room.band[..filter.tiles.len() * row_tile];
        filter.columns.forward(simd, &mut coefficients[..2 * lanes * ny]);
        let columns = S::complex_mut(coefficients);
        // Lanes without a row.
        columns[ny] = [simd.splat_f32s(0.0); 2];
        let samples = &filter.rows.position()[strip * lanes..];
        for (tile, target) in filter.tiles.iter().zip(band.chunks_exact_mut(row_tile)) {
            simd.transpose(columns, &tile.rows, S::complex_mut(target), samples);
        }
    }
}

/// Transforms every tile of rows back, and adds what the mask leaves of it to the spectrum.
pub(super) struct CloseBand<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) filter: &'a Filter,
    pub(super) spectrum: &'a mut [f32],
    pub(super) room: &'a mut Room,
}

impl Task for CloseBand<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let Self {
            kernel,
            filter,
            spectrum,
            room,
        } = self;
        let (lanes, nx) = (S::F32_LANES, filter.rows.len());
        let (line_len, tile_len) = (2 * lanes * (nx + 1), 2 * lanes * (kernel.width + 1));
        for (tile, line) in filter.tiles.iter().zip(room.band.chunks_exact_mut(line_len)) {
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
    let sign = simd.splat_f32s(if tile.mirrored { -1.0 } else { 1.0 });
    for (run, masks) in filter.runs(tile) {
        let (source, masks) = (&line[run.columns()], &S::vectors(masks)[..run.columns().len()]);
        let target = &mut spectrum[run.spectrum()];
        let len = source.len();
        for i in 0..len {
            let mask = simd.mul_f32s(masks[i], weight);
            let [re, im] = &mut target[if tile.mirrored { len - 1 - i } else { i }];
            *re = simd.add_product(source[i][0], mask, *re);
            *im = simd.add_product(source[i][1], simd.mul_f32s(mask, sign), *im);
        }
    }
}
