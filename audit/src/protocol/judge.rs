// SPDX-License-Identifier: MPL-2.0
//! A judge: another classifier, which looks at pictures and has no part in their making.

use steerlens::{Classifier, ClassifierSettings, FrameView, LensSettings, Reader};

use crate::error::{Result, bail, error};

/// A judge, and what its classes are called by the driver.
#[derive(Debug)]
pub(crate) struct Judge {
    reader: Reader,
    /// The driver's number of each of its classes; -1 for one that the driver does not have.
    driver_class: Vec<i32>,
}

/// What a judge says of a picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opinion {
    /// Its most probable class, as the driver numbers it.
    pub(crate) top: i32,
    /// Its probability of the target; NaN where it does not know that class.
    pub(crate) p_target: f32,
}

impl Judge {
    /// Opens a judge. Classes are the same where their labels are, upper and lower case apart.
    ///
    /// # Errors
    /// When the model cannot be opened, or shares no class with the driver.
    pub(crate) fn open(settings: &ClassifierSettings, driver: &Classifier) -> Result<Self> {
        let reader = Reader::open(settings, &LensSettings::default())?;
        let judge = reader.classifier();
        judge.check_labels().map_err(|error| {
            error!(
                Settings,
                "the judge {}: {error}; of a judge the file beside it is read",
                judge.model_file().display()
            )
        })?;
        let known: Vec<String> = (0..driver.classes())
            .map(|class| driver.label(class).to_lowercase())
            .collect();
        let driver_class: Vec<i32> = (0..judge.classes())
            .map(|class| {
                let label = judge.label(class).to_lowercase();
                known
                    .iter()
                    .position(|known| *known == label)
                    .map_or(-1, |class| class as i32)
            })
            .collect();
        if driver_class.iter().all(|class| *class < 0) {
            bail!(
                Settings,
                "the judge {} and the model {} have no class in common: their labels must be written alike ({} and {}, \
                 for example)",
                judge.model_file().display(),
                driver.model_file().display(),
                judge.label(0),
                driver.label(0)
            );
        }
        Ok(Self { reader, driver_class })
    }

    pub(crate) fn classifier(&self) -> &Classifier {
        self.reader.classifier()
    }

    /// Looks at a picture.
    ///
    /// # Errors
    /// When the run fails.
    pub(crate) fn look(&mut self, picture: &FrameView<'_>, target: usize) -> Result<Opinion> {
        let scores = self.reader.score(picture)?;
        let own = self.driver_class.iter().position(|class| *class == target as i32);
        Ok(Opinion {
            top: self.driver_class.get(scores.top_class()).copied().unwrap_or(-1),
            p_target: own
                .and_then(|class| scores.probabilities.get(class))
                .copied()
                .unwrap_or(f32::NAN),
        })
    }
}
