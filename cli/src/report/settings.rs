// SPDX-License-Identifier: MPL-2.0
//! The settings in force, as `steerlens morph --json` writes them: what made the picture, so that it can be made again.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};
use steerlens::settings::{AnyChoice, Count, Group, Real, Span, Switch, Text, Visitor, Whole};
use steerlens::{ClassifierSettings, LensSettings, ReachSettings};

use crate::args::OF_VIDEOS;

/// Every setting under its name, but for the files, classes and magnifications that the report itself names.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct InForce(Map<String, Value>);

impl InForce {
    pub(super) fn new(classifier: &ClassifierSettings, lens: &LensSettings) -> Self {
        let mut all = Self(Map::new());
        lens.clone().visit(&mut all);
        classifier.clone().visit(&mut all);
        // Each morph has its own magnification.
        let aside = |name: &str| OF_VIDEOS.contains(&name) || name == ReachSettings::MAGNIFICATION.name;
        all.0.retain(|name, _| !aside(name));
        let roi = lens.input.roi.map(|roi| [roi.x, roi.y, roi.width, roi.height]);
        all.put(LensSettings::ROI.name, json!(roi));
        let size = classifier.input_size;
        let size = size.map(|(height, width)| format!("{height}x{width}"));
        all.put(ClassifierSettings::INPUT_SIZE.name, json!(size));
        all
    }

    fn put(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// The L2 distance that was asked for; 0: none.
    pub(super) fn l2_budget(&self) -> f64 {
        self.0
            .get(ReachSettings::L2_BUDGET.name)
            .and_then(Value::as_f64)
            .unwrap_or_default()
    }
}

impl Visitor for InForce {
    fn real(&mut self, fact: &'static Real, value: &mut f64) {
        self.put(fact.name, json!(value));
    }

    fn count(&mut self, fact: &'static Count, value: &mut u32) {
        self.put(fact.name, json!(value));
    }

    fn whole(&mut self, fact: &'static Whole, value: &mut u64) {
        self.put(fact.name, json!(value));
    }

    fn span(&mut self, fact: &'static Span, value: &mut Duration) {
        self.put(fact.name, json!(value.as_secs_f64()));
    }

    fn switch(&mut self, fact: &'static Switch, value: &mut bool) {
        self.put(fact.name, json!(value));
    }

    fn choice(&mut self, value: &mut dyn AnyChoice) {
        self.put(value.name(), json!(value.current()));
    }

    fn text(&mut self, fact: &'static Text, value: &mut Option<String>) {
        self.put(fact.name, json!(value));
    }

    fn path(&mut self, fact: &'static Text, value: &mut Option<PathBuf>) {
        self.put(
            fact.name,
            json!(value.as_ref().map(|path| path.to_string_lossy())),
        );
    }

    fn list(&mut self, fact: &'static Text, value: &mut Vec<f64>) {
        self.put(fact.name, json!(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{self, name};

    #[test]
    fn every_flag_of_a_morph_is_among_the_settings() {
        let settings = InForce::new(&ClassifierSettings::default(), &LensSettings::default());
        // Files, and what the report says beside the settings.
        let aside = [
            name::IMAGE,
            name::MODEL,
            name::ALSO,
            name::OUT,
            name::JSON,
            name::SHEET,
            "preset",
            ReachSettings::MAGNIFICATION.name,
            LensSettings::SOURCE_LABEL.name,
            LensSettings::SOURCE_CLASS.name,
            LensSettings::TARGET_LABEL.name,
            LensSettings::TARGET_CLASS.name,
        ];
        let mut command = args::command();
        let morph = command
            .find_subcommand_mut("morph")
            .expect("there is such a command");
        for flag in morph.get_arguments().map(|flag| flag.get_id().as_str()) {
            assert!(
                aside.contains(&flag) || settings.0.contains_key(flag),
                "--{flag} is not in the report"
            );
        }
    }
}
