// SPDX-License-Identifier: MPL-2.0
//! A linear layer, and whatever head a test puts behind it.

use steerlens::onnx::{self, Array, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};

use crate::opened::Opened;
use crate::{CLASSES, INPUTS, SIDE, weight};

/// A linear layer with outputs `z`, `[1, 5]`, and what a test appends.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) nodes: Vec<NodeProto>,
    constants: Vec<onnx::TensorProto>,
    pub(crate) outputs: Vec<String>,
    pub(crate) opset: i64,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self::with_weights(1.0)
    }

    pub(crate) fn with_weights(factor: f32) -> Self {
        let weights = (0..INPUTS).flat_map(|i| (0..CLASSES).map(move |c| factor * weight(c, i)));
        Self {
            nodes: vec![
                NodeProto::new("Flatten", "flat", &["x"], &["flat"]),
                NodeProto::new("MatMul", "layer", &["flat", "weights"], &["z"]),
            ],
            constants: vec![Array::real([INPUTS, CLASSES], weights.collect::<Vec<_>>()).encode("weights")],
            outputs: Vec::new(),
            opset: 17,
        }
    }

    pub(crate) fn real(mut self, name: &str, shape: &[usize], values: &[f32]) -> Self {
        self.constants.push(Array::real(shape, values).encode(name));
        self
    }

    pub(crate) fn whole(mut self, name: &str, values: &[i64]) -> Self {
        self.constants.push(Array::whole(values).encode(name));
        self
    }

    pub(crate) fn node(self, op: &str, inputs: &[&str], output: &str) -> Self {
        self.with(NodeProto::new(op, output, inputs, &[output]))
    }

    pub(crate) fn with(mut self, node: NodeProto) -> Self {
        self.nodes.push(node);
        self
    }

    /// A softmax of `z`.
    pub(crate) fn softmax(self, output: &str) -> Self {
        self.with(NodeProto::new("Softmax", output, &["z"], &[output]).with("axis", 1i64))
    }

    pub(crate) fn output(mut self, name: &str) -> Self {
        self.outputs.push(name.into());
        self
    }

    pub(crate) fn model(self) -> ModelProto {
        let graph = GraphProto {
            name: Some("head".into()),
            input: vec![ValueInfoProto::tensor("x", 1, &[1, 3, SIDE, SIDE])],
            output: self
                .outputs
                .iter()
                .map(|name| ValueInfoProto::untyped(name))
                .collect(),
            node: self.nodes,
            initializer: self.constants,
            ..Default::default()
        };
        let import = |domain: Option<&str>, version| OperatorSetIdProto {
            domain: domain.map(Into::into),
            version: Some(version),
        };
        ModelProto {
            ir_version: Some(8),
            graph: Some(graph),
            opset_import: vec![import(None, self.opset), import(Some("ai.onnx.ml"), 3)],
            ..Default::default()
        }
    }

    pub(crate) fn open(self, output: Option<&str>) -> Opened {
        Opened::open(&self.model(), output, "").unwrap_or_else(|e| panic!("{e}"))
    }

    pub(crate) fn refusal(self, output: Option<&str>) -> String {
        match Opened::open(&self.model(), output, "") {
            Ok(_) => panic!("nothing is refused"),
            Err(e) => e.to_string(),
        }
    }
}
