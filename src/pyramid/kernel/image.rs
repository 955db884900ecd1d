// SPDX-License-Identifier: MPL-2.0
//! A plane and its spectrum.
//!
//! Columns are real: two tiles of them are the real and the imaginary part of one complex transform,
//! `Z = A + i B`, and come apart by their symmetry, `2 A(v) = Z(v) + conj Z(-v)`, `2 i B(v) = Z(v) - conj Z(-v)`.

use crate::simd::{Ascending, Isa, Task};

use super::{Kernel, KernelScratch};

pub(super) struct Forward<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) plane: &'a [f32],
    pub(super) spectrum: &'a mut [f32],
    pub(super) scratch: &'a mut KernelScratch,
}

impl Task for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let Self {
            kernel,
            plane,
            spectrum,
            scratch,
        } = self;
        let (lanes, zero) = (S::F32_LANES, [simd.splat_f32s(0.0); 2]);
        let &Kernel { width, height, .. } = kernel;
        let (rows, row_of) = (kernel.rows.position(), kernel.columns.position());
        let buffer = &mut scratch.columns[..2 * lanes * height];
        let (left_square, right_square) = S::complex_mut(&mut scratch.squares).split_at_mut(lanes);
        for x in (0..width).step_by(2 * lanes) {
            let columns = S::complex_mut(buffer);
            for (row, &at) in plane.chunks_exact(width).zip(row_of.iter()) {
                let row = &row[x..];
                let (left, right) = row.split_at(row.len().min(lanes));
                columns[at as usize] = [simd.load(left), simd.load(right)];
            }
            kernel.columns.forward(simd, buffer);
            let columns = S::complex(buffer);
            let tiles = spectrum.chunks_exact_mut(kernel.row_tile_len());
            for (tile, spectrum) in tiles.enumerate() {
                for lane in 0..lanes {
                    let v = tile * lanes + lane;
                    let (here, mirror) = match 2 * v < height {
                        true => (columns[v], columns[if v == 0 { 0 } else { height - v }]),
                        false => (zero, zero),
                    };
                    left_square[lane] = [
                        simd.add_f32s(here[0], mirror[0]),
                        simd.sub_f32s(here[1], mirror[1]),
                    ];
                    right_square[lane] = [
                        simd.add_f32s(here[1], mirror[1]),
                        simd.sub_f32s(mirror[0], here[0]),
                    ];
                }
                let spectrum = S::complex_mut(spectrum);
                simd.transpose(left_square, Ascending, spectrum, &rows[x..x + lanes]);
                if x + lanes < width {
                    simd.transpose(right_square, Ascending, spectrum, &rows[x + lanes..x + 2 * lanes]);
                }
            }
        }
        for tile in spectrum.chunks_exact_mut(kernel.row_tile_len()) {
            kernel.rows.forward(simd, &mut tile[..2 * lanes * width]);
        }
    }
}

pub(super) struct Inverse<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) spectrum: &'a mut [f32],
    pub(super) plane: &'a mut [f32],
    pub(super) scratch: &'a mut KernelScratch,
}

impl Task for Inverse<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let Self {
            kernel,
            spectrum,
            plane,
            scratch,
        } = self;
        let (lanes, zero) = (S::F32_LANES, [simd.splat_f32s(0.0); 2]);
        let &Kernel { width, height, .. } = kernel;
        let (rows, row_of) = (kernel.rows.position(), kernel.columns.position());
        complete_axis(spectrum, width, lanes);
        for tile in spectrum.chunks_exact_mut(kernel.row_tile_len()) {
            kernel.rows.inverse(simd, &mut tile[..2 * lanes * width]);
        }
        let buffer = &mut scratch.columns[..2 * lanes * height];
        let (left_square, right_square) = S::complex_mut(&mut scratch.squares).split_at_mut(lanes);
        for x in (0..width).step_by(2 * lanes) {
            let columns = S::complex_mut(buffer);
            if height.is_multiple_of(2) {
                columns[height / 2] = zero;
            }
            for (tile, spectrum) in spectrum.chunks_exact(kernel.row_tile_len()).enumerate() {
                let spectrum = S::complex(spectrum);
                simd.transpose(spectrum, &rows[x..x + lanes], left_square, Ascending);
                // Beyond the last column this repeats the spare row, which nothing is made of.
                simd.transpose(spectrum, &rows[x + lanes..x + 2 * lanes], right_square, Ascending);
                let first = tile * lanes;
                let count = lanes.min(height.div_ceil(2) - first);
                for lane in 0..count {
                    let (v, a, b) = (first + lane, left_square[lane], right_square[lane]);
                    columns[v] = [simd.sub_f32s(a[0], b[1]), simd.add_f32s(a[1], b[0])];
                    if v > 0 {
                        columns[height - v] = [simd.add_f32s(a[0], b[1]), simd.sub_f32s(b[0], a[1])];
                    }
                }
            }
            kernel.columns.inverse(simd, buffer);
            let columns = S::complex(buffer);
            for (row, &at) in plane.chunks_exact_mut(width).zip(row_of.iter()) {
                let row = &mut row[x..];
                let (left, right) = row.split_at_mut(row.len().min(lanes));
                let [re, im] = columns[at as usize];
                simd.store(left, re);
                simd.store(right, im);
            }
        }
    }
}

/// Row `v = 0` is its own mirror image: what a band has at `(u, 0)` belongs at `(-u, 0)` as well. It is lane 0 of
/// the first tile.
fn complete_axis(spectrum: &mut [f32], width: usize, lanes: usize) {
    for u in 1..width.div_ceil(2) {
        let (here, mirror) = (2 * lanes * u, 2 * lanes * (width - u));
        let (re, im) = (
            spectrum[here] + spectrum[mirror],
            spectrum[here + lanes] - spectrum[mirror + lanes],
        );
        (spectrum[here], spectrum[here + lanes]) = (re, im);
        (spectrum[mirror], spectrum[mirror + lanes]) = (re, -im);
    }
}
