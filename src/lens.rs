// SPDX-License-Identifier: MPL-2.0
//! The hot path: read a frame, move it, show it.

use std::time::Duration;

use crate::Error;
use crate::classifier::{ClassChoice, Classifier, ClassifierSettings, Reading};
use crate::frame::{FrameView, FrameViewMut};
use crate::morph::{ColorMode, Method, Normalise, StepMode};
use crate::pyramid::Grid;
use crate::render::DisplayMode;
use crate::settings;

/// Where the pyramid works (METHOD.md 2.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// `Frame` up to 640x480 pixels, `Model` above.
    Auto,
    /// At the model's input size; the change is enlarged.
    Model,
    /// At the frame's size; the gradient comes through the exact adjoint of the resize.
    Frame,
}

/// How frames are morphed. The fields are the settings of [`crate::settings`], with the same defaults.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each field is described once, in `settings`")]
pub struct LensSettings {
    pub source: ClassChoice,
    pub target: ClassChoice,
    pub class_hold: u32,
    pub method: Method,
    pub color_mode: ColorMode,
    pub resolution: Resolution,
    pub magnification: f64,
    pub amplitude_exponent: f64,
    pub amplitude_floor: f64,
    pub amplitude_gain: f64,
    pub phase_limit: f64,
    pub normalise: Normalise,
    pub l2_budget: f64,
    pub padding: u32,
    pub steps: u32,
    pub step_mode: StepMode,
    pub orientations: u32,
    pub octaves: u32,
    pub grid: Grid,
    pub display_mode: DisplayMode,
    pub measure_after: bool,
}

impl Default for LensSettings {
    fn default() -> Self {
        Self {
            source: ClassChoice::Auto,
            target: ClassChoice::Auto,
            class_hold: settings::CLASS_HOLD.default,
            method: Method::default(),
            color_mode: ColorMode::default(),
            resolution: Resolution::default(),
            magnification: settings::MAGNIFICATION.default,
            amplitude_exponent: settings::AMPLITUDE_EXPONENT.default,
            amplitude_floor: settings::AMPLITUDE_FLOOR.default,
            amplitude_gain: settings::AMPLITUDE_GAIN.default,
            phase_limit: settings::PHASE_LIMIT.default,
            normalise: Normalise::default(),
            l2_budget: settings::L2_BUDGET.default,
            padding: settings::PADDING.default,
            steps: settings::STEPS.default,
            step_mode: StepMode::default(),
            orientations: settings::ORIENTATIONS.default,
            octaves: settings::OCTAVES.default,
            grid: Grid::default(),
            display_mode: DisplayMode::default(),
            measure_after: settings::MEASURE_AFTER.default,
        }
    }
}

/// What the classifier says of the morphed picture, as written (8 bit, same preprocessing).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct After {
    /// Probability of the source class.
    pub source_probability: f32,
    /// Probability of the target class.
    pub target_probability: f32,
    /// The most probable class.
    pub top_class: usize,
    /// Wall time of the run.
    pub time: Duration,
}

/// What happened to one frame.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// The class moved away from (of the first step, where there are several).
    pub source: usize,
    /// The class moved towards.
    pub target: usize,
    /// The magnification that was used (the one found, with an L2 budget).
    pub magnification: f64,
    /// Raw RMS of the phase step before normalisation: how strong the gradient is in the phases.
    pub phase_rms: f64,
    /// L2 distance of the picture as written from the frame, pixel values 0..1, over all colour planes.
    pub l2: f64,
    /// Whether the L2 budget was reached; true without one.
    pub attained: bool,
    /// Wall time of analysis, extrapolation, synthesis and writing.
    pub morph_time: Duration,
    /// Wall time of all runs of the model in [`Lens::apply`] (further steps; not the reading, not `after`).
    pub step_time: Duration,
    /// The morphed picture's own classification, with `measure_after`.
    pub after: Option<After>,
    /// The frame was passed on unchanged, and why: a sentence.
    pub warning: Option<String>,
}

/// A classifier, a plan for the frame's size, and settings.
#[derive(Debug)]
pub struct Lens {}

impl Lens {
    /// Opens the model and makes it ready: differentiates it and loads it into ONNX Runtime.
    ///
    /// # Errors
    /// When the model, ONNX Runtime, a label or a setting does not fit; the text says which and what to do.
    pub fn open(classifier: &ClassifierSettings, settings: LensSettings) -> Result<Self, Error> {
        let _ = (classifier, settings);
        unimplemented!()
    }

    /// The classifier looked through.
    pub fn classifier(&self) -> &Classifier {
        unimplemented!()
    }

    /// The settings in force.
    pub fn settings(&self) -> &LensSettings {
        unimplemented!()
    }

    /// Changes the settings, from the next frame on.
    ///
    /// # Errors
    /// When a value is out of range or a label is unknown; the old settings then stay.
    pub fn set_settings(&mut self, settings: LensSettings) -> Result<(), Error> {
        let _ = settings;
        unimplemented!()
    }

    /// Forgets what earlier frames left behind: the automatic choice of classes.
    pub fn reset(&mut self) {
        unimplemented!()
    }

    /// Size of the shown picture for a frame of this size.
    pub fn output_size(display: DisplayMode, width: usize, height: usize) -> (usize, usize) {
        match display {
            DisplayMode::SideBySide => (width * 2, height),
            _ => (width, height),
        }
    }

    /// Runs the model on a frame: logits and gradient in one run (and one more forward run where the pair of
    /// classes has to be found first).
    ///
    /// # Errors
    /// When the run fails or is interrupted.
    pub fn read(&mut self, frame: &FrameView<'_>, reading: &mut Reading) -> Result<(), Error> {
        let _ = (frame, reading);
        unimplemented!()
    }

    /// Moves the frame along a reading's gradient and writes what is shown into `out`, whose format is the
    /// frame's and whose size is [`Lens::output_size`]. Calling it again with the same frame and reading and
    /// another magnification costs a synthesis only.
    ///
    /// # Errors
    /// When `out` does not fit, or a further step's run fails.
    pub fn apply(
        &mut self,
        frame: &FrameView<'_>,
        reading: &Reading,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Report, Error> {
        let _ = (frame, reading, out);
        unimplemented!()
    }

    /// [`Lens::read`] and [`Lens::apply`] in one; the reading is left in `reading`.
    ///
    /// # Errors
    /// As for the two.
    pub fn morph(
        &mut self,
        frame: &FrameView<'_>,
        reading: &mut Reading,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Report, Error> {
        self.read(frame, reading)?;
        self.apply(frame, reading, out)
    }

    /// A handle that ends a run from another thread.
    pub fn interrupter(&self) -> crate::runtime::Interrupter {
        unimplemented!()
    }
}
