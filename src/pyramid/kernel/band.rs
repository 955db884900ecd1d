// SPDX-License-Identifier: MPL-2.0
//! A band out of the spectrum, and back into it.

use num_complex::Complex32;
use pulp::bytemuck::{cast_slice, cast_slice_mut};

use crate::simd::{Complex, Isa, Task};

use super::filter::{Filter, RowTile};
use super::{Kernel, Room};

pub(super) struct Analyse<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) filter: &'a Filter,
    pub(super) spectrum: &'a [f32],
    pub(super) out: &'a mut [Complex32],
    pub(super) room: &'a mut Room,
}

impl Task for Analyse<'_> {
    type Output = ();

    /// Mask and transform tile by tile of rows, transpose, transform tile by tile of columns.
    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let Self {
            kernel,
            filter,
            spectrum,
            out,
            room,
        } = self;
        let (lanes, zero) = (S::F32_LANES, [simd.splat_f32s(0.0); 2]);
        let (nx, ny) = (filter.rows.len(), filter.columns.len());
        let (column_of, row_of) = (filter.rows.position(), filter.columns.position());
        let column_tile = 2 * lanes * (ny + 1);
        let band = &mut room.band[..nx.div_ceil(lanes) * column_tile];
        for tile in &filter.tiles {
            let line = &mut room.columns[..2 * lanes * (nx + 1)];
            let source = &spectrum[tile.tile * kernel.row_tile_len()..][..kernel.row_tile_len()];
            read(simd, filter, tile, S::complex(source), S::complex_mut(line));
            filter.rows.inverse(simd, &mut line[..2 * lanes * nx]);
            let line = S::complex_mut(line);
            // Samples beyond the last.
            line[nx] = zero;
            let tiles = column_of
                .chunks_exact(lanes)
                .zip(band.chunks_exact_mut(column_tile));
            for (columns, target) in tiles {
                simd.transpose(line, columns, S::complex_mut(target), &tile.rows);
            }
        }
        let out: &mut [f32] = cast_slice_mut(out);
        for (first, columns) in (0..nx).step_by(lanes).zip(band.chunks_exact_mut(column_tile)) {
            for &row in &filter.empty_rows {
                S::complex_mut(columns)[row as usize] = zero;
            }
            filter.columns.inverse(simd, &mut columns[..2 * lanes * ny]);
            let columns = S::complex(columns);
            for (row, &at) in out.chunks_exact_mut(2 * nx).zip(row_of) {
                let row = &mut row[2 * first..];
                let count = row.len().min(2 * lanes);
                simd.store_complex(&mut row[..count], columns[at as usize]);
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

pub(super) struct Synthesise<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) filter: &'a Filter,
    pub(super) coefficients: &'a [Complex32],
    pub(super) spectrum: &'a mut [f32],
    pub(super) room: &'a mut Room,
}

impl Task for Synthesise<'_> {
    type Output = ();

    /// The steps of [`Analyse`], backwards.
    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let Self {
            kernel,
            filter,
            coefficients,
            spectrum,
            room,
        } = self;
        let (lanes, zero) = (S::F32_LANES, [simd.splat_f32s(0.0); 2]);
        let (nx, ny) = (filter.rows.len(), filter.columns.len());
        let (column_of, row_of) = (filter.rows.position(), filter.columns.position());
        let row_tile = 2 * lanes * (nx + 1);
        let band = &mut room.band[..filter.tiles.len() * row_tile];
        let coefficients: &[f32] = cast_slice(coefficients);
        for (first, sample_columns) in (0..nx).step_by(lanes).zip(column_of.chunks_exact(lanes)) {
            let buffer = &mut room.columns[..2 * lanes * (ny + 1)];
            let columns = S::complex_mut(buffer);
            for (row, &at) in coefficients.chunks_exact(2 * nx).zip(row_of) {
                let row = &row[2 * first..];
                columns[at as usize] = simd.load_complex(&row[..row.len().min(2 * lanes)]);
            }
            filter.columns.forward(simd, &mut buffer[..2 * lanes * ny]);
            let columns = S::complex_mut(buffer);
            // Lanes without a row.
            columns[ny] = zero;
            for (tile, target) in filter.tiles.iter().zip(band.chunks_exact_mut(row_tile)) {
                simd.transpose(columns, &tile.rows, S::complex_mut(target), sample_columns);
            }
        }
        for (tile, line) in filter.tiles.iter().zip(band.chunks_exact_mut(row_tile)) {
            filter.rows.forward(simd, &mut line[..2 * lanes * nx]);
            let target = &mut spectrum[tile.tile * kernel.row_tile_len()..][..kernel.row_tile_len()];
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
            *re = simd.mul_add_e_f32s(source[i][0], mask, *re);
            *im = simd.mul_add_e_f32s(source[i][1], simd.mul_f32s(mask, sign), *im);
        }
    }
}
