// SPDX-License-Identifier: MPL-2.0
//! Settings that belong together, under one name.

use crate::LensSettings;
use crate::morph::ReachMode;
use crate::settings::{get_by_name, set_by_name};

/// A look: how pictures move. What no preset holds (classes, magnification and its unit, size) is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// What it is called, everywhere.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// Names and values of the settings in which it differs from the defaults.
    pub values: &'static [(&'static str, &'static str)],
}

impl Preset {
    /// The presets that are shipped; docs/method.md 2.3 and 5.11 say what speaks for them.
    pub const ALL: [Self; 5] = [
        Self {
            name: "paper",
            about: "The published abstract to the letter: each local phase of luma moves by the derivative by it, in one step; \
                    as it stands there but for the unit of magnification, which magnification-unit=none makes the paper's too",
            values: &[
                ("amplitude-exponent", "0"),
                ("scale-weight", "1"),
                ("phase-limit", "0"),
                ("grid", "exact"),
            ],
        },
        Self {
            name: "fast",
            about: "The least work: one step along the picture's own gradient, phases weighted by amplitude and limited; the defaults of \
                    all settings",
            values: &[],
        },
        Self {
            name: "readable",
            about: "For stills that are meant to be read: phases and amplitudes, in 32 small steps away from every other class, each \
                    along the mean gradient of two shifted, zoomed, mirrored and noisy copies",
            values: &[
                ("method", "csp-joint"),
                ("color-mode", "joint"),
                ("objective", "log-probability"),
                ("amplitude-gain", "1"),
                ("scale-weight", "0.5"),
                ("steps", "32"),
                ("samples", "2"),
                ("mirror", "true"),
                ("padding", "16"),
            ],
        },
        Self {
            name: "live",
            about: "For live video that is meant to be read: as readable, with one step a frame that is kept and fades over 0.3 s, along \
                    the gradient at the morphed frame",
            values: &[
                ("method", "csp-joint"),
                ("amplitude-gain", "1"),
                ("scale-weight", "0.5"),
                ("samples", "4"),
                ("mirror", "true"),
                ("step-mode", "live"),
                ("temporal-smoothing", "0.3"),
                ("padding", "16"),
            ],
        },
        Self {
            name: "calm",
            about: "For live video: phase steps averaged over 0.1 s, and a mirrored border",
            values: &[("temporal-smoothing", "0.1"), ("padding", "16")],
        },
    ];

    /// The name of the preset for stills where none is named.
    pub const OF_STILLS: &str = "readable";
    /// The name of the preset for streams where none is named.
    pub const OF_STREAMS: &str = "live";

    /// The names of the settings that presets hold.
    pub const SETTINGS: [&str; 15] = [
        "method",
        "color-mode",
        "objective",
        "amplitude-gain",
        "amplitude-exponent",
        "scale-weight",
        "phase-smooth",
        "phase-limit",
        "grid",
        "steps",
        "samples",
        "mirror",
        "step-mode",
        "temporal-smoothing",
        "padding",
    ];

    /// The preset of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name == name)
    }

    /// Sets what presets hold: to this one's values, and the rest to the defaults.
    pub fn apply(&self, settings: &mut LensSettings) {
        let usual = LensSettings::default();
        for name in Self::SETTINGS {
            let own = self.values.iter().find(|(of, _)| *of == name);
            let value = own.map(|(_, value)| (*value).to_owned());
            if let Some(value) = value.or_else(|| get_by_name(&usual, name)) {
                set_by_name(settings, name, &value);
            }
        }
    }
}

impl LensSettings {
    /// How a still is morphed where nothing else is said, from the command line as from Python: with the preset
    /// [`Preset::OF_STILLS`], until the target leads by .8 (docs/method.md 5.11), and the result is classified again. Whoever
    /// says how far a picture goes ([`crate::ReachSettings::says_how_far`]) is taken at their word: `reach` is then `fixed`,
    /// unless it is given too.
    pub fn of_stills() -> Self {
        Self::to_look_at(Preset::OF_STILLS).with(|s| (s.reach.mode, s.reach.lead) = (ReachMode::Auto, 0.8))
    }

    /// How the frames of a stream are morphed where nothing else is said, on a live page as from Python: with the preset
    /// [`Preset::OF_STREAMS`], up to half a radian, and each result is classified again.
    pub fn of_streams() -> Self {
        Self::to_look_at(Preset::OF_STREAMS).with(|s| s.reach.magnification = 0.5)
    }

    /// A preset's settings, with results classified again.
    fn to_look_at(preset: &str) -> Self {
        let mut settings = Self::default();
        if let Some(preset) = Preset::find(preset) {
            preset.apply(&mut settings);
        }
        settings.view.measure_after = true;
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Group;

    #[test]
    fn stills_have_their_preset_and_end_where_the_target_leads() {
        let settings = LensSettings::of_stills();
        assert!(settings.check().is_ok());
        assert_eq!((settings.reach.steps, settings.reach.mode), (32, ReachMode::Auto));
    }

    #[test]
    fn streams_have_theirs_and_carry_their_steps() {
        let settings = LensSettings::of_streams();
        assert!(settings.check().is_ok());
        assert_eq!(settings.morph.step_mode, crate::morph::StepMode::Live);
    }

    #[test]
    fn a_preset_replaces_another_and_leaves_the_rest() {
        for preset in Preset::ALL {
            let mut settings = LensSettings::default();
            settings.reach.magnification = 2.0;
            let mut expected = settings.clone();
            // Another look was there before.
            Preset::ALL.iter().for_each(|preset| preset.apply(&mut settings));
            preset.apply(&mut settings);
            for (name, value) in preset.values {
                assert!(Preset::SETTINGS.contains(name), "{name}");
                assert!(set_by_name(&mut expected, name, value), "{name}={value}");
            }
            assert_eq!(settings, expected, "{}", preset.name);
            assert!(settings.check().is_ok(), "{}", preset.name);
        }
        let usual = LensSettings::default();
        assert!(
            Preset::SETTINGS
                .iter()
                .all(|name| get_by_name(&usual, name).is_some())
        );
        assert_eq!(Preset::find("Paper"), None);
    }
}
