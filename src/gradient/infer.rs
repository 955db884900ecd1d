// SPDX-License-Identifier: MPL-2.0
//! Every tensor's shape and type, found by one unoptimised run with all of them as outputs.
//!
//! This replaces shape inference, and holds for operators that nothing here knows.

use std::collections::HashSet;

use super::clean::Input;
use super::dependence::Dependence;
use super::error::Error;
use super::facts::Facts;
use super::limits;
use crate::onnx::{self, Array, ElementType, GraphProto, ModelProto, NodeProto, ValueInfoProto};
use crate::runtime::{Data, Optimisation, Runtime, Session, SessionOptions, Tensor};

/// Bytes of a weight from which on zeros stand in for it.
pub(super) const LARGE: usize = 1 << 16;

/// The first opset with the operator that makes them.
const CONSTANT_OF_SHAPE: i64 = 9;

/// Runs the graph once on noise, every tensor an output.
pub(super) fn infer(model: &ModelProto, runtime: &'static Runtime, input: &Input) -> Result<Facts, Error> {
    let mut facts = Facts::default();
    let mut all = model.clone();
    let has_zeros = model.opset().is_some_and(|opset| opset >= CONSTANT_OF_SHAPE);
    if let Some(graph) = &mut all.graph {
        facts.dependence = Dependence::on(&input.name, &graph.node);
        graph
            .initializer
            .iter()
            .for_each(|t| facts.insert_constant(t.clone()));
        let named: HashSet<String> = graph.output.iter().filter_map(|o| o.name.clone()).collect();
        let inner = graph
            .node
            .iter()
            .flat_map(|n| &n.output)
            .filter(|o| !o.is_empty() && !named.contains(*o));
        let added: Vec<_> = inner.map(|name| ValueInfoProto::untyped(name)).collect();
        graph.output.extend(added);
        if has_zeros {
            without_weights(graph);
        }
    }
    let options = SessionOptions {
        optimisation: Optimisation::Disable,
        ..Default::default()
    };
    let mut session = Session::new(runtime, &onnx::encode(&all), &options)?;
    limits::before_run(&session)?;
    let picture = noise(input);
    for (name, tensor) in session.run(&[(&input.name, &picture)])? {
        // Again: not every shape is known before the run.
        limits::elements(&name, &tensor.shape)?;
        facts.insert_tensor(name, tensor);
    }
    facts.insert_tensor(input.name.clone(), picture);
    Ok(facts)
}

/// Shapes do not depend on weights: large ones become zeros that are made when the run comes to them, so that they
/// need not go through the file's format once more.
pub(super) fn without_weights(graph: &mut GraphProto) {
    let mut zeros = Vec::new();
    for weight in &mut graph.initializer {
        let large = weight.raw_data.as_ref().is_some_and(|raw| raw.len() >= LARGE);
        if !large || weight.data_type != Some(ElementType::Float.number()) {
            continue;
        }
        let name = weight.name.clone().unwrap_or_default();
        let shape = format!("{name}__shape");
        *weight = Array::whole(std::mem::take(&mut weight.dims)).encode(&shape);
        zeros.push(NodeProto::new("ConstantOfShape", &shape, &[&shape], &[&name]));
    }
    zeros.append(&mut graph.node);
    graph.node = zeros;
}

/// Deterministic noise: a flat picture could hide a shape that depends on values, and ties every maximum.
pub(super) fn noise(input: &Input) -> Tensor {
    let count = input.shape.iter().product();
    let mut state = 0x9e37_79b9_u32;
    let bytes = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    let data = match input.element {
        ElementType::Uint8 => Data::U8(bytes.take(count).collect()),
        _ => Data::F32(bytes.take(count).map(|b| f32::from(b) / 255.0).collect()),
    };
    Tensor {
        shape: input.shape.clone(),
        data,
    }
}
