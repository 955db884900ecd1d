// SPDX-License-Identifier: MPL-2.0
//! Which tensor holds the class scores, before any Softmax or Sigmoid.

use super::probe::Facts;
use super::{Error, Options};
use crate::onnx::{GraphProto, ModelProto, NodeProto};

/// The tensor that the cotangent is fed to.
#[derive(Debug, Clone)]
pub(super) struct Logits {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    /// What was stepped over.
    pub(super) activation: Option<String>,
}

/// Finds the scores, and steps over what squashes them unless the caller has named the tensor.
pub(super) fn find(model: &ModelProto, facts: &Facts, options: &Options) -> Result<Logits, Error> {
    let empty = GraphProto::default();
    let graph = model.graph.as_ref().unwrap_or(&empty);
    let shape = |name: &str| facts.shape(name).unwrap_or_default().to_vec();
    if let Some(name) = &options.output {
        let outputs = || {
            graph
                .output
                .iter()
                .filter_map(|o| o.name.as_deref())
                .map(|o| described(o, facts))
                .collect()
        };
        if facts.shape(name).is_none() || facts.is_constant(name) {
            return Err(Error::NoSuchOutput {
                name: name.clone(),
                outputs: outputs(),
            });
        }
        return Ok(Logits {
            name: name.clone(),
            shape: shape(name),
            activation: None,
        });
    }
    let output = scores(graph, facts, options.labels)?;
    let producer = |name: &str| graph.node.iter().find(|n| n.output.iter().any(|o| o == name));
    let classes = shape(&output).iter().skip(1).product::<usize>();
    let mut name = output.clone();
    let mut activation: Option<String> = None;
    // Up from the output; where nothing squashes the scores on the way, they are the output itself.
    while let Some(node) = producer(&name) {
        let Some(x) = node.input(0) else { break };
        if shape(x).iter().product::<usize>() != classes {
            break;
        }
        match node.op() {
            "Identity" | "Cast" | "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" if activation.is_none() => {
                name = x.into();
            }
            "Softmax" | "LogSoftmax" if activation.is_none() && over_classes(node, &shape(x), classes) => {
                activation = Some(node.op().into());
                name = x.into();
            }
            "Sigmoid" if activation.is_none() => {
                activation = Some(node.op().into());
                name = x.into();
            }
            // Only the reshape that an upgraded Softmax put before itself.
            "Reshape" if name.ends_with("__flat") => name = x.into(),
            _ => break,
        }
    }
    if activation.is_none() {
        name = output;
    }
    Ok(Logits {
        shape: shape(&name),
        name,
        activation,
    })
}

fn over_classes(node: &NodeProto, shape: &[usize], classes: usize) -> bool {
    let axis = node.int("axis", -1);
    let axis =
        usize::try_from(axis).unwrap_or_else(|_| shape.len().saturating_sub(axis.unsigned_abs() as usize));
    shape.get(axis) == Some(&classes)
}

/// The only real output that looks like one row of scores, else the one called logits, else the one as long as
/// the labels.
fn scores(graph: &GraphProto, facts: &Facts, labels: Option<usize>) -> Result<String, Error> {
    let names: Vec<&str> = graph.output.iter().filter_map(|o| o.name.as_deref()).collect();
    let row = |name: &&&str| {
        let shape = facts.shape(name).unwrap_or_default();
        facts.is_real(name) && shape.len() >= 2 && shape.iter().filter(|d| **d != 1).count() <= 1
    };
    let rows: Vec<&&str> = names.iter().filter(row).collect();
    let classes = |name: &str| facts.shape(name).unwrap_or_default().iter().product::<usize>();
    let only = |found: Vec<&&str>| match found.as_slice() {
        [one] => Some((**one).to_owned()),
        _ => None,
    };
    only(rows.clone())
        .or_else(|| rows.iter().find(|n| ***n == "logits").map(|n| (**n).to_owned()))
        .or_else(|| {
            only(
                rows.iter()
                    .copied()
                    .filter(|n| Some(classes(n)) == labels)
                    .collect(),
            )
        })
        .ok_or_else(|| Error::AmbiguousOutput(names.iter().map(|n| described(n, facts)).collect()))
}

fn described(name: &str, facts: &Facts) -> String {
    let shape: Vec<String> = facts
        .shape(name)
        .unwrap_or_default()
        .iter()
        .map(ToString::to_string)
        .collect();
    format!("\"{name}\" [{}]", shape.join(","))
}
