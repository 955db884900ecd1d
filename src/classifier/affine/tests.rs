// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::onnx::{AttributeValue, TensorProto};

/// A graph of nodes that follow each other from `x`, and its constants.
#[derive(Default)]
struct Chain {
    graph: GraphProto,
}

impl Chain {
    fn at(&self) -> String {
        match self.graph.node.len() {
            0 => "x".into(),
            n => format!("t{n}"),
        }
    }

    fn constant(&mut self, array: Array) -> String {
        let name = format!("c{}", self.graph.initializer.len());
        let tensor: TensorProto = array.encode(&name);
        self.graph.initializer.push(tensor);
        name
    }

    fn node(mut self, op: &str, constants: &[Array], attributes: &[(&str, AttributeValue)]) -> Self {
        let names: Vec<String> = constants
            .iter()
            .map(|array| self.constant(array.clone()))
            .collect();
        let at = self.at();
        let inputs: Vec<&str> = std::iter::once(at.as_str())
            .chain(names.iter().map(String::as_str))
            .collect();
        let output = format!("t{}", self.graph.node.len() + 1);
        let mut node = NodeProto::new(op, &output, &inputs, &[&output]);
        for (key, value) in attributes {
            node.set(key, value.clone());
        }
        self.graph.node.push(node);
        self
    }

    /// With a number, or one number for each channel of `[1, 3, h, w]`.
    fn with(self, op: &str, values: &[f32]) -> Self {
        let shape: &[usize] = if values.len() == 1 { &[] } else { &[1, 3, 1, 1] };
        self.node(op, &[Array::real(shape, values)], &[])
    }

    fn seen(&self) -> Option<(Expected, InputFormat)> {
        let end = self.at();
        let mut graph = self.graph.clone();
        graph.node.push(NodeProto::new("Relu", "end", &[&end], &["end"]));
        evidence(&graph, "x", &[1, 3, 8, 8], false).map(|found| (found.range, found.channels))
    }
}

const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const STD: [f32; 3] = [0.229, 0.224, 0.225];

#[test]
fn every_way_of_scaling_gives_its_input_away() {
    let chain = Chain::default;
    let cases = [
        (chain().with("Div", &[255.0]), Expected::Byte, InputFormat::Auto),
        (
            chain().with("Mul", &[1.0 / 255.0]),
            Expected::Byte,
            InputFormat::Auto,
        ),
        (
            chain().with("Mul", &[1.0 / 127.5]).with("Sub", &[1.0]),
            Expected::Byte,
            InputFormat::Auto,
        ),
        (
            chain().with("Mul", &[2.0]).with("Sub", &[1.0]),
            Expected::Unit,
            InputFormat::Auto,
        ),
        (chain().with("Sub", &[0.5]), Expected::Unit, InputFormat::Auto),
        (
            chain().with("Sub", &MEAN).with("Div", &STD),
            Expected::Unit,
            InputFormat::Rgb,
        ),
        (
            chain().with("Div", &[255.0]).with("Sub", &MEAN).with("Div", &STD),
            Expected::Byte,
            InputFormat::Rgb,
        ),
        (
            chain().with("Sub", &[103.939, 116.779, 123.68]),
            Expected::Byte,
            InputFormat::Bgr,
        ),
        (
            chain()
                .with("Mul", &[255.0])
                .with("Sub", &[123.68, 116.779, 103.939]),
            Expected::Unit,
            InputFormat::Rgb,
        ),
        (
            chain()
                .with("Sub", &[103.94, 116.78, 123.68])
                .with("Mul", &[0.017]),
            Expected::Byte,
            InputFormat::Bgr,
        ),
        (
            chain()
                .node("Identity", &[], &[])
                .node("Cast", &[], &[])
                .with("Div", &[255.0]),
            Expected::Byte,
            InputFormat::Auto,
        ),
        (
            chain().node(
                "BatchNormalization",
                &[[1.0; 3], [0.0; 3], [120.0; 3], [4900.0; 3]].map(|v| Array::real([3], v)),
                &[],
            ),
            Expected::Byte,
            InputFormat::Auto,
        ),
        (
            chain().node(
                "Conv",
                &[Array::real([3, 1, 1, 1], [2.0; 3]), Array::real([3], [-1.0; 3])],
                &[("group", 3.into())],
            ),
            Expected::Unit,
            InputFormat::Auto,
        ),
        // ImageNet's values turned into -1..1, as Inception does.
        (
            chain()
                .with("Mul", &[0.229 / 0.5, 0.224 / 0.5, 0.225 / 0.5])
                .with("Add", &[-0.03, -0.088, -0.188]),
            Expected::Imagenet,
            InputFormat::Auto,
        ),
        (
            chain().with("Mul", &[0.5]).with("Add", &[0.5]),
            Expected::Signed,
            InputFormat::Auto,
        ),
        // RGB turned into BGR before BGR's means.
        (
            chain()
                .node("Gather", &[Array::whole([2, 1, 0])], &[("axis", 1.into())])
                .with("Sub", &[103.939, 116.779, 123.68]),
            Expected::Byte,
            InputFormat::Rgb,
        ),
        (
            chain()
                .node("Slice", &[[-1], [i64::MIN], [1], [-1]].map(Array::whole), &[])
                .with("Sub", &[103.939, 116.779, 123.68]),
            Expected::Byte,
            InputFormat::Rgb,
        ),
    ];
    for (i, (chain, range, channels)) in cases.iter().enumerate() {
        assert_eq!(chain.seen(), Some((*range, *channels)), "case {i}");
    }
}

