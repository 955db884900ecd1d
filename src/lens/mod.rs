// SPDX-License-Identifier: MPL-2.0
//! The hot path: read a frame, move it, show it.

mod report;
mod settings;
mod stage;
mod steps;

use std::time::Instant;

pub use report::{After, Report};
pub use settings::LensSettings;

use crate::Error;
use crate::classifier::{Classifier, ClassifierSettings, Interrupter, PairChooser, Reading, resolve};
use crate::frame::{FrameView, FrameViewMut};
use crate::render::DisplayMode;
use stage::Stage;

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

/// A classifier, a plan for the frame's size, and settings.
///
/// ```no_run
/// use steerlens::{ClassChoice, ClassifierSettings, FrameView, FrameViewMut, Lens, LensSettings, PixelFormat, Reading};
///
/// # fn main() -> Result<(), steerlens::Error> {
/// let model = ClassifierSettings { model_file: "models/faces_robust.onnx".into(), ..Default::default() };
/// let wishes = LensSettings { target: ClassChoice::Label("smile".into()), ..Default::default() };
/// let mut lens = Lens::open(&model, wishes)?;
///
/// let (width, height) = (64, 64);
/// let pixels = vec![128u8; width * height];
/// let mut morphed = pixels.clone();
/// let frame = FrameView::new(PixelFormat::Gray8, width, height, width, &pixels)?;
/// let mut out = FrameViewMut::new(PixelFormat::Gray8, width, height, width, &mut morphed)?;
/// let report = lens.morph(&frame, &mut Reading::default(), &mut out)?;
/// println!("moved by {:.2}", report.l2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Lens {
    classifier: Classifier,
    settings: LensSettings,
    chooser: PairChooser,
    stage: Option<Stage>,
    /// Counts readings, so that a second `apply` of the same one finds its analysis.
    readings: u64,
    /// For the scores of pictures whose gradient is not asked for.
    aside: Reading,
}

impl Lens {
    /// Opens the model and makes it ready: differentiates it and loads it into ONNX Runtime.
    ///
    /// # Errors
    /// When the model, ONNX Runtime, a label or a setting does not fit; the text says which and what to do.
    pub fn open(classifier: &ClassifierSettings, settings: LensSettings) -> Result<Self, Error> {
        settings.check()?;
        Self::new(Classifier::open(classifier)?, settings)
    }

    /// Looks through an open classifier.
    ///
    /// # Errors
    /// When a setting is out of range or a label is unknown.
    pub fn new(classifier: Classifier, settings: LensSettings) -> Result<Self, Error> {
        let mut lens = Self {
            classifier,
            settings: LensSettings::default(),
            chooser: PairChooser::default(),
            stage: None,
            readings: 0,
            aside: Reading::default(),
        };
        lens.set_settings(settings)?;
        Ok(lens)
    }

    /// The classifier looked through.
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// The settings in force.
    pub fn settings(&self) -> &LensSettings {
        &self.settings
    }

    /// Changes the settings, from the next frame on.
    ///
    /// # Errors
    /// When a value is out of range or a label is unknown; the old settings then stay.
    pub fn set_settings(&mut self, settings: LensSettings) -> Result<(), Error> {
        settings.check()?;
        let class = |choice| resolve(choice, self.classifier.labels(), self.classifier.classes());
        let (source, target) = (class(&settings.source)?, class(&settings.target)?);
        self.chooser.update(source, target, settings.class_hold);
        if let Some(stage) = &mut self.stage
            && !stage.adopt(&settings)
        {
            self.stage = None;
        }
        self.settings = settings;
        Ok(())
    }

    /// Forgets what earlier frames left behind: the automatic choice of classes.
    pub fn reset(&mut self) {
        self.chooser.reset();
    }

    /// Size of the shown picture for a frame of this size.
    pub fn output_size(display: DisplayMode, width: usize, height: usize) -> (usize, usize) {
        display.output_size((width, height))
    }

    /// A handle that ends a run from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.classifier.interrupter()
    }

    /// Runs the model on a frame: logits and gradient in one run (and one more forward run where the pair of
    /// classes has to be found first).
    ///
    /// # Errors
    /// When the run fails or is interrupted.
    pub fn read(&mut self, frame: &FrameView<'_>, reading: &mut Reading) -> Result<(), Error> {
        let stage = Stage::for_frame(&mut self.stage, frame, &self.classifier, &self.settings)?;
        let planes = stage.see(frame);
        reading.pair_changed = false;
        if self.chooser.pair().is_none() {
            self.classifier.score_planes(planes, &mut self.aside)?;
            reading.pair_changed = self.chooser.observe(&self.aside.logits);
        }
        let (source, target) = self.chooser.pair().unwrap_or_default();
        self.classifier
            .read_planes(planes, (source, target), self.settings.objective, reading)?;
        self.readings += 1;
        reading.id = self.readings;
        // The next frame's pair; this one's is fixed.
        self.chooser.observe(&reading.logits);
        Ok(())
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
        let start = Instant::now();
        let stage = Stage::for_frame(&mut self.stage, frame, &self.classifier, &self.settings)?;
        let mut report = Report {
            source: reading.source,
            target: reading.target,
            attained: true,
            ..Report::default()
        };
        let still = self.settings.magnification == 0.0 && self.settings.l2_budget == 0.0;
        if let Some(warning) = refusal(reading, &self.settings) {
            report.warning = Some(warning.into());
            stage.keep(frame)?;
        } else if still {
            stage.keep(frame)?;
        } else if self.settings.steps > 1 {
            let free = self.chooser.source_is_free();
            steps::walk(
                stage,
                &mut self.classifier,
                &self.settings,
                frame,
                reading,
                free,
                &mut report,
            )?;
        } else {
            stage.step(frame, reading, &self.settings, &mut report)?;
        }
        stage.show(self.settings.display_mode, frame, out)?;
        report.morph_time = start.elapsed().saturating_sub(report.step_time);
        if self.settings.measure_after {
            let planes = stage.see_morph(frame)?;
            self.classifier.score_planes(planes, &mut self.aside)?;
            report.after = Some(After {
                source_probability: self.aside.probabilities[report.source],
                target_probability: self.aside.probabilities[report.target],
                top_class: self.aside.top_class(),
                time: self.aside.inference_time,
            });
        }
        Ok(report)
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
}

/// Why a reading gives no direction.
fn refusal(reading: &Reading, settings: &LensSettings) -> Option<&'static str> {
    if settings.objective.has_source() && reading.source == reading.target {
        return Some("source and target are the same class: the frame is passed on unchanged");
    }
    if !reading.gradient.iter().all(|g| g.is_finite()) {
        return Some("the gradient is not finite: the frame is passed on unchanged");
    }
    if reading.gradient_norm == 0.0 {
        return Some("the gradient is zero here: the frame is passed on unchanged");
    }
    None
}
