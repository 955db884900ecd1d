// SPDX-License-Identifier: MPL-2.0
//! The settings in force, as `steerlens morph --json` writes them: what made the picture, so that it can be made again.

use serde::Serialize;
use serde_json::{Map, Value, json};
use steerlens::settings::{self as facts, Choice};
use steerlens::{ClassifierSettings, LensSettings};

/// Every setting under its name, but for the files, classes and magnifications that the report itself names.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Settings(Map<String, Value>);

impl Settings {
    /// Both structs are taken apart without a rest, so that none of their fields can be forgotten.
    pub(super) fn new(classifier: &ClassifierSettings, lens: &LensSettings) -> Self {
        let LensSettings {
            // The classes that came of them stand beside.
            source: _,
            target: _,
            objective,
            method,
            color_mode,
            resolution,
            // Each morph has its own.
            magnification: _,
            magnification_unit,
            amplitude_exponent,
            amplitude_floor,
            amplitude_gain,
            scale_weight,
            phase_smooth,
            phase_limit,
            l2_budget,
            padding,
            steps,
            step_mode,
            control,
            seed,
            smooth_grad,
            noise_level,
            orientations,
            octaves,
            grid,
            display_mode,
            caption,
            fit,
            crop_fraction,
            roi,
            // A still is always measured, and has no frames to hold a class over or to smooth between.
            measure_after: _,
            class_hold: _,
            temporal_smoothing: _,
        } = lens;
        let ClassifierSettings {
            // The report's own.
            model_file: _,
            label_file,
            model_info,
            output_name,
            input_size,
            input_format,
            input_layout,
            normalization,
            mean,
            std,
            runtime_library,
            execution_provider,
            device,
            optimization_level,
            threads,
        } = classifier;
        let roi = roi.map(|roi| [roi.x, roi.y, roi.width, roi.height]);
        let mut all = Self(Map::new());
        all.choice(*method);
        all.choice(*color_mode);
        all.choice(*resolution);
        all.choice(*objective);
        all.choice(*magnification_unit);
        for (fact, value) in [
            (facts::AMPLITUDE_EXPONENT, amplitude_exponent),
            (facts::AMPLITUDE_FLOOR, amplitude_floor),
            (facts::AMPLITUDE_GAIN, amplitude_gain),
            (facts::SCALE_WEIGHT, scale_weight),
            (facts::PHASE_SMOOTH, phase_smooth),
            (facts::PHASE_LIMIT, phase_limit),
            (facts::L2_BUDGET, l2_budget),
            (facts::NOISE_LEVEL, noise_level),
            (facts::CROP_FRACTION, crop_fraction),
        ] {
            all.put(fact.name, json!(value));
        }
        for (fact, value) in [
            (facts::PADDING, padding),
            (facts::STEPS, steps),
            (facts::SMOOTH_GRAD, smooth_grad),
            (facts::ORIENTATIONS, orientations),
            (facts::OCTAVES, octaves),
        ] {
            all.put(fact.name, json!(value));
        }
        all.choice(*step_mode);
        all.choice(*control);
        all.put(facts::SEED.name, json!(seed));
        all.choice(*grid);
        all.choice(*display_mode);
        all.put(facts::CAPTION.name, json!(caption));
        all.choice(*fit);
        all.put(facts::ROI.name, json!(roi));
        all.put(facts::OUTPUT_NAME.name, json!(output_name));
        let input_size = input_size.map(|(height, width)| format!("{height}x{width}"));
        all.put(facts::INPUT_SIZE.name, json!(input_size));
        for (fact, path) in [
            (facts::LABEL_FILE, label_file),
            (facts::MODEL_INFO, model_info),
            (facts::RUNTIME_LIBRARY, runtime_library),
        ] {
            all.put(fact.name, json!(path.as_ref().map(|path| path.to_string_lossy())));
        }
        all.choice(*input_format);
        all.choice(*input_layout);
        all.choice(*normalization);
        all.put(facts::MEAN.name, json!(mean));
        all.put(facts::STD.name, json!(std));
        all.choice(*execution_provider);
        all.put(facts::DEVICE.name, json!(device));
        all.choice(*optimization_level);
        all.put(facts::THREADS.name, json!(threads));
        all
    }

    fn choice<T: Choice>(&mut self, value: T) {
        self.put(T::NAME, json!(value.nick()));
    }

    fn put(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// The L2 distance that was asked for; 0: none.
    pub(super) fn l2_budget(&self) -> f64 {
        self.0
            .get(facts::L2_BUDGET.name)
            .and_then(Value::as_f64)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{self, name};

    #[test]
    fn every_flag_of_a_morph_is_among_the_settings() {
        let settings = Settings::new(&ClassifierSettings::default(), &LensSettings::default());
        // Files, and what the report says beside the settings.
        let aside = [
            name::IMAGE,
            name::MODEL,
            name::OUT,
            name::JSON,
            name::SHEET,
            "preset",
            facts::MAGNIFICATION.name,
            facts::SOURCE_LABEL.name,
            facts::SOURCE_CLASS.name,
            facts::TARGET_LABEL.name,
            facts::TARGET_CLASS.name,
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
