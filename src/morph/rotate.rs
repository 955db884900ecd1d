// SPDX-License-Identifier: MPL-2.0
//! Limit and rotation of coefficients (METHOD.md 2.4), without a call of the C library per sample.

use std::f32::consts::FRAC_1_PI;

use num_complex::Complex32;
use pulp::bytemuck::{cast_slice, cast_slice_mut};

use crate::simd::{Complex, Isa, Simd, Task};

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

    /// `steps = limited(taken + factor direction)`; `taken` is 0 where there is none.
    pub(super) fn apply(
        self,
        simd: Simd,
        factor: f32,
        direction: &[f32],
        taken: Option<&[f32]>,
        steps: &mut [f32],
    ) {
        let most = match self {
            Self::Off => FARTHEST,
            Self::Tanh(most) | Self::Clip(most) => most,
        };
        let taken = taken.unwrap_or(&[]);
        if matches!(self, Self::Tanh(_)) {
            simd.run(Limited::<true> {
                most,
                factor,
                direction,
                taken,
                steps,
            });
        } else {
            simd.run(Limited::<false> {
                most,
                factor,
                direction,
                taken,
                steps,
            });
        }
    }
}

/// Softly, or cut off.
struct Limited<'a, const SOFT: bool> {
    most: f32,
    factor: f32,
    direction: &'a [f32],
    /// Empty for 0.
    taken: &'a [f32],
    steps: &'a mut [f32],
}

impl<const SOFT: bool> Task for Limited<'_, SOFT> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let Self {
            most,
            factor,
            direction,
            taken,
            steps,
        } = self;
        let factor = simd.splat_f32s(factor);
        let whole = steps.len() / S::F32_LANES * S::F32_LANES;
        let (steps, last) = steps.split_at_mut(whole);
        let (directions, last_direction) = direction.split_at(whole);
        if taken.is_empty() {
            for (step, d) in S::vectors_mut(steps).iter_mut().zip(S::vectors(directions)) {
                *step = limit::<S, SOFT>(simd, simd.mul_f32s(*d, factor), most);
            }
            let value = simd.mul_f32s(simd.load(last_direction), factor);
            simd.store(last, limit::<S, SOFT>(simd, value, most));
        } else {
            let (taken, last_taken) = taken.split_at(whole);
            let samples = S::vectors(directions).iter().zip(S::vectors(taken));
            for (step, (d, taken)) in S::vectors_mut(steps).iter_mut().zip(samples) {
                *step = limit::<S, SOFT>(simd, simd.add_product(*d, factor, *taken), most);
            }
            let value = simd.add_product(simd.load(last_direction), factor, simd.load(last_taken));
            simd.store(last, limit::<S, SOFT>(simd, value, most));
        }
    }
}

#[inline(always)]
fn limit<S: Isa, const SOFT: bool>(simd: S, step: S::f32s, most: f32) -> S::f32s {
    if SOFT {
        let value = tanh(simd, simd.mul_f32s(step, simd.splat_f32s(1.0 / most)));
        simd.mul_f32s(value, simd.splat_f32s(most))
    } else {
        clamp(simd, step, most)
    }
}

/// `change = c (e^(i phase) - 1)`.
pub(super) fn rotate(simd: Simd, coefficients: &[Complex32], phase: &[f32], change: &mut [Complex32]) {
    simd.run(Rotate {
        coefficients: cast_slice(coefficients),
        phase,
        change: cast_slice_mut(change),
    });
}

struct Rotate<'a> {
    coefficients: &'a [f32],
    phase: &'a [f32],
    change: &'a mut [f32],
}

impl Task for Rotate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let whole = self.phase.len() / S::F32_LANES * S::F32_LANES;
        let (change, last_change) = self.change.split_at_mut(2 * whole);
        let (coefficients, last) = self.coefficients.split_at(2 * whole);
        let (phases, last_phase) = self.phase.split_at(whole);
        let samples = S::complex(coefficients).iter().zip(S::vectors(phases));
        for (change, (c, phase)) in S::complex_mut(change).iter_mut().zip(samples) {
            let turned = times(simd, simd.split(*c), turn_minus_one(simd, *phase));
            *change = simd.join(turned);
        }
        let turn = turn_minus_one(simd, simd.load(last_phase));
        simd.store_complex(last_change, times(simd, simd.load_complex(last), turn));
    }
}

/// `change = c (e^(log_amplitude + i phase) - 1)`.
pub(super) fn rotate_and_scale(
    simd: Simd,
    coefficients: &[Complex32],
    phase: &[f32],
    log_amplitude: &[f32],
    change: &mut [Complex32],
) {
    rotate(simd, coefficients, phase, change);
    for ((change, c), log_amplitude) in change.iter_mut().zip(coefficients).zip(log_amplitude) {
        // e^a e^(ib) - 1 = (e^a - 1) + e^a (e^(ib) - 1): no cancellation for small steps.
        let growth = log_amplitude.exp_m1();
        *change = *change * (1.0 + growth) + c * growth;
    }
}

#[inline(always)]
fn times<S: Isa>(simd: S, a: Complex<S>, b: Complex<S>) -> Complex<S> {
    [
        simd.sub_product(a[1], b[1], simd.mul_f32s(a[0], b[0])),
        simd.add_product(a[0], b[1], simd.mul_f32s(a[1], b[0])),
    ]
}

#[inline(always)]
fn clamp<S: Isa>(simd: S, x: S::f32s, most: f32) -> S::f32s {
    simd.min_f32s(simd.max_f32s(x, simd.splat_f32s(-most)), simd.splat_f32s(most))
}

