// SPDX-License-Identifier: MPL-2.0
//! What the gradient will cost, estimated from shapes alone.
//!
//! Three things are counted: multiply-adds of products, elements that are read or written, and elements of the forward
//! half that have left the caches when the reverse half reads them. It is known what ONNX Runtime fuses (an activation
//! and a sum into the Conv before them, a bias into a matrix product) and that views cost nothing; nothing is known of
//! kernels. `cargo bench --bench gradient` prints the estimate beside what it measures.

use std::collections::{HashMap, HashSet};

use crate::onnx::{ElementType, ModelProto, NodeProto, TensorProto};

/// Multiply-adds in whose time one element is read or written, and one comes from memory. Fitted to the nine networks
/// of the bench, on a processor with AVX-512, where the worst is then 9 % off.
const MOVED: f64 = 9.0;
const COLD: f64 = 45.0;

/// Bytes of a float32.
const FLOAT: u64 = 4;

/// Operators that give the same elements another shape.
const VIEWS: &[&str] = &[
    "Flatten",
    "Identity",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Constant",
];

/// Operators that a Conv takes in.
const ACTIVATIONS: &[&str] = &["Clip", "HardSigmoid", "LeakyRelu", "Relu", "Sigmoid", "Tanh"];

/// What one half takes per run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Work {
    /// Multiply-adds of convolutions and matrix products.
    pub multiply_adds: u64,
    /// Elements that are read or written, those of weights included.
    pub elements: u64,
}

/// What a model with its reverse half takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cost {
    /// The forward half.
    pub forward: Work,
    /// The reverse half.
    pub backward: Work,
    /// Bytes of the model's own weights.
    pub weights: u64,
    /// Bytes of the constants that the reverse half adds, transformed copies of weights nearly all.
    pub copies: u64,
    /// Bytes of forward tensors that stay alive until the reverse half has read them.
    pub kept: u64,
}

impl Cost {
    /// Estimated time of both halves over that of the forward half, on one thread of a processor with AVX-512.
    pub fn ratio(&self) -> f64 {
        let cold = COLD * (self.kept / FLOAT) as f64;
        1.0 + (self.backward.price() + cold) / self.forward.price().max(1.0)
    }

    /// Of the forward half alone and the model with both, given the shape of every tensor but the reverse half's own
    /// input and output.
    pub(super) fn of<'a>(
        forward: &ModelProto,
        both: &ModelProto,
        shape: impl Fn(&str) -> Option<&'a [usize]>,
    ) -> Self {
        let kept = kept(forward, both, &shape);
        let (weights, constants) = (bytes(forward), bytes(both));
        let (forward, both) = (Work::of(nodes(forward), &shape), Work::of(nodes(both), &shape));
        Self {
            forward,
            backward: Work {
                multiply_adds: both.multiply_adds.saturating_sub(forward.multiply_adds),
                elements: both.elements.saturating_sub(forward.elements),
            },
            weights,
            copies: constants.saturating_sub(weights),
            kept,
        }
    }
}

impl Work {
    /// In multiply-adds.
    fn price(self) -> f64 {
        self.multiply_adds as f64 + MOVED * self.elements as f64
    }

    fn of<'a>(nodes: &[NodeProto], shape: impl Fn(&str) -> Option<&'a [usize]>) -> Self {
        let mut reads: HashMap<&str, usize> = HashMap::new();
        let mut made_by: HashMap<&str, &str> = HashMap::new();
        for node in nodes {
            node.reads().for_each(|i| *reads.entry(i).or_default() += 1);
            made_by.extend(node.output.iter().map(|o| (o.as_str(), node.op())));
        }
        // Made by one of these, and read by nothing else: it never gets to memory.
        let passed = |name: &str, by: &[&str]| {
            reads.get(name) == Some(&1) && made_by.get(name).is_some_and(|op| by.contains(op))
        };
        let count = |name: &str| shape(name).map_or(0, elements);
        let mut work = Self::default();
        for node in nodes {
            work.multiply_adds += multiply_adds(node, &shape);
            let first = node.input(0).unwrap_or_default();
            let moved: u64 = match node.op() {
                op if VIEWS.contains(&op) => 0,
                op if ACTIVATIONS.contains(&op) && passed(first, &["Conv", "Add"]) => 0,
                "Add" => {
                    let taken = node.reads().position(|i| passed(i, &["Conv", "MatMul", "Gemm"]));
                    let others = node.reads().enumerate().filter(|(k, _)| Some(*k) != taken);
                    let read: u64 = others.map(|(_, i)| count(i)).sum();
                    let written = node.output(0).map_or(0, count);
                    read + if taken.is_none() { written } else { 0 }
                }
                _ => node
                    .reads()
                    .chain(node.output.iter().map(String::as_str))
                    .map(count)
                    .sum(),
            };
            work.elements += moved;
        }
        work
    }
}

/// Multiply-adds of a node; those of elementwise operators are not counted.
fn multiply_adds<'a>(node: &NodeProto, shape: impl Fn(&str) -> Option<&'a [usize]>) -> u64 {
    let input = |k: usize| node.input(k).and_then(&shape);
    let output = node.output(0).and_then(&shape);
    let (Some(x), Some(w), Some(y)) = (input(0), input(1), output) else {
        return 0;
    };
    let inner = |from: usize| w.get(from..).map_or(0, elements);
    match node.op() {
        // [M, C/group, k..] once for each output element of its channel.
        "Conv" => elements(y) * inner(1),
        "ConvTranspose" => elements(x) * inner(1),
        "MatMul" => elements(y) * x.last().map_or(0, |k| *k as u64),
        "Gemm" => {
            let along = if node.int("transA", 0) == 0 {
                x.last()
            } else {
                x.first()
            };
            elements(y) * along.map_or(0, |k| *k as u64)
        }
        // Scores and their product with the values, each as long as the keys.
        "Attention" => (elements(x) + elements(y)) * w.iter().rev().nth(1).map_or(0, |k| *k as u64),
        "Einsum" => contraction(node.string("equation", ""), x, w),
        _ => 0,
    }
}

