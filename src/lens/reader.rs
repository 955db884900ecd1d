// SPDX-License-Identifier: MPL-2.0
//! The half of a lens that runs the model.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::average::{Past, Turn};
use super::driver::{Driver, OtherDriver};
use super::input_planes::Shown;
use super::region;
use super::{GradientSettings, InputSettings, LensSettings};
use crate::Error;
use crate::classifier::{
    ClassChoice, Classifier, ClassifierSettings, Interrupter, PairChooser, Reading, best_but, resolve,
};
use crate::frame::{FramePosition, FrameView};
use crate::settings::Group;

/// Numbers readings, so that an [`super::Editor`] knows one that it has analysed, whichever reader made it.
static READINGS: AtomicU64 = AtomicU64::new(1);

/// Readings along the way of a video before their samples come again.
const TURNS: u32 = 16;

/// What the readings before one count in its agreement along the way of a video: those of the last ten or so.
const PAST: f64 = 0.9;

/// Reads frames: runs the classifier, and chooses the pair of classes.
#[derive(Debug)]
pub struct Reader {
    /// The model whose scores are reported.
    first: Driver,
    others: Vec<OtherDriver>,
    chooser: PairChooser,
    /// The settings in force.
    gradient: GradientSettings,
    input: InputSettings,
    /// The last reading, while it is one under these settings.
    last: Option<u64>,
    /// Whether the pair is an automatic one that no reading has been made for.
    pair_is_new: bool,
    /// Which samples the next reading where steps have led to is made of.
    turn: Turn,
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

    /// Reads with an open classifier. Of the settings, those count here that choose the classes, the objective and
    /// `samples`, and what of a frame is seen.
    ///
    /// # Errors
    /// When a label is unknown or a class number too large.
    pub fn new(classifier: Classifier, settings: &LensSettings) -> Result<Self, Error> {
        let mut reader = Self {
            first: Driver::new(classifier, &settings.input),
            others: Vec::new(),
            chooser: PairChooser::new(None, None, GradientSettings::CLASS_HOLD.default),
            gradient: GradientSettings::default(),
            input: settings.input.clone(),
            last: None,
            pair_is_new: false,
            turn: Turn::default(),
            aside: Reading::default(),
        };
        reader.set_settings(settings)?;
        Ok(reader)
    }

    /// The classifier.
    pub fn classifier(&self) -> &Classifier {
        &self.first.classifier
    }

    pub(super) fn into_classifier(self) -> Classifier {
        self.first.classifier
    }

    /// Lets a further model drive: its gradient at the same frame, between the classes of the same names and seen through
    /// its own preprocessing and input, is added to the first model's, each brought to the same length: what is left is what
    /// the models agree on. Scores stay those of the first. A source whose label it does not know is its most probable class
    /// other than the target.
    ///
    /// # Errors
    /// When the target that is asked for is none of its classes.
    pub fn also(&mut self, classifier: Classifier) -> Result<(), Error> {
        let labels = (self.classifier().labels(), self.classifier().classes());
        let other = OtherDriver::new(classifier, labels, &self.input);
        if let Some(target) = self.class(&self.gradient.target)? {
            self.knows(&other, target)?;
        }
        self.others.push(other);
        self.last = None;
        Ok(())
    }

    /// The further models that drive.
    pub fn others(&self) -> impl Iterator<Item = &Classifier> {
        self.others.iter().map(OtherDriver::classifier)
    }

    fn class(&self, choice: &ClassChoice) -> Result<Option<usize>, Error> {
        let first = self.classifier();
        Ok(resolve(choice, first.labels(), first.classes())?)
    }

    /// Refuses a driver that does not know this class of the first one's.
    fn knows(&self, other: &OtherDriver, class: usize) -> Result<(), Error> {
        if other.class(class).is_some() {
            return Ok(());
        }
        Err(crate::classifier::Error::OtherLabel {
            model: other.classifier().model_file().to_owned(),
            label: self.classifier().label(class).into_owned(),
        }
        .into())
    }

    /// The map from frames of this shape to what the model sees of them, without a region.
    pub fn sampling(&self, frame: &FrameView<'_>) -> crate::frame::Sampling {
        self.first.geometry.sampling(frame.shape())
    }