/// `c_0 + c_1 s + c_2 s^2 + ...`
#[inline(always)]
fn polynomial<S: Isa, const N: usize>(simd: S, s: S::f32s, coefficients: [f32; N]) -> S::f32s {
    let mut sum = simd.splat_f32s(coefficients[N - 1]);
    for i in (0..N - 1).rev() {
        sum = simd.add_product(sum, s, simd.splat_f32s(coefficients[i]));
    }
    sum
}

/// `e^(i x) - 1 = 2i sin h (cos h + i sin h)`, `h = x/2`: no cancellation for small `x`.
#[inline(always)]
#[expect(
    clippy::excessive_precision,
    reason = "coefficients as fitted, before rounding"
)]
fn turn_minus_one<S: Isa>(simd: S, x: S::f32s) -> Complex<S> {
    // sin h cos h and sin^2 h have period pi: h to [-pi/2, pi/2]. Adding and subtracting 1.5 * 2^23 rounds
    // without a library call; pi in three parts of few bits keeps the products exact (Cody & Waite 1980).
    const ROUND: f32 = (3u32 << 22) as f32;
    const PI_PARTS: [f32; 3] = [3.140_625, 9.675_025_9e-4, 1.509_958e-7];
    let round = simd.splat_f32s(ROUND);
    let mut h = simd.mul_f32s(x, simd.splat_f32s(0.5));
    let turns = simd.add_product(h, simd.splat_f32s(FRAC_1_PI), round);
    let turns = simd.sub_f32s(turns, round);
    for part in PI_PARTS {
        h = simd.sub_product(turns, simd.splat_f32s(part), h);
    }
    let s = simd.mul_f32s(h, h);
    // Minimax fits on [-pi/2, pi/2]: relative error of the sine 6.1e-9, error of the cosine 2.5e-10.
    let sine = [
        -1.666_665_955e-1,
        8.333_066_247e-3,
        -1.980_960_298e-4,
        2.605_780_791e-6,
    ];
    let cosine = [
        1.0,
        -4.999_999_955e-1,
        4.166_664_073e-2,
        -1.388_840_351e-3,
        2.476_188_636e-5,
        -2.607_710_718e-7,
    ];
    let sin = simd.add_product(simd.mul_f32s(h, s), polynomial(simd, s, sine), h);
    let cos = polynomial(simd, s, cosine);
    let double = simd.add_f32s(sin, sin);
    [
        simd.neg_f32s(simd.mul_f32s(double, sin)),
        simd.mul_f32s(double, cos),
    ]
}

/// Hyperbolic tangent: a rational minimax fit on [-9.1, 9.1], where the function is 1 in f32; relative error of
/// the fit 2.3e-8, with rounding 3.4e-7.
#[inline(always)]
#[expect(
    clippy::excessive_precision,
    reason = "coefficients as fitted, before rounding"
)]
fn tanh<S: Isa>(simd: S, x: S::f32s) -> S::f32s {
    let x = clamp(simd, x, 9.1);
    let s = simd.mul_f32s(x, x);
    let above = [
        9.999_999_773e-1,
        1.337_448_454e-1,
        3.487_821_796e-3,
        2.048_135_036e-5,
        1.317_772_510e-8,
    ];
    let below = [
        1.0,
        4.670_779_834e-1,
        2.584_743_036e-2,
        3.272_937_186e-4,
        7.704_134_146e-7,
    ];
    let above = simd.mul_f32s(x, polynomial(simd, s, above));
    simd.divide(above, polynomial(simd, s, below))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every instruction set of this machine.
    fn each_simd() -> impl Iterator<Item = Simd> {
        [Simd::Scalar, Simd::Avx2, Simd::Avx512]
            .into_iter()
            .filter(|simd| *simd <= Simd::best())
    }

    /// Bars: the fits' errors above plus a few roundings of 6e-8 each.
    #[test]
    fn approximations_agree_with_f64() {
        let xs: Vec<f32> = (-400_000i32..=400_000).map(|i| i as f32 * 5e-5).collect();
        for simd in each_simd() {
            let mut limited = vec![f32::NAN; xs.len()];
            Bound::Tanh(1.0).apply(simd, 1.0, &xs, None, &mut limited);
            let mut turned = vec![Complex32::ZERO; xs.len()];
            rotate(simd, &vec![Complex32::ONE; xs.len()], &xs, &mut turned);
            for ((x, tanh), got) in xs.iter().zip(limited).zip(turned) {
                let want = f64::from(*x).tanh();
                assert!(
                    (f64::from(tanh) - want).abs() <= 5e-7 * want.abs(),
                    "{simd:?} tanh {x}"
                );
                let (sin, cos) = f64::from(*x).sin_cos();
                let error = (f64::from(got.re) - (cos - 1.0)).hypot(f64::from(got.im) - sin);
                assert!(
                    error <= 5e-7 * (1.0 - cos).hypot(sin) + 1e-9 * f64::from(x.abs()),
                    "{simd:?} turn {x}: {error}"
                );
            }
        }
    }

    #[test]
    fn steps_of_any_size_stay_finite() {
        for simd in each_simd() {
            for step in [f32::MAX, -f32::MAX, f32::INFINITY, 1e7, f32::MIN_POSITIVE] {
                for bound in [Bound::Off, Bound::Tanh(1.5), Bound::Clip(0.8)] {
                    let (mut steps, mut change) = ([f32::NAN], [Complex32::ZERO]);
                    bound.apply(simd, 1.0, &[step], None, &mut steps);
                    rotate(simd, &[Complex32::ONE], &steps, &mut change);
                    assert!(
                        change[0].norm() <= 2.0 + 1e-6,
                        "{simd:?} {step} {bound:?}: {change:?}"
                    );
                }
            }
        }
    }
}
