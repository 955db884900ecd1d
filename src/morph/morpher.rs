// SPDX-License-Identifier: MPL-2.0
//! The path of a picture, whatever it goes through.

use std::time::Duration;

use crate::pyramid::{self, MAX_PIXELS};

use super::path::Path;
use super::pixel::PixelPath;
use super::{Error, Method, Settings, StepMode, Tuning};
use crate::settings::Group;

/// What [`Morpher::prepare`] found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prepared {
    /// RMS of the phase step before normalisation, weighted by energy: how strong the gradient is in the phases
    /// (docs/method.md 2.4). For [`Method::Pixel`]: RMS of the gradient over the standard deviation of the picture.
    pub phase_rms: f64,
    /// Whether picture and gradient were finite; if not, every change is 0.
    pub finite: bool,
}

/// Phase and log-amplitude steps of every coefficient of one group, band after band, `[height, width]` each.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps {
    /// Phase steps in radians.
    pub phase: Vec<f32>,
    /// Steps of the logarithm of the amplitude; empty where amplitudes stay.
    pub log_amplitude: Vec<f32>,
}

/// The path `x(t)` that leaves a picture along its class gradient (docs/method.md 2). Everything is allocated in
/// [`Morpher::new`].
///
/// Planes are row major, values 0..1, one after the other where there are three. With colour mode luma the caller
/// gives one plane, `Y = 0.299 R + 0.587 G + 0.114 B` and `g_Y = g_R + g_G + g_B`, and adds the change to all
/// three (docs/method.md 2.6).
#[derive(Debug)]
pub struct Morpher {
    samples: usize,
    channels: usize,
    step_mode: StepMode,
    motion: Motion,
}

/// What moves.
#[derive(Debug)]
enum Motion {
    Phases(Box<Path>),
    Pixels(PixelPath),
}

impl Morpher {
    /// Makes a path for pictures of `channels` planes (1 or 3) of `width x height` pixels.
    ///
    /// # Errors
    /// When a setting is out of range, or no pyramid can be made for the size.
    pub fn new(width: usize, height: usize, channels: usize, settings: &Settings) -> Result<Self, Error> {
        settings.check()?;
        if !matches!(channels, 1 | 3) {
            return Err(Error::Channels { channels });
        }
        let samples = match width.checked_mul(height) {
            Some(pixels @ 1..=MAX_PIXELS) => pixels * channels,
            _ => return Err(pyramid::Error::Size { width, height }.into()),
        };
        let padding = settings.padding as usize;
        if padding > width.min(height) {
            return Err(Error::Padding {
                padding,
                width,
                height,
            });
        }
        let (motion, step_mode) = match settings.method {
            // Steps of pixels are always taken from the current picture (docs/method.md 2.8).
            Method::Pixel => (
                Motion::Pixels(PixelPath::new(samples, settings.magnification_unit)),
                StepMode::Reanalyse,
            ),
            _ => (
                Motion::Phases(Box::new(Path::new(width, height, channels, settings)?)),
                settings.step_mode,
            ),
        };
        Ok(Self {
            samples,
            channels,
            step_mode,
            motion,
        })
    }

    /// Takes over limit, amplitude gain and time constant of other settings; what was prepared stays.
    ///
    /// # Errors
    /// When a setting is out of range; the old ones then stay.
    pub fn tune(&mut self, tuning: &Tuning) -> Result<(), Error> {
        tuning.check()?;
        if let Motion::Phases(path) = &mut self.motion {
            path.tune(tuning);
        }
        Ok(())
    }

    /// How further steps go on: [`StepMode::Source`] only where the settings say so and the method can.
    pub fn step_mode(&self) -> StepMode {
        self.step_mode
    }

    /// Analyses a picture and finds the direction from its gradient. What earlier frames and steps left behind
    /// has no influence.
    ///
    /// # Panics
    /// When a slice is not `width * height * channels` long; as all methods here.
    pub fn prepare(&mut self, image: &[f32], gradient: &[f32]) -> Prepared {
        self.reset();
        self.prepare_frame(image, gradient, Duration::ZERO)
    }

    /// As [`Morpher::prepare`], for the next frame of a video: with temporal smoothing (docs/method.md 2.10) the
    /// direction is averaged with those of the frames since the last [`Morpher::reset`].
    ///
    /// # Panics
    /// When a slice is of the wrong length.
    pub fn prepare_frame(&mut self, image: &[f32], gradient: &[f32], elapsed: Duration) -> Prepared {
        self.check_len(image);
        self.check_len(gradient);
        match &mut self.motion {
            Motion::Phases(path) => path.prepare(image, gradient, Some(elapsed.as_secs_f64())),
            Motion::Pixels(path) => path.prepare(image, gradient, self.channels),
        }
    }

    /// Forgets earlier frames: the next one starts a new average.
    pub fn reset(&mut self) {
        if let Motion::Phases(path) = &mut self.motion {
            path.reset();
        }
    }

    /// The change of the picture at a magnification, unclipped; exactly 0 at magnification 0. May be called again
    /// with other magnifications. In [`StepMode::Source`] the steps taken are part of it.
    ///
    /// # Panics
    /// When `change` is of the wrong length.
    pub fn extrapolate(&mut self, magnification: f64, change: &mut [f32]) {
        self.check_len(change);
        match &mut self.motion {
            Motion::Phases(path) => path.extrapolate(magnification, change),
            Motion::Pixels(path) => path.extrapolate(magnification, change),
        }
    }

    /// Accepts a step of this magnification, before [`Morpher::prepare_step`].
    pub fn advance(&mut self, magnification: f64) {
        if let Motion::Phases(path) = &mut self.motion {
            path.advance(magnification);
        }
    }

    /// The next of several steps (docs/method.md 2.8): `image` is the current, clipped picture, and `gradient` taken
    /// there. In [`StepMode::Reanalyse`] this is [`Morpher::prepare`], and changes are those of `image`; in
    /// [`StepMode::Source`] (see [`Morpher::step_mode`]) changes remain those of the first picture.
    ///
    /// # Panics
    /// When a slice is of the wrong length.
    pub fn prepare_step(&mut self, image: &[f32], gradient: &[f32]) -> Prepared {
        self.check_len(gradient);
        match (&mut self.motion, self.step_mode) {
            (Motion::Phases(path), StepMode::Source) => path.prepare_step(gradient),
            _ => self.prepare(image, gradient),
        }
    }

    /// The limited steps of every coefficient at a magnification, of one group of channels: the only one, or with
    /// [`super::ColorMode::Independent`] 0, 1 or 2. `None` where there is no such group, or no phase.
    pub fn steps(&self, group: usize, magnification: f64) -> Option<Steps> {
        match &self.motion {
            Motion::Phases(path) => path.steps(group, magnification),
            Motion::Pixels(_) => None,
        }
    }

    fn check_len(&self, planes: &[f32]) {
        assert_eq!(planes.len(), self.samples, "all planes have the morpher's size");
    }
}
