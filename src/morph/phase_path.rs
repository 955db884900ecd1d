// SPDX-License-Identifier: MPL-2.0
//! The path through phases (docs/method.md 2.3-2.8, 2.10), from top to bottom: [`PhasePath::prepare`] analyses the picture
//! and finds the direction, [`PhasePath::extrapolate`] limits, rotates and synthesises.

use std::sync::Arc;

use aligned_vec::{AVec, avec};

use crate::pyramid::Coordinates;
use crate::simd::{Isa, Simd, Task};

use super::band::EditedBand;
use super::border::Border;
use super::channel_group::{ChannelGroup, Limits};
use super::partition::{self, DirectionParams, Partition};
use super::path::{Path, Prepared, Steps};
use super::{MagnificationUnit, Settings, StepMode, Tuning};

/// Largest magnitudes of gradients that are used as they are: squares of what is a millionth of them are normal
/// numbers still, and sums of squares far from infinite.
const ORDINARY: std::ops::RangeInclusive<f32> = 1e-12..=1e12;

/// The path through the phases of coordinates.
#[derive(Debug)]
pub(super) struct PhasePath<C: Coordinates> {
    /// The vectors of the loops over pixels and coefficients.
    simd: Simd,
    border: Border,
    coordinates: Arc<C>,
    /// Spectra of the picture and of the gradient, one per channel.
    picture: Vec<AVec<C::Value>>,
    gradient: Vec<AVec<C::Value>>,
    /// The first is always there; its scratch and its sum of bands serve whole planes too.
    partitions: Vec<Partition<C>>,
    threads: Option<rayon::ThreadPool>,
    channels: usize,
    step_mode: StepMode,
    limits: Limits,
    exponent: f64,
    relative_floor: f64,
    /// Samples that the floor's RMS amplitude is taken over (docs/method.md 2.3, 2.9).
    nominal_samples: usize,
    magnification_unit: MagnificationUnit,
    /// Time constant of the average in seconds; 0: there is none.
    time_constant: f64,
    /// Whether the average holds an earlier frame.
    has_average: bool,
    /// `f^2` of docs/method.md 2.3.
    floor: f64,
    /// `k = magnification * unit`.
    unit: f64,
    /// A padded plane.
    plane: Vec<f32>,
}

impl<C: Coordinates> PhasePath<C> {
    /// For pictures of `channels` planes. `coordinates` are of the padded size, and `bands` are theirs.
    pub(super) fn new(
        border: Border,
        coordinates: Arc<C>,
        bands: Vec<EditedBand>,
        nominal_samples: usize,
        channels: usize,
        settings: &Settings,
    ) -> Self {
        let (width, height) = border.padded_size();
        let spectra = vec![coordinates.spectrum(); channels];
        Self {
            simd: settings.pyramid.simd.min(Simd::best()),
            picture: spectra.clone(),
            gradient: spectra,
            partitions: Partition::distribute(bands, &*coordinates, channels, settings),
            threads: partition::threads(settings.threads, width * height),
            channels,
            step_mode: settings.step_mode,
            limits: Limits::new(&settings.tuning),
            exponent: settings.amplitude_exponent,
            relative_floor: settings.amplitude_floor,
            nominal_samples,
            magnification_unit: settings.magnification_unit,
            time_constant: settings.tuning.temporal_smoothing.as_secs_f64(),
            has_average: false,
            floor: 0.0,
            unit: 0.0,
            plane: vec![0.0; width * height],
            border,
            coordinates,
        }
    }

    /// Takes in the picture, and finds the floor of its amplitudes.
    fn analyse_picture(&mut self, image: &[f32]) {
        let planes = image.chunks_exact(image.len() / self.channels);
        let scratch = &mut self.partitions[0].scratch;
        let mut energy = 0.0;
        for (plane, spectrum) in planes.zip(&mut self.picture) {
            let plane = self.border.mirror(plane, &mut self.plane);
            self.coordinates.transform(plane, spectrum, scratch);
            energy += self.coordinates.energy(spectrum);
        }
        let samples = (self.nominal_samples * self.channels).max(1);
        self.floor = self.relative_floor.powi(2) * energy / samples as f64;
    }

    /// Finds the direction of every group, and the unit of magnification. `past_weight` is that of earlier
    /// frames in the average; `fresh` says that the picture analysed last is the source from now on.
    fn find_direction(&mut self, gradient: &[f32], past_weight: f32, fresh: bool) -> Prepared {
        let Some(scale) = self.gradient_scale(gradient) else {
            return self.no_direction();
        };
        let planes = gradient.chunks_exact(gradient.len() / self.channels);
        let scratch = &mut self.partitions[0].scratch;
        for (plane, spectrum) in planes.zip(&mut self.gradient) {
            let plane = self.border.embed(plane, scale, &mut self.plane);
            self.coordinates.transform(plane, spectrum, scratch);
        }
        let params = DirectionParams {
            coordinates: &*self.coordinates,
            picture: fresh.then_some(&self.picture[..]),
            gradient: &self.gradient,
            limits: self.limits,
            past_weight,
            exponent: self.exponent,
            floor: self.floor,
        };
        partition::for_each(self.threads.as_ref(), &mut self.partitions, |partition| {
            partition.find_direction(&params);
        });
        self.has_average = true;
        let (mut moved, mut total) = (0.0, 0.0);
        for partition in &self.partitions {
            moved += partition.moments.0;
            total += partition.moments.1;
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
        } else if largest == 0.0 || ORDINARY.contains(&largest) || self.time_constant > 0.0 {
            Some(1.0)
        } else {
            Some((-f64::from(largest).log2().floor()).clamp(-126.0, 126.0).exp2() as f32)
        }
    }

