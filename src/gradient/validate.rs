// SPDX-License-Identifier: MPL-2.0
//! What has to be looked at before the runtime sees a graph.
//!
//! Every node has the inputs and outputs that it needs: ONNX Runtime checks most of that itself, but not the parts of
//! operators that take any number of inputs or give any number of outputs; of `Sum(x, "")` or a Split with an output
//! less it follows a pointer to nothing. And nothing trains: a Dropout in training mode is folded away by the runtime in
//! some graphs all the same, and a BatchNormalization cannot be brought to a later opset.

use super::error::{Error, Refusal};
use super::ops;
use crate::onnx::{Array, GraphProto, ModelProto, NodeProto, TensorProto};

/// What is said of a Dropout that is not known to do nothing.
const DROPS: &str = "it is in training mode, where it drops at random; export the model for inference";

/// What is said of a BatchNormalization that takes the statistics of the picture.
const TRAINS: &str = "it is in training mode; export the model for inference";

/// Refuses every node that does not do, also in graphs inside nodes; functions have been written out.
pub(super) fn validate(model: &ModelProto) -> Result<(), Error> {
    let mut refusals = Vec::new();
    if let Some(graph) = &model.graph {
        look(graph, model.opset().unwrap_or_default(), &mut refusals);
    }
    match refusals.is_empty() {
        true => Ok(()),
        false => Err(Error::Unsupported(refusals)),
    }
}

fn look(graph: &GraphProto, opset: i64, refusals: &mut Vec<Refusal>) {
    let constant = |name: &str| {
        let stated = graph.initializer.iter().find(|t| t.name.as_deref() == Some(name));
        let made = || {
            let node = graph
                .node
                .iter()
                .find(|n| n.output(0) == Some(name) && n.op() == "Constant")?;
            node.attribute("value")?.t.as_ref()
        };
        stated.or_else(made)
    };
    for node in &graph.node {
        if let Err(reason) = ops::arity(node).and_then(|()| special(node, opset, &constant)) {
            refusals.push(Refusal::of(node, reason));
        }
        for inner in node.graphs() {
            look(inner, opset, refusals);
        }
    }
}

/// What single operators have to fulfil besides; `constant` finds a tensor that is one.
fn special<'a>(
    node: &NodeProto,
    opset: i64,
    constant: &dyn Fn(&str) -> Option<&'a TensorProto>,
) -> Result<(), String> {
    let is_false = |name: &str| {
        let mode = constant(name).and_then(|t| Array::decode(t).ok());
        mode.and_then(|m| m.as_whole()?.first().copied()) == Some(0)
    };
    match node.op() {
        _ if !node.is_standard() => ops::fused(node).unwrap_or(Ok(())),
        "Dropout" if node.input(2).is_some_and(|mode| !is_false(mode)) => Err(DROPS.into()),
        // Before opset 14 its other outputs alone say so.
        "BatchNormalization"
            if node.int("training_mode", 0) != 0
                || (opset < 14 && node.output.iter().skip(1).any(|o| !o.is_empty())) =>
        {
            Err(TRAINS.into())
        }
        "Einsum" => einsum(node, constant),
        _ => Ok(()),
    }
}

/// Whether each term of an Einsum has an operand, of as many axes as it has letters, as far as constants tell: ONNX
/// Runtime 1.21 crashes on some that have not.
fn einsum<'a>(node: &NodeProto, constant: &dyn Fn(&str) -> Option<&'a TensorProto>) -> Result<(), String> {
    let equation: String = node.string("equation", "").split_whitespace().collect();
    let left = equation.split("->").next().unwrap_or_default();
    let fits = |(term, name): (&str, &String)| {
        term.contains('.') || constant(name).is_none_or(|t| t.dims.len() == term.len())
    };
    if left.split(',').count() == node.input.len() && left.split(',').zip(&node.input).all(fits) {
        return Ok(());
    }
    Err(format!(
        "its equation \"{equation}\" does not fit its operands; export the model again"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::AttributeProto;

    fn refused(model: &ModelProto) -> Vec<String> {
        match validate(model) {
            Ok(()) => Vec::new(),
            Err(Error::Unsupported(all)) => all.into_iter().map(|r| r.node).collect(),
            Err(other) => panic!("{other:?}"),
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
            ..Default::default()
        };
        assert_eq!(refused(&model), ["outer", "inner"]);
    }

    #[test]
    fn an_einsum_has_an_operand_for_each_term() {
        let of = |equation: &str| {
            let node = NodeProto::new("Einsum", "product", &["x", "w"], &["y"]).with("equation", equation);
            let graph = GraphProto {
                node: vec![node],
                initializer: vec![Array::real([2, 3], vec![0.0; 6]).encode("w")],
                ..Default::default()
            };
            let graph = Some(graph);
            refused(&ModelProto {
                graph,
                ..Default::default()
            })
        };
        for good in ["ab,bc->ac", "ab, bc", "ab,...->ab"] {
            assert_eq!(of(good), Vec::<String>::new(), "{good}");
        }
        for bad in ["a,b->ab", "ab->ab", "ab,bc,cd->ad", ""] {
            assert_eq!(of(bad), ["product"], "{bad}");
        }
    }
}
