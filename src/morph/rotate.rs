// SPDX-License-Identifier: MPL-2.0
//! Limit and rotation of coefficients (docs/method.md 2.4), without a call of the C library per sample.

use std::f32::consts::{FRAC_1_PI, PI};

use crate::simd::{Complex, Isa, Simd, Task};

use super::Limit;

/// Phases beyond this have no fraction of a turn left in f32; they are held here instead of becoming NaN.
const MAX_PHASE: f32 = (1 << 20) as f32;

/// The limit of a step, in the step's unit.
#[derive(Debug, Clone, Copy)]
pub(super) enum StepLimit {
    /// None.
    Off,
    /// `M tanh(step / M)`.
    Tanh(f32),
    /// `clamp(step, -M, M)`.
    Clip(f32),
}

impl StepLimit {
    /// A limit of 0 is none.
    pub(super) fn new(maximum: f64, limit: Limit) -> Self {
        match limit {
            _ if maximum == 0.0 => Self::Off,
            Limit::Tanh => Self::Tanh(maximum as f32),
            Limit::Clip => Self::Clip(maximum as f32),
        }
    }

    fn maximum(self) -> f32 {
        match self {
            Self::Off => MAX_PHASE,
            Self::Tanh(maximum) | Self::Clip(maximum) => maximum,
        }
    }
}

/// Steps `limited(taken + factor direction)`; whole vectors, as all slices here.
#[derive(Debug, Clone, Copy)]
pub(super) struct LimitedStep<'a> {
    pub(super) limit: StepLimit,
    pub(super) factor: f32,
    pub(super) direction: &'a [f32],
    /// Empty for 0.
    pub(super) taken: &'a [f32],
}

impl LimitedStep<'_> {
    /// The steps themselves.
    pub(super) fn write(self, simd: Simd, steps: &mut [f32]) {
        match self.limit {
            StepLimit::Tanh(_) => simd.run(Limited::<true> { step: self, steps }),
            _ => simd.run(Limited::<false> { step: self, steps }),
        }
    }

    /// `change = c (e^(i step) - 1)`.
    pub(super) fn rotate(self, simd: Simd, coefficients: &[f32], change: &mut [f32]) {
        match (self.limit, self.limit.maximum() > PI) {
            (StepLimit::Tanh(_), false) => self.turn::<true, false>(simd, coefficients, change),
            (StepLimit::Tanh(_), true) => self.turn::<true, true>(simd, coefficients, change),
            (_, false) => self.turn::<false, false>(simd, coefficients, change),
            (_, true) => self.turn::<false, true>(simd, coefficients, change),
        }
    }

    fn turn<const SOFT: bool, const FAR: bool>(self, simd: Simd, coefficients: &[f32], change: &mut [f32]) {
        simd.run(Rotate::<SOFT, FAR> {
            step: self,
            coefficients,
            change,
        });
    }
}

/// A [`LimitedStep`] vector by vector. `SOFT`: [`StepLimit::Tanh`].
struct Vectors<'a, S: Isa, const SOFT: bool> {
    simd: S,
    maximum: f32,
    factor: S::f32s,
    direction: &'a [S::f32s],
    taken: &'a [S::f32s],
}

impl<'a, S: Isa, const SOFT: bool> Vectors<'a, S, SOFT> {
    #[inline(always)]
    fn of(simd: S, step: LimitedStep<'a>) -> Self {
        Self {
            simd,
            maximum: step.limit.maximum(),
            factor: simd.splat_f32s(step.factor),
            direction: S::vectors(step.direction),
            taken: S::vectors(step.taken),
        }
    }

    #[inline(always)]
    fn at(&self, index: usize) -> S::f32s {
        let simd = self.simd;
        let direction = self.direction[index];
        let step = match self.taken.get(index) {
            Some(taken) => simd.add_product(direction, self.factor, *taken),
            None => simd.mul_f32s(direction, self.factor),
        };
        if SOFT {
            let value = tanh(simd, simd.mul_f32s(step, simd.splat_f32s(1.0 / self.maximum)));
            simd.mul_f32s(value, simd.splat_f32s(self.maximum))
        } else {
            clamp(simd, step, self.maximum)
        }
    }
}

struct Limited<'a, const SOFT: bool> {
    step: LimitedStep<'a>,
    steps: &'a mut [f32],
}

impl<const SOFT: bool> Task for Limited<'_, SOFT> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let vectors = Vectors::<S, SOFT>::of(simd, self.step);
        for (i, step) in S::vectors_mut(self.steps).iter_mut().enumerate() {
            *step = vectors.at(i);
        }
    }
}