    /// Nothing can be made of what was given: the picture stays where it is.
    fn no_direction(&mut self) -> Prepared {
        self.unit = 0.0;
        Prepared {
            phase_rms: 0.0,
            finite: false,
        }
    }

    fn groups_mut(&mut self) -> impl Iterator<Item = &mut ChannelGroup> {
        self.partitions
            .iter_mut()
            .flat_map(|partition| &mut partition.groups)
    }
}

impl<C: Coordinates> Path for PhasePath<C> {
    fn prepare(&mut self, image: &[f32], gradient: &[f32], elapsed: f64) -> Prepared {
        let past_weight = match self.has_average && self.time_constant > 0.0 {
            true => (-elapsed / self.time_constant).exp() as f32,
            false => 0.0,
        };
        if self.step_mode != StepMode::Live || past_weight == 0.0 {
            self.groups_mut().for_each(ChannelGroup::forget_steps);
        }
        if !largest(self.simd, image).is_finite() {
            return self.no_direction();
        }
        let is_first = !self.has_average;
        self.analyse_picture(image);
        if self.step_mode != StepMode::Live {
            return self.find_direction(gradient, past_weight, true);
        }
        self.groups_mut().for_each(|group| group.fade_steps(past_weight));
        let prepared = self.find_direction(gradient, 0.0, true);
        // Steps of unit RMS, each with the share of what has faded, never add up to more than one (docs/method.md 2.14).
        let share = match is_first && self.time_constant > 0.0 {
            true => 0.0,
            false => 1.0 - f64::from(past_weight),
        };
        self.unit *= share;
        prepared
    }

    fn extrapolate(&mut self, magnification: f64, change: &mut [f32]) {
        let factor = magnification * self.unit;
        if factor == 0.0 && self.groups_mut().all(|group| group.taken.is_none()) {
            change.fill(0.0);
            return;
        }
        let Self {
            border,
            coordinates,
            partitions,
            threads,
            limits,
            plane,
            ..
        } = self;
        let pixels = change.len() / self.channels;
        let per_group = partitions[0].groups[0].channels.len();
        for (channel, change) in change.chunks_exact_mut(pixels).enumerate() {
            let group = channel / per_group;
            partition::for_each(threads.as_ref(), partitions, |partition| {
                partition.change((group, channel), factor, limits, &**coordinates);
            });
            if let [first, rest @ ..] = &mut partitions[..] {
                for partition in rest {
                    let sums = first.change.iter_mut().zip(partition.change.iter());
                    sums.for_each(|(sum, value)| *sum += *value);
                }
                border.crop(change, plane, |change| {
                    coordinates.inverse(&mut first.change, change, &mut first.scratch);
                });
            }
        }
    }

    fn reset(&mut self) {
        self.has_average = false;
    }

    fn tune(&mut self, tuning: &Tuning) {
        self.limits = Limits::new(tuning);
        let time_constant = tuning.temporal_smoothing.as_secs_f64();
        if (time_constant > 0.0) != (self.time_constant > 0.0) {
            let averages = time_constant > 0.0 && self.step_mode != StepMode::Live;
            self.partitions
                .iter_mut()
                .for_each(|partition| partition.set_averaging(averages));
            self.reset();
        }
        self.time_constant = time_constant;
    }

    fn step_mode(&self) -> StepMode {
        self.step_mode
    }

    fn advance(&mut self, magnification: f64) {
        let (factor, limits) = (magnification * self.unit, self.limits);
        self.groups_mut().for_each(|group| group.advance(factor, &limits));
    }

    fn prepare_step(&mut self, image: &[f32], gradient: &[f32]) -> Prepared {
        match self.step_mode {
            StepMode::Reanalyse => {
                self.reset();
                self.prepare(image, gradient, 0.0)
            }
            StepMode::Source | StepMode::Live => self.find_direction(gradient, 0.0, false),
        }
    }

    /// Every band row by row.
    fn steps(&self, group: usize, magnification: f64) -> Option<Steps> {
        let (factor, limits) = (magnification * self.unit, &self.limits);
        let mut steps = Vec::new();
        for partition in &self.partitions {
            let group = partition.groups.get(group)?;
            for band in &partition.bands {
                let phase = group.phase_step(&band.range, factor, limits);
                let log_amplitude = group.amplitude_step(&band.range, factor, limits);
                let fields = [Some(phase), log_amplitude].map(|step| {
                    let Some(step) = step else { return Vec::new() };
                    let (mut field, mut rows) =
                        (avec![0.0; band.layout.len()], vec![0.0; band.layout.samples()]);
                    step.write(self.simd, &mut field);
                    band.layout.to_rows(&field, &mut rows);
                    rows
                });
                steps.push((band.index, fields));
            }
        }
        steps.sort_by_key(|(index, _)| *index);
        let [phase, log_amplitude] = [0, 1].map(|field| {
            let rows = steps.iter().flat_map(|(_, fields)| &fields[field]);
            rows.copied().collect()
        });
        Some(Steps { phase, log_amplitude })
    }
}

/// The largest magnitude; not finite if one value is not.
fn largest(simd: Simd, values: &[f32]) -> f32 {
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
