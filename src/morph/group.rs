// SPDX-License-Identifier: MPL-2.0
//! Channels that share one step, and that step (METHOD.md 2.3, 2.4, 2.8).

use std::ops::Range;

use num_complex::Complex32;

use crate::simd::Simd;

use super::average::Average;
use super::rotate::{self, Bound};
use super::{Limit, Settings};

/// Coefficients that are limited and rotated at a time: their steps stay in the first cache.
const BLOCK: usize = 1024;

/// Steps taken are held here, so that no sum of them becomes infinite. Every limit is far below.
const FARTHEST: f32 = 1e30;

/// Phase and log-amplitude steps of every coefficient of one group, band after band.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps {
    /// Phase steps in radians.
    pub phase: Vec<f32>,
    /// Steps of the logarithm of the amplitude; empty where amplitudes stay.
    pub log_amplitude: Vec<f32>,
}

impl Steps {
    pub(super) fn new(samples: usize, with_amplitude: bool) -> Self {
        Self {
            phase: vec![0.0; samples],
            log_amplitude: vec![0.0; if with_amplitude { samples } else { 0 }],
        }
    }

    /// Both fields of one band; the second is empty where amplitudes stay.
    pub(super) fn band(&mut self, band: &Range<usize>) -> (&mut [f32], &mut [f32]) {
        let log_amplitude = if self.log_amplitude.is_empty() {
            &mut []
        } else {
            &mut self.log_amplitude[band.clone()]
        };
        (&mut self.phase[band.clone()], log_amplitude)
    }

    fn fill(&mut self, value: f32) {
        self.phase.fill(value);
        self.log_amplitude.fill(value);
    }
}

/// How far steps may go; may change from one extrapolation to the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    phase: Bound,
    log_amplitude: Bound,
    amplitude_gain: f64,
}

impl Limits {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            phase: Bound::new(settings.phase_limit, settings.limit),
            log_amplitude: Bound::new(settings.amplitude_limit, Limit::Tanh),
            amplitude_gain: settings.amplitude_gain,
        }
    }
}

/// One group.
#[derive(Debug)]
pub(super) struct Group {
    /// The vectors of the loops over coefficients.
    pub(super) simd: Simd,
    pub(super) channels: Range<usize>,
    /// The direction before limit and magnification: `d`, and for csp-joint `e`.
    pub(super) direction: Steps,
    /// What the steps taken add up to, before the limit: `U`, `V` of METHOD.md 2.8 (source mode).
    pub(super) taken: Option<Steps>,
    /// The running average of the direction (2.10).
    pub(super) average: Option<Average>,
}

impl Group {
    /// Forgets the steps taken.
    pub(super) fn return_to_source(&mut self) {
        if let Some(taken) = &mut self.taken {
            taken.fill(0.0);
        }
    }

    /// Takes a step of `k = factor`.
    pub(super) fn advance(&mut self, factor: f64, limits: &Limits) {
        let Self {
            direction,
            taken: Some(taken),
            ..
        } = self
        else {
            return;
        };
        let add = |taken: &mut [f32], step: &[f32], factor: f32| {
            let sums = taken.iter_mut().zip(step);
            sums.for_each(|(taken, step)| *taken = (*taken + factor * step).clamp(-FARTHEST, FARTHEST));
        };
        add(&mut taken.phase, &direction.phase, narrow(factor));
        add(
            &mut taken.log_amplitude,
            &direction.log_amplitude,
            narrow(factor * limits.amplitude_gain),
        );
    }

    /// The limited steps of a range of coefficients at `k = factor`.
    pub(super) fn limited(
        &self,
        range: &Range<usize>,
        factor: f64,
        limits: &Limits,
        phase: &mut [f32],
        log_amplitude: &mut [f32],
    ) {
        let taken = self.taken.as_ref();
        limits.phase.apply(
            self.simd,
            narrow(factor),
            &self.direction.phase[range.clone()],
            taken.map(|t| &t.phase[range.clone()]),
            phase,
        );
        if !self.direction.log_amplitude.is_empty() {
            limits.log_amplitude.apply(
                self.simd,
                narrow(factor * limits.amplitude_gain),
                &self.direction.log_amplitude[range.clone()],
                taken.map(|t| &t.log_amplitude[range.clone()]),
                log_amplitude,
            );
        }
    }

    /// `change = c (e^(eta + i delta) - 1)` of one band of one channel at `k = factor`.
    pub(super) fn change(
        &self,
        source: &[Complex32],
        band: &Range<usize>,
        factor: f64,
        limits: &Limits,
        change: &mut [Complex32],
    ) {
        let (mut phase, mut log_amplitude) = ([0.0; BLOCK], [0.0; BLOCK]);
        let blocks = source[band.clone()].chunks(BLOCK).zip(change.chunks_mut(BLOCK));
        for (block, (source, change)) in blocks.enumerate() {
            let (first, len) = (band.start + block * BLOCK, source.len());
            let (phase, log_amplitude) = (&mut phase[..len], &mut log_amplitude[..len]);
            self.limited(&(first..first + len), factor, limits, phase, log_amplitude);
            if self.direction.log_amplitude.is_empty() {
                rotate::rotate(self.simd, source, phase, change);
            } else {
                rotate::rotate_and_scale(self.simd, source, phase, log_amplitude, change);
            }
        }
    }

    /// The coefficients where the steps taken have led to; the source's own where none can be taken.
    pub(super) fn here<'a>(
        &self,
        source: &'a [Complex32],
        band: &Range<usize>,
        limits: &Limits,
        scratch: &'a mut [Complex32],
    ) -> &'a [Complex32] {
        if self.taken.is_none() {
            return &source[band.clone()];
        }
        self.change(source, band, 0.0, limits, scratch);
        scratch
            .iter_mut()
            .zip(&source[band.clone()])
            .for_each(|(here, source)| *here += source);
        scratch
    }
}

/// To f32 without becoming infinite: 0 times it stays 0.
fn narrow(factor: f64) -> f32 {
    factor.clamp(f64::from(-f32::MAX), f64::from(f32::MAX)) as f32
}
