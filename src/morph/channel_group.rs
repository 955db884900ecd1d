// SPDX-License-Identifier: MPL-2.0
//! Channels that share one step, and that step (docs/method.md 2.3, 2.4, 2.8).

use std::ops::Range;

use aligned_vec::{AVec, avec};

use crate::simd::Simd;

use super::average::RunningAverage;
use super::rotate::{LimitedStep, StepLimit, scale};
use super::{Limit, Tuning};

/// Coefficients whose amplitudes change at a time: their steps stay in the first cache. Whole vectors.
const BLOCK: usize = 1024;

/// Steps taken are held here, so that no sum of them becomes infinite. Every limit is far below.
const MAX_SUM: f32 = 1e30;

/// A phase and a log-amplitude field of one group: for every band of a partition, in the band's order.
#[derive(Debug, Clone)]
pub(super) struct Direction {
    /// Radians.
    pub(super) phase: AVec<f32>,
    /// Steps of the logarithm of the amplitude; empty where amplitudes stay.
    pub(super) log_amplitude: AVec<f32>,
}

impl Direction {
    pub(super) fn new(len: usize, with_amplitude: bool) -> Self {
        Self {
            phase: avec![0.0; len],
            log_amplitude: avec![0.0; if with_amplitude { len } else { 0 }],
        }
    }

    /// Both fields of a range; the second is empty where amplitudes stay.
    pub(super) fn range_mut(&mut self, range: &Range<usize>) -> [&mut [f32]; 2] {
        let log_amplitude = match self.log_amplitude.is_empty() {
            true => &mut [],
            false => &mut self.log_amplitude[range.clone()],
        };
        [&mut self.phase[range.clone()], log_amplitude]
    }

    fn fill(&mut self, value: f32) {
        self.phase.fill(value);
        self.log_amplitude.fill(value);
    }
}

/// How far steps may go; may change from one extrapolation to the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    phase: StepLimit,
    log_amplitude: StepLimit,
    amplitude_gain: f64,
}

impl Limits {
    pub(super) fn new(settings: &Tuning) -> Self {
        Self {
            phase: StepLimit::new(settings.phase_limit, settings.limit),
            log_amplitude: StepLimit::new(settings.amplitude_limit, Limit::Tanh),
            amplitude_gain: settings.amplitude_gain,
        }
    }
}

/// Channels that share one step.
#[derive(Debug)]
pub(super) struct ChannelGroup {
    /// The vectors of the loops over coefficients.
    pub(super) simd: Simd,
    pub(super) channels: Range<usize>,
    /// The direction before limit and magnification: `d`, and for csp-joint `e`.
    pub(super) direction: Direction,
    /// What the steps taken add up to, before the limit: `U`, `V` of docs/method.md 2.8 (source mode), 2.14 (live).
    pub(super) taken: Option<Direction>,
    /// The running average of the direction (2.10).
    pub(super) average: Option<RunningAverage>,
}

impl ChannelGroup {
    /// Forgets the steps taken.
    pub(super) fn forget_steps(&mut self) {
        if let Some(taken) = &mut self.taken {
            taken.fill(0.0);
        }
    }

    /// Lets the steps taken fade to this share of themselves.
    pub(super) fn fade_steps(&mut self, share: f32) {
        if let Some(taken) = &mut self.taken {
            let fade = |field: &mut [f32]| field.iter_mut().for_each(|step| *step *= share);
            fade(&mut taken.phase);
            fade(&mut taken.log_amplitude);
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
            sums.for_each(|(taken, step)| *taken = (*taken + factor * step).clamp(-MAX_SUM, MAX_SUM));
        };
        add(&mut taken.phase, &direction.phase, narrow(factor));
        add(
            &mut taken.log_amplitude,
            &direction.log_amplitude,
            narrow(factor * limits.amplitude_gain),
        );
    }

    /// The phase steps of a range at `k = factor`.
    pub(super) fn phase_step(&self, range: &Range<usize>, factor: f64, limits: &Limits) -> LimitedStep<'_> {
        LimitedStep {
            limit: limits.phase,
            factor: narrow(factor),
            direction: &self.direction.phase[range.clone()],
            taken: self
                .taken
                .as_ref()
                .map_or(&[], |taken| &taken.phase[range.clone()]),
        }
    }

    /// The log-amplitude steps of a range at `k = factor`; `None` where amplitudes stay.
    pub(super) fn amplitude_step(
        &self,
        range: &Range<usize>,
        factor: f64,
        limits: &Limits,
    ) -> Option<LimitedStep<'_>> {
        let step = |direction| LimitedStep {
            limit: limits.log_amplitude,
            factor: narrow(factor * limits.amplitude_gain),
            direction,
            taken: self
                .taken
                .as_ref()
                .map_or(&[], |taken| &taken.log_amplitude[range.clone()]),
        };
        let field = &self.direction.log_amplitude;
        (!field.is_empty()).then(|| step(&field[range.clone()]))
    }

    /// `change = c (e^(eta + i delta) - 1)` of a range of one channel's coefficients at `k = factor`.
    pub(super) fn change(
        &self,
        source: &[f32],
        range: &Range<usize>,
        factor: f64,
        limits: &Limits,
        change: &mut [f32],
    ) {
        self.phase_step(range, factor, limits)
            .rotate(self.simd, source, change);
        for first in range.clone().step_by(BLOCK) {
            let block = first..range.end.min(first + BLOCK);
            let Some(step) = self.amplitude_step(&block, factor, limits) else {
                break;
            };
            let mut buffer = [0.0; BLOCK];
            let log_amplitude = &mut buffer[..block.len()];
            step.write(self.simd, log_amplitude);
            let pairs = 2 * (block.start - range.start)..2 * (block.end - range.start);
            scale(
                self.simd,
                &source[pairs.clone()],
                log_amplitude,
                &mut change[pairs],
            );
        }
    }

    /// The coefficients of a range where the steps taken have led to; the source's own where none can be taken.
    pub(super) fn current<'a>(
        &self,
        source: &'a [f32],
        range: &Range<usize>,
        limits: &Limits,
        scratch: &'a mut [f32],
    ) -> &'a [f32] {
        if self.taken.is_none() {
            return source;
        }
        self.change(source, range, 0.0, limits, scratch);
        scratch
            .iter_mut()
            .zip(source)
            .for_each(|(current, source)| *current += source);
        scratch
    }
}

/// To f32 without becoming infinite: 0 times it stays 0.
fn narrow(factor: f64) -> f32 {
    factor.clamp(f64::from(-f32::MAX), f64::from(f32::MAX)) as f32
}
