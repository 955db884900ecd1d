// SPDX-License-Identifier: MPL-2.0
//! How frames are morphed, by what the settings govern.

use super::{Control, Resolution};
use crate::classifier::{ClassChoice, Objective};
use crate::frame::{Fit, Rect};
use crate::morph::{self, ReachSettings};
use crate::render::DisplayMode;
use crate::settings::{Text, group};

group! {
    /// How frames are morphed.
    pub struct LensSettings {
        gradient: group(GradientSettings),
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
            "Copies of the picture, slightly changed, whose gradients are averaged: what the network says of the picture, and not of its grid of pixels; 1: the picture's own gradient"),
        shift: real(SHIFT, "shift", 0.04, 0.0, 0.5,
            "How far the copies of samples are shifted at most, as a share of the model's input"),
        zoom: real(ZOOM, "zoom", 0.15, 0.0, 0.5,
            "How much larger or smaller the copies of samples are at most, as a share"),
        mirror: switch(MIRROR, "mirror", false,
            "Mirror half of the copies of samples, for classes that look the same in a mirror"),
        noise_level: real(NOISE_LEVEL, "noise-level", 0.05, 0.0, 1.0,
            "Standard deviation of the noise on the copies of samples, pixel values 0..1"),
        control: choice(Control),
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
        self.reach.steps.saturating_mul(self.gradient.samples)
    }

    /// Whether a reading that was made under these settings is one under the others too.
    pub fn reads_like(&self, other: &Self) -> bool {
        self.gradient == other.gradient && self.input == other.input
    }
}
