// SPDX-License-Identifier: MPL-2.0
//! The reverse walk: from the logits' cotangent to the input's, one rule per active node.

use std::collections::{HashMap, HashSet};

use super::clean::Input;
use super::emit::{Emit, Value};
use super::error::Refusal;
use super::logits::Logits;
use super::ops::{self, Call, Stop};
use super::probe::Facts;
use super::{COTANGENT, Error, Profile};
use crate::onnx::{ModelProto, NodeProto, TensorProto};
use crate::runtime::Runtime;

/// The reverse half.
pub(super) struct Reverse {
    pub(super) nodes: Vec<NodeProto>,
    pub(super) initializers: Vec<TensorProto>,
    /// The cotangent of the input.
    pub(super) gradient: Value,
}

/// Walks the active nodes in reverse and writes the reverse half.
pub(super) fn walk(
    model: &ModelProto,
    facts: &Facts,
    runtime: &'static Runtime,
    input: &Input,
    logits: &Logits,
    profile: Profile,
) -> Result<Reverse, Error> {
    let nodes = model
        .graph
        .as_ref()
        .map(|g| g.node.as_slice())
        .unwrap_or_default();
    let opset = model
        .opset_import
        .iter()
        .find(|o| o.domain.as_deref().unwrap_or_default().is_empty());
    let opset = opset.and_then(|o| o.version).unwrap_or(0);
    let active = active(nodes, facts, &input.name, &logits.name);
    if !active.contains(&*logits.name) {
        let cut = cut(nodes, facts, &input.name).map(|r| r.to_string());
        return Err(Error::Independent {
            output: logits.name.clone(),
            cut,
        });
    }
    let mut emit = Emit::new(facts, profile, runtime, opset, nodes);
    let mut cotangents: HashMap<&str, Vec<Value>> = HashMap::new();
    cotangents.insert(&logits.name, vec![Value::new(COTANGENT, &logits.shape)]);
    let mut refusals = Vec::new();
    for node in nodes.iter().rev() {
        if !node.output.iter().any(|o| active.contains(&**o)) || !node.reads().any(|i| active.contains(i)) {
            continue;
        }
        let cts: Vec<Option<Value>> = node
            .output
            .iter()
            .map(|o| cotangents.remove(&**o).map(|all| total(&mut emit, all)))
            .collect();
        if cts.iter().all(Option::is_none) && refusals.is_empty() {
            continue;
        }
        match apply(node, cts, facts, &active, &mut emit) {
            Ok(contributions) => {
                for (index, ct) in contributions {
                    cotangents.entry(&node.input[index]).or_default().push(ct);
                }
            }
            Err(Stop::Refuse(reason)) => refusals.push(refusal(node, reason)),
            Err(Stop::Failed(error)) => return Err(error),
        }
    }
    if !refusals.is_empty() {
        return Err(Error::Unsupported(refusals));
    }
    let all = cotangents.remove(&*input.name).unwrap_or_default();
    if all.is_empty() {
        return Err(Error::Independent {
            output: logits.name.clone(),
            cut: None,
        });
    }
    let gradient = total(&mut emit, all);
    let gradient = emit.full(&gradient, &input.shape);
    let (nodes, initializers) = emit.finish();
    Ok(Reverse {
        nodes,
        initializers,
        gradient,
    })
}

fn refusal(node: &NodeProto, reason: String) -> Refusal {
    let operator = match node.domain.as_deref() {
        Some(domain) if !node.is_standard() => format!("{domain}.{}", node.op()),
        _ => node.op().to_owned(),
    };
    Refusal {
        node: node.label().into(),
        operator,
        reason,
    }
}

/// Applies the node's rule; after a refusal the walk goes on without cotangents, to find every other one.
fn apply(
    node: &NodeProto,
    cts: Vec<Option<Value>>,
    facts: &Facts,
    active: &HashSet<&str>,
    emit: &mut Emit<'_>,
) -> Result<Vec<(usize, Value)>, Stop> {
    let rule = ops::rule(node).map_err(Stop::Refuse)?;
    let value = |name: &String| facts.shape(name).map(|shape| Value::new(name, shape));
    let Some(ct) = cts.iter().flatten().next().cloned() else {
        return Ok(Vec::new());
    };
    let call = Call {
        node,
        ct,
        cts,
        inputs: node.input.iter().map(value).collect(),
        outputs: node.output.iter().map(value).collect(),
        active: node.input.iter().map(|i| active.contains(&**i)).collect(),
    };
    rule(emit, &call)
}

/// The sum, pairwise: Conv and Add fuse, a Sum of three does not.
fn total(emit: &mut Emit<'_>, all: Vec<Value>) -> Value {
    let mut all = all.into_iter();
    let Some(first) = all.next() else {
        unreachable!("cotangents are stored one at a time")
    };
    all.fold(first, |sum, next| emit.binary("Add", &sum, &next))
}

/// Tensors that depend on the input and that the logits depend on.
fn active<'a>(nodes: &'a [NodeProto], facts: &Facts, input: &'a str, logits: &'a str) -> HashSet<&'a str> {
    let mut from_input = HashSet::from([input]);
    for node in nodes {
        if node.reads().any(|i| from_input.contains(i)) && !ops::ends_gradient(node) {
            from_input.extend(
                node.output
                    .iter()
                    .filter(|o| facts.is_real(o))
                    .map(String::as_str),
            );
        }
    }
    let mut to_logits = HashSet::from([logits]);
    for node in nodes.iter().rev() {
        if node.output.iter().any(|o| to_logits.contains(&**o)) {
            to_logits.extend(node.reads());
        }
    }
    from_input.retain(|t| to_logits.contains(t));
    from_input
}

/// The first operator that takes a tensor that depends on the input and that no gradient passes.
fn cut(nodes: &[NodeProto], facts: &Facts, input: &str) -> Option<Refusal> {
    let mut reached: HashSet<&str> = HashSet::from([input]);
    for node in nodes {
        if node.reads().any(|i| reached.contains(i)) {
            if let Err(reason) = ops::rule(node) {
                return Some(refusal(node, reason));
            }
            reached.extend(
                node.output
                    .iter()
                    .filter(|o| facts.is_real(o))
                    .map(String::as_str),
            );
        }
    }
    None
}
