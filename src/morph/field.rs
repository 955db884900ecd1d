// SPDX-License-Identifier: MPL-2.0
//! The direction: raw phase and log-amplitude steps from coefficients and their gradient (METHOD.md 2.3).
//!
//! For one band and one group of channels: `d = s Im(sum conj(c) G) / ((a2 + n f^2)^(p/2) + tiny)` and `e` with
//! the real part, `a2 = sum |c|^2`, sums over the channels.

use num_complex::Complex32;

/// Keeps a quotient finite where amplitude and floor are both 0.
pub(super) const TINY: f32 = 1e-30;

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

/// Adds one channel's `|c|^2`, `Im(conj(c) G)` and, where `log_amplitude` is not empty, `Re(conj(c) G)`.
pub(super) fn accumulate(
    coefficients: &[Complex32],
    gradient: &[Complex32],
    energy: &mut [f32],
    phase: &mut [f32],
    log_amplitude: &mut [f32],
) {
    let pairs = || coefficients.iter().zip(gradient);
    for ((c, g), (energy, phase)) in pairs().zip(energy.iter_mut().zip(phase)) {
        *energy += c.norm_sqr();
        *phase += c.re * g.im - c.im * g.re;
    }
    for ((c, g), log_amplitude) in pairs().zip(log_amplitude) {
        *log_amplitude += c.re * g.re + c.im * g.im;
    }
}

/// Divides a sum of products by its weighting.
pub(super) fn divide(energy: &[f32], step: &mut [f32], weighting: Weighting) {
    let Weighting {
        exponent,
        floor,
        gain,
    } = weighting;
    let samples = step.iter_mut().zip(energy);
    // The three exponents with a name need no power.
    if exponent == 0.0 {
        samples.for_each(|(step, _)| *step *= gain);
    } else if exponent == 1.0 {
        samples.for_each(|(step, a2)| *step *= gain / ((a2 + floor).sqrt() + TINY));
    } else if exponent == 2.0 {
        samples.for_each(|(step, a2)| *step *= gain / (a2 + floor + TINY));
    } else {
        let half = 0.5 * exponent as f32;
        samples.for_each(|(step, a2)| *step *= gain / ((a2 + floor).powf(half) + TINY));
    }
}

/// `(sum a2 d^2, sum a2)`, the two sums of the RMS (METHOD.md 2.4).
pub(super) fn moments(energy: &[f32], phase: &[f32]) -> (f64, f64) {
    const LANES: usize = 8;
    let (mut moved, mut total) = ([0.0f64; LANES], [0.0f64; LANES]);
    for (energy, phase) in energy.chunks(LANES).zip(phase.chunks(LANES)) {
        let sums = moved.iter_mut().zip(&mut total);
        for ((moved, total), (a2, d)) in sums.zip(energy.iter().zip(phase)) {
            *moved += f64::from(a2 * d) * f64::from(*d);
            *total += f64::from(*a2);
        }
    }
    (moved.iter().sum(), total.iter().sum())
}
