// SPDX-License-Identifier: MPL-2.0
//! The direction: raw phase and log-amplitude steps from coefficients and their gradient (METHOD.md 2.3).
//!
//! For one band and one group of channels: `d = s Im(sum conj(c) G) / ((a2 + n f^2)^(p/2) + tiny)` and `e` with
//! the real part, `a2 = sum |c|^2`, sums over the channels.

use num_complex::Complex32;
use pulp::bytemuck::cast_slice;

use crate::simd::{Isa, Simd, Task};

/// Keeps a quotient finite where amplitude and floor are both 0.
pub(super) const TINY: f32 = 1e-30;

/// Terms that one lane sums in f32 before f64 takes over: of positive terms, at most 64 * 6e-8 of the sum is lost.
const TERMS: usize = 64;

/// What a field's denominator is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weighting {
    /// `p`.
    pub(super) exponent: f64,
    /// `n_c f^2`, added to `a2`.
    pub(super) floor: f32,
    /// `s_j`.
    pub(super) gain: f32,
}

/// The fields of one band of one group: `a2`, `d`, and `e` or nothing.
pub(super) struct Fields<'a> {
    pub(super) energy: &'a mut [f32],
    pub(super) phase: &'a mut [f32],
    /// Empty where amplitudes stay.
    pub(super) log_amplitude: &'a mut [f32],
}

impl Fields<'_> {
    /// Adds one channel's `|c|^2`, `Im(conj(c) G)` and `Re(conj(c) G)`; the first channel replaces what was there.
    pub(super) fn add(
        &mut self,
        simd: Simd,
        coefficients: &[Complex32],
        gradient: &[Complex32],
        first: bool,
    ) {
        let (coefficients, gradient) = (cast_slice(coefficients), cast_slice(gradient));
        let Self {
            energy,
            phase,
            log_amplitude,
        } = self;
        simd.run(Products {
            coefficients,
            gradient,
            energy,
            phase,
            log_amplitude,
            first,
        });
    }

    /// Divides the sums of products by their weighting.
    pub(super) fn divide(&mut self, simd: Simd, weighting: Weighting) {
        for step in [&mut *self.phase, &mut *self.log_amplitude] {
            divide(simd, self.energy, step, weighting);
        }
    }

    /// `(sum a2 d^2, sum a2)`, the two sums of the RMS (METHOD.md 2.4).
    pub(super) fn moments(&self, simd: Simd) -> (f64, f64) {
        simd.run(Moments {
            energy: self.energy,
            phase: self.phase,
        })
    }
}

struct Products<'a> {
    coefficients: &'a [f32],
    gradient: &'a [f32],
    energy: &'a mut [f32],
    phase: &'a mut [f32],
    log_amplitude: &'a mut [f32],
    first: bool,
}

impl Task for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let (lanes, zero) = (S::F32_LANES, simd.splat_f32s(0.0));
        let Self {
            energy,
            phase,
            log_amplitude,
            first,
            ..
        } = self;
        let pairs = self
            .coefficients
            .chunks(2 * lanes)
            .zip(self.gradient.chunks(2 * lanes));
        let sums = energy.chunks_mut(lanes).zip(phase.chunks_mut(lanes));
        for ((c, g), (energy, phase)) in pairs.zip(sums) {
            let (c, g) = (simd.load_complex(c), simd.load_complex(g));
            let (a2, d) = match first {
                true => (zero, zero),
                false => (simd.load(energy), simd.load(phase)),
            };
            let a2 = simd.add_product(c[0], c[0], simd.add_product(c[1], c[1], a2));
            let d = simd.add_product(c[0], g[1], simd.sub_product(c[1], g[0], d));
            simd.store(energy, a2);
            simd.store(phase, d);
        }
        let pairs = self
            .coefficients
            .chunks(2 * lanes)
            .zip(self.gradient.chunks(2 * lanes));
        for ((c, g), log_amplitude) in pairs.zip(log_amplitude.chunks_mut(lanes)) {
            let (c, g) = (simd.load_complex(c), simd.load_complex(g));
            let e = if first { zero } else { simd.load(log_amplitude) };
            let e = simd.add_product(c[0], g[0], simd.add_product(c[1], g[1], e));
            simd.store(log_amplitude, e);
        }
    }
}

fn divide(simd: Simd, energy: &[f32], step: &mut [f32], weighting: Weighting) {
    let Weighting {
        exponent,
        floor,
        gain,
    } = weighting;
    // The three exponents with a name need no power.
    if exponent == 0.0 {
        step.iter_mut().for_each(|step| *step *= gain);
    } else if exponent == 1.0 {
        simd.run(Divide::<1> {
            energy,
            step,
            floor,
            gain,
        });
    } else if exponent == 2.0 {
        simd.run(Divide::<2> {
            energy,
            step,
            floor,
            gain,
        });
    } else {
        let half = 0.5 * exponent as f32;
        let samples = step.iter_mut().zip(energy);
        samples.for_each(|(step, a2)| *step *= gain / ((a2 + floor).powf(half) + TINY));
    }
}

/// With an exponent of 1 or 2.
struct Divide<'a, const EXPONENT: usize> {
    energy: &'a [f32],
    step: &'a mut [f32],
    floor: f32,
    gain: f32,
}

impl<const EXPONENT: usize> Task for Divide<'_, EXPONENT> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let (floor, gain) = (simd.splat_f32s(self.floor), simd.splat_f32s(self.gain));
        let (tiny, least) = (simd.splat_f32s(TINY), simd.splat_f32s(f32::MIN_POSITIVE));
        let samples = self
            .step
            .chunks_mut(S::F32_LANES)
            .zip(self.energy.chunks(S::F32_LANES));
        for (step, energy) in samples {
            let square = simd.add_f32s(simd.load(energy), floor);
            let inverse = match EXPONENT {
                // The root of the smallest normal number is far above TINY, which adds nothing to it.
                1 => simd.inverse_sqrt(simd.max_f32s(square, least)),
                _ => simd.divide(simd.splat_f32s(1.0), simd.add_f32s(square, tiny)),
            };
            let value = simd.mul_f32s(simd.load(step), simd.mul_f32s(inverse, gain));
            simd.store(step, value);
        }
    }
}

struct Moments<'a> {
    energy: &'a [f32],
    phase: &'a [f32],
}

impl Task for Moments<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) -> (f64, f64) {
        let (mut moved, mut total) = (0.0, 0.0);
        let block = TERMS * S::F32_LANES;
        for (energy, phase) in self.energy.chunks(block).zip(self.phase.chunks(block)) {
            let (mut block_moved, mut block_total) = (simd.splat_f32s(0.0), simd.splat_f32s(0.0));
            for (a2, d) in energy.chunks(S::F32_LANES).zip(phase.chunks(S::F32_LANES)) {
                let (a2, d) = (simd.load(a2), simd.load(d));
                block_moved = simd.add_product(simd.mul_f32s(a2, d), d, block_moved);
                block_total = simd.add_f32s(block_total, a2);
            }
            moved += f64::from(simd.reduce_sum_f32s(block_moved));
            total += f64::from(simd.reduce_sum_f32s(block_total));
        }
        (moved, total)
    }
}
