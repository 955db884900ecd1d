// SPDX-License-Identifier: MPL-2.0
//! One frame after the other: read it, move it, show it.

use super::{After, Editor, LensSettings, Reader, Report};
use crate::Error;
use crate::classifier::{Classifier, ClassifierSettings, Interrupter, Reading};
use crate::frame::{ChangeDetector, FramePosition, FrameView, FrameViewMut};
use crate::guard::shielded;
use crate::morph::ReachSettings;
use crate::render::DisplayMode;
use crate::settings::Group;

/// A classifier, a plan for the frame's size, and settings: a [`Reader`], an [`Editor`], and the last [`Reading`].
///
/// ```no_run
/// use steerlens::{ClassChoice, ClassifierSettings, FrameView, FrameViewMut, Lens, LensSettings, PixelFormat};
///
/// # fn main() -> Result<(), steerlens::Error> {
/// let model = ClassifierSettings { model_file: "models/faces_robust.onnx".into(), ..Default::default() };
/// let mut settings = LensSettings::default();
/// settings.gradient.target = ClassChoice::Label("smile".into());
/// let mut lens = Lens::open(&model, settings)?;
///
/// let (width, height) = (64, 64);
/// let pixels = vec![128u8; width * height];
/// let mut morphed = pixels.clone();
/// let frame = FrameView::new(PixelFormat::Gray8, width, height, width, &pixels)?;
/// let mut out = FrameViewMut::new(PixelFormat::Gray8, width, height, width, &mut morphed)?;
/// let report = lens.morph(&frame, &mut out)?;
/// println!("moved by {:.2} towards class {}", report.l2, lens.reading().target);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Lens {
    pub(super) reader: Reader,
    pub(super) editor: Editor,
    pub(super) changes: ChangeDetector,
    position: FramePosition,
    pub(super) reading: Reading,
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
        let reader = Reader::new(classifier, &settings)?;
        let editor = Editor::new(&reader, settings)?;
        Ok(Self::from_parts(reader, editor))
    }

    /// The classifier alone.
    pub fn into_classifier(self) -> Classifier {
        self.reader.into_classifier()
    }

    /// Lets a further model drive: see [`Reader::also`].
    ///
    /// # Errors
    /// When the target that is asked for is none of its classes.
    pub fn also(&mut self, classifier: Classifier) -> Result<(), Error> {
        self.reader.also(classifier)
    }

    /// The further models that drive.
    pub fn also_driven_by(&self) -> impl Iterator<Item = &Classifier> {
        self.reader.others()
    }

    pub(super) fn from_parts(reader: Reader, editor: Editor) -> Self {
        Self {
            reader,
            editor,
            changes: ChangeDetector::default(),
            position: FramePosition::default(),
            reading: Reading::default(),
        }
    }

    /// The classifier looked through.
    pub fn classifier(&self) -> &Classifier {
        self.reader.classifier()
    }

    /// The settings in force.
    pub fn settings(&self) -> &LensSettings {
        self.editor.settings()
    }

    /// Changes the settings, from the next frame on.
    ///
    /// # Errors
    /// When a value is out of range or a label is unknown; the old settings then stay.
    pub fn set_settings(&mut self, settings: LensSettings) -> Result<(), Error> {
        settings.check()?;
        self.reader.set_settings(&settings)?;
        self.editor.set_settings(settings)
    }

    /// Says where in their stream the next frames belong, for smoothing in time; `picture` is found out here.
    pub fn at(&mut self, position: FramePosition) {
        self.position = position;
    }

    /// What the model says of the frame that was read last: scores, classes, gradient.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Whether the reading is of the classes that are wanted now: see [`Reader::stands`].
    pub fn stands(&self) -> bool {
        self.reader.stands(&self.reading)
    }

    /// Forgets what earlier frames left behind: the automatic choice of classes, and the average over time.
    pub fn reset(&mut self) {
        self.reader.reset();
        self.editor.reset();
    }

    /// Size of the shown picture for a frame of this size.
    pub fn output_size(display: DisplayMode, width: usize, height: usize) -> (usize, usize) {
        display.output_size((width, height))
    }

    /// Runs the model as for a reading, on no picture in particular: wall time of a run, before there is a frame.
    /// Nothing that frames left behind is touched.
    ///
    /// # Errors
    /// When the run fails or is interrupted.
    pub fn rehearse(&mut self) -> Result<std::time::Duration, Error> {
        shielded(|| self.reader.rehearse())
    }

    /// A handle that ends a run from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.reader.interrupter()
    }

    /// Runs the model on a frame: see [`Reader::read`]. Where the last reading is of this very picture, and of the wanted
    /// classes, it stays.
    ///
    /// # Errors
    /// When the run fails or is interrupted.
    pub fn read(&mut self, frame: &FrameView<'_>) -> Result<&Reading, Error> {
        shielded(|| {
            let position = self.look(frame);
            self.read_at(position, frame)
        })?;
        Ok(&self.reading)
    }

    /// Moves the frame along the gradient of the last reading, whichever frame that was of, as far as the settings say, and
    /// writes what is shown into `out`: see [`Editor::walk`]. With `measure_after` the model runs once more, on the picture
    /// as written.
    ///
    /// # Errors
    /// When `out` does not fit, or a run fails.
    pub fn apply(&mut self, frame: &FrameView<'_>, out: &mut FrameViewMut<'_>) -> Result<Report, Error> {
        let reach = self.settings().reach.clone();
        self.apply_as_far(frame, &reach, out)
    }

    /// As [`Lens::apply`], so far.
    ///
    /// # Errors
    /// As [`Lens::apply`], and when a value of `reach` is out of range.
    pub fn apply_as_far(
        &mut self,
        frame: &FrameView<'_>,
        reach: &ReachSettings,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Report, Error> {
        reach.check()?;
        shielded(|| {
            let position = self.look(frame);
            self.apply_at(position, frame, reach, out)
        })
    }

    /// [`Lens::read`] and [`Lens::apply`] in one.
    ///
    /// # Errors
    /// As for the two.
    pub fn morph(&mut self, frame: &FrameView<'_>, out: &mut FrameViewMut<'_>) -> Result<Report, Error> {
        shielded(|| {
            let position = self.look(frame);
            self.read_at(position, frame)?;
            let reach = self.settings().reach.clone();
            self.apply_at(position, frame, &reach, out)
        })
    }

    fn look(&mut self, frame: &FrameView<'_>) -> FramePosition {
        FramePosition {
            picture: Some(self.changes.look(frame)),
            ..self.position
        }
    }

    fn read_at(&mut self, position: FramePosition, frame: &FrameView<'_>) -> Result<(), Error> {
        let reading = &mut self.reading;
        let carried = self.editor.carried();
        let is_same = reading.position.picture == position.picture && carried.is_none();
        if !is_same || !self.reader.recall(reading) {
            self.reader.read_changed(frame, carried, reading)?;
            reading.position = position;
        }
        Ok(())
    }

    fn apply_at(
        &mut self,
        position: FramePosition,
        frame: &FrameView<'_>,
        reach: &ReachSettings,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Report, Error> {
        self.editor.at(position);
        let reader = Some(&mut self.reader);
        let mut report = self.editor.edit(reader, frame, &self.reading, reach, out)?;
        if self.editor.settings().view.measure_after
            && let Some(morph) = self.editor.morph()
        {
            let scores = self.reader.score(&morph)?;
            report.after = Some(After {
                source_probability: scores.probabilities[report.source],
                target_probability: scores.probabilities[report.target],
                top_class: scores.top_class(),
                time: scores.inference_time,
            });
        }
        self.editor.caption(&self.reading, &mut report, out)?;
        Ok(report)
    }
}
