// SPDX-License-Identifier: MPL-2.0
//! Limit and rotation of coefficients (METHOD.md 2.4), without a call of the C library per sample.

use std::f32::consts::FRAC_1_PI;

use num_complex::Complex32;

use super::Limit;

/// Phases beyond this have no fraction of a turn left in f32; they are held here instead of becoming NaN.
const FARTHEST: f32 = (1 << 20) as f32;

/// The limit of a step, in the step's unit.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    /// None.
    Off,
    /// `M tanh(step / M)`.
    Tanh(f32),
    /// `clamp(step, -M, M)`.
    Clip(f32),
}

impl Bound {
    /// A limit of 0 is none.
    pub(super) fn new(most: f64, limit: Limit) -> Self {
        match limit {
            _ if most == 0.0 => Self::Off,
            Limit::Tanh => Self::Tanh(most as f32),
            Limit::Clip => Self::Clip(most as f32),
        }
    }

    /// Limits steps in place.
    pub(super) fn apply(self, steps: &mut [f32]) {
        match self {
            Self::Off => steps
                .iter_mut()
                .for_each(|step| *step = step.clamp(-FARTHEST, FARTHEST)),
            Self::Tanh(most) => {
                let inverse = 1.0 / most;
                steps
                    .iter_mut()
                    .for_each(|step| *step = most * tanh(*step * inverse));
            }
            Self::Clip(most) => steps.iter_mut().for_each(|step| *step = step.clamp(-most, most)),
        }
    }
}

/// `change = c (e^(i phase) - 1)`.
pub(super) fn rotate(coefficients: &[Complex32], phase: &[f32], change: &mut [Complex32]) {
    for ((change, c), phase) in change.iter_mut().zip(coefficients).zip(phase) {
        *change = times(*c, turn_minus_one(*phase));
    }
}

/// `change = c (e^(log_amplitude + i phase) - 1)`.
pub(super) fn rotate_and_scale(
    coefficients: &[Complex32],
    phase: &[f32],
    log_amplitude: &[f32],
    change: &mut [Complex32],
) {
    let steps = phase.iter().zip(log_amplitude);
    for ((change, c), (phase, log_amplitude)) in change.iter_mut().zip(coefficients).zip(steps) {
        // e^a e^(ib) - 1 = (e^a - 1) + e^a (e^(ib) - 1): no cancellation for small steps.
        let growth = log_amplitude.exp_m1();
        *change = times(*c, turn_minus_one(*phase) * (1.0 + growth) + growth);
    }
}

/// The product without C's special cases for infinities.
fn times(a: Complex32, b: Complex32) -> Complex32 {
    Complex32::new(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
}

/// `e^(i x) - 1 = 2i sin h (cos h + i sin h)`, `h = x/2`: no cancellation for small `x`.
#[inline(always)]
#[expect(
    clippy::excessive_precision,
    reason = "coefficients as fitted, before rounding"
)]
fn turn_minus_one(x: f32) -> Complex32 {
    // sin h cos h and sin^2 h have period pi: h to [-pi/2, pi/2]. Adding and subtracting 1.5 * 2^23 rounds
    // without a library call; pi in three parts of few bits keeps the products exact (Cody & Waite 1980).
    const ROUND: f32 = (3u32 << 22) as f32;
    const PI_PARTS: [f32; 3] = [3.140_625, 9.675_025_9e-4, 1.509_958e-7];
    let turns = (0.5 * x * FRAC_1_PI + ROUND) - ROUND;
    let h = ((0.5 * x - turns * PI_PARTS[0]) - turns * PI_PARTS[1]) - turns * PI_PARTS[2];
    let s = h * h;
    // Minimax fits on [-pi/2, pi/2]: relative error of the sine 6.1e-9, error of the cosine 2.5e-10.
    let sin = h + h
        * s
        * (-1.666_665_955e-1 + s * (8.333_066_247e-3 + s * (-1.980_960_298e-4 + s * 2.605_780_791e-6)));
    let cos = 1.0
        + s * (-4.999_999_955e-1
            + s * (4.166_664_073e-2
                + s * (-1.388_840_351e-3 + s * (2.476_188_636e-5 - s * 2.607_710_718e-7))));
    Complex32::new(-2.0 * sin * sin, 2.0 * sin * cos)
}

/// Hyperbolic tangent: a rational minimax fit on [-9.1, 9.1], where the function is 1 in f32; relative error of
/// the fit 2.3e-8, with rounding 3.4e-7.
#[inline(always)]
#[expect(
    clippy::excessive_precision,
    reason = "coefficients as fitted, before rounding"
)]
fn tanh(x: f32) -> f32 {
    let x = x.clamp(-9.1, 9.1);
    let s = x * x;
    let above = 9.999_999_773e-1
        + s * (1.337_448_454e-1 + s * (3.487_821_796e-3 + s * (2.048_135_036e-5 + s * 1.317_772_510e-8)));
    let below =
        1.0 + s * (4.670_779_834e-1 + s * (2.584_743_036e-2 + s * (3.272_937_186e-4 + s * 7.704_134_146e-7)));
    x * above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bars: the fits' errors above plus a few roundings of 6e-8 each.
    #[test]
    fn approximations_agree_with_f64() {
        for i in -400_000i32..=400_000 {
            let x = i as f32 * 5e-5;
            let want = f64::from(x).tanh();
            assert!((f64::from(tanh(x)) - want).abs() <= 5e-7 * want.abs(), "tanh {x}");
            let got = turn_minus_one(x);
            let (sin, cos) = f64::from(x).sin_cos();
            let error = (f64::from(got.re) - (cos - 1.0)).hypot(f64::from(got.im) - sin);
            assert!(
                error <= 5e-7 * (1.0 - cos).hypot(sin) + 1e-9 * f64::from(x.abs()),
                "turn {x}: {error}"
            );
        }
    }

    #[test]
    fn steps_of_any_size_stay_finite() {
        for step in [f32::MAX, -f32::MAX, f32::INFINITY, 1e7, f32::MIN_POSITIVE] {
            for bound in [Bound::Off, Bound::Tanh(1.5), Bound::Clip(0.8)] {
                let (mut steps, mut change) = ([step], [Complex32::ZERO]);
                bound.apply(&mut steps);
                rotate(&[Complex32::ONE], &steps, &mut change);
                assert!(change[0].norm() <= 2.0 + 1e-6, "{step} {bound:?}: {change:?}");
            }
        }
    }
}
