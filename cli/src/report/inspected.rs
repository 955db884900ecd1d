// SPDX-License-Identifier: MPL-2.0
//! The report of `steerlens inspect`.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use steerlens::{Inspection, OperatorCount, TensorInfo, Unsupported};

/// Labels that the text shows; JSON has them all.
const LABELS: usize = 8;
/// Columns of the text, terminal or not.
const COLUMNS: usize = 78;

/// What a model is, and whether its gradient can be taken.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Inspected {
    schema: u32,
    /// Whether a gradient can be taken: everything on the way from the input to the logits is supported.
    pub(crate) supported: bool,
    file: PathBuf,
    ir_version: i64,
    opset: i64,
    producer: String,
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
    /// The tensor with the class scores, if one was found.
    logits: Option<String>,
    classes: Option<usize>,
    /// All labels in the order of the classes; empty where the model has none.
    labels: Vec<String>,
    layout: String,
    format: String,
    normalization: String,
    operators: Vec<Operator>,
    /// Why the gradient cannot be taken, node by node.
    unsupported: Vec<Refusal>,
    /// Nodes of the model, and of the reverse half that was appended to it.
    nodes: usize,
    gradient_nodes: Option<usize>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Tensor {
    name: String,
    element: String,
    /// Numbers, or the names of what is not fixed.
    shape: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Operator {
    operator: String,
    count: usize,
    supported: bool,
}

#[derive(Debug, Serialize)]
struct Refusal {
    node: String,
    operator: String,
    reason: String,
}

impl From<Inspection> for Inspected {
    fn from(inspection: Inspection) -> Self {
        let tensor = |TensorInfo {
                          name, element, shape, ..
                      }| Tensor { name, element, shape };
        let operator = |OperatorCount {
                            operator,
                            count,
                            supported,
                            ..
                        }| Operator {
            operator,
            count,
            supported,
        };
        let refusal = |Unsupported {
                           node,
                           operator,
                           reason,
                           ..
                       }| Refusal {
            node,
            operator,
            reason,
        };
        Self {
            schema: super::SCHEMA,
            supported: inspection.gradient_nodes.is_some(),
            file: inspection.file,
            ir_version: inspection.ir_version,
            opset: inspection.opset,
            producer: inspection.producer,
            inputs: inspection.inputs.into_iter().map(tensor).collect(),
            outputs: inspection.outputs.into_iter().map(tensor).collect(),
            logits: inspection.logits,
            classes: inspection.classes,
            labels: inspection.labels,
            layout: inspection.layout,
            format: inspection.format,
            normalization: inspection.normalization,
            operators: inspection.operators.into_iter().map(operator).collect(),
            unsupported: inspection.unsupported.into_iter().map(refusal).collect(),
            nodes: inspection.nodes,
            gradient_nodes: inspection.gradient_nodes,
            warnings: inspection.warnings,
        }
    }
}

impl fmt::Display for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        row(f, "model", &[self.file.display().to_string()])?;
        let producer = if self.producer.is_empty() {
            "unknown"
        } else {
            &self.producer
        };
        row(
            f,
            "producer",
            &[format!(
                "{producer}, opset {}, IR {}",
                self.opset, self.ir_version
            )],
        )?;
        for tensor in &self.inputs {
            row(f, "input", &[tensor.to_string()])?;
        }
        row(
            f,
            "meaning",
            &[format!(
                "{}, {}, {}",
                self.layout, self.format, self.normalization
            )],
        )?;
        for tensor in &self.outputs {
            row(f, "output", &[tensor.to_string()])?;
        }
        let logits = self
            .logits
            .as_deref()
            .unwrap_or("not found: name the tensor with --output");
        let classes = self
            .classes
            .map_or_else(String::new, |classes| format!(", {classes} classes"));
        row(f, "logits", &[format!("{logits}{classes}")])?;
        row(f, "labels", &self.label_words())?;
        row(
            f,
            "operators",
            &self.operators.iter().map(Operator::to_string).collect::<Vec<_>>(),
        )?;
        let reverse = self
            .gradient_nodes
            .map(|nodes| format!(", {nodes} more for the gradient"));
        row(
            f,
            "nodes",
            &[format!("{}{}", self.nodes, reverse.unwrap_or_default())],
        )?;
        for warning in &self.warnings {
            row(f, "warning", &words(warning))?;
        }
        writeln!(f)?;
        if self.supported {
            return writeln!(f, "Supported: the gradient can be taken.");
        }
        writeln!(f, "Refused: the gradient cannot be taken.")?;
        for Refusal {
            node,
            operator,
            reason,
        } in &self.unsupported
        {
            writeln!(f, "  unsupported operator {operator} (node \"{node}\"): {reason}")?;
        }
        Ok(())
    }
}

impl Inspected {
    fn label_words(&self) -> Vec<String> {
        if self.labels.is_empty() {
            return words("none: give a file with --label-file");
        }
        let rest = self.labels.len().saturating_sub(LABELS);
        let more = (rest > 0).then(|| format!("and {rest} more"));
        commas(self.labels.iter().take(LABELS).cloned().chain(more))
    }
}

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {} [{}]", self.name, self.element, self.shape.join(", "))
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.supported { "" } else { " (unsupported)" };
        write!(f, "{} \u{d7}{}{mark}", self.operator, self.count)
    }
}

/// Puts a comma after all but the last.
fn commas(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut words: Vec<String> = words.map(|word| word + ",").collect();
    if let Some(last) = words.last_mut() {
        last.pop();
    }
    words
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// One row: its name, then words that flow into an aligned column.
fn row(f: &mut fmt::Formatter<'_>, name: &str, words: &[String]) -> fmt::Result {
    const INDENT: usize = 11;
    write!(f, "{name:<INDENT$}")?;
    let mut column = INDENT;
    for (i, word) in words.iter().enumerate() {
        let length = word.chars().count();
        if i > 0 && column + 1 + length > COLUMNS {
            write!(f, "\n{:INDENT$}", "")?;
            column = INDENT;
        } else if i > 0 {
            write!(f, " ")?;
            column += 1;
        }
        write!(f, "{word}")?;
        column += length;
    }
    writeln!(f)
}
