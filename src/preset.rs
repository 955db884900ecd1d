// SPDX-License-Identifier: MPL-2.0
//! Settings that belong together, under one name.

use std::time::Duration;

use crate::LensSettings;
use crate::morph::{ColorMode, Method, StepMode};
use crate::pyramid::Grid;
use crate::settings::{self, Choice};

/// A look: how pictures move. What a preset does not hold (classes, magnification and its unit, size) is left as it is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "each setting is described once, in `settings`")]
pub struct Preset {
    /// What it is called, everywhere.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    pub method: Method,
    pub color_mode: ColorMode,
    pub amplitude_exponent: f64,
    pub scale_weight: f64,
    pub phase_smooth: f64,
    pub phase_limit: f64,
    pub grid: Grid,
    pub steps: u32,
    pub step_mode: StepMode,
    pub temporal_smoothing: Duration,
    pub padding: u32,
}

impl Preset {
    /// The presets that are shipped; docs/method.md 2.3 and 5.11 say what speaks for them.
    pub const ALL: [Self; 3] = [
        Self {
            name: "paper",
            about: "The published abstract to the letter: each local phase of luma moves by the derivative by it, in one step; \
                    as it stands there but for the unit of magnification, which magnification-unit=none makes the paper's too",
            amplitude_exponent: 0.0,
            scale_weight: 1.0,
            phase_limit: 0.0,
            grid: Grid::Exact,
            ..PLAIN
        },
        Self {
            name: "readable",
            about: "For pictures that are meant to be read: phases and amplitudes, in colour, in four steps",
            method: Method::CspJoint,
            color_mode: ColorMode::Joint,
            steps: 4,
            ..PLAIN
        },
        Self {
            name: "calm",
            about: "For live video: phase steps averaged over 0.1 s, and a mirrored border",
            temporal_smoothing: Duration::from_millis(100),
            padding: 16,
            ..PLAIN
        },
    ];

    /// The names of the settings that a preset holds.
    pub const SETTINGS: [&str; 11] = [
        Method::NAME,
        ColorMode::NAME,
        settings::AMPLITUDE_EXPONENT.name,
        settings::SCALE_WEIGHT.name,
        settings::PHASE_SMOOTH.name,
        settings::PHASE_LIMIT.name,
        Grid::NAME,
        settings::STEPS.name,
        StepMode::NAME,
        settings::TEMPORAL_SMOOTHING.name,
        settings::PADDING.name,
    ];

    /// The preset of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name == name)
    }

    /// Sets what the preset holds.
    pub fn apply(&self, settings: &mut LensSettings) {
        let Self {
            name: _,
            about: _,
            method,
            color_mode,
            amplitude_exponent,
            scale_weight,
            phase_smooth,
            phase_limit,
            grid,
            steps,
            step_mode,
            temporal_smoothing,
            padding,
        } = *self;
        settings.method = method;
        settings.color_mode = color_mode;
        settings.amplitude_exponent = amplitude_exponent;
        settings.scale_weight = scale_weight;
        settings.phase_smooth = phase_smooth;
        settings.phase_limit = phase_limit;
        settings.grid = grid;
        settings.steps = steps;
        settings.step_mode = step_mode;
        settings.temporal_smoothing = temporal_smoothing;
        settings.padding = padding;
    }
}

/// The defaults: one step in the phases of luma.
const PLAIN: Preset = Preset {
    name: "",
    about: "",
    method: Method::DEFAULT,
    color_mode: ColorMode::DEFAULT,
    amplitude_exponent: settings::AMPLITUDE_EXPONENT.default,
    scale_weight: settings::SCALE_WEIGHT.default,
    phase_smooth: settings::PHASE_SMOOTH.default,
    phase_limit: settings::PHASE_LIMIT.default,
    grid: Grid::DEFAULT,
    steps: settings::STEPS.default,
    step_mode: StepMode::DEFAULT,
    temporal_smoothing: settings::TEMPORAL_SMOOTHING.default,
    padding: settings::PADDING.default,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_looks() {
        let look = |name| {
            let mut settings = LensSettings {
                magnification: 2.0,
                ..LensSettings::default()
            };
            // Whatever look was there before is gone.
            Preset::ALL.iter().for_each(|preset| preset.apply(&mut settings));
            Preset::find(name).unwrap().apply(&mut settings);
            assert!(settings.check().is_ok(), "{name}");
            settings
        };
        let plain = LensSettings {
            magnification: 2.0,
            ..LensSettings::default()
        };
        // docs/method.md 2.3, "literal forms".
        let paper = LensSettings {
            method: Method::CspPhase,
            amplitude_exponent: 0.0,
            scale_weight: 1.0,
            phase_limit: 0.0,
            grid: Grid::Exact,
            steps: 1,
            ..plain.clone()
        };
        assert_eq!(look("paper"), paper);
        let readable = LensSettings {
            method: Method::CspJoint,
            color_mode: ColorMode::Joint,
            steps: 4,
            ..plain.clone()
        };
        assert_eq!(look("readable"), readable);
        let calm = LensSettings {
            temporal_smoothing: Duration::from_millis(100),
            padding: 16,
            ..plain
        };
        assert_eq!(look("calm"), calm);
        assert_eq!(Preset::find("Paper"), None);
    }
}
