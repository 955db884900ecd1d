// SPDX-License-Identifier: MPL-2.0
//! The path through phases (METHOD.md 2.3-2.8), from top to bottom: [`Path::prepare`] analyses the picture and
//! finds the direction, [`Path::extrapolate`] limits, rotates and synthesises.

use num_complex::Complex32;

use crate::simd::Simd;

use super::average::Average;
use super::border::Border;
use super::coordinates::{Coordinates, Part};
use super::direction::largest;
use super::group::{Group, Limits, Steps};
use super::{ColorMode, Error, Method, Normalise, Prepared, Settings, StepMode};

/// The path of one picture; what it holds is valid from one `prepare` to the next.
#[derive(Debug)]
pub(super) struct Path {
    /// The vectors of the loops over pixels and coefficients.
    pub(super) simd: Simd,
    pub(super) border: Border,
    pub(super) coordinates: Coordinates,
    pub(super) parts: Vec<Part>,
    /// Coefficients `c` of the source, per channel.
    pub(super) source: Vec<Vec<Complex32>>,
    pub(super) groups: Vec<Group>,
    pub(super) limits: Limits,
    pub(super) exponent: f64,
    pub(super) relative_floor: f64,
    pub(super) normalise: Normalise,
    /// Time constant of the average in seconds; 0: there is none.
    pub(super) memory: f64,
    /// Whether the average holds an earlier frame.
    pub(super) remembers: bool,
    /// `f^2` of METHOD.md 2.3.
    pub(super) floor: f64,
    /// `k = magnification * unit`.
    pub(super) unit: f64,
    pub(super) scratch: Scratch,
}

/// Room for a padded plane, and for one band.
#[derive(Debug)]
pub(super) struct Scratch {
    pub(super) plane: Vec<f32>,
    pub(super) gradient: Vec<Complex32>,
    pub(super) coefficients: Vec<Complex32>,
    /// `a2`.
    pub(super) energy: Vec<f32>,
    /// `sqrt(a2)`; as the next two, only where something is smoothed.
    pub(super) amplitude: Vec<f32>,
    pub(super) weight: Vec<f32>,
    pub(super) smooth: Vec<f32>,
}

impl Path {
    pub(super) fn new(
        width: usize,
        height: usize,
        channels: usize,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let border = Border::new(width, height, settings.padding);
        let (coordinates, parts) = Coordinates::new(&border, channels, settings)?;
        let samples = coordinates.samples();
        let simd = settings.pyramid.simd.min(Simd::best());
        let with_amplitude = settings.method == Method::CspJoint;
        let per_group = if settings.color_mode == ColorMode::Independent {
            1
        } else {
            channels
        };
        let groups = (0..channels).step_by(per_group).map(|first| Group {
            simd,
            channels: first..first + per_group,
            direction: Steps::new(samples, with_amplitude),
            taken: (settings.step_mode == StepMode::Source).then(|| Steps::new(samples, with_amplitude)),
            average: (settings.temporal_smooth > 0.0).then(|| Average::new(samples, with_amplitude)),
        });
        Ok(Self {
            simd,
            groups: groups.collect(),
            source: vec![vec![Complex32::ZERO; samples]; channels],
            limits: Limits::new(settings),
            exponent: settings.amplitude_exponent,
            relative_floor: settings.amplitude_floor,
            normalise: settings.normalise,
            memory: settings.temporal_smooth,
            remembers: false,
            floor: 0.0,
            unit: 0.0,
            scratch: Scratch::new(&border, &parts, settings),
            border,
            coordinates,
            parts,
        })
    }

    pub(super) fn tune(&mut self, settings: &Settings) {
        self.limits = Limits::new(settings);
        let averages = settings.temporal_smooth > 0.0;
        if averages != (self.memory > 0.0) {
            let samples = self.coordinates.samples();
            for group in &mut self.groups {
                let with_amplitude = !group.direction.log_amplitude.is_empty();
                group.average = averages.then(|| Average::new(samples, with_amplitude));
            }
            self.scratch = Scratch::new(&self.border, &self.parts, settings);
            self.reset();
        }
        self.memory = settings.temporal_smooth;
    }

    /// Forgets earlier frames.
    pub(super) fn reset(&mut self) {
        self.remembers = false;
    }

