// SPDX-License-Identifier: MPL-2.0
//! The report of `steerlens gradient`.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use steerlens::Profile;
use steerlens::gradient::{COTANGENT, INPUT_GRADIENT};

use super::Fact;
use super::price::{Memory, Price};
use crate::output::Output;

/// The model that was written, with its reverse half.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Written {
    schema: u32,
    #[serde(serialize_with = "super::lossy")]
    file: PathBuf,
    profile: &'static str,
    nodes: usize,
    inputs: [StaticTensor; 2],
    outputs: [StaticTensor; 2],
    cost: Price,
    memory: Memory,
    /// What had to be known of the model, and where it was taken from.
    facts: Vec<Fact>,
    warnings: Vec<String>,
}

/// A tensor of fixed shape.
#[derive(Debug, Serialize)]
struct StaticTensor {
    name: String,
    element: String,
    shape: Vec<usize>,
}

impl Written {
    pub(crate) fn new(file: PathBuf, profile: Profile, written: steerlens::Written) -> Self {
        let tensor = |name: &str, element: &str, shape: &[usize]| StaticTensor {
            name: name.into(),
            element: element.into(),
            shape: shape.into(),
        };
        let (picture, scores) = (&written.input_shape, &written.logits_shape);
        Self {
            schema: super::SCHEMA,
            file,
            profile: match profile {
                Profile::Plain => "plain",
                Profile::Cpu => "cpu",
            },
            nodes: written.nodes,
            inputs: [
                tensor(&written.input, &written.element.to_string(), picture),
                tensor(COTANGENT, "float32", scores),
            ],
            outputs: [
                tensor(&written.logits, "float32", scores),
                tensor(INPUT_GRADIENT, "float32", picture),
            ],
            cost: written.cost.into(),
            memory: written.cost.into(),
            facts: Fact::all(&written.facts),
            warnings: written.warnings,
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "wrote    {}, {} nodes",
            Output::named(self.file.clone()),
            self.nodes
        )?;
        let [a, b] = &self.inputs;
        writeln!(f, "inputs   {a}, {b}")?;
        let [a, b] = &self.outputs;
        writeln!(f, "outputs  {a}, {b}")
    }
}

impl fmt::Display for StaticTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.name, self.shape)
    }
}
