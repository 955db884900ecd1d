// SPDX-License-Identifier: MPL-2.0
//! The half of a lens that runs the model.

use std::sync::atomic::{AtomicU64, Ordering};

use super::LensSettings;
use super::sight::{Framing, Sight};
use crate::Error;
use crate::classifier::{
    Classifier, ClassifierSettings, Interrupter, PairChooser, Reading, best_but, resolve,
};
use crate::frame::FrameView;

/// Numbers readings, so that an [`super::Editor`] knows one that it has analysed, whichever reader made it.
static READINGS: AtomicU64 = AtomicU64::new(1);

/// Reads frames: runs the classifier, and chooses the pair of classes.
#[derive(Debug)]
pub struct Reader {
    classifier: Classifier,
    framing: Framing,
    chooser: PairChooser,
    sight: Option<Sight>,
    /// For the scores of pictures whose gradient is not asked for.
    aside: Reading,
}

impl Reader {
    /// Opens the model and makes it ready: differentiates it and loads it into ONNX Runtime.
    ///
    /// # Errors
    /// When the model, ONNX Runtime or a label does not fit; the text says which and what to do.
    pub fn open(classifier: &ClassifierSettings, settings: &LensSettings) -> Result<Self, Error> {
        Self::new(Classifier::open(classifier)?, settings)
    }

    /// Reads with an open classifier. Of the settings, those that choose the classes count here.
    ///
    /// # Errors
    /// When a label is unknown or a class number too large.
    pub fn new(classifier: Classifier, settings: &LensSettings) -> Result<Self, Error> {
        let mut reader = Self {
            framing: Framing::of(&classifier),
            classifier,
            chooser: PairChooser::default(),
            sight: None,
            aside: Reading::default(),
        };
        reader.set_settings(settings)?;
        Ok(reader)
    }

    /// The classifier.
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    pub(super) fn framing(&self) -> Framing {
        self.framing
    }

    /// Takes over the classes of other settings, from the next frame on.
    ///
    /// # Errors
    /// When a label is unknown or a class number too large; the old classes then stay.
    pub fn set_settings(&mut self, settings: &LensSettings) -> Result<(), Error> {
        let class = |choice| resolve(choice, self.classifier.labels(), self.classifier.classes());
        let (source, target) = (class(&settings.source)?, class(&settings.target)?);
        self.chooser.update(source, target, settings.class_hold);
        Ok(())
    }

    /// Forgets earlier frames: an automatic pair of classes is chosen anew.
    pub fn reset(&mut self) {
        self.chooser.reset();
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
        let planes = Sight::of(&mut self.sight, frame, self.framing).see(frame);
        reading.pair_changed = false;
        if self.chooser.pair().is_none() {
            self.classifier.score_planes(planes, &mut self.aside)?;
            reading.pair_changed = self.chooser.observe(&self.aside.logits);
        }
        let (source, target) = self.chooser.pair().unwrap_or_default();
        self.classifier.read_planes(planes, source, target, reading)?;
        reading.id = READINGS.fetch_add(1, Ordering::Relaxed);
        // The next frame's pair; this one's is fixed.
        self.chooser.observe(&reading.logits);
        Ok(())
    }

    /// Runs the model on a frame for a named pair, in one run; the choice of the next frame's pair is not touched.
    ///
    /// # Errors
    /// When a class number is too large, or the run fails or is interrupted.
    pub fn read_pair(
        &mut self,
        frame: &FrameView<'_>,
        (source, target): (usize, usize),
        reading: &mut Reading,
    ) -> Result<(), Error> {
        let classes = self.classifier.classes();
        if let Some(index) = [source, target].into_iter().find(|class| *class >= classes) {
            return Err(crate::classifier::Error::ClassIndex { index, classes }.into());
        }
        let planes = Sight::of(&mut self.sight, frame, self.framing).see(frame);
        reading.pair_changed = false;
        self.classifier.read_planes(planes, source, target, reading)?;
        reading.id = READINGS.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Runs the model on a frame without its gradient: logits and probabilities (a forward run).
    ///
    /// # Errors
    /// When the run fails or is interrupted.
    pub fn score(&mut self, frame: &FrameView<'_>) -> Result<&Reading, Error> {
        let planes = Sight::of(&mut self.sight, frame, self.framing).see(frame);
        self.classifier.score_planes(planes, &mut self.aside)?;
        Ok(&self.aside)
    }

    /// Reads a picture on its way from `frame`, given as planes (see [`Sight::see_planes`]), towards the target of
    /// `reading`. Where the user left the source to be chosen it is the rival: the most probable class other than the
    /// target on this picture, which costs one forward run. The scores of the step before would come free, but lag
    /// behind: near a class that lies between two others the source then turns a step late, and the picture swings
    /// from one to the other.
    pub(super) fn read_step(
        &mut self,
        frame: &FrameView<'_>,
        planes: &[&[f32]],
        at_frame: bool,
        reading: &mut Reading,
    ) -> Result<(), Error> {
        let input = Sight::of(&mut self.sight, frame, self.framing).see_planes(planes, at_frame);
        let (mut source, target) = (reading.source, reading.target);
        if self.chooser.source_is_free() {
            self.classifier.score_planes(input, &mut self.aside)?;
            source = best_but(&self.aside.logits, Some(target));
        }
        Ok(self.classifier.read_planes(input, source, target, reading)?)
    }
}
