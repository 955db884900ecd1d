// SPDX-License-Identifier: MPL-2.0
//! A model whose gradient moves frames: what it sees of them, and how its gradient is taken.

use super::average::{Averager, Turn};
use super::input_planes::{InputPlanes, Shown, input_geometry};
use super::{GradientSettings, InputSettings};
use crate::classifier::{Classifier, Labels, OtherGradient, Reading, best_but};
use crate::frame::{InputGeometry, Sampling, Shape};
use crate::runtime;

/// A classifier with what it needs to look at frames.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) classifier: Classifier,
    /// How it looks at frames.
    pub(super) geometry: InputGeometry,
    input_planes: Option<InputPlanes>,
    averager: Averager,
}

impl Driver {
    pub(super) fn new(classifier: Classifier, settings: &InputSettings) -> Self {
        Self {
            geometry: input_geometry(classifier.signature(), settings),
            classifier,
            input_planes: None,
            averager: Averager::default(),
        }
    }

    /// Looks at frames as these settings say.
    pub(super) fn look_by(&mut self, settings: &InputSettings) {
        self.geometry = input_geometry(self.classifier.signature(), settings);
    }

    /// Scores alone; the gradient in `scores` is left as it is.
    pub(super) fn score(&mut self, shown: Shown<'_>, scores: &mut Reading) -> Result<(), runtime::Error> {
        let input = InputPlanes::see(&mut self.input_planes, self.geometry, shown);
        self.classifier.score_planes(input, scores)
    }

    /// The gradient: of one sample that at the picture itself, with its scores; of several their mean, by [`Averager::read`].
    pub(super) fn read(
        &mut self,
        shown: Shown<'_>,
        pair: (usize, usize),
        gradient: (&GradientSettings, Turn),
        reading: &mut Reading,
    ) -> Result<(), runtime::Error> {
        let input = InputPlanes::see(&mut self.input_planes, self.geometry, shown);
        let (settings, _) = gradient;
        if settings.samples < 2 {
            return self
                .classifier
                .read_planes(input, pair, settings.objective, reading);
        }
        let seen = (input, self.geometry.input);
        self.averager
            .read(&mut self.classifier, seen, pair, gradient, reading)
    }
}

/// A driver beside the one that scores are reported of.
#[derive(Debug)]
pub(super) struct OtherDriver {
    driver: Driver,
    /// Its class for each class of the first driver, by name.
    classes: Vec<Option<usize>>,
    reading: Reading,
}

impl OtherDriver {
    /// `labels` are those of the first driver's classes.
    pub(super) fn new(
        classifier: Classifier,
        (labels, classes): (&Labels, usize),
        settings: &InputSettings,
    ) -> Self {
        let known: std::collections::HashMap<_, _> = (0..classifier.classes())
            .rev()
            .map(|class| (classifier.label(class).into_owned(), class))
            .collect();
        Self {
            classes: (0..classes)
                .map(|class| known.get(&*labels.name(class)).copied())
                .collect(),
            driver: Driver::new(classifier, settings),
            reading: Reading::default(),
        }
    }

    pub(super) fn classifier(&self) -> &Classifier {
        &self.driver.classifier
    }

    pub(super) fn look_by(&mut self, settings: &InputSettings) {
        self.driver.look_by(settings);
    }

    /// The class of this driver that has the name of the first driver's.
    pub(super) fn class(&self, class: usize) -> Option<usize> {
        self.classes.get(class).copied().flatten()
    }

    /// The gradient between classes of the first driver's. A source whose name is not known here is this driver's most
    /// probable class other than the target.
    pub(super) fn read(
        &mut self,
        shown: Shown<'_>,
        (source, target): (usize, usize),
        gradient: (&GradientSettings, Turn),
        into: &mut OtherGradient,
    ) -> Result<(), runtime::Error> {
        let target = self.class(target).unwrap_or_default();
        let source = match self.class(source) {
            Some(source) => source,
            None => {
                self.driver.score(shown, &mut self.reading)?;
                best_but(&self.reading.logits, Some(target))
            }
        };
        // Along a way the agreement goes on from what that way has come.
        std::mem::swap(&mut self.reading.halves, &mut into.halves);
        self.driver
            .read(shown, (source, target), gradient, &mut self.reading)?;
        into.halves.clone_from(&self.reading.halves);
        into.geometry = self.driver.geometry;
        into.gradient.clone_from(&self.reading.gradient);
        into.norm = self.reading.gradient_norm;
        into.agreement = self.reading.agreement;
        into.inference_time = self.reading.inference_time;
        Ok(())
    }
}

/// The way back from another driver's input to the frame.
#[derive(Debug)]
pub(super) struct WayBack {
    sampling: Sampling,
    of: InputGeometry,
    /// A plane of the input, and of the frame.
    pub(super) input: Vec<f32>,
    frame: Vec<f32>,
}

impl WayBack {
    /// The way back for frames of this shape: that in `slot`, or a new one where another driver's stands there.
    pub(super) fn of<'a>(
        slots: &'a mut Vec<Self>,
        slot: usize,
        shape: &Shape,
        geometry: InputGeometry,
    ) -> &'a mut Self {
        let new = || Self {
            sampling: geometry.sampling(shape),
            of: geometry,
            input: vec![0.0; geometry.pixels()],
            frame: vec![0.0; shape.width * shape.height],
        };
        if slots.len() <= slot {
            slots.push(new());
        } else if slots[slot].of != geometry {
            slots[slot] = new();
        }
        let slot = slot.min(slots.len() - 1);
        &mut slots[slot]
    }

    /// The gradient at `input` as that of a plane of the frame.
    pub(super) fn pull(&mut self) -> &[f32] {
        self.sampling.adjoint(&self.input, &mut self.frame);
        &self.frame
    }
}
