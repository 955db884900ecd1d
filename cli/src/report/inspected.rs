// SPDX-License-Identifier: MPL-2.0
//! The report of `steerlens inspect`.

use std::fmt;
use std::path::PathBuf;

use serde_json::{Value, json};
use steerlens::{Inspection, OperatorCount, Refusal, TensorInfo, gradient};

use super::{Answer, SCHEMA, facts, lossy, price};

/// Labels that the text shows; JSON has them all.
const LABELS: usize = 8;
/// The fact that is told with the labels themselves.
const LABELS_FACT: &str = "labels";
/// Where the text's second column begins, and where it ends, terminal or not.
const INDENT: usize = 11;
const COLUMNS: usize = 78;

/// What a model is, and whether its gradient can be taken. In JSON, what is not known is null or empty.
#[derive(Debug)]
pub(crate) struct Inspected {
    pub(crate) found: Inspection,
    /// Why the gradient cannot be taken, in short.
    pub(crate) refusal: Option<String>,
}

impl From<Inspection> for Inspected {
    fn from(found: Inspection) -> Self {
        let refused = !found.unsupported.is_empty();
        let refusal = refused.then(|| gradient::Error::Unsupported(found.unsupported.clone()).to_string());
        Self { found, refusal }
    }
}

impl Answer for Inspected {
    fn json(&self) -> Value {
        let Self { found, refusal } = self;
        // The axes of a shape are numbers, symbols, or "?".
        let tensor = |t: &TensorInfo| json!({"name": t.name, "element": t.element, "shape": t.shape});
        let tensors = |tensors: &[TensorInfo]| tensors.iter().map(tensor).collect::<Value>();
        let operator =
            |o: &OperatorCount| json!({"operator": o.operator, "count": o.count, "supported": o.supported});
        let node = |r: &Refusal| json!({"node": r.node, "operator": r.operator, "reason": r.reason});
        json!({
            "schema": SCHEMA,
            "supported": self.is_supported(),
            "refusal": refusal,
            "file": lossy(&found.file),
            "ir-version": found.ir_version,
            "opset": found.opset,
            "producer": found.producer,
            "inputs": tensors(&found.inputs),
            "outputs": tensors(&found.outputs),
            "logits": found.logits,
            "classes": found.classes,
            "labels": found.labels,
            "layout": found.layout,
            "format": found.format,
            "normalization": found.normalization,
            "operators": found.operators.iter().map(operator).collect::<Value>(),
            "unsupported": found.unsupported.iter().map(node).collect::<Value>(),
            "nodes": found.nodes,
            "gradient-nodes": found.gradient_nodes,
            "cost": found.cost.as_ref().map(price::run),
            "memory": found.cost.as_ref().map(price::memory),
            "facts": facts(&found.facts),
            "warnings": found.warnings,
        })
    }
}

impl Inspected {
    /// A model of which no more is told than why it is refused.
    pub(crate) fn refused(file: PathBuf, reason: String) -> Self {
        let mut found = Inspection::default();
        found.file = file;
        Self {
            found,
            refusal: Some(reason),
        }
    }

    pub(crate) fn is_supported(&self) -> bool {
        self.found.gradient_nodes.is_some()
    }

    /// Every class on a line of its own: its number, a tab, its label.
    pub(crate) fn classes(&self) -> String {
        let Inspection { classes, labels, .. } = &self.found;
        let named = |class: usize| labels.get(class).filter(|label| !label.is_empty());
        (0..classes.unwrap_or(0).max(labels.len()))
            .map(|class| match named(class) {
                Some(label) => format!("{class}\t{label}\n"),
                None => format!("{class}\tclass {class}\n"),
            })
            .collect()
    }

    /// The first few labels, as words.
    fn some_labels(&self) -> Vec<String> {
        let labels = &self.found.labels;
        let rest = labels.len().saturating_sub(LABELS);
        let more = (rest > 0).then(|| format!("and {rest} more (--labels prints all)"));
        commas(labels.iter().take(LABELS).cloned().chain(more))
    }

    /// What had to be known of the model: its scores, its labels, and what else.
    fn write_facts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = &self.found;
        if let (Some(logits), Some(classes)) = (&found.logits, found.classes) {
            row(f, "logits", [format!("{logits}, {classes} classes")])?;
        }
        if !found.facts.iter().any(|fact| fact.name == LABELS_FACT) && !found.labels.is_empty() {
            row(f, LABELS_FACT, self.some_labels())?;
        }
        for fact in &found.facts {
            let source = format!("[{}]", fact.source);
            let words = match fact.name {
                LABELS_FACT => self.some_labels(),
                _ => words(&fact.value),
            };
            row(f, fact.name, words.into_iter().chain([source]))?;
        }
        Ok(())
    }

    /// Why the gradient cannot be taken: nodes of one operator and reason are told once.
    fn write_refusal(&self, f: &mut fmt::Formatter<'_>, reason: &str) -> fmt::Result {
        let refused = &self.found.unsupported;
        if refused.is_empty() {
            return row(f, "", words(reason));
        }
        let kind = |refusal: &Refusal| (refusal.operator.clone(), refusal.reason.clone());
        for (i, refusal) in refused.iter().enumerate() {
            let same = |other: &&Refusal| kind(other) == kind(refusal);
            if refused[..i].iter().any(|earlier| same(&earlier)) {
                continue;
            }
            let more = match refused[i + 1..].iter().filter(same).count() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let Refusal {
                node,
                operator,
                reason,
                ..
            } = refusal;
            let sentence = format!("unsupported operator {operator} (node \"{node}\"{more}): {reason}");
            row(f, "", words(&sentence))?;
        }
        Ok(())
    }
}

impl fmt::Display for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = &self.found;
        row(f, "model", [found.file.display()])?;
        if found.opset > 0 {
            let producer = match &*found.producer {
                "" => "unknown",
                producer => producer,
            };
            row(
                f,
                "producer",
                [format!(
                    "{producer}, opset {}, IR {}",
                    found.opset, found.ir_version
                )],
            )?;
        }
        for (side, tensors) in [("input", &found.inputs), ("output", &found.outputs)] {
            for TensorInfo {
                name, element, shape, ..
            } in tensors
            {
                row(f, side, [format!("{name}  {element} [{}]", shape.join(", "))])?;
            }
        }
        self.write_facts(f)?;
        if !found.operators.is_empty() {
            let told = |o: &OperatorCount| {
                let mark = if o.supported { "" } else { " (unsupported)" };
                format!("{} \u{d7}{}{mark}", o.operator, o.count)
            };
            row(f, "operators", commas(found.operators.iter().map(told)))?;
            let reverse = found
                .gradient_nodes
                .map(|nodes| format!(", and {nodes} of the reverse half"));
            row(
                f,
                "nodes",
                [format!("{}{}", found.nodes, reverse.unwrap_or_default())],
            )?;
        }
        if let Some(cost) = &found.cost {
            row(f, "cost", words(&price::run_in_words(cost)))?;
            row(f, "memory", words(&price::memory_in_words(cost)))?;
        }
        for warning in &found.warnings {
            row(f, "warning", words(warning))?;
        }
        writeln!(f)?;
        match &self.refusal {
            None => writeln!(f, "Supported: the gradient can be taken."),
            Some(reason) => {
                writeln!(f, "Refused: the gradient cannot be taken.")?;
                self.write_refusal(f, reason)
            }
        }
    }
}

/// The words of a text.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
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