/// The product of all extents that an equation of two operands names.
fn contraction(equation: &str, a: &[usize], b: &[usize]) -> u64 {
    let operands = equation.split("->").next().unwrap_or_default();
    let mut extents: HashMap<char, u64> = HashMap::new();
    for (letters, shape) in operands.split(',').zip([a, b]) {
        let letters = letters.chars().filter(|c| c.is_alphabetic());
        extents.extend(letters.zip(shape.iter().map(|d| *d as u64)));
    }
    extents.values().product()
}

/// Bytes of forward tensors that the reverse half reads.
fn kept<'a>(forward: &ModelProto, both: &ModelProto, shape: impl Fn(&str) -> Option<&'a [usize]>) -> u64 {
    let forward: Vec<&str> = nodes(forward).iter().filter_map(|n| n.name.as_deref()).collect();
    let forward: HashSet<&str> = forward.into_iter().collect();
    let own = |n: &&NodeProto| n.name.as_deref().is_some_and(|name| forward.contains(name));
    let made: HashSet<&str> = nodes(both)
        .iter()
        .filter(own)
        .flat_map(|n| n.output.iter().map(String::as_str))
        .collect();
    let read: HashSet<&str> = nodes(both)
        .iter()
        .filter(|n| !own(n))
        .flat_map(NodeProto::reads)
        .filter(|i| made.contains(i))
        .collect();
    read.iter()
        .filter_map(|name| shape(name))
        .map(|s| elements(s) * FLOAT)
        .sum()
}

fn nodes(model: &ModelProto) -> &[NodeProto] {
    model
        .graph
        .as_ref()
        .map(|g| g.node.as_slice())
        .unwrap_or_default()
}

/// Bytes of a model's constants.
fn bytes(model: &ModelProto) -> u64 {
    let size = |t: &TensorProto| {
        let width = match ElementType::from_number(t.data_type.unwrap_or(0)) {
            ElementType::Int64 | ElementType::Uint64 | ElementType::Double => 8,
            ElementType::Uint8 | ElementType::Int8 | ElementType::Bool => 1,
            _ => 4,
        };
        width
            * t.dims
                .iter()
                .map(|d| u64::try_from(*d).unwrap_or(0))
                .product::<u64>()
    };
    let constants = model.graph.iter().flat_map(|g| &g.initializer);
    constants.map(size).sum()
}

fn elements(shape: &[usize]) -> u64 {
    shape.iter().map(|d| *d as u64).product()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::{Array, GraphProto};

    /// `Conv, Relu, Add, MatMul` and a reverse half that reads the Relu's output.
    #[test]
    fn products_streams_and_what_is_kept() {
        let shapes = HashMap::from([
            ("x", vec![1, 8, 6, 6]),
            ("w", vec![16, 4, 3, 3]),
            ("a", vec![1, 16, 4, 4]),
            ("b", vec![1, 16, 4, 4]),
            ("c", vec![1, 16, 4, 4]),
            ("m", vec![4, 5]),
            ("y", vec![1, 16, 4, 5]),
            ("g", vec![1, 16, 4, 4]),
        ]);
        let node = |op: &str, inputs: &[&str], output: &str| NodeProto::new(op, output, inputs, &[output]);
        let forward = vec![
            node("Conv", &["x", "w"], "a"),
            node("Relu", &["a"], "b"),
            node("Add", &["b", "b"], "c"),
            node("MatMul", &["c", "m"], "y"),
        ];
        let model = |node: Vec<NodeProto>, constants: &[(&str, usize)]| ModelProto {
            graph: Some(GraphProto {
                node,
                initializer: constants
                    .iter()
                    .map(|(name, count)| Array::real([*count], vec![0.0; *count]).encode(name))
                    .collect(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let both = [forward.clone(), vec![node("Mul", &["b", "b"], "g")]].concat();
        let both = model(both, &[("w", 576), ("m", 20), ("w2", 576)]);
        let forward = model(forward, &[("w", 576), ("m", 20)]);
        let cost = Cost::of(&forward, &both, |t| shapes.get(t).map(Vec::as_slice));
        // 256 elements of 4 channels and 9 taps; 320 of 4 products.
        assert_eq!(cost.forward.multiply_adds, 256 * 36 + 320 * 4);
        // The Conv's three tensors, nothing for the Relu in it, the Add's three, the product's three.
        assert_eq!(
            cost.forward.elements,
            (288 + 576 + 256) + 3 * 256 + (256 + 20 + 320)
        );
        assert_eq!(
            (cost.backward.multiply_adds, cost.backward.elements),
            (0, 3 * 256)
        );
        assert_eq!(
            (cost.weights, cost.copies, cost.kept),
            (4 * 596, 4 * 576, 4 * 256)
        );
    }

    #[test]
    fn equations_name_their_extents() {
        assert_eq!(contraction("bij,bjk->bik", &[2, 3, 4], &[2, 4, 5]), 2 * 3 * 4 * 5);
    }
}
