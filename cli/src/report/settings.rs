// SPDX-License-Identifier: MPL-2.0
//! The settings in force, as `steerlens morph --json` writes them: what made the picture, so that it can be made again.

use serde_json::{Value, json};
use steerlens::settings::values;
use steerlens::{ClassifierSettings, LensSettings, ReachSettings};

use crate::args::OF_VIDEOS;

/// Every setting under its name, but for the files, classes and magnifications that the report itself names.
pub(super) fn in_force(classifier: &ClassifierSettings, lens: &LensSettings) -> Value {
    let mut all = values(lens);
    all.extend(values(classifier));
    // Each morph has its own magnification.
    let aside = |name: &str| OF_VIDEOS.contains(&name) || name == ReachSettings::MAGNIFICATION.name;
    all.retain(|name, _| !aside(name));
    let roi = lens.input.roi.map(|roi| [roi.x, roi.y, roi.width, roi.height]);
    all.insert(LensSettings::ROI.name.to_owned(), json!(roi));
    let size = classifier.input_size;
    let size = size.map(|(height, width)| format!("{height}x{width}"));
    all.insert(ClassifierSettings::INPUT_SIZE.name.to_owned(), json!(size));
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{self, name};

    #[test]
    fn every_flag_of_a_morph_is_among_the_settings() {
        let settings = in_force(&ClassifierSettings::default(), &LensSettings::default());
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
                aside.contains(&flag) || settings.get(flag).is_some(),
                "--{flag} is not in the report"
            );
        }
    }
}
