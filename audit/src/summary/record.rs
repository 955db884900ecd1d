// SPDX-License-Identifier: MPL-2.0
//! What was run, so that it can be run again.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An audit's command, its files by their hashes, and what computed it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    /// The command that runs it again, quoted for a shell.
    pub command: String,
    /// The classifier whose gradient makes the edits.
    pub model: ModelFile,
    /// The further classifiers whose gradients are added to it.
    #[serde(default)]
    pub also: Vec<ModelFile>,
    /// The classifiers that only look at the results, in the order of the rows' lists; at most 64.
    pub judges: Vec<ModelFile>,
    /// Every setting in force, by its name, in the order in which they are shown.
    pub settings: Map<String, Value>,
    /// What computed it, by name: steerlens, ONNX Runtime, GStreamer.
    pub versions: Map<String, Value>,
    /// Threads that computed.
    pub threads: usize,
    /// Seed of the random control.
    pub seed: u64,
    /// Magnification up to which flips were searched.
    pub flip_range: Option<f64>,
    /// The inputs that were found, in a few words that differ where they do.
    #[serde(default)]
    pub list_of_inputs: String,
    /// Their true classes, likewise; empty where they are not known.
    #[serde(default)]
    pub true_classes: String,
    /// The files that were audited.
    pub inputs: Vec<InputFile>,
    /// The files that could not be, each with a sentence.
    pub failures: Vec<InputFailure>,
    /// What is to be said of how files were read.
    #[serde(default)]
    pub input_warnings: Vec<InputWarning>,
    /// What is to be said of the models and of what was left out, a sentence each.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// A model file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ModelFile {
    /// Its path, as given.
    pub path: String,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
    /// SHA-256 of the model with the weights that lie in files beside it; empty where none do.
    #[serde(default)]
    pub weights: String,
    /// Its labels, in a few words that differ where they do; empty without.
    #[serde(default)]
    pub labels: String,
    /// How pixels become its input.
    #[serde(default)]
    pub input: String,
    /// What had to be known to use it, and where that was taken from.
    #[serde(default)]
    pub facts: Vec<ModelFact>,
}

/// One thing that had to be known to use a model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ModelFact {
    /// What: `scores`, `labels`, `size`, `layout`, `channels`, `range`, `crop`.
    pub name: String,
    /// What it was taken to be.
    pub value: String,
    /// Where from: a flag, a file, the model's metadata, its graph, its numbers, or a guess.
    pub source: String,
}

impl ModelFile {
    /// Its name, short enough for the head of a column.
    pub fn name(&self) -> &str {
        let file = self.path.rsplit(['/', '\\']).next().unwrap_or_default();
        file.strip_suffix(".onnx").unwrap_or(file)
    }
}

/// A picture or video that was audited.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct InputFile {
    /// Its path, as in the rows.
    pub path: String,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// A picture or video whose frames are not quite what a file says, or a person sees.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct InputWarning {
    /// Its path.
    pub input: String,
    /// What is so: a sentence.
    pub warning: String,
}

/// A picture or video that could not be audited, or not to its end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct InputFailure {
    /// Its path.
    pub input: String,
    /// Why: a sentence.
    pub failure: String,
}
