// SPDX-License-Identifier: MPL-2.0
//! What a path is, whatever it goes through.

use std::fmt::Debug;

use super::{StepMode, Tuning};

/// What [`super::Morpher::prepare`] found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prepared {
    /// RMS of the phase step before normalisation, weighted by energy: how strong the gradient is in the phases
    /// (docs/method.md 2.4). For [`super::Method::Pixel`]: RMS of the gradient over the standard deviation of the picture.
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

/// The path of one picture; what it holds is valid from one `prepare` to the next. A [`super::Morpher`] chooses one when
/// it is made. What a method lacks does nothing: smoothing in time, steps from the source, steps of phases.
pub(super) trait Path: Debug + Send + Sync {
    /// Analyses a picture and finds its direction, `elapsed` seconds after the frame before it.
    fn prepare(&mut self, image: &[f32], gradient: &[f32], elapsed: f64) -> Prepared;

    /// The change of the picture at a magnification.
    fn extrapolate(&mut self, magnification: f64, change: &mut [f32]);

    /// Forgets earlier frames.
    fn reset(&mut self) {}

    /// Takes over other limits.
    fn tune(&mut self, _: &Tuning) {}

    /// How further steps go on.
    fn step_mode(&self) -> StepMode {
        StepMode::Reanalyse
    }

    /// Accepts a step of this magnification.
    fn advance(&mut self, _: f64) {}

    /// The next of several steps: as `prepare` at the current picture, or in [`StepMode::Source`] the direction where the
    /// steps from the source have led to.
    fn prepare_step(&mut self, image: &[f32], gradient: &[f32]) -> Prepared {
        self.prepare(image, gradient, 0.0)
    }

    /// The limited steps of one group at a magnification.
    fn steps(&self, _: usize, _: f64) -> Option<Steps> {
        None
    }
}
