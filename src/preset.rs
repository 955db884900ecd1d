// SPDX-License-Identifier: MPL-2.0
//! Settings that belong together, under one name.

use std::time::Duration;

use crate::LensSettings;
use crate::morph::{ColorMode, Method, StepMode};
use crate::settings::{self, Choice};

/// A look: how pictures move. What a preset does not hold (classes, magnification, size) is left as it is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "each setting is described once, in `settings`")]
pub struct Preset {
    /// What it is called, everywhere.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    pub method: Method,
    pub color_mode: ColorMode,
    pub steps: u32,
    pub step_mode: StepMode,
    pub temporal_smoothing: Duration,
    pub padding: u32,
}

impl Preset {
    /// The presets that are shipped; METHOD.md 5.11 says what speaks for them.
    pub const ALL: [Self; 3] = [
        Self {
            name: "paper",
            about: "The published method: one step in the local phases of luma",
            ..PAPER
        },
        Self {
            name: "readable",
            about: "For pictures that are meant to be read: phases and amplitudes, in colour, in four steps",
            method: Method::CspJoint,
            color_mode: ColorMode::Joint,
            steps: 4,
            ..PAPER
        },
        Self {
            name: "calm",
            about: "For live video: phase steps averaged over 0.1 s, and a mirrored border",
            temporal_smoothing: Duration::from_millis(100),
            padding: 16,
            ..PAPER
        },
    ];

    /// The names of the settings that a preset holds.
    pub const SETTINGS: [&str; 6] = [
        Method::NAME,
        ColorMode::NAME,
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
            steps,
            step_mode,
            temporal_smoothing,
            padding,
        } = *self;
        settings.method = method;
        settings.color_mode = color_mode;
        settings.steps = steps;
        settings.step_mode = step_mode;
        settings.temporal_smoothing = temporal_smoothing;
        settings.padding = padding;
    }
}

const PAPER: Preset = Preset {
    name: "",
    about: "",
    method: Method::CspPhase,
    color_mode: ColorMode::Luma,
    steps: 1,
    step_mode: StepMode::Reanalyse,
    temporal_smoothing: Duration::ZERO,
    padding: 0,
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
        let paper = LensSettings {
            magnification: 2.0,
            ..LensSettings::default()
        };
        assert_eq!(look("paper"), paper, "the defaults are the paper's method");
        let readable = LensSettings {
            method: Method::CspJoint,
            color_mode: ColorMode::Joint,
            steps: 4,
            ..paper.clone()
        };
        assert_eq!(look("readable"), readable);
        let calm = LensSettings {
            temporal_smoothing: Duration::from_millis(100),
            padding: 16,
            ..paper
        };
        assert_eq!(look("calm"), calm);
        assert_eq!(Preset::find("Paper"), None);
    }
}
