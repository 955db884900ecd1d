// SPDX-License-Identifier: MPL-2.0
//! Broken and hostile files: whatever they hold, they are taken or refused with a sentence. No panic, no endless run,
//! no crash inside ONNX Runtime, and nothing read that is not theirs.

#![expect(clippy::unwrap_used, reason = "what helps a test may fail it")]

mod changes;
mod described;
mod external;
mod files;
mod functions;
mod graphs;
mod sizes;

use steerlens::Runtime;
use steerlens::gradient::{Differentiated, Error, Options, differentiate};
use steerlens::onnx::{
    Array, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, ValueInfoProto,
};

fn runtime() -> &'static Runtime {
    Runtime::open(None).unwrap_or_else(|e| panic!("{e}\nRun `make setup` first."))
}

fn import(domain: &str, version: i64) -> OperatorSetIdProto {
    OperatorSetIdProto {
        domain: Some(domain.into()),
        version: Some(version),
    }
}

fn node(operator: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto::new(operator, output, inputs, &[output])
}

/// A model of opset 17 from the picture `"x"` to `"y"`.
fn model(picture: &[usize], nodes: Vec<NodeProto>, initializer: Vec<TensorProto>) -> ModelProto {
    let graph = GraphProto {
        name: Some("graph".into()),
        node: nodes,
        initializer,
        input: vec![ValueInfoProto::tensor("x", 1, picture)],
        output: vec![ValueInfoProto::untyped("y")],
        ..Default::default()
    };
    ModelProto {
        ir_version: Some(8),
        graph: Some(graph),
        opset_import: vec![import("", 17)],
        ..Default::default()
    }
}

/// `y = flatten(x) w`, four classes.
fn linear(picture: &[usize]) -> ModelProto {
    let pixels = picture.iter().skip(1).product();
    let nodes = vec![node("Flatten", &["x"], "f"), node("MatMul", &["f", "w"], "y")];
    model(picture, nodes, vec![weights("w", pixels, 4)])
}

/// A matrix of different numbers.
fn weights(name: &str, rows: usize, columns: usize) -> TensorProto {
    let values: Vec<f32> = (0..rows * columns).map(|k| (k as f32 * 0.7).sin()).collect();
    Array::real([rows, columns], values).encode(name)
}

fn taken(model: ModelProto) -> Result<Differentiated, Error> {
    differentiate(model, runtime(), &Options::default())
}

/// The sentence that the model is refused with.
fn refusal(model: ModelProto) -> String {
    taken(model).expect_err("the model was taken").to_string()
}
