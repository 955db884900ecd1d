// SPDX-License-Identifier: MPL-2.0
//! What a file keeps clear of, because a runtime other than ONNX Runtime reads it otherwise.
//!
//! Three things are standard ONNX and yet come out wrong elsewhere, without a word; all were seen with OpenVINO
//! 2025.4 and 2026.4:
//! - one square weight that a node reads by rows and another by columns (a Conv and the ConvTranspose that turns it
//!   round, `A W` and `A W^T`): the copy that was packed for the first is taken for the second. Each way to read it gets a
//!   constant of its own; sessions do without, for the memory's sake;
//! - a HardSigmoid with `beta = 0`, which is read as the default, 0.5;
//! - the optional outputs of LayerNormalization, which that runtime does not have (see
//!   [`Options::portable`](super::Options::portable)).

use std::collections::{HashMap, HashSet};

use crate::onnx::{GraphProto, NodeProto, TensorProto};

/// In place of a `beta` of 0, exact to the bit: `alpha x + beta` is below 0 for x = 0, and this is far below the
/// last digit of every other one.
const NEARLY_ZERO: f32 = -f32::from_bits((127 - 100) << 23);

/// Rewrites a finished graph, with the same results.
pub(super) fn rewrite(graph: &mut GraphProto) {
    for node in graph.node.iter_mut().filter(|n| n.is_standard()) {
        if node.op() == "HardSigmoid" && node.float("beta", 0.5) == 0.0 {
            node.set("beta", NEARLY_ZERO);
        }
    }
    let copies = own_weights(graph);
    graph.initializer.extend(copies);
}

/// Leaves out optional outputs of LayerNormalization that nothing reads, before the reverse half makes use of them.
pub(super) fn without_unread_outputs(graph: &mut GraphProto) {
    let mut read: HashSet<String> = graph.output.iter().filter_map(|o| o.name.clone()).collect();
    read.extend(graph.node.iter().flat_map(NodeProto::reads).map(str::to_owned));
    for node in graph.node.iter_mut().filter(|n| n.op() == "LayerNormalization") {
        while node.output.len() > 1 && node.output.last().is_some_and(|o| !read.contains(o)) {
            node.output.pop();
        }
    }
}

/// How a node reads a weight: the operator, and whether it turns the weight round.
type Way = (&'static str, bool);

/// The way in which the node reads its second input, if that is one of several.
fn way(node: &NodeProto) -> Option<Way> {
    match node.op() {
        "Conv" => Some(("picture", false)),
        "ConvTranspose" => Some(("picture", true)),
        "MatMul" => Some(("matrix", false)),
        "Gemm" => Some(("matrix", node.int("transB", 0) != 0)),
        _ => None,
    }
}

/// Gives each way to read a square weight a constant of its own, and returns the new ones.
fn own_weights(graph: &mut GraphProto) -> Vec<TensorProto> {
    let weights: HashMap<&str, &TensorProto> = graph
        .initializer
        .iter()
        .filter_map(|t| Some((t.name.as_deref()?, t)))
        .collect();
    let mut taken: HashSet<String> = weights.keys().map(|name| (*name).to_owned()).collect();
    taken.extend(graph.node.iter().flat_map(|n| &n.output).cloned());
    let mut first: HashMap<String, Way> = HashMap::new();
    let mut others: HashMap<(String, Way), String> = HashMap::new();
    let mut copies = Vec::new();
    for node in graph.node.iter_mut().filter(|n| n.is_standard()) {
        let (Some(way), Some(name)) = (way(node), node.input(1)) else {
            continue;
        };
        let Some(weight) = weights.get(name).filter(|w| is_square(w, node.int("group", 1))) else {
            continue;
        };
        let name = name.to_owned();
        if *first.entry(name.clone()).or_insert(way) == way {
            continue;
        }
        let own = others.entry((name.clone(), way)).or_insert_with(|| {
            let mut own = format!("{name}__turned");
            while !taken.insert(own.clone()) {
                own.push('_');
            }
            let mut copy = (*weight).clone();
            copy.name = Some(own.clone());
            copies.push(copy);
            own
        });
        node.input[1].clone_from(own);
    }
    copies
}

/// Whether the weight, or each group of it, has as many outputs as inputs: whether its shape does not tell which
/// way it is read.
fn is_square(weight: &TensorProto, group: i64) -> bool {
    matches!(weight.dims[..], [a, b, ..] if a == b * group.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::{Array, AttributeValue};

    fn graph(weight: &[usize], readers: &[(&str, AttributeValue)]) -> GraphProto {
        let count = weight.iter().product::<usize>();
        let node = |(k, (operator, turned)): (usize, &(&str, AttributeValue))| {
            let name = format!("y{k}");
            let node = NodeProto::new(operator, &name, &["x", "w"], &[&name]);
            if *operator == "Gemm" {
                node.with("transB", turned.clone())
            } else {
                node
            }
        };
        GraphProto {
            node: readers.iter().enumerate().map(node).collect(),
            initializer: vec![Array::real(weight, vec![1.0; count]).encode("w")],
            ..Default::default()
        }
    }

    fn read_by(graph: &GraphProto) -> Vec<&str> {
        graph.node.iter().map(|n| n.input[1].as_str()).collect()
    }

    #[test]
    fn a_square_weight_that_is_read_both_ways_is_copied() {
        let zero = || AttributeValue::from(0);
        for (weight, readers, expected) in [
            (
                vec![4, 4, 3, 3],
                [("Conv", zero()), ("ConvTranspose", zero())],
                ["w", "w__turned"],
            ),
            (
                vec![4, 4],
                [("Gemm", zero()), ("Gemm", 1.into())],
                ["w", "w__turned"],
            ),
            (
                vec![4, 4],
                [("Gemm", 1.into()), ("MatMul", zero())],
                ["w", "w__turned"],
            ),
            // Read the same way, or of a shape that tells.
            (vec![4, 4], [("Gemm", zero()), ("MatMul", zero())], ["w", "w"]),
            (
                vec![4, 3, 3, 3],
                [("Conv", zero()), ("ConvTranspose", zero())],
                ["w", "w"],
            ),
        ] {
            let mut graph = graph(&weight, &readers);
            rewrite(&mut graph);
            assert_eq!(read_by(&graph), expected, "{weight:?}");
            for name in expected {
                assert!(graph.initializer.iter().any(|t| t.name.as_deref() == Some(name)));
            }
        }
    }

    #[test]
    fn a_third_reader_takes_the_copy_too() {
        let mut graph = graph(
            &[2, 2],
            &[("Gemm", 0.into()), ("Gemm", 1.into()), ("Gemm", 1.into())],
        );
        rewrite(&mut graph);
        assert_eq!(read_by(&graph), ["w", "w__turned", "w__turned"]);
        assert_eq!(graph.initializer.len(), 2);
    }

    #[test]
    fn no_hard_sigmoid_keeps_a_beta_of_zero() {
        let node = |beta: f32| NodeProto::new("HardSigmoid", "h", &["x"], &["y"]).with("beta", beta);
        let absent = NodeProto::new("HardSigmoid", "h", &["x"], &["y"]);
        let mut graph = GraphProto {
            node: vec![node(0.0), node(-0.0), node(0.25), absent],
            ..Default::default()
        };
        rewrite(&mut graph);
        let betas: Vec<f32> = graph.node.iter().map(|n| n.float("beta", 0.5)).collect();
        assert_eq!(betas, [NEARLY_ZERO, NEARLY_ZERO, 0.25, 0.5]);
    }
}
