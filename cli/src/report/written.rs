// SPDX-License-Identifier: MPL-2.0
//! The report of `steerlens gradient`.

use std::fmt;
use std::path::PathBuf;

use serde_json::{Value, json};
use steerlens::gradient::{COTANGENT, INPUT_GRADIENT};

use super::{Answer, SCHEMA, facts, lossy, price};
use crate::output::Output;

/// The model that was written, with its reverse half.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) file: PathBuf,
    pub(crate) profile: &'static str,
    pub(crate) model: steerlens::Written,
}

impl Answer for Written {
    fn json(&self) -> Value {
        let model = &self.model;
        let tensor = |name: &str, element: &str, shape: &[usize]| json!({"name": name, "element": element, "shape": shape});
        json!({
            "schema": SCHEMA,
            "file": lossy(&self.file),
            "profile": self.profile,
            "nodes": model.nodes,
            "inputs": [
                tensor(&model.input, &model.element.to_string(), &model.input_shape),
                tensor(COTANGENT, "float32", &model.logits_shape),
            ],
            "outputs": [
                tensor(&model.logits, "float32", &model.logits_shape),
                tensor(INPUT_GRADIENT, "float32", &model.input_shape),
            ],
            "cost": price::run(&model.cost),
            "memory": price::memory(&model.cost),
            "facts": facts(&model.facts),
            "warnings": model.warnings,
        })
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, model) = (Output::named(self.file.clone()), &self.model);
        let (picture, scores) = (&model.input_shape, &model.logits_shape);
        writeln!(f, "wrote    {file}, {} nodes", model.nodes)?;
        writeln!(f, "inputs   {} {picture:?}, {COTANGENT} {scores:?}", model.input)?;
        writeln!(
            f,
            "outputs  {} {scores:?}, {INPUT_GRADIENT} {picture:?}",
            model.logits
        )
    }
}
