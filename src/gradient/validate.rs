// SPDX-License-Identifier: MPL-2.0
//! What has to be looked at before the runtime sees a graph.
//!
//! Every node has the inputs and outputs that it needs: ONNX Runtime checks most of that itself, but not the parts of
//! operators that take any number of inputs or give any number of outputs; of `Sum(x, "")` or a Split with an output
//! less it follows a pointer to nothing. And nothing trains: a Dropout in training mode is folded away by the runtime in
//! some graphs all the same, and a BatchNormalization cannot be brought to a later opset.

use super::error::{Error, Refusal};
use super::{ops, walk};
use crate::onnx::{Array, GraphProto, ModelProto, NodeProto};

/// What is said of a Dropout that is not known to do nothing.
const DROPS: &str = "it is in training mode, where it drops at random; export the model for inference";

/// What is said of a BatchNormalization that takes the statistics of the picture.
const TRAINS: &str = "it is in training mode; export the model for inference";

/// Refuses every node that does not do, also in functions and in graphs inside nodes.
pub(super) fn validate(model: &ModelProto) -> Result<(), Error> {
    let mut refusals = Vec::new();
    let opset = model.opset().unwrap_or_default();
    if let Some(graph) = &model.graph {
        of_graph(graph, opset, &mut refusals);
    }
    for function in &model.functions {
        of_nodes(&function.node, opset, &|_| None, &mut refusals);
    }
    match refusals.is_empty() {
        true => Ok(()),
        false => Err(Error::Unsupported(refusals)),
    }
}

fn of_graph(graph: &GraphProto, opset: i64, refusals: &mut Vec<Refusal>) {
    let truth = |name: &str| {
        let stated = graph.initializer.iter().find(|t| t.name.as_deref() == Some(name));
        let made = || {
            let node = graph
                .node
                .iter()
                .find(|n| n.output(0) == Some(name) && n.op() == "Constant")?;
            node.attribute("value")?.t.as_ref()
        };
        let tensor = stated.or_else(made)?;
        Array::decode(tensor).ok()?.as_whole()?.first().map(|v| *v != 0)
    };
    of_nodes(&graph.node, opset, &truth, refusals);
}

/// `truth` tells a constant's first element.
fn of_nodes(
    nodes: &[NodeProto],
    opset: i64,
    truth: &dyn Fn(&str) -> Option<bool>,
    refusals: &mut Vec<Refusal>,
) {
    for node in nodes {
        let reason = match node.op() {
            _ if !node.is_standard() => None,
            "Dropout" if node.input(2).is_some_and(|mode| truth(mode) != Some(false)) => Some(DROPS),
            // Before opset 14 its other outputs alone say so.
            "BatchNormalization"
                if node.int("training_mode", 0) != 0
                    || (opset < 14 && node.output.iter().skip(1).any(|o| !o.is_empty())) =>
            {
                Some(TRAINS)
            }
            _ => None,
        };
        let checked = ops::arity(node).and_then(|()| reason.map_or(Ok(()), |reason| Err(reason.to_owned())));
        if let Err(reason) = checked {
            refusals.push(walk::refusal(node, reason));
        }
        for inner in node.attribute.iter().flat_map(|a| a.g.iter().chain(&a.graphs)) {
            of_graph(inner, opset, refusals);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::AttributeProto;
    use crate::onnx::proto::FunctionProto;

    fn refused(model: &ModelProto) -> Vec<String> {
        match validate(model) {
            Err(Error::Unsupported(all)) => all.into_iter().map(|r| r.node).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nodes_at_any_depth_are_looked_at() {
        let bad = |name: &str| NodeProto::new("Sum", name, &["x", ""], &["y"]);
        let mut choice = NodeProto::new("If", "choice", &["c"], &["z"]);
        choice.attribute.push(AttributeProto {
            name: Some("then_branch".into()),
            g: Some(GraphProto {
                node: vec![bad("inner")],
                ..Default::default()
            }),
            ..Default::default()
        });
        let model = ModelProto {
            graph: Some(GraphProto {
                node: vec![
                    NodeProto::new("Relu", "good", &["x"], &["r"]),
                    bad("outer"),
                    choice,
                ],
                ..Default::default()
            }),
            functions: vec![FunctionProto {
                node: vec![bad("of a function")],
                ..Default::default()
            }],
            ..Default::default()
        };
        assert_eq!(refused(&model), ["outer", "inner", "of a function"]);
    }
}
