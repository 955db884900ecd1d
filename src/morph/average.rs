// SPDX-License-Identifier: MPL-2.0
//! Smoothing of the direction in time (docs/method.md 2.10): an amplitude-weighted running average per coefficient.
//!
//! What is averaged is a phase *change*, a smooth function of time, and not the phase itself.

use std::ops::Range;

use super::field::TINY;

/// The running average of one group's fields.
#[derive(Debug, Clone)]
pub(super) struct RunningAverage {
    /// `sum of a`.
    weight: Vec<f32>,
    /// `sum of a d`.
    phase: Vec<f32>,
    /// `sum of a e`; empty where amplitudes stay.
    log_amplitude: Vec<f32>,
}

impl RunningAverage {
    pub(super) fn new(samples: usize, with_amplitude: bool) -> Self {
        let zeros = vec![0.0; samples];
        Self {
            weight: zeros.clone(),
            phase: zeros,
            log_amplitude: vec![0.0; if with_amplitude { samples } else { 0 }],
        }
    }

    /// Takes in one band's fields and replaces them by their averages. `past_weight` is that of the past, 0..1;
    /// 0 after a reset: what was stored before then has no influence.
    pub(super) fn update(
        &mut self,
        band: Range<usize>,
        past_weight: f32,
        amplitude: &[f32],
        phase: &mut [f32],
        log_amplitude: &mut [f32],
    ) {
        let weight = &mut self.weight[band.clone()];
        mix(past_weight, weight, amplitude.iter().copied());
        for (field, sum) in [(phase, &mut self.phase), (log_amplitude, &mut self.log_amplitude)] {
            if field.is_empty() {
                continue;
            }
            let sum = &mut sum[band.clone()];
            mix(
                past_weight,
                sum,
                field
                    .iter()
                    .zip(amplitude)
                    .map(|(field, amplitude)| field * amplitude),
            );
            field
                .iter_mut()
                .zip(&*sum)
                .zip(&*weight)
                .for_each(|((field, sum), weight)| *field = sum / (weight + TINY));
        }
    }
}

fn mix(past_weight: f32, past: &mut [f32], new: impl Iterator<Item = f32>) {
    past.iter_mut()
        .zip(new)
        .for_each(|(past, new)| *past = past_weight * *past + (1.0 - past_weight) * new);
}
