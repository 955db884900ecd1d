// SPDX-License-Identifier: MPL-2.0
//! From a gradient to the direction of a path: raw fields, their smoothing, the unit of magnification
//! (METHOD.md 2.3-2.5, 2.10).

use num_complex::Complex32;

use super::coordinates::{Coordinates, Part};
use super::field::{Fields, Weighting};
use super::group::{Group, Limits};
use super::path::{Path, Scratch};
use super::{Normalise, Prepared};

impl Path {
    /// Finds the direction of every group, and the unit of magnification. `keep` is the share of earlier frames
    /// in the average.
    pub(super) fn direct(&mut self, gradient: &[f32], keep: f32) -> Prepared {
        let Some(scale) = self.gradient_scale(gradient) else {
            return self.stand_still();
        };
        let Self {
            border,
            coordinates,
            parts,
            source,
            groups,
            limits,
            scratch,
            ..
        } = self;
        let pixels = gradient.len() / source.len();
        let (mut moved, mut total) = (0.0, 0.0);
        for group in groups {
            for channel in group.channels.clone() {
                border.embed(&gradient[channel * pixels..][..pixels], scale, &mut scratch.plane);
                coordinates.open(channel, &scratch.plane);
            }
            let simd = group.simd;
            let floor = (group.channels.len() as f64 * self.floor) as f32;
            for (index, part) in parts.iter().enumerate() {
                let weighting = Weighting {
                    exponent: self.exponent,
                    floor,
                    gain: part.gain,
                };
                project(group, index, part, coordinates, source, limits, scratch);
                fields(group, part, &mut scratch.energy).divide(simd, weighting);
                if part.smoothing.is_some() || group.average.is_some() {
                    smooth(group, part, keep, scratch);
                }
                let (band_moved, band_total) = fields(group, part, &mut scratch.energy).moments(simd);
                moved += part.weight * band_moved;
                total += part.weight * band_total;
            }
        }
        self.remembers = true;
        self.measure_unit(moved, total, f64::from(scale))
    }

    /// The RMS of the direction, and from it the unit (METHOD.md 2.4).
    fn measure_unit(&mut self, moved: f64, total: f64, scale: f64) -> Prepared {
        let rms = if total > 0.0 { (moved / total).sqrt() } else { 0.0 };
        self.unit = match self.normalise {
            _ if rms == 0.0 || !rms.is_finite() => 0.0,
            Normalise::Rms => 1.0 / rms,
            Normalise::None => 1.0 / scale,
        };
        Prepared {
            phase_rms: rms / scale,
            finite: rms.is_finite(),
        }
    }

    /// A power of two that brings the gradient to about 1, or `None` where it is not finite. A classifier that is
    /// sure of itself has gradients near the end of f32, and their products would vanish. An average over frames
    /// needs one unit for all of them.
    fn gradient_scale(&self, gradient: &[f32]) -> Option<f32> {
        let largest = largest(gradient);
        if !largest.is_finite() {
            None
        } else if largest == 0.0 || self.memory > 0.0 {
            Some(1.0)
        } else {
            Some((-f64::from(largest).log2().floor()).clamp(-126.0, 126.0).exp2() as f32)
        }
    }
}

/// One band's `a2`, into the scratch, and the numerators of its fields (METHOD.md 2.3).
fn project(
    group: &mut Group,
    index: usize,
    part: &Part,
    coordinates: &mut Coordinates,
    source: &[Vec<Complex32>],
    limits: &Limits,
    scratch: &mut Scratch,
) {
    let (len, simd) = (part.range.len(), group.simd);
    for channel in group.channels.clone() {
        let gradient = &mut scratch.gradient[..len];
        coordinates.read(channel, index, gradient);
        let here = group.here(
            &source[channel],
            &part.range,
            limits,
            &mut scratch.coefficients[..len],
        );
        let first = channel == group.channels.start;
        fields(group, part, &mut scratch.energy).add(simd, here, gradient, first);
    }
}

/// One band's fields.
fn fields<'a>(group: &'a mut Group, part: &Part, energy: &'a mut [f32]) -> Fields<'a> {
    let (phase, log_amplitude) = group.direction.band(&part.range);
    Fields {
        energy: &mut energy[..part.range.len()],
        phase,
        log_amplitude,
    }
}

/// Smooths one band's fields in space, then in time, where that is wanted.
fn smooth(group: &mut Group, part: &Part, keep: f32, scratch: &mut Scratch) {
    let len = part.range.len();
    let (amplitude, weight) = (&mut scratch.amplitude[..len], &mut scratch.weight[..len]);
    amplitude
        .iter_mut()
        .zip(&scratch.energy)
        .for_each(|(a, a2)| *a = a2.sqrt());
    let (phase, log_amplitude) = group.direction.band(&part.range);
    if let Some(gaussian) = &part.smoothing {
        gaussian.smooth(amplitude, [phase, log_amplitude], weight, &mut scratch.smooth);
    }
    if let Some(average) = &mut group.average {
        average.update(part.range.clone(), keep, amplitude, phase, log_amplitude);
    }
}

/// The largest magnitude; not finite if one value is not. Without their signs, floats are ordered as their bits
/// are, infinity and NaN last.
pub(super) fn largest(values: &[f32]) -> f32 {
    f32::from_bits(
        values
            .iter()
            .map(|value| value.abs().to_bits())
            .max()
            .unwrap_or(0),
    )
}
