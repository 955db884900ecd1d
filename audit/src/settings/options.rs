// SPDX-License-Identifier: MPL-2.0
//! What decides about the rows, by name.

use serde_json::{Map, Value};
use steerlens::morph::{MagnificationUnit, Method};
use steerlens::pyramid::Grid;
use steerlens::settings::{Choice, changed};
use steerlens::{ClassifierSettings, Control, GradientSettings, ReachSettings, Resolution};

use super::{Settings, Source, Targets};
use crate::input::Truth;
use crate::table::Direction;

/// Settings by name, as the command line words them.
pub(crate) type Options = Map<String, Value>;

impl Settings {
    /// What decides about the rows and is no model and no file, by name, in the order of the command line's help: what
    /// differs from its default, and the defaults that are the audit's own.
    pub(crate) fn options(&self) -> Options {
        let numbers = |values: &[f64]| list(values.iter().map(f64::to_string));
        let (targets, pairs) = match &self.targets {
            Targets::RunnerUp => (Some("runner-up".to_owned()), None),
            Targets::All => (Some("all".to_owned()), None),
            Targets::List(labels) => (Some(list(labels.iter().cloned())), None),
            Targets::Pairs(pairs) => {
                let pairs = pairs.iter().map(|(source, target)| format!("{source}:{target}"));
                (None, Some(list(pairs)))
            }
        };
        let source = match self.source {
            Source::Predicted => "predicted",
            Source::True => "true",
        };
        let own = [
            ("sample", Some(self.sample.to_string())),
            (
                "truth",
                (self.truth == Truth::Folder).then(|| "folder".to_owned()),
            ),
            ("source", Some(source.to_owned())),
            ("targets", targets),
            ("pairs", pairs),
            ("budgets", Some(numbers(&self.budgets))),
            ("magnifications", Some(numbers(&self.magnifications))),
            ("no-flip", (!self.flips).then(|| true.to_string())),
            (
                ReachSettings::STEPS.name,
                (self.steps != ReachSettings::STEPS.default).then(|| self.steps.to_string()),
            ),
            (
                GradientSettings::SAMPLES.name,
                (self.samples != [GradientSettings::SAMPLES.default])
                    .then(|| list(self.samples.iter().map(u32::to_string))),
            ),
            (
                "methods",
                Some(list(self.methods.iter().map(|method| method.nick().to_owned()))),
            ),
            (
                Control::NAME,
                Some(list(
                    self.directions()
                        .into_iter()
                        .filter(|direction| *direction != Direction::Gradient)
                        .map(|direction| direction.nick().to_owned()),
                )),
            ),
            (
                GradientSettings::SEED.name,
                (self.seed != GradientSettings::SEED.default).then(|| self.seed.to_string()),
            ),
        ];
        let of_each_method = [Method::NAME, MagnificationUnit::NAME, Grid::NAME];
        let of_copies = [
            GradientSettings::SHIFT.name,
            GradientSettings::ZOOM.name,
            GradientSettings::MIRROR.name,
            GradientSettings::NOISE_LEVEL.name,
        ];
        let copies = changed(&self.copies).filter(|(name, _)| of_copies.contains(name));
        let morph = changed(&self.morph).filter(|(name, _)| !of_each_method.contains(name));
        let resolution = (self.resolution != Resolution::DEFAULT).then(|| self.resolution.nick().to_owned());
        let after = [
            (Resolution::NAME, resolution),
            ("shard", self.shard.map(|shard| shard.to_string())),
            ("no-strips", (!self.strips).then(|| true.to_string())),
        ];
        // Their content decides, and is recorded with the model; where things are and who works does not.
        let aside = [
            ClassifierSettings::LABEL_FILE.name,
            ClassifierSettings::MODEL_INFO.name,
            ClassifierSettings::RUNTIME_LIBRARY.name,
            ClassifierSettings::THREADS.name,
        ];
        let size = self.model.input_size;
        let size =
            size.map(|(height, width)| (ClassifierSettings::INPUT_SIZE.name, format!("{height}x{width}")));
        let model = changed(&self.model).filter(|(name, _)| !aside.contains(name));

        let said = |(name, text): (&'static str, Option<String>)| {
            Some((name, text.filter(|text| !text.is_empty())?))
        };
        let grid = (Grid::NAME, self.morph.pyramid.grid.nick().to_owned());
        own.into_iter()
            .filter_map(said)
            .chain(copies)
            .chain(morph)
            .chain(after.into_iter().filter_map(said))
            .chain(model)
            .chain(size)
            .chain([grid])
            .map(|(name, text)| (name.to_owned(), Value::from(text)))
            .collect()
    }
}

fn list(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(",")
}
