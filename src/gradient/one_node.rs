// SPDX-License-Identifier: MPL-2.0
//! One node as a model of its own: facts about an operator that the runtime decides.

use super::error::Error;
use crate::onnx::{
    self, ElementType, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, ValueInfoProto,
};
use crate::runtime::{Optimisation, Runtime, Session, SessionOptions, Tensor};

/// Runs one node on one input, its others being `constants`.
pub(super) fn run(
    node: &NodeProto,
    opset: i64,
    input: &Tensor,
    constants: Vec<TensorProto>,
    runtime: &'static Runtime,
) -> Result<Tensor, Error> {
    let (name, out) = (
        node.input(0).unwrap_or_default(),
        node.output(0).unwrap_or_default(),
    );
    let mut node = node.clone();
    node.output.truncate(1);
    let graph = GraphProto {
        name: Some("one".into()),
        input: vec![ValueInfoProto::tensor(
            name,
            ElementType::Float.number(),
            &input.shape,
        )],
        output: vec![ValueInfoProto::untyped(out)],
        node: vec![node.clone()],
        initializer: constants,
        ..Default::default()
    };
    let import = OperatorSetIdProto {
        domain: None,
        version: Some(opset),
    };
    let model = ModelProto {
        ir_version: Some(8),
        graph: Some(graph),
        opset_import: vec![import],
        ..Default::default()
    };
    let options = SessionOptions {
        optimisation: Optimisation::Disable,
        ..Default::default()
    };
    let mut session = Session::new(runtime, &onnx::encode(&model), &options)?;
    let mut outputs = session.run(&[(name, input)])?;
    Ok(outputs.swap_remove(0).1)
}
