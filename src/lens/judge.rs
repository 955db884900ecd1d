// SPDX-License-Identifier: MPL-2.0
//! A judge: another classifier, which looks at pictures and has no part in their making.

use super::{LensSettings, Reader};
use crate::Error;
use crate::classifier::{self, Classifier, ClassifierSettings, Reading};
use crate::frame::FrameView;

/// Another classifier, which looks at pictures and has no part in their making. Its classes are a driver's where their
/// labels are, upper and lower case apart.
#[derive(Debug)]
pub struct Judge {
    reader: Reader,
    /// The driver's number of each of its classes.
    classes: Vec<Option<usize>>,
}

/// What a judge says of a picture.
#[derive(Debug, Clone, Copy)]
pub struct Opinion<'a> {
    scores: &'a Reading,
    classes: &'a [Option<usize>],
}

impl Judge {
    /// Opens a judge for edits that `driver` made.
    ///
    /// # Errors
    /// When the model cannot be opened, its labels are not as many as its classes, or it shares no class with the driver.
    pub fn open(settings: &ClassifierSettings, driver: &Classifier) -> Result<Self, Error> {
        let reader = Reader::open(settings, &LensSettings::default())?;
        let judge = reader.classifier();
        let model = || judge.model_file().to_owned();
        judge
            .check_labels()
            .map_err(|reason| classifier::Error::JudgeLabels {
                judge: model(),
                reason: reason.into(),
            })?;
        let known: Vec<String> = (0..driver.classes())
            .map(|class| driver.label(class).to_lowercase())
            .collect();
        let classes: Vec<_> = (0..judge.classes())
            .map(|class| {
                let label = judge.label(class).to_lowercase();
                known.iter().position(|known| *known == label)
            })
            .collect();
        if classes.iter().all(Option::is_none) {
            return Err(classifier::Error::NoCommonClass {
                judge: model(),
                model: driver.model_file().to_owned(),
                own: judge.label(0).into_owned(),
                other: driver.label(0).into_owned(),
            }
            .into());
        }
        Ok(Self { reader, classes })
    }

    /// The judge's model.
    pub fn classifier(&self) -> &Classifier {
        self.reader.classifier()
    }

    /// Looks at a picture: one forward run.
    ///
    /// # Errors
    /// When the run fails.
    pub fn look(&mut self, picture: &FrameView<'_>) -> Result<Opinion<'_>, Error> {
        Ok(Opinion {
            scores: self.reader.score(picture)?,
            classes: &self.classes,
        })
    }
}

impl Opinion<'_> {
    /// Its most probable class, as the driver numbers it; `None` for one that the driver does not have.
    pub fn top(&self) -> Option<usize> {
        self.classes.get(self.scores.top_class()).copied().flatten()
    }

    /// Its probability of a class of the driver's, 0..1; `None` where it does not know that class.
    pub fn probability(&self, class: usize) -> Option<f32> {
        let own = self.classes.iter().position(|of| *of == Some(class))?;
        self.scores.probabilities.get(own).copied()
    }
}
