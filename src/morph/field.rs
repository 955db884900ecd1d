// SPDX-License-Identifier: MPL-2.0
//! The direction: raw phase and log-amplitude steps from coefficients and their gradient (docs/method.md 2.3).
//!
//! For one band and one group of channels: `d = s Im(sum conj(c) G) / ((a2 + n f^2)^(p/2) + tiny)` and `e` with
//! the real part, `a2 = sum |c|^2`, sums over the channels. Everything lies in whole vectors; lanes without a
//! coefficient hold zeros, and add nothing.

use crate::simd::{Complex, Isa, Simd, Task};

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

/// The fields of a range of coefficients of one group: `a2`, `d`, and `e` or nothing.
pub(super) struct Fields<'a> {
    pub(super) energy: &'a mut [f32],
    pub(super) phase: &'a mut [f32],
    /// Empty where amplitudes stay.
    pub(super) log_amplitude: &'a mut [f32],
}

/// What a pass over the products ends with.
const SUMS: usize = 0;
const EXPONENT_1: usize = 1;
const EXPONENT_2: usize = 2;

impl Fields<'_> {
    /// Adds one channel's `|c|^2`, `Im(conj(c) G)` and `Re(conj(c) G)`; the first channel replaces what was there.
    pub(super) fn add(&mut self, simd: Simd, coefficients: &[f32], gradient: &[f32], first: bool) {
        let weighting = Weighting {
            exponent: 0.0,
            floor: 0.0,
            gain: 1.0,
        };
        self.pass::<SUMS>(simd, coefficients, gradient, first, weighting);
    }

    /// As [`Fields::add`] for the last channel: then divides the sums by their weighting, and gives
    /// `(sum a2 d^2, sum a2)`, the two sums of the RMS (docs/method.md 2.4).
    pub(super) fn finish(
        &mut self,
        simd: Simd,
        coefficients: &[f32],
        gradient: &[f32],
        first: bool,
        weighting: Weighting,
    ) -> (f64, f64) {
        // The exponents with a name need no power; only 0 and those without take a second pass.
        if weighting.exponent == 1.0 {
            self.pass::<EXPONENT_1>(simd, coefficients, gradient, first, weighting)
        } else if weighting.exponent == 2.0 {
            self.pass::<EXPONENT_2>(simd, coefficients, gradient, first, weighting)
        } else {
            self.add(simd, coefficients, gradient, first);
            for step in [&mut *self.phase, &mut *self.log_amplitude] {
                divide(self.energy, step, weighting);
            }
            self.moments(simd)
        }
    }

    fn pass<const END: usize>(
        &mut self,
        simd: Simd,
        coefficients: &[f32],
        gradient: &[f32],
        first: bool,
        weighting: Weighting,
    ) -> (f64, f64) {
        let products = Products::<END> {
            coefficients,
            gradient,
            energy: self.energy,
            phase: self.phase,
            log_amplitude: self.log_amplitude,
            first,
            weighting,
        };
        simd.run(products)
    }

    /// `(sum a2 d^2, sum a2)`.
    pub(super) fn moments(&self, simd: Simd) -> (f64, f64) {
        simd.run(Moments {
            energy: self.energy,
            phase: self.phase,
        })
    }
}

struct Products<'a, const END: usize> {
    coefficients: &'a [f32],
    gradient: &'a [f32],
    energy: &'a mut [f32],
    phase: &'a mut [f32],
    log_amplitude: &'a mut [f32],
    first: bool,
    weighting: Weighting,
}

