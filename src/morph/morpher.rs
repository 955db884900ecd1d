// SPDX-License-Identifier: MPL-2.0
//! The path of a picture. What it goes through is chosen once, when the morpher is made.

use std::sync::Arc;
use std::time::Duration;

use crate::pyramid::{self, Coordinates, MAX_PIXELS, Plan, Spec, Transforms};
use crate::settings::Group;
use crate::simd::Simd;

use super::band::EditedBand;
use super::border::Border;
use super::fourier::Fourier;
use super::path::{Path, Prepared, Steps};
use super::phase_path::PhasePath;
use super::pixel_path::PixelPath;
use super::{Error, Method, Settings, StepMode, Tuning};

/// The path `x(t)` that leaves a picture along its class gradient (docs/method.md 2). Everything is allocated in
/// [`Morpher::new`].
///
/// Planes are row major, values 0..1, one after the other where there are three. With colour mode luma the caller
/// gives one plane, `Y = 0.299 R + 0.587 G + 0.114 B` and `g_Y = g_R + g_G + g_B`, and adds the change to all
/// three (docs/method.md 2.6).
#[derive(Debug)]
pub struct Morpher {
    samples: usize,
    path: Box<dyn Path>,
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
        let path: Box<dyn Path> = match settings.method {
            // Steps of pixels are always taken from the current picture (docs/method.md 2.8).
            Method::Pixel => Box::new(PixelPath::new(samples, channels, settings.magnification_unit)),
            Method::FourierPhase => through_fourier(Border::new(width, height, padding), channels, settings),
            Method::CspPhase | Method::CspJoint => {
                through_pyramid(Border::new(width, height, padding), channels, settings)?
            }
        };
        Ok(Self { samples, path })
    }

    /// Takes over limit, amplitude gain and time constant of other settings; what was prepared stays.
    ///
    /// # Errors
    /// When a setting is out of range; the old ones then stay.
    pub fn tune(&mut self, tuning: &Tuning) -> Result<(), Error> {
        tuning.check()?;
        self.path.tune(tuning);
        Ok(())
    }

    /// How further steps go on: [`StepMode::Source`] or [`StepMode::Live`] only where the settings say so and the method can.
    pub fn step_mode(&self) -> StepMode {
        self.path.step_mode()
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
    /// direction is averaged with those of the frames since the last [`Morpher::reset`]. In [`StepMode::Live`] the steps taken
    /// fade instead, and the new one is as long as what has faded (2.14): [`Morpher::advance`] takes it.
    ///
    /// # Panics
    /// When a slice is of the wrong length.
    pub fn prepare_frame(&mut self, image: &[f32], gradient: &[f32], elapsed: Duration) -> Prepared {
        self.check_len(image);
        self.check_len(gradient);
        self.path.prepare(image, gradient, elapsed.as_secs_f64())
    }

    /// Forgets earlier frames: the next one starts a new average.
    pub fn reset(&mut self) {
        self.path.reset();
    }

    /// The change of the picture at a magnification, unclipped; exactly 0 at magnification 0. May be called again
    /// with other magnifications. In [`StepMode::Source`] and [`StepMode::Live`] the steps taken are part of it.
    ///
    /// # Panics
    /// When `change` is of the wrong length.
    pub fn extrapolate(&mut self, magnification: f64, change: &mut [f32]) {
        self.check_len(change);
        self.path.extrapolate(magnification, change);
    }

    /// Accepts a step of this magnification, before [`Morpher::prepare_step`] or the next frame.
    pub fn advance(&mut self, magnification: f64) {
        self.path.advance(magnification);
    }

    /// The next of several steps (docs/method.md 2.8): `image` is the current, clipped picture, and `gradient` taken
    /// there. In [`StepMode::Reanalyse`] this is [`Morpher::prepare`], and changes are those of `image`; in
    /// [`StepMode::Source`] (see [`Morpher::step_mode`]) changes remain those of the first picture.
    ///
    /// # Panics
    /// When a slice is of the wrong length.
    pub fn prepare_step(&mut self, image: &[f32], gradient: &[f32]) -> Prepared {
        self.check_len(image);
        self.check_len(gradient);
        self.path.prepare_step(image, gradient)
    }

    /// The limited steps of every coefficient at a magnification, of one group of channels: the only one, or with
    /// [`super::ColorMode::Independent`] 0, 1 or 2. `None` where there is no such group, or no phase.
    pub fn steps(&self, group: usize, magnification: f64) -> Option<Steps> {
        self.path.steps(group, magnification)
    }

    fn check_len(&self, planes: &[f32]) {
        assert_eq!(planes.len(), self.samples, "all planes have the morpher's size");
    }
}

/// The path through the phases of the pyramid.
fn through_pyramid(border: Border, channels: usize, settings: &Settings) -> Result<Box<dyn Path>, Error> {
    let (width, height) = border.padded_size();
    let spec = Spec {
        octaves: match settings.pyramid.octaves {
            // The border counts for none.
            0 => border.default_octaves(),
            asked => asked,
        },
        ..settings.pyramid.clone()
    };
    let plan = Plan::new(width, height, &spec)?;
    Ok(match &plan.transforms {
        Transforms::Kernel(kernel) => through_bands(border, kernel, &plan, channels, settings),
        Transforms::Portable(portable) => through_bands(border, portable, &plan, channels, settings),
    })
}

/// The path through the phases of a plan's bands, in the coordinates that transform them.
fn through_bands<C: Coordinates>(
    border: Border,
    coordinates: &Arc<C>,
    plan: &Plan,
    channels: usize,
    settings: &Settings,
) -> Box<dyn Path> {
    let bands = EditedBand::of_plan(plan, &**coordinates, settings);
    let nominal_samples = plan.nominal_bands() * plan.width() * plan.height();
    let coordinates = Arc::clone(coordinates);
    Box::new(PhasePath::new(
        border,
        coordinates,
        bands,
        nominal_samples,
        channels,
        settings,
    ))
}

/// The path through the phases of the global Fourier transform.
fn through_fourier(border: Border, channels: usize, settings: &Settings) -> Box<dyn Path> {
    let (width, height) = border.padded_size();
    let lanes = settings.pyramid.simd.min(Simd::best()).lanes();
    let fourier = Fourier::new(width, height, lanes);
    let (bands, nominal_samples) = (vec![fourier.band()], fourier.samples());
    Box::new(PhasePath::new(
        border,
        fourier.into(),
        bands,
        nominal_samples,
        channels,
        settings,
    ))
}
