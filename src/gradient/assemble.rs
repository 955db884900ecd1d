// SPDX-License-Identifier: MPL-2.0
//! The two halves as one model.

use super::clean::Input;
use super::cost::Cost;
use super::differentiated::{COTANGENT, Differentiated, INPUT_GRADIENT};
use super::error::Error;
use super::facts::Facts;
use super::patterns::Rewritten;
use super::prune::prune;
use super::scores::Logits;
use super::walk::Reverse;
use crate::onnx::{ElementType, ModelProto, NodeProto, ValueInfoProto};

/// Joins the halves, the forward one in its rewritten form where it has one; names inputs and outputs, and drops what neither output needs.
pub(super) fn assemble(
    mut model: ModelProto,
    rewritten: Option<Rewritten>,
    opset: i64,
    facts: &Facts,
    input: Input,
    logits: Logits,
    reverse: Reverse,
) -> Result<Differentiated, Error> {
    let mut graph = model.graph.take().unwrap_or_default();
    let added = reverse
        .nodes
        .iter()
        .flat_map(|n| &n.output)
        .chain(reverse.initializers.iter().filter_map(|t| t.name.as_ref()));
    for name in added.map(String::as_str).chain([COTANGENT, INPUT_GRADIENT]) {
        if facts.shape(name).is_some() {
            return Err(Error::NameTaken(name.into()));
        }
    }
    let float = ElementType::Float.number();
    graph.input = vec![ValueInfoProto::tensor(
        &input.name,
        input.element.number(),
        &input.shape,
    )];
    graph.output = vec![ValueInfoProto::tensor(&logits.name, float, &logits.shape)];
    prune(&mut graph);
    let forward_nodes = graph.node.len();
    let mut forward = model.clone();
    forward.graph = Some(graph.clone());

    if let Some(rewritten) = rewritten {
        graph.node = rewritten.nodes;
        graph.initializer.extend(rewritten.constants);
    }
    graph.node.extend(reverse.nodes);
    let last = NodeProto::new(
        "Identity",
        INPUT_GRADIENT,
        &[&reverse.gradient.name],
        &[INPUT_GRADIENT],
    );
    graph.node.push(last);
    graph.initializer.extend(reverse.initializers);
    graph
        .input
        .push(ValueInfoProto::tensor(COTANGENT, float, &logits.shape));
    graph
        .output
        .push(ValueInfoProto::tensor(INPUT_GRADIENT, float, &input.shape));
    prune(&mut graph);
    let gradient_nodes = graph.node.len() - forward_nodes;
    model.graph = Some(graph);
    debug_assert!(model.opset_import.iter().any(|o| o.version == Some(opset)));
    Ok(Differentiated {
        model,
        forward,
        input: input.name,
        element: input.element,
        input_shape: input.shape,
        logits: logits.name,
        logits_shape: logits.shape,
        output: logits.output,
        activation: logits.activation,
        meaning: logits.meaning,
        forward_nodes,
        gradient_nodes,
        cost: Cost::default(),
    })
}
