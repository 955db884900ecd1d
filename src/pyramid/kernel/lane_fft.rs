// SPDX-License-Identifier: MPL-2.0
//! Transforms of as many columns at once as a vector has lanes, in place.
//!
//! Frequencies are in natural order on both ways. Samples are not: sample `x` lies in row [`LaneFft::position`] of `x`.
//! Whoever fills or reads the columns looks that up, and no pass over the data is spent on putting them in order.

use std::sync::Arc;

use crate::simd::{Isa, MOST_LANES};

use super::butterfly::MOST_ODD;
use super::pass::RadixPass;

/// Floats that stay in the first cache, with some left for what else is there.
const CACHE: usize = 40 * 1024 / size_of::<f32>();

/// The transforms of one length.
#[derive(Debug, Clone)]
pub(super) struct LaneFft {
    len: usize,
    passes: Vec<RadixPass>,
    position: Arc<[u32]>,
}

impl LaneFft {
    /// For vectors of this many lanes.
    ///
    /// # Panics
    /// When the length does not suit ([`suits`]).
    pub(super) fn new(len: usize, lanes: usize) -> Self {
        assert!(suits(len), "{len} has a prime factor above {MOST_ODD}");
        let radices = radices(len, lanes);
        let mut block = len;
        let mut passes = Vec::with_capacity(radices.len());
        for &radix in &radices {
            passes.push(RadixPass::new(radix, block));
            block /= radix;
        }
        // One tile of columns may end beyond the samples, and tiles go in pairs: those samples lie in a row of
        // their own behind the others.
        let mut position = vec![len as u32; (len + 2 * MOST_LANES).next_multiple_of(2 * MOST_LANES)];
        for (x, position) in position[..len].iter_mut().enumerate() {
            let (mut rest, mut at) = (x, 0);
            for pass in &passes {
                at += rest % pass.radix * (pass.block / pass.radix);
                rest /= pass.radix;
            }
            *position = at as u32;
        }
        Self {
            len,
            passes,
            position: position.into(),
        }
    }

    /// Rows of the columns.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The row of every sample, and for at least two vectors more of samples beyond the last, [`LaneFft::len`].
    pub(super) fn position(&self) -> &Arc<[u32]> {
        &self.position
    }

    /// From samples to frequencies, `sum_x a_x e^(-2 pi i k x / n)`: columns of [`LaneFft::len`] complex vectors.
    #[inline(always)]
    pub(super) fn forward<S: Isa>(&self, simd: S, columns: &mut [f32]) {
        forward(&self.passes, simd, columns);
    }

    /// From frequencies to samples, with the other sign and no factor.
    #[inline(always)]
    pub(super) fn inverse<S: Isa>(&self, simd: S, columns: &mut [f32]) {
        inverse(&self.passes, simd, columns);
    }
}

/// Pass by pass what fits the cache; of what does not, the outermost pass, and its blocks one by one.
fn inverse<S: Isa>(passes: &[RadixPass], simd: S, columns: &mut [f32]) {
    match passes {
        [first, rest @ ..] if columns.len() > CACHE => {
            first.inverse(simd, columns);
            for block in columns.chunks_exact_mut(columns.len() / first.radix) {
                inverse(rest, simd, block);
            }
        }
        _ => passes.iter().for_each(|pass| pass.inverse(simd, columns)),
    }
}

fn forward<S: Isa>(passes: &[RadixPass], simd: S, columns: &mut [f32]) {
    match passes {
        [first, rest @ ..] if columns.len() > CACHE => {
            for block in columns.chunks_exact_mut(columns.len() / first.radix) {
                forward(rest, simd, block);
            }
            first.forward(simd, columns);
        }
        _ => passes.iter().rev().for_each(|pass| pass.forward(simd, columns)),
    }
}

/// Whether a length has no prime factor that is too large.
pub(in crate::pyramid) fn suits(len: usize) -> bool {
    let mut rest = len;
    for factor in 2..=MOST_ODD {
        while rest.is_multiple_of(factor) {
            rest /= factor;
        }
    }
    rest == 1
}

