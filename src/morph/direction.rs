// SPDX-License-Identifier: MPL-2.0
//! From a gradient to the direction of a path: raw fields, their smoothing, the unit of magnification
//! (docs/method.md 2.3-2.5, 2.10).

use std::ops::Range;

use crate::simd::{Isa, Simd, Task};

use super::coordinates::{Coordinates, Of, Part, pairs};
use super::field::{Fields, Weighting};
use super::group::{Group, Limits};
use super::path::Path;
use super::share::{Scratch, Share};
use super::{MagnificationUnit, Prepared};

/// Largest magnitudes of gradients that are used as they are: squares of what is a millionth of them are normal
/// numbers still, and sums of squares far from infinite.
const ORDINARY: std::ops::RangeInclusive<f32> = 1e-12..=1e12;

/// What every share does alike.
#[derive(Debug, Clone, Copy)]
struct Aim {
    /// The picture is a new one: its coefficients are read too.
    fresh: bool,
    /// Share of earlier frames in the average.
    keep: f32,
    exponent: f64,
    /// `f^2`.
    floor: f64,
}

impl Path {
    /// Finds the direction of every group, and the unit of magnification. `keep` is the share of earlier frames
    /// in the average; `fresh` says that the picture just opened is the source.
    pub(super) fn direct(&mut self, gradient: &[f32], keep: f32, fresh: bool) -> Prepared {
        let Some(scale) = self.gradient_scale(gradient) else {
            return self.stand_still();
        };
        let planes = gradient.chunks_exact(gradient.len() / self.channels);
        for (channel, plane) in planes.enumerate() {
            let plane = self.border.embed(plane, scale, &mut self.plane);
            self.coordinates.open(Of::Gradient, channel, plane);
        }
        let aim = Aim {
            fresh,
            keep,
            exponent: self.exponent,
            floor: self.floor,
        };
        let (coordinates, limits) = (&self.coordinates, &self.limits);
        self.crew
            .each(&mut self.shares, |share| share.direct(coordinates, limits, aim));
        self.remembers = true;
        let (mut moved, mut total) = (0.0, 0.0);
        for share in &self.shares {
            moved += share.moments.0;
            total += share.moments.1;
        }
        self.measure_unit(moved, total, f64::from(scale))
    }

    /// The RMS of the direction, and from it the unit (docs/method.md 2.4).
    fn measure_unit(&mut self, moved: f64, total: f64, scale: f64) -> Prepared {
        let rms = if total > 0.0 { (moved / total).sqrt() } else { 0.0 };
        self.unit = match self.magnification_unit {
            _ if rms == 0.0 || !rms.is_finite() => 0.0,
            MagnificationUnit::Rms => 1.0 / rms,
            MagnificationUnit::None => 1.0 / scale,
        };
        Prepared {
            phase_rms: rms / scale,
            finite: rms.is_finite(),
        }
    }

    /// A power of two that brings a gradient far from 1 near it, or `None` where it is not finite. A classifier that
    /// is sure of itself has gradients near the end of f32, and their products would vanish. An average over frames
    /// needs one unit for all of them.
    fn gradient_scale(&self, gradient: &[f32]) -> Option<f32> {
        let largest = largest(self.simd, gradient);
        if !largest.is_finite() {
            None
        } else if largest == 0.0 || ORDINARY.contains(&largest) || self.memory > 0.0 {
            Some(1.0)
        } else {
            Some((-f64::from(largest).log2().floor()).clamp(-126.0, 126.0).exp2() as f32)
        }
    }
}

impl Share {
    /// Finds the direction of the share's bands, and its moments.
    fn direct(&mut self, coordinates: &Coordinates, limits: &Limits, aim: Aim) {
        self.moments = (0.0, 0.0);
        for part in 0..self.parts.len() {
            for group in 0..self.groups.len() {
                let (moved, total) = self.project(group, part, coordinates, limits, aim);
                let weight = self.parts[part].weight;
                self.moments.0 += weight * moved;
                self.moments.1 += weight * total;
            }
        }
    }

    /// One band's coefficients and fields, strip by strip, and their moments (docs/method.md 2.3, 2.4). `a2` goes into
    /// the scratch: all of it where it is needed again, else the last strip's, which stays in the cache.
    fn project(
        &mut self,
        group: usize,
        part: usize,
        coordinates: &Coordinates,
        limits: &Limits,
        aim: Aim,
    ) -> (f64, f64) {
        let Self {
            parts,
            source,
            groups,
            desk,
            scratch,
            ..
        } = self;
        let (group, part) = (&mut groups[group], &parts[part]);
        let simd = group.simd;
        let channels = group.channels.clone();
        let weighting = Weighting {
            exponent: aim.exponent,
            floor: (channels.len() as f64 * aim.floor) as f32,
            gain: part.gain,
        };
        let smoothed = smoothes(group, part);
        let keeps_energy = smoothed || channels.len() > 1;
        let (mut moved, mut total) = (0.0, 0.0);
        for channel in channels.clone() {
            let source = &mut source[channel];
            if aim.fresh {
                let strips = &mut source[pairs(&part.range)];
                coordinates.open_part((Of::Picture, channel), part.index, strips, desk);
            }
            let gradients = &mut scratch.gradient[..2 * part.range.len()];
            coordinates.open_part((Of::Gradient, channel), part.index, gradients, desk);
            for strip in part.strips() {
                let first = 2 * strip.range.start;
                if aim.fresh {
                    coordinates.read(part.index, &mut source[first..first + strip.numbers]);
                }
                let begin = strip.range.start - part.range.start;
                let gradient = &mut gradients[2 * begin..2 * begin + strip.numbers];
                coordinates.read(part.index, gradient);
                let source = &source[pairs(&strip.range)];
                let gradient = &gradient[..source.len()];
                let room = &mut scratch.coefficients[..source.len()];
                let here = group.here(source, &strip.range, limits, room);
                let at = if keeps_energy { begin } else { 0 };
                let mut fields = fields(group, &strip.range, &mut scratch.energy[at..]);
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
        if smoothed {
            smooth(group, part, aim.keep, scratch);
            (moved, total) = (0.0, 0.0);
            for strip in part.strips() {
                let energy = &mut scratch.energy[strip.range.start - part.range.start..];
                let moments = fields(group, &strip.range, energy).moments(simd);
                moved += moments.0;
                total += moments.1;
            }
        }
        (moved, total)
    }
}

fn smoothes(group: &Group, part: &Part) -> bool {
    part.smoothing.is_some() || group.average.is_some()
}

/// The fields of a range of coefficients.
fn fields<'a>(group: &'a mut Group, range: &Range<usize>, energy: &'a mut [f32]) -> Fields<'a> {
    let [phase, log_amplitude] = group.direction.range_mut(range);
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
        .zip(&*scratch.energy)
        .for_each(|(a, a2)| *a = a2.sqrt());
    let [phase, log_amplitude] = group.direction.range_mut(&part.range);
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
