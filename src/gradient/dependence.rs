// SPDX-License-Identifier: MPL-2.0
//! What is only known with the picture: elements of tensors, and shapes.
//!
//! One run finds every shape and every whole number, but what it found of an ArgMax of the picture holds for that
//! picture alone. Rules must not take such numbers for constants, and tensors of such shapes have no gradient here.

use std::collections::HashSet;

use crate::onnx::NodeProto;

/// Operators with an output whose extent is a count of elements.
const COUNTING: &[&str] = &["NonZero", "Compress", "Unique", "NonMaxSuppression"];

/// The inputs of an operator whose elements decide its output's shape.
const SHAPING: &[(&str, &[usize])] = &[
    ("CenterCropPad", &[1]),
    ("ConstantOfShape", &[0]),
    ("Expand", &[1]),
    ("OneHot", &[1]),
    ("Pad", &[1]),
    ("Range", &[0, 1, 2]),
    ("Reshape", &[1]),
    ("Resize", &[2, 3]),
    ("Slice", &[1, 2, 3, 4]),
    ("Split", &[1]),
    ("Tile", &[1]),
    ("TopK", &[1]),
    ("Upsample", &[1]),
];

/// Names of the tensors that the picture decides.
#[derive(Debug, Default)]
pub(super) struct Dependence {
    elements: HashSet<String>,
    shapes: HashSet<String>,
}

impl Dependence {
    /// Of every tensor of a graph on its input, whose shape is fixed.
    pub(super) fn on(input: &str, nodes: &[NodeProto]) -> Self {
        let mut found = Self::default();
        found.elements.insert(input.into());
        for node in nodes {
            let unshaped = node.reads().any(|i| found.shapes.contains(i));
            let decided = |k: &usize| node.input(*k).is_some_and(|i| found.elements.contains(i));
            let shaping = SHAPING.iter().find(|(op, _)| *op == node.op());
            let (elements, shape) = match node.op() {
                "Shape" | "Size" => (unshaped, false),
                op => {
                    let elements = node.reads().any(|i| found.elements.contains(i));
                    let counted = elements && COUNTING.contains(&op);
                    let shaped = shaping.is_some_and(|(_, inputs)| inputs.iter().any(decided));
                    (elements, unshaped || counted || shaped)
                }
            };
            for output in node.output.iter().filter(|o| !o.is_empty()) {
                if elements {
                    found.elements.insert(output.clone());
                }
                if shape {
                    found.shapes.insert(output.clone());
                }
            }
        }
        found
    }

    /// Whether a tensor's elements depend on the picture.
    pub(super) fn of_elements(&self, name: &str) -> bool {
        self.elements.contains(name)
    }

    /// Whether a tensor's shape depends on the picture.
    pub(super) fn of_shape(&self, name: &str) -> bool {
        self.shapes.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
        NodeProto::new(op, output, inputs, &[output])
    }

    #[test]
    fn shapes_are_fixed_until_elements_decide_them() {
        let nodes = [
            node("Shape", &["x"], "extents"),
            node("Gather", &["extents", "one"], "width"),
            node("Reshape", &["x", "width"], "row"),
            node("ArgMax", &["row"], "best"),
            node("Gather", &["row", "best"], "picked"),
            node("NonZero", &["x"], "places"),
            node("Shape", &["places"], "count"),
            node("Expand", &["one", "count"], "ones"),
            node("Slice", &["row", "zero", "best"], "start"),
        ];
        let found = Dependence::on("x", &nodes);
        let all: HashSet<&str> = nodes.iter().flat_map(|n| n.output(0)).collect();
        let elements: HashSet<&str> = all.iter().copied().filter(|t| found.of_elements(t)).collect();
        let shapes: HashSet<&str> = all.iter().copied().filter(|t| found.of_shape(t)).collect();
        assert_eq!(
            elements,
            HashSet::from(["row", "best", "picked", "places", "count", "ones", "start"])
        );
        assert_eq!(shapes, HashSet::from(["places", "ones", "start"]));
    }
}
