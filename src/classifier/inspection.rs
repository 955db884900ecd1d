// SPDX-License-Identifier: MPL-2.0
//! What a model is, and whether its gradient can be taken.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::statements::Statements;
use super::{ClassifierSettings, Error, Fact, Labels};
use crate::gradient::{self, Cost, Profile, Refusal};
use crate::guard::shielded;
use crate::onnx::{self, ElementType, GraphProto, ModelProto, ValueInfoProto};
use crate::runtime::Runtime;
use crate::settings::Choice;

/// What [`inspect`] finds.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Inspection {
    /// The model file.
    pub file: PathBuf,
    /// Version of the format.
    pub ir_version: i64,
    /// Version of ONNX's own operators.
    pub opset: i64,
    /// The exporter and its version.
    pub producer: String,
    /// Inputs as the file states them, initializers left out.
    pub inputs: Vec<TensorInfo>,
    /// Outputs as the file states them.
    pub outputs: Vec<TensorInfo>,
    /// The tensor with the class scores, once found.
    pub logits: Option<String>,
    /// Number of classes, once known.
    pub classes: Option<usize>,
    /// Labels; empty when there are none.
    pub labels: Vec<String>,
    /// Order of the input's axes.
    pub layout: String,
    /// Order of the input's channels.
    pub format: String,
    /// What black and white become in the input.
    pub normalization: String,
    /// Operators, most frequent first.
    pub operators: Vec<OperatorCount>,
    /// Nodes between input and logits that have no gradient here; empty when it can be taken.
    pub unsupported: Vec<Refusal>,
    /// Nodes in the file.
    pub nodes: usize,
    /// Nodes of the reverse half; `None` when the gradient cannot be taken.
    pub gradient_nodes: Option<usize>,
    /// What a run with the gradient is expected to take; `None` when it cannot be taken.
    pub cost: Option<Cost>,
    /// What had to be known to use the model, and where each thing was taken from; empty where the gradient cannot
    /// be taken.
    pub facts: Vec<Fact>,
    /// Everything that there is to warn of, as [`Classifier::warnings`](super::Classifier::warnings).
    pub warnings: Vec<String>,
}

/// What a model's file says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelDescription {
    /// The exporter and its version.
    pub producer: String,
    /// Version of ONNX's own operators.
    pub opset: i64,
    /// Inputs as the file states them, initializers left out.
    pub inputs: Vec<TensorInfo>,
    /// Outputs as the file states them.
    pub outputs: Vec<TensorInfo>,
}

impl ModelDescription {
    pub(super) fn of(model: &ModelProto) -> Self {
        let text = |s: &Option<String>| s.clone().unwrap_or_default();
        let empty = GraphProto::default();
        let graph = model.graph.as_ref().unwrap_or(&empty);
        let constant = |v: &&ValueInfoProto| graph.initializer.iter().any(|t| t.name == v.name);
        Self {
            producer: format!("{} {}", text(&model.producer_name), text(&model.producer_version))
                .trim()
                .into(),
            opset: model.opset().unwrap_or(0),
            inputs: graph
                .input
                .iter()
                .filter(|v| !constant(v))
                .map(TensorInfo::of)
                .collect(),
            outputs: graph.output.iter().map(TensorInfo::of).collect(),
        }
    }
}

/// A tensor as the file states it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TensorInfo {
    /// Its name.
    pub name: String,
    /// Its element type.
    pub element: String,
    /// Its axes: numbers, symbols, or "?".
    pub shape: Vec<String>,
}

/// How often an operator occurs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperatorCount {
    /// The operator, with its domain where it is not ONNX's own.
    pub operator: String,
    /// Nodes with it.
    pub count: usize,
    /// Whether it has a rule; a condition of the rule may still refuse a node.
    pub supported: bool,
}

/// Looks at a model without loading it for frames: reads it, and tries to differentiate it.
///
/// # Errors
/// When the model or its description cannot be read, ONNX Runtime cannot be used, or the model is no image
/// classifier. A node without a gradient is not an error but a finding.
pub fn inspect(settings: &ClassifierSettings) -> Result<Inspection, Error> {
    shielded(|| look_at(settings))
}

fn look_at(settings: &ClassifierSettings) -> Result<Inspection, Error> {
    if settings.model_file.as_os_str().is_empty() {
        return Err(Error::NoModel);
    }
    let model = onnx::read(&settings.model_file)?;
    let mut described = Statements::find(settings, &model)?;
    let ModelDescription {
        producer,
        opset,
        inputs,
        outputs,
    } = ModelDescription::of(&model);
    let empty = GraphProto::default();
    let graph = model.graph.as_ref().unwrap_or(&empty);
    let mut found = Inspection {
        file: settings.model_file.clone(),
        ir_version: model.ir_version.unwrap_or(0),
        opset,
        producer,
        inputs,
        outputs,
        labels: names(&described.labels.labels),
        operators: operators(graph),
        nodes: graph.node.len(),
        warnings: described.warnings.clone(),
        ..Default::default()
    };
    let runtime = Runtime::open(settings.runtime_library.as_deref())?;
    match gradient::differentiate_to_load(model, runtime, &described.options(settings, Profile::Cpu)) {
        Ok(d) => {
            d.require_row()?;
            described.choose_labels(settings, &d.output)?;
            let known = described.conclude(settings, &d)?;
            let signature = known.signature;
            found.labels = names(&known.labels);
            found.classes = Some(d.classes().max(2));
            found.logits = Some(d.logits);
            found.gradient_nodes = Some(d.gradient_nodes);
            found.cost = Some(d.cost);
            found.layout = signature.layout.nick().to_uppercase();
            found.format = signature.format.nick().to_uppercase();
            found.normalization = format!("pixels become {}", signature.range_text());
            found.facts = known.facts;
            found.warnings = known.warnings;
        }
        Err(gradient::Error::Unsupported(refusals)) => found.unsupported = refusals,
        Err(other) => return Err(other.into()),
    }
    Ok(found)
}

fn names(labels: &Labels) -> Vec<String> {
    (0..labels.len())
        .map(|class| labels.name(class).into_owned())
        .collect()
}

impl std::fmt::Display for TensorInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} [{}]", self.name, self.element, self.shape.join(","))
    }
}

impl TensorInfo {
    fn of(value: &ValueInfoProto) -> Self {
        Self {
            name: value.name.clone().unwrap_or_default(),
            element: ElementType::from_number(value.element()).to_string(),
            shape: value
                .dims()
                .unwrap_or_default()
                .iter()
                .map(ToString::to_string)
                .collect(),
        }
    }
}

fn operators(graph: &GraphProto) -> Vec<OperatorCount> {
    let mut counts: BTreeMap<String, OperatorCount> = BTreeMap::new();
    for node in &graph.node {
        let operator = match node.domain.as_deref() {
            Some(domain) if !node.is_standard() => format!("{domain}.{}", node.op()),
            _ => node.op().to_owned(),
        };
        let supported = gradient::supports(node);
        let row = counts.entry(operator.clone()).or_insert(OperatorCount {
            operator,
            count: 0,
            supported,
        });
        row.count += 1;
    }
    let mut counts: Vec<OperatorCount> = counts.into_values().collect();
    counts.sort_by_key(|row| std::cmp::Reverse(row.count));
    counts
}
