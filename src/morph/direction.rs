// SPDX-License-Identifier: MPL-2.0
//! From a gradient to the direction of a path: raw fields, their smoothing, the unit of magnification
//! (METHOD.md 2.3-2.5, 2.10).

use std::ops::Range;

use num_complex::Complex32;

use crate::simd::{Isa, Simd, Task};

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
            for part in parts.iter() {
                let weighting = Weighting {
                    exponent: self.exponent,
                    floor,
                    gain: part.gain,
                };
                let mut moments = project(group, part, coordinates, source, limits, scratch, weighting);
                if smoothes(group, part) {
                    smooth(group, part, keep, scratch);
                    moments = fields(group, &part.range, &mut scratch.energy).moments(simd);
                }
                let (band_moved, band_total) = moments;
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
        let largest = largest(self.simd, gradient);
        if !largest.is_finite() {
            None
        } else if largest == 0.0 || self.memory > 0.0 {
            Some(1.0)
        } else {
            Some((-f64::from(largest).log2().floor()).clamp(-126.0, 126.0).exp2() as f32)
        }
    }
}

/// One band's fields, strip by strip, and their moments (METHOD.md 2.3, 2.4). `a2` goes into the scratch: all of it
/// where it is needed again, else the last strip's, which stays in the cache.
fn project(
    group: &mut Group,
    part: &Part,
    coordinates: &mut Coordinates,
    source: &[Vec<Complex32>],
    limits: &Limits,
    scratch: &mut Scratch,
    weighting: Weighting,
) -> (f64, f64) {
    let simd = group.simd;
    let channels = group.channels.clone();
    let keeps_energy = smoothes(group, part) || channels.len() > 1;
    let (mut moved, mut total) = (0.0, 0.0);
    for channel in channels.clone() {
        coordinates.open_part(channel, part.index);
        for (strip, range) in part.strips() {
            let gradient = &mut scratch.gradient[..range.len()];
            coordinates.read(channel, part.index, strip, gradient);
            let room = &mut scratch.coefficients[..range.len()];
            let here = group.here(&source[channel], &range, limits, room);
            let at = if keeps_energy {
                range.start - part.range.start
            } else {
                0
            };
            let mut fields = fields(group, &range, &mut scratch.energy[at..]);
            let first = channel == channels.start;
            if channel + 1 < channels.end {
                fields.add(simd, here, gradient, first);
            } else {
                let moments = fields.finish(simd, here, gradient, first, weighting);
                moved += moments.0;
                total += moments.1;
            }
        }
    }
    (moved, total)
}

fn smoothes(group: &Group, part: &Part) -> bool {
    part.smoothing.is_some() || group.average.is_some()
}

/// The fields of a range of coefficients.
fn fields<'a>(group: &'a mut Group, range: &Range<usize>, energy: &'a mut [f32]) -> Fields<'a> {
    let (phase, log_amplitude) = group.direction.band(range);
    Fields {
        energy: &mut energy[..range.len()],
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

/// The largest magnitude; not finite if one value is not.
pub(super) fn largest(simd: Simd, values: &[f32]) -> f32 {
    simd.run(Largest { values })
}

struct Largest<'a> {
    values: &'a [f32],
}

impl Task for Largest<'_> {
    type Output = f32;

    /// Without their signs, floats are ordered as their bits are, infinity and NaN last: a comparison of integers,
    /// which the compiler turns into vectors of whatever instruction set.
    #[inline(always)]
    fn run<S: Isa>(self, _: S) -> f32 {
        let mut largest = 0;
        for value in self.values {
            largest = largest.max(value.abs().to_bits());
        }
        f32::from_bits(largest)
    }
}
