// SPDX-License-Identifier: MPL-2.0
//! How frames are morphed.

use std::time::Duration;

use super::{Control, Resolution};
use crate::classifier::{ClassChoice, Objective};
use crate::frame::{Fit, Rect};
use crate::morph::{self, ColorMode, Limit, MagnificationUnit, Method, StepMode};
use crate::pyramid::{Grid, Spec};
use crate::render::DisplayMode;
use crate::settings;

/// How frames are morphed. The fields are the settings of [`crate::settings`], with the same defaults.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each field is described once, in `settings`")]
pub struct LensSettings {
    pub source: ClassChoice,
    pub target: ClassChoice,
    pub class_hold: u32,
    pub objective: Objective,
    pub method: Method,
    pub color_mode: ColorMode,
    pub resolution: Resolution,
    pub magnification: f64,
    pub amplitude_exponent: f64,
    pub amplitude_floor: f64,
    pub amplitude_gain: f64,
    pub scale_weight: f64,
    pub phase_smooth: f64,
    pub phase_limit: f64,
    pub magnification_unit: MagnificationUnit,
    pub l2_budget: f64,
    pub padding: u32,
    pub steps: u32,
    pub step_mode: StepMode,
    pub temporal_smoothing: Duration,
    pub control: Control,
    pub seed: u64,
    pub smooth_grad: u32,
    pub noise_level: f64,
    pub orientations: u32,
    pub octaves: u32,
    pub grid: Grid,
    pub display_mode: DisplayMode,
    pub caption: bool,
    pub measure_after: bool,
    pub fit: Fit,
    pub crop_fraction: f64,
    pub roi: Option<Rect>,
}

impl Default for LensSettings {
    fn default() -> Self {
        Self {
            source: ClassChoice::Auto,
            target: ClassChoice::Auto,
            class_hold: settings::CLASS_HOLD.default,
            objective: Objective::default(),
            method: Method::default(),
            color_mode: ColorMode::default(),
            resolution: Resolution::default(),
            magnification: settings::MAGNIFICATION.default,
            amplitude_exponent: settings::AMPLITUDE_EXPONENT.default,
            amplitude_floor: settings::AMPLITUDE_FLOOR.default,
            amplitude_gain: settings::AMPLITUDE_GAIN.default,
            scale_weight: settings::SCALE_WEIGHT.default,
            phase_smooth: settings::PHASE_SMOOTH.default,
            phase_limit: settings::PHASE_LIMIT.default,
            magnification_unit: MagnificationUnit::default(),
            l2_budget: settings::L2_BUDGET.default,
            padding: settings::PADDING.default,
            steps: settings::STEPS.default,
            step_mode: StepMode::default(),
            temporal_smoothing: settings::TEMPORAL_SMOOTHING.default,
            control: Control::default(),
            seed: u64::from(settings::SEED.default),
            smooth_grad: settings::SMOOTH_GRAD.default,
            noise_level: settings::NOISE_LEVEL.default,
            orientations: settings::ORIENTATIONS.default,
            octaves: settings::OCTAVES.default,
            grid: Grid::default(),
            display_mode: DisplayMode::default(),
            caption: settings::CAPTION.default,
            measure_after: settings::MEASURE_AFTER.default,
            fit: Fit::default(),
            crop_fraction: settings::CROP_FRACTION.default,
            roi: None,
        }
    }
}

impl LensSettings {
    /// The same settings as those of [`crate::morph`], for a picture of this size.
    pub(super) fn morph(&self, (width, height): (usize, usize)) -> morph::Settings {
        morph::Settings {
            method: self.method,
            color_mode: self.color_mode,
            pyramid: Spec {
                octaves: usize::try_from(self.octaves).ok().filter(|n| *n > 0),
                orientations: self.orientations as usize,
                grid: self.grid,
                ..Spec::default()
            },
            amplitude_exponent: self.amplitude_exponent,
            amplitude_floor: self.amplitude_floor,
            scale_weight: self.scale_weight,
            phase_smooth: self.phase_smooth,
            // A budget is searched along the path in RMS units (docs/method.md 2.7).
            magnification_unit: if self.l2_budget > 0.0 {
                MagnificationUnit::Rms
            } else {
                self.magnification_unit
            },
            phase_limit: self.phase_limit,
            limit: Limit::default(),
            amplitude_gain: self.amplitude_gain,
            // No more can be mirrored; a small picture is no reason to fail.
            padding: (self.padding as usize).min(width).min(height),
            step_mode: self.step_mode,
            temporal_smooth: self.memory().as_secs_f64(),
            ..morph::Settings::default()
        }
    }

    /// The time constant of smoothing in time, which is defined for one step only (docs/method.md 2.10).
    pub(super) fn memory(&self) -> Duration {
        if self.steps == 1 {
            self.temporal_smoothing
        } else {
            Duration::ZERO
        }
    }

