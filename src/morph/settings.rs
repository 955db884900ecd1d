// SPDX-License-Identifier: MPL-2.0
//! How a picture is moved (docs/method.md 2.1).

use crate::pyramid::Spec;
use crate::settings::{
    AMPLITUDE_EXPONENT, AMPLITUDE_FLOOR, AMPLITUDE_GAIN, PHASE_LIMIT, PHASE_SMOOTH, SCALE_WEIGHT,
};

use super::{ColorMode, Error, Limit, MagnificationUnit, Method, StepMode};

/// The settings of a [`super::Morpher`]; magnification and budget are arguments of its calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What is moved.
    pub method: Method,
    /// How three planes share one step: `Independent` each takes its own, otherwise they move together. A single
    /// plane (luma, which the caller makes, or grey) knows no difference.
    pub color_mode: ColorMode,
    /// The pyramid; the number of octaves counts the size without padding.
    pub pyramid: Spec,
    /// Exponent `p` of the amplitude in the phase step, 0..2.
    pub amplitude_exponent: f64,
    /// Floor of the amplitude in the phase step, relative to the RMS amplitude of all bands, 0..1.
    pub amplitude_floor: f64,
    /// `beta`: how much coarse scales are favoured, 0..1.
    pub scale_weight: f64,
    /// The unit of magnification. A search for an L2 budget is defined in [`MagnificationUnit::Rms`].
    pub magnification_unit: MagnificationUnit,
    /// Largest phase change in radians, 0..pi; 0 is no limit.
    pub phase_limit: f64,
    /// How the limit acts.
    pub limit: Limit,
    /// Standard deviation of the smoothing of the phase step, in samples of the octave grid, 0..64; 0 is off.
    pub phase_smooth: f64,
    /// csp-joint: share of amplitude change, 0..100.
    pub amplitude_gain: f64,
    /// csp-joint: largest change of log amplitude, 0.001..10.
    pub amplitude_limit: f64,
    /// Mirrored border in pixels, at most the shorter side.
    pub padding: usize,
    /// How several steps follow each other.
    pub step_mode: StepMode,
    /// Threads that the pyramid may use, at least 1; the result does not depend on them, and a small picture takes one.
    pub threads: usize,
    /// Time constant of the running average of phase steps in seconds, 0..60; 0 is off.
    pub temporal_smooth: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            method: Method::default(),
            color_mode: ColorMode::default(),
            pyramid: Spec::default(),
            amplitude_exponent: AMPLITUDE_EXPONENT.default,
            amplitude_floor: AMPLITUDE_FLOOR.default,
            scale_weight: SCALE_WEIGHT.default,
            magnification_unit: MagnificationUnit::default(),
            phase_limit: PHASE_LIMIT.default,
            limit: Limit::default(),
            phase_smooth: PHASE_SMOOTH.default,
            amplitude_gain: AMPLITUDE_GAIN.default,
            amplitude_limit: 4f64.ln(),
            padding: 0,
            step_mode: StepMode::default(),
            threads: 1,
            temporal_smooth: 0.0,
        }
    }
}

impl Settings {
    /// Refuses what is out of range.
    pub(super) fn check(&self) -> Result<(), Error> {
        for fact in [
            (
                AMPLITUDE_EXPONENT.name,
                self.amplitude_exponent,
                AMPLITUDE_EXPONENT.min,
                AMPLITUDE_EXPONENT.max,
            ),
            (
                AMPLITUDE_FLOOR.name,
                self.amplitude_floor,
                AMPLITUDE_FLOOR.min,
                AMPLITUDE_FLOOR.max,
            ),
            (
                AMPLITUDE_GAIN.name,
                self.amplitude_gain,
                AMPLITUDE_GAIN.min,
                AMPLITUDE_GAIN.max,
            ),
            (
                PHASE_LIMIT.name,
                self.phase_limit,
                PHASE_LIMIT.min,
                PHASE_LIMIT.max,
            ),
            (
                SCALE_WEIGHT.name,
                self.scale_weight,
                SCALE_WEIGHT.min,
                SCALE_WEIGHT.max,
            ),
            (
                PHASE_SMOOTH.name,
                self.phase_smooth,
                PHASE_SMOOTH.min,
                PHASE_SMOOTH.max,
            ),
            ("amplitude-limit", self.amplitude_limit, 1e-3, 10.0),
            ("temporal-smooth", self.temporal_smooth, 0.0, 60.0),
        ] {
            let (name, value, min, max) = fact;
            if !(min..=max).contains(&value) {
                return Err(Error::Setting {
                    name,
                    value,
                    min,
                    max,
                });
            }
        }
        Ok(())
    }
}
