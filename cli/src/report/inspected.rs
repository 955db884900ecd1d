// SPDX-License-Identifier: MPL-2.0
//! The report of `steerlens inspect`.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use steerlens::{Inspection, OperatorCount, Refusal, TensorInfo, gradient};

use super::Fact;
use super::price::{Memory, Price};

/// Labels that the text shows; JSON has them all.
const LABELS: usize = 8;
/// The fact that is told with the labels themselves.
const LABELS_FACT: &str = "labels";
/// Where the text's second column begins, and where it ends, terminal or not.
const INDENT: usize = 11;
const COLUMNS: usize = 78;

/// What a model is, and whether its gradient can be taken. What is not known is null or empty.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Inspected {
    schema: u32,
    /// Whether the gradient can be taken.
    pub(crate) supported: bool,
    /// Why not, in short.
    pub(crate) refusal: Option<String>,
    #[serde(serialize_with = "super::lossy")]
    file: PathBuf,
    ir_version: i64,
    opset: i64,
    producer: String,
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
    /// The tensor with the class scores.
    logits: Option<String>,
    classes: Option<usize>,
    /// In the order of the classes.
    labels: Vec<String>,
    layout: String,
    format: String,
    normalization: String,
    /// Most frequent first.
    operators: Vec<Operator>,
    /// Nodes between input and logits that have no gradient.
    unsupported: Vec<Node>,
    /// Nodes of the file, and of the reverse half.
    nodes: usize,
    gradient_nodes: Option<usize>,
    cost: Option<Price>,
    memory: Option<Memory>,
    /// What had to be known, and where it was taken from.
    facts: Vec<Fact>,
    pub(crate) warnings: Vec<String>,
}

/// A tensor; the axes of its shape are numbers, symbols, or "?".
#[derive(Debug, Serialize)]
struct Tensor {
    name: String,
    element: String,
    shape: Vec<String>,
}

/// An operator, its nodes, and whether it has a gradient.
#[derive(Debug, Serialize)]
struct Operator {
    operator: String,
    count: usize,
    supported: bool,
}

/// A node without a gradient, and why.
#[derive(Debug, Serialize)]
struct Node {
    node: String,
    operator: String,
    reason: String,
}

impl From<Inspection> for Inspected {
    fn from(found: Inspection) -> Self {
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
        let node = |Refusal {
                        node,
                        operator,
                        reason,
                        ..
                    }| Node {
            node,
            operator,
            reason,
        };
        let refused = !found.unsupported.is_empty();
        let refusal = refused.then(|| gradient::Error::Unsupported(found.unsupported.clone()).to_string());
        Self {
            schema: super::SCHEMA,
            supported: found.gradient_nodes.is_some(),
            refusal,
            file: found.file,
            ir_version: found.ir_version,
            opset: found.opset,
            producer: found.producer,
            inputs: found.inputs.into_iter().map(tensor).collect(),
            outputs: found.outputs.into_iter().map(tensor).collect(),
            logits: found.logits,
            classes: found.classes,
            labels: found.labels,
            layout: found.layout,
            format: found.format,
            normalization: found.normalization,
            operators: found.operators.into_iter().map(operator).collect(),
            unsupported: found.unsupported.into_iter().map(node).collect(),
            nodes: found.nodes,
            gradient_nodes: found.gradient_nodes,
            cost: found.cost.map(Into::into),
            memory: found.cost.map(Into::into),
            facts: Fact::all(&found.facts),
            warnings: found.warnings,
        }
    }
}

impl Inspected {
    /// A model of which no more is told than why it is refused.
    pub(crate) fn refused(file: PathBuf, reason: String) -> Self {
        Self {
            file,
            refusal: Some(reason),
            ..Self::from(Inspection::default())
        }
    }