    /// Analyses a picture and finds its direction, `elapsed` seconds after the frame before it, if that counts.
    pub(super) fn prepare(&mut self, image: &[f32], gradient: &[f32], elapsed: Option<f64>) -> Prepared {
        let keep = match elapsed {
            Some(elapsed) if self.remembers && self.memory > 0.0 => (-elapsed / self.memory).exp() as f32,
            _ => 0.0,
        };
        self.groups.iter_mut().for_each(Group::return_to_source);
        if !largest(self.simd, image).is_finite() {
            return self.stand_still();
        }
        self.analyse(image);
        self.direct(gradient, keep)
    }

    /// Keeps the source, and finds the direction where the steps taken have led to (METHOD.md 2.8).
    pub(super) fn prepare_step(&mut self, gradient: &[f32]) -> Prepared {
        self.direct(gradient, 0.0)
    }

    /// Takes a step of this magnification (METHOD.md 2.8).
    pub(super) fn advance(&mut self, magnification: f64) {
        self.groups
            .iter_mut()
            .for_each(|group| group.advance(magnification * self.unit, &self.limits));
    }

    /// The change of the picture at a magnification: limit, rotation, synthesis.
    pub(super) fn extrapolate(&mut self, magnification: f64, change: &mut [f32]) {
        let factor = magnification * self.unit;
        if factor == 0.0 && self.groups.iter().all(|group| group.taken.is_none()) {
            change.fill(0.0);
            return;
        }
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
        let pixels = change.len() / source.len();
        for group in groups {
            for channel in group.channels.clone() {
                coordinates.begin();
                for part in parts.iter() {
                    for (strip, range) in part.strips() {
                        let moved = &mut scratch.coefficients[..range.len()];
                        group.change(&source[channel], &range, factor, limits, moved);
                        coordinates.add(part.index, strip, moved);
                    }
                    coordinates.close_part(part.index);
                }
                coordinates.finish(&mut scratch.plane);
                border.crop(&scratch.plane, &mut change[channel * pixels..][..pixels]);
            }
        }
    }

    /// The limited steps of one group at a magnification, every band row by row.
    pub(super) fn steps(&self, group: usize, magnification: f64) -> Option<Steps> {
        let group = self.groups.get(group)?;
        let mut steps = group.direction.clone();
        let all = 0..steps.phase.len();
        let factor = magnification * self.unit;
        group.limited(
            &all,
            factor,
            &self.limits,
            &mut steps.phase,
            &mut steps.log_amplitude,
        );
        for part in &self.parts {
            let Some(order) = part.order else { continue };
            for field in [&mut steps.phase, &mut steps.log_amplitude] {
                if !field.is_empty() {
                    let strips = field[part.range.clone()].to_vec();
                    order.to_rows(&strips, &mut field[part.range.clone()]);
                }
            }
        }
        Some(steps)
    }

    /// The source's coefficients, and the floor of their amplitude.
    fn analyse(&mut self, image: &[f32]) {
        let channels = self.source.len();
        let planes = image.chunks_exact(image.len() / channels);
        let mut energy = 0.0;
        for (channel, (plane, source)) in planes.zip(&mut self.source).enumerate() {
            self.border.mirror(plane, &mut self.scratch.plane);
            energy += self.coordinates.open(channel, &self.scratch.plane);
            for part in &self.parts {
                self.coordinates.open_part(channel, part.index);
                for (strip, range) in part.strips() {
                    self.coordinates
                        .read(channel, part.index, strip, &mut source[range]);
                }
            }
        }
        let samples = (self.coordinates.nominal_samples() * channels).max(1);
        self.floor = self.relative_floor.powi(2) * energy / samples as f64;
    }

    /// Nothing can be made of what was given: the picture stays where it is.
    pub(super) fn stand_still(&mut self) -> Prepared {
        self.unit = 0.0;
        Prepared {
            phase_rms: 0.0,
            finite: false,
        }
    }
}

impl Scratch {
    fn new(border: &Border, parts: &[Part], settings: &Settings) -> Self {
        let (width, height) = border.padded_size();
        let largest = parts.iter().map(|part| part.range.len()).max().unwrap_or(0);
        let smoothed = if settings.phase_smooth > 0.0 || settings.temporal_smooth > 0.0 {
            largest
        } else {
            0
        };
        Self {
            plane: vec![0.0; width * height],
            gradient: vec![Complex32::ZERO; largest],
            coefficients: vec![Complex32::ZERO; largest],
            energy: vec![0.0; largest],
            amplitude: vec![0.0; smoothed],
            weight: vec![0.0; smoothed],
            smooth: vec![0.0; smoothed],
        }
    }
}