/// The factors of a length, largest first.
fn radices(len: usize, lanes: usize) -> Vec<usize> {
    let mut radices = Vec::new();
    let mut rest = len;
    for prime in (3..=MOST_ODD).step_by(2) {
        while rest.is_multiple_of(prime) {
            radices.push(prime);
            rest /= prime;
        }
    }
    let mut twos = rest.ilog2();
    // A radix of 8 needs more than the 16 registers of AVX2.
    let most = if lanes == MOST_LANES { 3 } else { 2 };
    while twos > 0 {
        // 4 and 4 take fewer passes than 8, 1 and 1, and less work than 8 and 2.
        let power = if twos == most + 1 && most == 3 {
            2
        } else {
            twos.min(most)
        };
        radices.push(1 << power);
        twos -= power;
    }
    radices.sort_unstable_by(|a, b| b.cmp(a));
    radices
}

#[cfg(test)]
mod tests {
    use rustfft::FftPlanner;
    use rustfft::num_complex::Complex32;

    use super::*;
    use crate::simd::{Simd, Task};

    /// Transforms columns of samples to frequencies and back.
    struct BothWays<'a> {
        fft: &'a LaneFft,
        samples: &'a [Complex32],
        frequencies: &'a mut [Complex32],
        back: &'a mut [Complex32],
    }

    impl Task for BothWays<'_> {
        type Output = usize;

        fn run<S: Isa>(self, simd: S) -> usize {
            let (len, lanes) = (self.fft.len(), S::F32_LANES);
            let mut columns = vec![0.0; 2 * lanes * len];
            // Every lane has a column of its own: the same one, times lane + 1.
            let factor = |lane: usize| (lane + 1) as f32;
            for (x, value) in self.samples.iter().enumerate() {
                let row = 2 * lanes * self.fft.position()[x] as usize;
                for lane in 0..lanes {
                    columns[row + lane] = factor(lane) * value.re;
                    columns[row + lanes + lane] = factor(lane) * value.im;
                }
            }
            let last = lanes - 1;
            let read = |columns: &[f32], row: usize| {
                let at = 2 * lanes * row + last;
                Complex32::new(columns[at], columns[at + lanes]) / factor(last)
            };
            self.fft.forward(simd, &mut columns);
            for (k, out) in self.frequencies.iter_mut().enumerate() {
                *out = read(&columns, k);
            }
            self.fft.inverse(simd, &mut columns);
            for (x, out) in self.back.iter_mut().enumerate() {
                *out = read(&columns, self.fft.position()[x] as usize) / len as f32;
            }
            lanes
        }
    }

    fn largest_difference(a: &[Complex32], b: &[Complex32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| (a - b).norm()).fold(0.0, f32::max)
    }

    #[test]
    fn transforms_are_those_of_rustfft() {
        let smooth = [
            66, 81, 96, 112, 120, 225, 240, 343, 360, 480, 500, 640, 720, 961, 1024, 1280, 1920, 4096,
        ];
        for simd in [Simd::Scalar, Simd::Avx2, Simd::Avx512] {
            if simd > Simd::best() {
                continue;
            }
            for len in (1..=65).chain(smooth) {
                assert_eq!(suits(len), ![37, 41, 43, 47, 53, 59, 61].contains(&len), "{len}");
                if !suits(len) {
                    continue;
                }
                let fft = LaneFft::new(len, simd.lanes());
                let mut state = len as u32;
                let mut noise = || {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 8) as f32 / (1 << 24) as f32 - 0.5
                };
                let samples: Vec<_> = (0..len).map(|_| Complex32::new(noise(), noise())).collect();
                let mut want = samples.clone();
                FftPlanner::new().plan_fft_forward(len).process(&mut want);
                let mut got = vec![Complex32::ZERO; len];
                let mut back = got.clone();
                let task = BothWays {
                    fft: &fft,
                    samples: &samples,
                    frequencies: &mut got,
                    back: &mut back,
                };
                assert_eq!(simd.run(task), simd.lanes());
                // An ulp of 6e-8 per level and operand, of values that grow as the square root of the length; the
                // definition of a prime adds up as many terms.
                let size = (len as f32).sqrt();
                let error = largest_difference(&got, &want);
                assert!(error <= 1e-6 * size, "{simd:?} {len}: {error:e}");
                let error = largest_difference(&back, &samples);
                assert!(error <= 1e-6, "{simd:?} {len} and back: {error:e}");
            }
        }
    }
}