    /// Whether a reading that was made under these settings is one under the others too.
    pub fn reads_like(&self, other: &Self) -> bool {
        self.readings() == other.readings()
    }

    /// What readings depend on. Everything is named here, so that a new setting is one way or the other.
    fn readings(&self) -> impl PartialEq {
        let Self {
            source,
            target,
            objective,
            fit,
            crop_fraction,
            roi,
            smooth_grad: _,
            noise_level: _,
            seed: _,
            // Which pair the next reading is of, and never what a reading is.
            class_hold: _,
            method: _,
            color_mode: _,
            resolution: _,
            magnification: _,
            amplitude_exponent: _,
            amplitude_floor: _,
            amplitude_gain: _,
            scale_weight: _,
            phase_smooth: _,
            phase_limit: _,
            magnification_unit: _,
            l2_budget: _,
            padding: _,
            steps: _,
            step_mode: _,
            temporal_smoothing: _,
            control: _,
            orientations: _,
            octaves: _,
            grid: _,
            display_mode: _,
            caption: _,
            measure_after: _,
        } = self;
        let classes = (source.clone(), target.clone(), *objective);
        (classes, *fit, *crop_fraction, *roi, self.noise())
    }

    /// The noise that a reading's gradient is averaged over: number of copies, level and seed; `None` without any.
    pub(super) fn noise(&self) -> Option<(u32, f64, u64)> {
        (self.smooth_grad > 0).then_some((self.smooth_grad, self.noise_level, self.seed))
    }

    /// Refuses what is out of range.
    pub(crate) fn check(&self) -> Result<(), morph::Error> {
        self.check_ranges()?;
        // The rest is checked where it is used; a small picture stands for any.
        morph::Morpher::new(8, 8, 1, &self.morph((8, 8))).map(drop)
    }

    /// As [`LensSettings::check`], cheaply where nothing but the reach has changed since `checked`: a magnification
    /// may move from frame to frame.
    pub(super) fn check_since(&self, checked: &Self) -> Result<(), morph::Error> {
        if self.morph((8, 8)) == checked.morph((8, 8)) {
            self.check_ranges()
        } else {
            self.check()
        }
    }

    fn check_ranges(&self) -> Result<(), morph::Error> {
        let reals = [
            (settings::MAGNIFICATION, self.magnification),
            (settings::L2_BUDGET, self.l2_budget),
            (settings::CROP_FRACTION, self.crop_fraction),
            (settings::NOISE_LEVEL, self.noise_level),
        ];
        let counts = [
            (settings::STEPS, self.steps),
            (settings::ORIENTATIONS, self.orientations),
            (settings::OCTAVES, self.octaves),
            (settings::PADDING, self.padding),
            (settings::CLASS_HOLD, self.class_hold),
            (settings::SMOOTH_GRAD, self.smooth_grad),
        ];
        let counts = counts.map(|(fact, value)| {
            (
                fact.name,
                f64::from(value),
                f64::from(fact.min),
                f64::from(fact.max),
            )
        });
        let reals = reals.map(|(fact, value)| (fact.name, value, fact.min, fact.max));
        let spans = [(settings::TEMPORAL_SMOOTHING, self.temporal_smoothing)].map(|(fact, value)| {
            let [value, min, max] = [value, fact.min, fact.max].map(|span| span.as_secs_f64());
            (fact.name, value, min, max)
        });
        for (name, value, min, max) in reals.into_iter().chain(counts).chain(spans) {
            if !(min..=max).contains(&value) {
                return Err(morph::Error::Setting {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_depend_on_what_is_read_and_not_on_how_it_is_moved() {
        let noisy = LensSettings {
            smooth_grad: 4,
            ..LensSettings::default()
        };
        type Change = fn(&mut LensSettings);
        let changes: [(&str, Change, [bool; 2]); 9] = [
            ("target", |s| s.target = ClassChoice::Index(1), [false, false]),
            ("objective", |s| s.objective = Objective::Logit, [false, false]),
            ("fit", |s| s.fit = Fit::Stretch, [false, false]),
            ("smooth-grad", |s| s.smooth_grad = 8, [false, false]),
            // Without noise they count for nothing.
            ("noise-level", |s| s.noise_level = 0.3, [true, false]),
            ("seed", |s| s.seed = 7, [true, false]),
            ("magnification", |s| s.magnification = 0.3, [true, true]),
            ("class-hold", |s| s.class_hold = 0, [true, true]),
            ("scale-weight", |s| s.scale_weight = 1.0, [true, true]),
        ];
        for (name, change, alike) in changes {
            let found = [LensSettings::default(), noisy.clone()].map(|settings| {
                let mut changed = settings.clone();
                change(&mut changed);
                settings.reads_like(&changed)
            });
            assert_eq!(found, alike, "{name}");
        }
    }
}