    /// Every class on a line of its own: its number, a tab, its label.
    pub(crate) fn classes(&self) -> String {
        let classes = self.classes.unwrap_or(0).max(self.labels.len());
        let named = |class: usize| self.labels.get(class).filter(|label| !label.is_empty());
        (0..classes)
            .map(|class| match named(class) {
                Some(label) => format!("{class}\t{label}\n"),
                None => format!("{class}\tclass {class}\n"),
            })
            .collect()
    }

    /// The first few labels, as words.
    fn some_labels(&self) -> Vec<String> {
        let rest = self.labels.len().saturating_sub(LABELS);
        let more = (rest > 0).then(|| format!("and {rest} more (--labels prints all)"));
        commas(self.labels.iter().take(LABELS).cloned().chain(more))
    }
}

impl fmt::Display for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        row(f, "model", [self.file.display()])?;
        if self.opset > 0 {
            let producer = if self.producer.is_empty() {
                "unknown"
            } else {
                &self.producer
            };
            row(
                f,
                "producer",
                [format!(
                    "{producer}, opset {}, IR {}",
                    self.opset, self.ir_version
                )],
            )?;
        }
        for tensor in &self.inputs {
            row(f, "input", [tensor])?;
        }
        for tensor in &self.outputs {
            row(f, "output", [tensor])?;
        }
        if let (Some(logits), Some(classes)) = (&self.logits, self.classes) {
            row(f, "logits", [format!("{logits}, {classes} classes")])?;
        }
        if !self.facts.iter().any(|fact| fact.name == LABELS_FACT) && !self.labels.is_empty() {
            row(f, LABELS_FACT, self.some_labels())?;
        }
        for fact in &self.facts {
            let source = [format!("[{}]", fact.source)];
            match fact.name {
                LABELS_FACT => row(f, fact.name, self.some_labels().into_iter().chain(source))?,
                _ => row(
                    f,
                    fact.name,
                    fact.value.split_whitespace().map(str::to_owned).chain(source),
                )?,
            }
        }
        if !self.operators.is_empty() {
            row(
                f,
                "operators",
                commas(self.operators.iter().map(Operator::to_string)),
            )?;
            let reverse = self
                .gradient_nodes
                .map(|nodes| format!(", and {nodes} of the reverse half"));
            row(
                f,
                "nodes",
                [format!("{}{}", self.nodes, reverse.unwrap_or_default())],
            )?;
        }
        if let (Some(cost), Some(memory)) = (&self.cost, &self.memory) {
            row(f, "cost", cost.told().split_whitespace())?;
            row(f, "memory", memory.told().split_whitespace())?;
        }
        for warning in &self.warnings {
            row(f, "warning", warning.split_whitespace())?;
        }
        writeln!(f)?;
        let Some(reason) = &self.refusal else {
            return writeln!(f, "Supported: the gradient can be taken.");
        };
        writeln!(f, "Refused: the gradient cannot be taken.")?;
        if self.unsupported.is_empty() {
            return row(f, "", reason.split_whitespace());
        }
        let same = |a: &&Node, b: &&Node| (&a.operator, &a.reason) == (&b.operator, &b.reason);
        for (i, node) in self.unsupported.iter().enumerate() {
            if self.unsupported[..i].iter().any(|earlier| same(&earlier, &node)) {
                continue;
            }
            let more = self.unsupported[i + 1..]
                .iter()
                .filter(|later| same(later, &node))
                .count();
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            let Node {
                node,
                operator,
                reason,
            } = node;
            let sentence = format!("unsupported operator {operator} (node \"{node}\"{more}): {reason}");
            row(f, "", sentence.split_whitespace())?;
        }
        Ok(())
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

/// One row: its name, then words that flow into an aligned column.
fn row<W: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    words: impl IntoIterator<Item = W>,
) -> fmt::Result {
    write!(f, "{name:<INDENT$}")?;
    let mut column = INDENT;
    for (i, word) in words.into_iter().enumerate() {
        let word = word.to_string();
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
