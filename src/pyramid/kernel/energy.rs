// SPDX-License-Identifier: MPL-2.0
//! The energy of the bands by Parseval's theorem, from the spectrum (docs/method.md 2.3).

use aligned_vec::{AVec, avec};

use crate::pyramid::masks::Masks;
use crate::simd::{Isa, Task};

use super::Kernel;

/// The fraction of every sample's energy that lies in the bands, both of the pair `{f, -f}` counted, and what makes
/// the energy of a sample of the spectrum: `[tile of v][u][L]`.
pub(super) fn weights(masks: &Masks, width: usize, height: usize, lanes: usize) -> AVec<f32> {
    let tiles = height.div_ceil(2).div_ceil(lanes);
    // Twice the transform squared, and 1/N of Parseval.
    let factor = 0.25 / (width * height) as f64;
    let mut weights = avec![0.0; tiles * width * lanes];
    for v in 0..height.div_ceil(2) {
        // Row 0 holds both of every pair.
        let pair = if v == 0 { 1.0 } else { 2.0 };
        for u in 0..width {
            let signed = if u < width.div_ceil(2) {
                u as i32
            } else {
                u as i32 - width as i32
            };
            let at = (v / lanes * width + u) * lanes + v % lanes;
            weights[at] = (factor * pair * masks.energy_fraction(signed, v as i32)) as f32;
        }
    }
    weights
}

pub(super) struct Energy<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) spectrum: &'a [f32],
}

impl Task for Energy<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) -> f64 {
        let Self { kernel, spectrum } = self;
        let mut energy = 0.0;
        let tiles = spectrum
            .chunks_exact(kernel.row_tile_len())
            .zip(kernel.energy_weights.chunks_exact(kernel.width * S::F32_LANES));
        for (values, weights) in tiles {
            // A tile is summed in f32, in as many sums as there are lanes, and tiles in f64.
            let mut sum = simd.splat_f32s(0.0);
            for ([re, im], weight) in S::complex(values).iter().zip(S::vectors(weights)) {
                let square = simd.add_product(*re, *re, simd.mul_f32s(*im, *im));
                sum = simd.add_product(square, *weight, sum);
            }
            energy += f64::from(simd.reduce_sum_f32s(sum));
        }
        energy
    }
}