/// `FAR`: steps may be more than half a turn.
struct Rotate<'a, const SOFT: bool, const FAR: bool> {
    step: LimitedStep<'a>,
    coefficients: &'a [f32],
    change: &'a mut [f32],
}

impl<const SOFT: bool, const FAR: bool> Task for Rotate<'_, SOFT, FAR> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let vectors = Vectors::<S, SOFT>::of(simd, self.step);
        let samples = S::complex_mut(self.change)
            .iter_mut()
            .zip(S::complex(self.coefficients));
        for (i, (change, c)) in samples.enumerate() {
            *change = times(simd, *c, turn_minus_one::<S, FAR>(simd, vectors.at(i)));
        }
    }
}

/// `change <- c (e^log_amplitude (change / c + 1) - 1)`: what a rotation has changed, and the amplitude with it. Whole
/// vectors, as all slices here.
pub(super) fn scale(simd: Simd, coefficients: &[f32], log_amplitude: &[f32], change: &mut [f32]) {
    simd.run(Scale {
        coefficients,
        log_amplitude,
        change,
    });
}

struct Scale<'a> {
    coefficients: &'a [f32],
    log_amplitude: &'a [f32],
    change: &'a mut [f32],
}

impl Task for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let samples = S::complex_mut(self.change)
            .iter_mut()
            .zip(S::complex(self.coefficients))
            .zip(S::vectors(self.log_amplitude));
        for ((change, c), log_amplitude) in samples {
            // e^a e^(ib) - 1 = (e^a - 1) + e^a (e^(ib) - 1): no cancellation for small steps.
            let growth = exp_minus_one(simd, *log_amplitude);
            for (part, c) in change.iter_mut().zip(c) {
                let grown = simd.add_product(*part, growth, *part);
                *part = simd.add_product(*c, growth, grown);
            }
        }
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
fn clamp<S: Isa>(simd: S, x: S::f32s, maximum: f32) -> S::f32s {
    simd.min_f32s(
        simd.max_f32s(x, simd.splat_f32s(-maximum)),
        simd.splat_f32s(maximum),
    )
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
fn turn_minus_one<S: Isa, const FAR: bool>(simd: S, x: S::f32s) -> Complex<S> {
    const ROUND: f32 = (3u32 << 22) as f32;
    const PI_PARTS: [f32; 3] = [3.140_625, 9.675_025_9e-4, 1.509_958e-7];
    let mut h = simd.mul_f32s(x, simd.splat_f32s(0.5));
    if FAR {
        // sin h cos h and sin^2 h have period pi: h to [-pi/2, pi/2]. Adding and subtracting 1.5 * 2^23 rounds
        // without a library call; pi in three parts of few bits keeps the products exact (Cody & Waite 1980).
        let round = simd.splat_f32s(ROUND);
        let turns = simd.add_product(h, simd.splat_f32s(FRAC_1_PI), round);
        let turns = simd.sub_f32s(turns, round);
        for part in PI_PARTS {
            h = simd.sub_product(turns, simd.splat_f32s(part), h);
        }
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

/// `e^x - 1` without cancellation for small `x`, for `x` from -80 to 80: `x = n ln 2 + r`, the series of `e^r - 1`, which
/// ends at 1.5e-8 of it, and `2^n` as the bits of a float.
#[inline(always)]
fn exp_minus_one<S: Isa>(simd: S, x: S::f32s) -> S::f32s {
    /// As [`turn_minus_one`] rounds: the lowest bits of the sum are those of the whole number.
    const ROUND: f32 = (3u32 << 22) as f32;
    /// Of few bits, and the rest (Cody & Waite 1980).
    const LN_2_PARTS: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    const SERIES: [f32; 6] = [
        1.0 / 2.0,
        1.0 / 6.0,
        1.0 / 24.0,
        1.0 / 120.0,
        1.0 / 720.0,
        1.0 / 5040.0,
    ];
    let round = simd.splat_f32s(ROUND);
    let shifted = simd.add_product(x, simd.splat_f32s(std::f32::consts::LOG2_E), round);
    let n = simd.sub_f32s(shifted, round);
    let mut r = x;
    for part in LN_2_PARTS {
        r = simd.sub_product(n, simd.splat_f32s(part), r);
    }
    let rest = simd.add_product(simd.mul_f32s(r, r), polynomial(simd, r, SERIES), r);
    let exponent = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    let power = simd.transmute_f32s_u32s(simd.add_u32s(exponent, simd.splat_u32s(127 << 23)));
    simd.add_product(power, rest, simd.sub_f32s(power, simd.splat_f32s(1.0)))
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
        let xs: Vec<f32> = (-400_000i32..400_000).map(|i| i as f32 * 5e-5).collect();
        // Without a limit, with one that is never reached, and with one that keeps steps below half a turn.
        for maximum in [0.0, 100.0, 3.0] {
            let limit = StepLimit::new(maximum, Limit::Clip);
            let bent = |x: f32| {
                if maximum > 0.0 {
                    x.clamp(-maximum as f32, maximum as f32)
                } else {
                    x
                }
            };
            for simd in each_simd() {
                let turned = turned(simd, limit, &xs);
                for (x, got) in xs.iter().zip(turned) {
                    let (sin, cos) = f64::from(bent(*x)).sin_cos();
                    let error = (f64::from(got[0]) - (cos - 1.0)).hypot(f64::from(got[1]) - sin);
                    assert!(
                        error <= 5e-7 * (1.0 - cos).hypot(sin) + 1e-9 * f64::from(x.abs()),
                        "{simd:?} {limit:?} turn {x}: {error}"
                    );
                }
            }
        }
        for simd in each_simd() {
            let mut limited = vec![f32::NAN; xs.len()];
            step(StepLimit::Tanh(1.0), &xs).write(simd, &mut limited);
            for (x, tanh) in xs.iter().zip(limited) {
                let want = f64::from(*x).tanh();
                assert!(
                    (f64::from(tanh) - want).abs() <= 5e-7 * want.abs(),
                    "{simd:?} tanh {x}"
                );
            }
        }
    }

    /// The bar: the end of the series and a few roundings of 6e-8 each.
    #[test]
    fn growth_agrees_with_f64() {
        let steps: Vec<f32> = (-160_000i32..160_000).map(|i| i as f32 * 6.25e-5).collect();
        let small = (1..1600).map(|i| (-20.0 - f32::from(i as i16) / 20.0).exp2());
        let steps: Vec<f32> = steps.into_iter().chain(small.chain([0.0])).collect();
        for simd in each_simd() {
            let lanes = simd.lanes();
            for steps in steps.chunks_exact(lanes) {
                // 1, and what a turn by a right angle has changed of it: i - 1.
                let ones: Vec<f32> = [1.0, 0.0].iter().flat_map(|part| vec![*part; lanes]).collect();
                let mut change: Vec<f32> = [-1.0, 1.0].iter().flat_map(|part| vec![*part; lanes]).collect();
                scale(simd, &ones, steps, &mut change);
                let mut plain = vec![0.0; 2 * lanes];
                scale(simd, &ones, steps, &mut plain);
                for (lane, step) in steps.iter().enumerate() {
                    let growth = f64::from(*step).exp_m1();
                    let [got, re, im] = [plain[lane], change[lane], change[lanes + lane]].map(f64::from);
                    assert!(
                        (got - growth).abs() <= 3e-7 * growth.abs(),
                        "{simd:?} {step}: {got}"
                    );
                    // What is taken away is as long as the coefficient at least.
                    let bar = 3e-7 * (2.0 + growth);
                    assert!((re + 1.0).abs() <= bar, "{simd:?} {step}: {re}");
                    assert!((im - 1.0 - growth).abs() <= bar, "{simd:?} {step}: {im}");
                }
            }
        }
    }

    #[test]
    fn steps_of_any_size_stay_finite() {
        for simd in each_simd() {
            for size in [f32::MAX, -f32::MAX, f32::INFINITY, 1e7, f32::MIN_POSITIVE] {
                for limit in [
                    StepLimit::Off,
                    StepLimit::Tanh(1.5),
                    StepLimit::Clip(0.8),
                    StepLimit::Tanh(9.0),
                ] {
                    for [re, im] in turned(simd, limit, &[size; 16]) {
                        assert!(re.hypot(im) <= 2.0 + 1e-6, "{simd:?} {size} {limit:?}: {re} {im}");
                    }
                }
            }
        }
    }

    fn step(limit: StepLimit, direction: &[f32]) -> LimitedStep<'_> {
        LimitedStep {
            limit,
            factor: 1.0,
            direction,
            taken: &[],
        }
    }

    /// What turning 1 by these steps changes.
    fn turned(simd: Simd, limit: StepLimit, steps: &[f32]) -> Vec<[f32; 2]> {
        let lanes = simd.lanes();
        let ones: Vec<f32> = (0..2 * steps.len())
            .map(|i| if (i / lanes).is_multiple_of(2) { 1.0 } else { 0.0 })
            .collect();
        let mut change = vec![f32::NAN; ones.len()];
        step(limit, steps).rotate(simd, &ones, &mut change);
        (0..steps.len())
            .map(|i| i / lanes * 2 * lanes + i % lanes)
            .map(|at| [change[at], change[at + lanes]])
            .collect()
    }
}
