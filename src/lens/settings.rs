// SPDX-License-Identifier: MPL-2.0
//! How frames are morphed, by what the settings govern.

use crate::classifier::{ClassChoice, Objective};
use crate::frame::{Fit, Rect};
use crate::morph::{self, ReachSettings, StepMode};
use crate::render::DisplayMode;
use crate::settings::{Text, choice, group};

choice! {
    /// docs/method.md 2.11.
    pub enum Resolution = "resolution", Auto, "Where the pyramid works" {
        /// `Frame` up to 640x480 pixels, `Model` above.
        Auto = "auto": "At the frame's size up to 640x480 pixels, at the model's above",
        Model = "model": "At the model's input size; the change is enlarged",
        Frame = "frame": "At the frame's size, with the exact adjoint of the resize",
    }
}

choice! {
    pub enum Control = "control", None, "A direction in place of the gradient's, to compare it with" {
        None = "none": "The gradient's own",
        /// Seeded, another one for each step (see [`crate::morph::Surrogate`]): what a change of that kind does by chance.
        Random = "random": "Random, with the gradient's spectrum",
    }
}

group! {
    /// How frames are morphed.
    pub struct LensSettings {
        gradient: group(GradientSettings),
        control: choice(Control),
        input: group(InputSettings),
        resolution: choice(Resolution),
        morph: group(morph::Settings),
        reach: group(ReachSettings),
        view: group(ViewSettings),
    }
}

group! {
    /// From which class to which, and how the gradient between them is taken.
    pub struct GradientSettings {
        source: plain(ClassChoice, ClassChoice::Auto, "The class to move away from."),
        target: plain(ClassChoice, ClassChoice::Auto, "The class to move towards."),
        class_hold: count(CLASS_HOLD, "class-hold", 5, 0, 1000,
            "Analysed frames in a row that a new automatic class must lead before the pair of classes switches"),
        objective: choice(Objective),
        samples: count(SAMPLES, "samples", 1, 1, 1000,
            "Copies of the picture, slightly changed, whose gradients are averaged: what is left of the gradient under small changes of the picture; 1: the picture's own gradient"),
        shift: real(SHIFT, "shift", 0.04, 0.0, 0.5,
            "How far the copies that samples asks for are shifted at most, as a share of the model's input"),
        zoom: real(ZOOM, "zoom", 0.15, 0.0, 0.5,
            "How much larger or smaller the copies that samples asks for are at most, as a share"),
        mirror: switch(MIRROR, "mirror", false,
            "Mirror every other of the copies that samples asks for: for classes that look the same in a mirror"),
        noise_level: real(NOISE_LEVEL, "noise-level", 0.05, 0.0, 1.0,
            "Standard deviation of the noise on the copies that samples asks for, pixel values 0..1"),
        seed: whole(SEED, "seed", 0, 0, u64::MAX,
            "Which of the random directions of control=random, and which changes of samples"),
    }
}

group! {
    /// Which part of a frame goes into the model, and how.
    pub struct InputSettings {
        fit: choice(Fit),
        crop_fraction: real(CROP_FRACTION, "crop-fraction", 0.0, 0.0, 1.0,
            "Share of the short side that center-crop keeps; 0: side-car, metadata, else 1"),
        roi: plain(Option<Rect>, None, "Part of the frame that is read and morphed, clipped to the frame."),
    }
}

group! {
    /// What is shown.
    pub struct ViewSettings {
        display_mode: choice(DisplayMode),
        caption: switch(CAPTION, "caption", false,
            "Draw the two classes with their probabilities into the lower edge of the picture"),
        measure_after: switch(MEASURE_AFTER, "measure-after", false,
            "Classify the morphed picture too, as written; one more forward run"),
    }
}

/// Settings that front ends write in a form of their own.
#[expect(missing_docs, reason = "each says what it is")]
impl LensSettings {
    pub const SOURCE_CLASS: Text = Text {
        name: "source-class",
        blurb: "Number of the class to move away from; -1: the predicted class, or the next one where that is the target",
    };
    pub const TARGET_CLASS: Text = Text {
        name: "target-class",
        blurb: "Number of the class to move towards; -1: the most probable class other than the source",
    };
    pub const SOURCE_LABEL: Text = Text {
        name: "source-label",
        blurb: "Label of the class to move away from (exact, else a number, else a unique beginning); wins over source-class",
    };
    pub const TARGET_LABEL: Text = Text {
        name: "target-label",
        blurb: "Label of the class to move towards (exact, else a number, else a unique beginning); wins over target-class",
    };
    pub const ROI: Text = Text {
        name: "roi",
        blurb: "Part of the frame that is read and morphed: x, y, width, height in pixels, clipped to the frame; unset: all of it",
    };
}

impl LensSettings {
    /// The same settings, changed.
    ///
    /// ```
    /// use steerlens::{ClassChoice, LensSettings};
    ///
    /// let settings = LensSettings::default().with(|s| s.gradient.target = ClassChoice::Label("smile".into()));
    /// ```
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Runs of the model that a frame takes: one for each sample of each step.
    pub fn runs_per_frame(&self) -> u32 {
        let steps = match self.morph.step_mode {
            StepMode::Live => 1,
            _ => self.reach.steps,
        };
        steps.saturating_mul(self.gradient.samples)
    }

    /// Whether a reading that was made under these settings is one under the others too.
    pub fn reads_like(&self, other: &Self) -> bool {
        self.gradient == other.gradient && self.input == other.input
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_depend_on_what_is_read_and_not_on_how_it_is_moved() {
        type Change = fn(&mut LensSettings);
        let changes: [(&str, Change, bool); 9] = [
            ("target", |s| s.gradient.target = ClassChoice::Index(1), false),
            ("objective", |s| s.gradient.objective = Objective::Logit, false),
            ("fit", |s| s.input.fit = Fit::Stretch, false),
            ("samples", |s| s.gradient.samples = 8, false),
            ("shift", |s| s.gradient.shift = 0.3, false),
            ("seed", |s| s.gradient.seed = 7, false),
            ("control", |s| s.control = Control::Random, true),
            ("magnification", |s| s.reach.magnification = 0.3, true),
            ("scale-weight", |s| s.morph.scale_weight = 1.0, true),
        ];
        let settings = LensSettings::default();
        for (name, change, alike) in changes {
            let found = settings.reads_like(&settings.clone().with(change));
            assert_eq!(found, alike, "{name}");
        }
    }
}
