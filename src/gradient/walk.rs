// SPDX-License-Identifier: MPL-2.0
//! The reverse walk: from the logits' cotangent to the input's, one rule per active node.

use std::collections::{HashMap, HashSet};

use super::clean::Input;
use super::differentiated::COTANGENT;
use super::emit::{Emit, Shapes, Value};
use super::error::{Error, Refusal};
use super::facts::Facts;
use super::ops;
use super::patterns::Patterns;
use super::rule::{Call, Forward, Stop};
use super::scores::Logits;
use crate::onnx::{NodeProto, TensorProto};

/// What is said of a node in the middle of which float64 begins or ends.
const DOUBLE: &str =
    "it computes in float64, of which no gradient is taken here; export the model in float32";

/// What is said of a node whose input or output has no elements.
const EMPTY: &str = "one of its tensors has no elements, so that nothing passes; export the model without the part that is empty";

/// What is said of a node that makes something else than real numbers of real ones.
const NO_NUMBERS: &str = "what it gives is whole numbers or truth values, which have no gradient; cut the model before it with \
     output-name, or export it without this operator";

/// What is said of a node whose output has another shape for another picture.
const OPEN_SHAPE: &str = "its output's shape depends on the picture; cut the model before it with output-name, or export it with \
     fixed shapes";

/// The reverse half.
pub(super) struct Reverse {
    pub(super) nodes: Vec<NodeProto>,
    pub(super) initializers: Vec<TensorProto>,
    /// Shapes of all that it makes.
    pub(super) shapes: Shapes,
    /// The cotangent of the input.
    pub(super) gradient: Value,
}

/// Walks the active nodes in reverse and writes the reverse half.
pub(super) fn walk<'a>(
    nodes: &'a [NodeProto],
    forward: &Forward<'_>,
    patterns: &Patterns<'a>,
    mut emit: Emit<'_>,
    input: &Input,
    logits: &Logits,
) -> Result<Reverse, Error> {
    let facts = forward.facts;
    let active = active(nodes, facts, &input.name, &logits.name);
    if !active.contains(&*logits.name) {
        let cut = cut(nodes, facts, &input.name).map(|r| r.to_string());
        return Err(Error::Independent {
            output: logits.name.clone(),
            cut,
        });
    }
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
            .map(|o| cotangents.remove(&**o).and_then(|all| emit.sum_of(o, all)))
            .collect();
        let Some(ct) = cts.iter().flatten().next().cloned() else {
            continue;
        };
        match apply(node, (ct, cts), &active, (forward, patterns), &mut emit) {
            Ok(contributions) => {
                for (name, ct) in contributions {
                    cotangents.entry(name).or_default().push(ct);
                }
            }
            Err(Stop::Refuse(reason)) => {
                refusals.push(Refusal::of(node, reason));
                // As if it had a gradient: every other node that has none is to be found too.
                for name in node.reads().filter(|i| active.contains(i)) {
                    let any = emit.forward(name);
                    cotangents.entry(name).or_default().extend(any);
                }
            }
            Err(Stop::Failed(_)) if !refusals.is_empty() => {}
            Err(Stop::Failed(error)) => return Err(error),
        }
    }
    if !refusals.is_empty() {
        return Err(Error::Unsupported(refusals));
    }
    let all = cotangents.remove(&*input.name).unwrap_or_default();
    let gradient = emit.sum_of(&input.name, all).ok_or_else(|| Error::Independent {
        output: logits.name.clone(),
        cut: None,
    })?;
    let gradient = emit.full(&gradient, &input.shape);
    let (nodes, initializers, shapes) = emit.finish();
    Ok(Reverse {
        nodes,
        initializers,
        shapes,
        gradient,
    })
}

/// Applies the rule of the chain that the node ends, or else the node's own; cotangents come back by tensor.
fn apply<'a>(
    node: &'a NodeProto,
    (ct, cts): (Value, Vec<Option<Value>>),
    active: &HashSet<&str>,
    (forward, patterns): (&Forward<'_>, &Patterns<'a>),
    emit: &mut Emit<'_>,
) -> Result<Vec<(&'a str, Value)>, Stop> {
    let chain = patterns.chain(node);
    let rule = match chain {
        Some(_) => None,
        None => Some(ops::rule(node).map_err(Stop::Refuse)?),
    };
    // The last node of a chain too: what the chain is one function of stands before it.
    ops::known(node, forward.opset).map_err(Stop::Refuse)?;
    let facts = forward.facts;
    let touched = || {
        node.output
            .iter()
            .map(String::as_str)
            .chain(node.reads())
            .filter(|t| active.contains(t))
    };
    if touched().any(|t| facts.is_double(t)) {
        return Err(Stop::refuse(DOUBLE));
    }
    if touched().any(|t| facts.shape(t).is_some_and(|s| s.contains(&0))) {
        return Err(Stop::refuse(EMPTY));
    }
    let open = |t: &str| facts.has_open_shape(t);
    if node.output.iter().any(|o| open(o)) && !node.reads().any(|i| active.contains(i) && open(i)) {
        return Err(Stop::refuse(OPEN_SHAPE));
    }
    let call = Call {
        node,
        ct,
        cts,
        inputs: node.input.iter().map(|name| emit.forward(name)).collect(),
        outputs: node.output.iter().map(|name| emit.forward(name)).collect(),
        active: node.input.iter().map(|i| active.contains(&**i)).collect(),
        hints: patterns.hints(node),
        forward,
    };
    let mut contributions = Vec::new();
    if let Some(chain) = chain {
        contributions.extend(chain.xs.iter().copied().zip(chain.apply(emit, &call)?));
    }
    if let Some(rule) = rule {
        let by_index = rule(emit, &call)?;
        // No way is left out in silence: an input that depends on the picture has a cotangent, or the node is refused.
        let given = |k: usize| by_index.iter().any(|(index, _)| *index == k);
        if let Some(k) = (0..node.input.len()).find(|k| call.wants(*k) && !given(*k)) {
            return Err(Stop::refuse(format!(
                "its input {k} depends on the picture, and the rule has no gradient for that; export the model with a \
                 constant one"
            )));
        }
        contributions.extend(by_index.into_iter().map(|(k, ct)| (node.input[k].as_str(), ct)));
    }
    Ok(contributions)
}

/// Tensors that depend on the input and that the logits depend on.
fn active<'a>(nodes: &'a [NodeProto], facts: &Facts, input: &'a str, logits: &'a str) -> HashSet<&'a str> {
    let mut from_input = HashSet::from([input]);
    for node in nodes {
        if node.reads().any(|i| from_input.contains(i)) && !ops::ends_gradient(node) {
            from_input.extend(
                node.output
                    .iter()
                    .filter(|o| facts.carries(o))
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
                return Some(Refusal::of(node, reason));
            }
            let carried = node.output.iter().filter(|o| facts.carries(o));
            let before = reached.len();
            reached.extend(carried.map(String::as_str));
            if reached.len() == before {
                return Some(Refusal::of(node, NO_NUMBERS));
            }
        }
    }
    None
}