impl<const END: usize> Task for Products<'_, END> {
    type Output = (f64, f64);

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) -> (f64, f64) {
        let zero = simd.splat_f32s(0.0);
        let first = self.first;
        let Weighting { floor, gain, .. } = self.weighting;
        let (floor, gain) = (simd.splat_f32s(floor), simd.splat_f32s(gain));
        let (c, g) = (S::complex(self.coefficients), S::complex(self.gradient));
        let (energies, phases) = (S::vectors_mut(self.energy), S::vectors_mut(self.phase));

        let pairs = c.iter().zip(g).zip(&*energies);
        for (((c, g), energy), e) in pairs.zip(S::vectors_mut(self.log_amplitude)) {
            let (e0, a0) = if first { (zero, zero) } else { (*e, *energy) };
            let sum = simd.add_product(c[0], g[0], simd.add_product(c[1], g[1], e0));
            *e = weigh::<S, END>(simd, sum, square(simd, *c, a0), floor, gain);
        }

        let mut moments = (0.0, 0.0);
        let blocks = c.chunks(TERMS).zip(g.chunks(TERMS));
        let sums = energies.chunks_mut(TERMS).zip(phases.chunks_mut(TERMS));
        for ((c, g), (energies, phases)) in blocks.zip(sums) {
            let (mut moved, mut total) = (zero, zero);
            let sums = energies.iter_mut().zip(phases);
            for ((c, g), (energy, phase)) in c.iter().zip(g).zip(sums) {
                let (d0, a0) = if first { (zero, zero) } else { (*phase, *energy) };
                let a2 = square(simd, *c, a0);
                let sum = simd.add_product(c[0], g[1], simd.sub_product(c[1], g[0], d0));
                let d = weigh::<S, END>(simd, sum, a2, floor, gain);
                (*energy, *phase) = (a2, d);
                moved = simd.add_product(simd.mul_f32s(a2, d), d, moved);
                total = simd.add_f32s(total, a2);
            }
            moments.0 += f64::from(simd.reduce_sum_f32s(moved));
            moments.1 += f64::from(simd.reduce_sum_f32s(total));
        }
        moments
    }
}

/// `|c|^2 + a2`.
#[inline(always)]
fn square<S: Isa>(simd: S, c: Complex<S>, a2: S::f32s) -> S::f32s {
    simd.add_product(c[0], c[0], simd.add_product(c[1], c[1], a2))
}

/// A sum of products over its weighting.
#[inline(always)]
fn weigh<S: Isa, const END: usize>(
    simd: S,
    sum: S::f32s,
    a2: S::f32s,
    floor: S::f32s,
    gain: S::f32s,
) -> S::f32s {
    match END {
        SUMS => sum,
        EXPONENT_1 => {
            // The root of the smallest normal number is far above TINY, which adds nothing to it.
            let least = simd.splat_f32s(f32::MIN_POSITIVE);
            let inverse = simd.inverse_sqrt(simd.max_f32s(simd.add_f32s(a2, floor), least));
            simd.mul_f32s(sum, simd.mul_f32s(inverse, gain))
        }
        _ => {
            let denominator = simd.add_f32s(simd.add_f32s(a2, floor), simd.splat_f32s(TINY));
            simd.mul_f32s(sum, simd.divide(gain, denominator))
        }
    }
}

/// Any exponent.
fn divide(energy: &[f32], step: &mut [f32], weighting: Weighting) {
    let Weighting {
        exponent,
        floor,
        gain,
    } = weighting;
    let samples = step.iter_mut().zip(energy);
    if exponent == 0.0 {
        samples.for_each(|(step, _)| *step *= gain);
    } else {
        let half = 0.5 * exponent as f32;
        samples.for_each(|(step, a2)| *step *= gain / ((a2 + floor).powf(half) + TINY));
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
        let (energies, phases) = (S::vectors(self.energy), S::vectors(self.phase));
        for (energies, phases) in energies.chunks(TERMS).zip(phases.chunks(TERMS)) {
            let (mut block_moved, mut block_total) = (simd.splat_f32s(0.0), simd.splat_f32s(0.0));
            for (a2, d) in energies.iter().zip(phases) {
                block_moved = simd.add_product(simd.mul_f32s(*a2, *d), *d, block_moved);
                block_total = simd.add_f32s(block_total, *a2);
            }
            moved += f64::from(simd.reduce_sum_f32s(block_moved));
            total += f64::from(simd.reduce_sum_f32s(block_total));
        }
        (moved, total)
    }
}
