// SPDX-License-Identifier: MPL-2.0
//! The path through phases (docs/method.md 2.3-2.8), from top to bottom: [`Path::prepare`] analyses the picture and
//! finds the direction, [`Path::extrapolate`] limits, rotates and synthesises.

use aligned_vec::avec;

use crate::simd::Simd;

use super::border::Border;
use super::coordinates::{Coordinates, Of};
use super::direction::largest;
use super::group::{Group, Limits};
use super::morpher::Steps;
use super::share::{Crew, Share};
use super::{Error, MagnificationUnit, Prepared, Settings, Tuning};

/// The path of one picture; what it holds is valid from one `prepare` to the next.
#[derive(Debug)]
pub(super) struct Path {
    /// The vectors of the loops over pixels and coefficients.
    pub(super) simd: Simd,
    pub(super) border: Border,
    pub(super) coordinates: Coordinates,
    pub(super) shares: Vec<Share>,
    pub(super) crew: Crew,
    pub(super) channels: usize,
    pub(super) limits: Limits,
    pub(super) exponent: f64,
    pub(super) relative_floor: f64,
    pub(super) magnification_unit: MagnificationUnit,
    /// Time constant of the average in seconds; 0: there is none.
    pub(super) memory: f64,
    /// Whether the average holds an earlier frame.
    pub(super) remembers: bool,
    /// `f^2` of docs/method.md 2.3.
    pub(super) floor: f64,
    /// `k = magnification * unit`.
    pub(super) unit: f64,
    /// Room for a padded plane.
    pub(super) plane: Vec<f32>,
}

impl Path {
    pub(super) fn new(
        width: usize,
        height: usize,
        channels: usize,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let border = Border::new(width, height, settings.padding as usize);
        let (coordinates, parts) = Coordinates::new(&border, channels, settings)?;
        let simd = settings.pyramid.simd.min(Simd::best());
        let (width, height) = border.padded_size();
        Ok(Self {
            simd,
            shares: Share::deal(parts, &coordinates, channels, simd, settings),
            crew: Crew::new(settings.threads, &border),
            channels,
            limits: Limits::new(&settings.tuning),
            exponent: settings.amplitude_exponent,
            relative_floor: settings.amplitude_floor,
            magnification_unit: settings.magnification_unit,
            memory: settings.tuning.temporal_smoothing.as_secs_f64(),
            remembers: false,
            floor: 0.0,
            unit: 0.0,
            plane: vec![0.0; width * height],
            border,
            coordinates,
        })
    }

    pub(super) fn tune(&mut self, tuning: &Tuning) {
        self.limits = Limits::new(tuning);
        let memory = tuning.temporal_smoothing.as_secs_f64();
        if (memory > 0.0) != (self.memory > 0.0) {
            self.shares
                .iter_mut()
                .for_each(|share| share.smooth(memory > 0.0));
            self.reset();
        }
        self.memory = memory;
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
        self.groups_mut().for_each(Group::return_to_source);
        if !largest(self.simd, image).is_finite() {
            return self.stand_still();
        }
        self.open(image);
        self.direct(gradient, keep, true)
    }

    /// Keeps the source, and finds the direction where the steps taken have led to (docs/method.md 2.8).
    pub(super) fn prepare_step(&mut self, gradient: &[f32]) -> Prepared {
        self.direct(gradient, 0.0, false)
    }

    /// Takes a step of this magnification (docs/method.md 2.8).
    pub(super) fn advance(&mut self, magnification: f64) {
        let (factor, limits) = (magnification * self.unit, self.limits);
        self.groups_mut().for_each(|group| group.advance(factor, &limits));
    }

    /// The change of the picture at a magnification: limit, rotation, synthesis.
    pub(super) fn extrapolate(&mut self, magnification: f64, change: &mut [f32]) {
        let factor = magnification * self.unit;
        if factor == 0.0 && self.groups_mut().all(|group| group.taken.is_none()) {
            change.fill(0.0);
            return;
        }
        let Self {
            border,
            coordinates,
            shares,
            crew,
            limits,
            plane,
            ..
        } = self;
        let pixels = change.len() / self.channels;
        let per_group = shares[0].groups[0].channels.len();
        for (channel, change) in change.chunks_exact_mut(pixels).enumerate() {
            let of = (channel / per_group, channel);
            crew.each(shares, |share| share.change(of, factor, limits, coordinates));
            if let [first, rest @ ..] = &mut shares[..] {
                let rest = rest.iter().map(|share| &share.desk);
                border.crop(change, plane, |change| {
                    coordinates.finish(&mut first.desk, rest, change)
                });
            }
        }
    }

    /// The limited steps of one group at a magnification, every band row by row.
    pub(super) fn steps(&self, group: usize, magnification: f64) -> Option<Steps> {
        let (factor, limits) = (magnification * self.unit, &self.limits);
        let mut bands = Vec::new();
        for share in &self.shares {
            let group = share.groups.get(group)?;
            for part in &share.parts {
                let phase = group.phase_step(&part.range, factor, limits);
                let log_amplitude = group.amplitude_step(&part.range, factor, limits);
                let fields = [Some(phase), log_amplitude].map(|step| {
                    let Some(step) = step else { return Vec::new() };
                    let (mut field, mut rows) =
                        (avec![0.0; part.order.len()], vec![0.0; part.order.samples()]);
                    step.write(self.simd, &mut field);
                    part.order.to_rows(&field, &mut rows);
                    rows
                });
                bands.push((part.index, fields));
            }
        }
        bands.sort_by_key(|(index, _)| *index);
        let [phase, log_amplitude] = [0, 1].map(|field| {
            let rows = bands.iter().flat_map(|(_, fields)| &fields[field]);
            rows.copied().collect()
        });
        Some(Steps { phase, log_amplitude })
    }

    fn groups_mut(&mut self) -> impl Iterator<Item = &mut Group> {
        self.shares.iter_mut().flat_map(|share| &mut share.groups)
    }

    /// Takes in the picture, and finds the floor of its amplitudes.
    fn open(&mut self, image: &[f32]) {
        let planes = image.chunks_exact(image.len() / self.channels);
        let mut energy = 0.0;
        for (channel, plane) in planes.enumerate() {
            let plane = self.border.mirror(plane, &mut self.plane);
            energy += self.coordinates.open(Of::Picture, channel, plane);
        }
        let samples = (self.coordinates.nominal_samples() * self.channels).max(1);
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