#[test]
fn what_scales_nothing_or_does_not_tell_is_no_evidence() {
    let chain = Chain::default;
    for (i, chain) in [
        chain(),
        chain().with("Mul", &[1.0]),
        chain().with("Mul", &[0.458]),
        chain().with("Mul", &[1e6]),
        chain().with("Div", &[0.0]),
        chain().node("Exp", &[], &[]).with("Div", &[255.0]),
        // A learnt normalisation of what is normalised already.
        chain().node(
            "BatchNormalization",
            &[[1.02; 3], [0.01; 3], [0.02; 3], [1.0; 3]].map(|v| Array::real([3], v)),
            &[],
        ),
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(chain.seen(), None, "case {i}");
    }
    // What no runtime would take must not take the program down.
    let whole = |values: &[i64]| Array::whole(values);
    for (op, constants) in [
        ("Slice", vec![whole(&[]), whole(&[]), whole(&[1]), whole(&[-1])]),
        ("Squeeze", vec![whole(&[0, 0, 0])]),
        ("Squeeze", vec![whole(&[7])]),
        ("Unsqueeze", vec![whole(&[i64::MIN])]),
        ("Unsqueeze", vec![whole(&(0..62).collect::<Vec<_>>())]),
        ("Gather", vec![whole(&[9, -1, 0])]),
    ] {
        let odd = chain().node(op, &constants, &[]).with("Div", &[255.0]);
        assert_eq!(odd.seen(), None, "{op}");
    }
    let turned = chain().node("Transpose", &[], &[("perm", vec![0, 2, 3, 4, 1].into())]);
    assert_eq!(turned.with("Div", &[255.0]).seen(), None);
    // Two readers: which of them is the network is not known.
    let mut forked = Chain::default().with("Div", &[255.0]);
    forked
        .graph
        .node
        .push(NodeProto::new("Exp", "other", &["x"], &["other"]));
    assert_eq!(forked.seen(), None);
}

#[test]
fn channels_are_followed_through_transposes() {
    // [1, 8, 8, 3]: scaled with a vector, then transposed and scaled with [1, 3, 1, 1].
    let mut chain = Chain::default()
        .node("Div", &[Array::real([3], [255.0; 3])], &[])
        .node("Transpose", &[], &[("perm", vec![0, 3, 1, 2].into())])
        .with("Sub", &MEAN)
        .with("Div", &STD);
    let end = chain.at();
    chain
        .graph
        .node
        .push(NodeProto::new("Relu", "end", &[&end], &["end"]));
    let found = evidence(&chain.graph, "x", &[1, 8, 8, 3], true).unwrap();
    assert_eq!((found.range, found.channels), (Expected::Byte, InputFormat::Rgb));
}