    /// Takes over classes, objective, `samples`, fit and region of other settings, from the next frame on.
    ///
    /// # Errors
    /// When a label is unknown or a class number too large; the old classes then stay.
    pub fn set_settings(&mut self, settings: &LensSettings) -> Result<(), Error> {
        settings.check()?;
        let LensSettings { gradient, input, .. } = settings;
        if *gradient != self.gradient {
            let (source, target) = (self.class(&gradient.source)?, self.class(&gradient.target)?);
            if let Some(target) = target {
                self.others
                    .iter()
                    .try_for_each(|other| self.knows(other, target))?;
            }
            self.chooser.update(source, target, gradient.class_hold);
            self.gradient = gradient.clone();
            self.last = None;
        }
        if *input != self.input {
            self.first.look_by(input);
            self.others.iter_mut().for_each(|other| other.look_by(input));
            self.input = input.clone();
            self.last = None;
        }
        Ok(())
    }

    /// Forgets earlier frames: an automatic pair of classes is chosen anew.
    pub fn reset(&mut self) {
        self.chooser.reset();
        self.pair_is_new = false;
    }

    /// A handle that ends a run from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.first.classifier.interrupter()
    }

    /// Runs the model on a frame: logits and gradient in one run, and one more forward run where the pair of classes has
    /// to be found first; with `samples` above 1 one run for each and a forward run.
    ///
    /// # Errors
    /// When the run fails or is interrupted.
    pub fn read(&mut self, frame: &FrameView<'_>, reading: &mut Reading) -> Result<(), Error> {
        self.read_changed(frame, None, reading)
    }

    /// As [`Reader::read`], with the gradient taken where a change of the region has led to (of its luma, or of R, G and B, at
    /// the frame's size): each time at other samples. Scores stay those of the frame, which costs a forward run.
    pub(super) fn read_changed(
        &mut self,
        frame: &FrameView<'_>,
        change: Option<&[f32]>,
        reading: &mut Reading,
    ) -> Result<(), Error> {
        let seen = region::seen(self.input.roi, frame);
        let shown = Shown::Frame(&seen);
        // Should the run fail, it is no reading of anything.
        reading.position = FramePosition::default();
        let pixels = seen.width() * seen.height();
        let change = change.filter(|change| [pixels, 3 * pixels].contains(&change.len()));
        let is_new = self.chooser.pair().is_none();
        let takes_scores = self.averages() || change.is_some();
        if is_new || takes_scores {
            self.first.score(shown, &mut self.aside)?;
        }
        if is_new {
            self.pair_is_new |= self.chooser.observe(&self.aside.logits);
        }
        let pair = self.chooser.pair().unwrap_or_default();
        let (at, turn) = match change {
            Some(change) => (Shown::Changed { frame: &seen, change }, self.turn),
            None => (shown, Turn::default()),
        };
        self.read_all([at; 2], pair, turn, reading)?;
        if takes_scores {
            self.take_scores(reading);
        }
        if change.is_some() {
            self.turn = Turn {
                step: (turn.step + 1) % TURNS,
                past: Past::Fading(PAST),
            };
        }
        self.number(reading);
        reading.pair_changed = std::mem::take(&mut self.pair_is_new);
        // The next frame's pair; this one's is fixed.
        self.pair_is_new = self.chooser.observe(&reading.logits);
        Ok(())
    }

    /// Whether a reading is of the pair of classes, and the objective, that the next frame would be read for.
    pub fn stands(&self, reading: &Reading) -> bool {
        self.chooser.pair() == Some((reading.source, reading.target))
            && self.gradient.objective == reading.objective
    }

    /// In place of [`Reader::read`], where `reading` is of this very picture: whether it stands, so that no run is
    /// needed. An automatic choice of classes counts the frame as any other.
    pub(super) fn recall(&mut self, reading: &mut Reading) -> bool {
        self.pair_is_new |= self.chooser.observe(&reading.logits);
        let stands = self.stands(reading) && self.last == Some(reading.id);
        if stands {
            reading.pair_changed = std::mem::take(&mut self.pair_is_new);
        }
        stands
    }

    /// As [`Reader::read`] for a named pair; the choice of the next frame's pair is not touched.
    ///
    /// # Errors
    /// When a class number is too large, or the run fails or is interrupted.
    pub fn read_pair(
        &mut self,
        frame: &FrameView<'_>,
        (source, target): (usize, usize),
        reading: &mut Reading,
    ) -> Result<(), Error> {
        let classes = self.classifier().classes();
        if let Some(index) = [source, target].into_iter().find(|class| *class >= classes) {
            return Err(crate::classifier::Error::ClassIndex { index, classes }.into());
        }
        let seen = region::seen(self.input.roi, frame);
        (reading.pair_changed, reading.position) = (false, FramePosition::default());
        let shown = Shown::Frame(&seen);
        if self.averages() {
            self.first.score(shown, &mut self.aside)?;
        }
        self.read_all([shown; 2], (source, target), Turn::default(), reading)?;
        if self.averages() {
            self.take_scores(reading);
        }
        self.number(reading);
        Ok(())
    }

    /// The gradient of the first driver, which is shown the first picture, and those of the others, which are shown the second.
    /// One sample has its scores; of several the caller takes them.
    fn read_all(
        &mut self,
        [shown, to_others]: [Shown<'_>; 2],
        pair: (usize, usize),
        turn: Turn,
        reading: &mut Reading,
    ) -> Result<(), Error> {
        self.others
            .iter()
            .try_for_each(|other| self.knows(other, pair.1))?;
        let gradient = (&self.gradient, turn);
        self.first.read(shown, pair, gradient, reading)?;
        reading.others.resize_with(self.others.len(), Default::default);
        for (other, into) in self.others.iter_mut().zip(&mut reading.others) {
            other.read(to_others, pair, gradient, into)?;
            reading.inference_time += into.inference_time;
        }
        Ok(())
    }

    /// Whether gradients are means, which have no scores of the picture itself.
    fn averages(&self) -> bool {
        self.gradient.samples > 1
    }

    /// Gives the reading the scores that were taken last.
    fn take_scores(&self, reading: &mut Reading) {
        reading.logits.clone_from(&self.aside.logits);
        reading.probabilities.clone_from(&self.aside.probabilities);
        reading.inference_time += self.aside.inference_time;
    }

    fn number(&mut self, reading: &mut Reading) {
        reading.id = READINGS.fetch_add(1, Ordering::Relaxed);
        self.last = Some(reading.id);
    }

    /// Runs the model as for a reading, on mid-grey: wall time of a run, before there is a frame.
    ///
    /// # Errors
    /// When the run fails or is interrupted.
    pub fn rehearse(&mut self) -> Result<Duration, Error> {
        let geometry = self.first.geometry;
        let planes = vec![0.5; geometry.channels * geometry.pixels()];
        let pair = (0, 1.min(self.classifier().classes().saturating_sub(1)));
        // The first run makes buffers.
        for _ in 0..2 {
            self.first
                .classifier
                .read_planes(&planes, pair, self.gradient.objective, &mut self.aside)?;
        }
        Ok(self.aside.inference_time)
    }

    /// Runs the model on a frame without its gradient: logits and probabilities (a forward run).
    ///
    /// # Errors
    /// When the run fails or is interrupted.
    pub fn score(&mut self, frame: &FrameView<'_>) -> Result<&Reading, Error> {
        self.score_shown(Shown::Frame(frame))
    }

    /// As [`Reader::score`].
    pub(super) fn score_shown(&mut self, shown: Shown<'_>) -> Result<&Reading, Error> {
        self.first.score(shown, &mut self.aside)?;
        Ok(&self.aside)
    }

    /// Reads a picture on its way, given to the first driver as planes and to the others as a change of the frame, towards the
    /// target of `reading`. Where the objective has a source and the user left it to be chosen, it is the rival: the most probable
    /// class other than the target on this picture, which costs one forward run. The scores of the step before would come free, but lag
    /// behind: near a class that lies between two others the source then turns a step late, and the picture swings
    /// from one to the other.
    pub(super) fn read_step(
        &mut self,
        shown: [Shown<'_>; 2],
        step: u32,
        reading: &mut Reading,
    ) -> Result<(), Error> {
        let (mut source, target) = (reading.source, reading.target);
        if self.gradient.objective.has_source() && self.chooser.source_is_free() {
            self.first.score(shown[0], &mut self.aside)?;
            source = best_but(&self.aside.logits, Some(target));
        }
        let turn = Turn {
            step,
            past: Past::Way,
        };
        self.read_all(shown, (source, target), turn, reading)?;
        if self.averages() {
            // Nobody asks for those of a picture on its way.
            reading.logits.clear();
            reading.probabilities.clear();
        }
        Ok(())
    }

    /// Whether there is a driver beside the first.
    pub(super) fn has_others(&self) -> bool {
        !self.others.is_empty()
    }
}
