// SPDX-License-Identifier: MPL-2.0
//! Every tensor's shape and type, found by one unoptimised run with all of them as outputs.
//!
//! This replaces shape inference, and holds for operators that nothing here knows.

use std::collections::{HashMap, HashSet};

use super::clean::Input;
use super::dependence::Dependence;
use super::{Error, limits};
use crate::onnx::{self, Array, ElementType, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use crate::runtime::{Data, Optimisation, Runtime, Session, SessionOptions, Tensor};

/// Values of whole-number tensors up to this size are kept: they are shape arithmetic that did not fold.
const SMALL: usize = 4096;

/// Bytes of a weight from which on zeros stand in for it.
pub(super) const LARGE: usize = 1 << 16;

/// The first opset with the operator that makes them.
const CONSTANT_OF_SHAPE: i64 = 9;

/// What is known of the tensors of a graph. No shape is so large that a product of extents could overflow
/// ([`crate::size`]).
#[derive(Debug, Default)]
pub(super) struct Facts {
    shapes: HashMap<String, Vec<usize>>,
    real: HashSet<String>,
    doubles: HashSet<String>,
    /// Of types that nothing here reads: codes of 16 or 4 bits, and what is no tensor.
    others: HashSet<String>,
    initializers: HashMap<String, TensorProto>,
    whole: HashMap<String, Vec<i64>>,
    dependence: Dependence,
}

impl Facts {
    /// The shape of a tensor of the forward half.
    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.shapes.get(name).map(Vec::as_slice)
    }

    /// Whether gradients can flow through the tensor: float32, or 8-bit codes.
    pub(super) fn is_real(&self, name: &str) -> bool {
        self.real.contains(name)
    }

    /// Whether a gradient would have to flow through the tensor, whatever its elements are: all but whole numbers and
    /// truth values, which are counts, places and conditions. Codes of 8 bits are [real](Self::is_real).
    pub(super) fn carries(&self, name: &str) -> bool {
        self.is_real(name) || self.is_double(name) || self.others.contains(name)
    }

    /// Whether the tensor's elements are float64.
    pub(super) fn is_double(&self, name: &str) -> bool {
        self.doubles.contains(name)
    }

    /// Whether the tensor is a constant.
    pub(super) fn is_constant(&self, name: &str) -> bool {
        self.initializers.contains_key(name)
    }

    /// A constant's value.
    pub(super) fn constant(&self, name: &str) -> Option<Array> {
        self.initializers.get(name).and_then(|t| Array::decode(t).ok())
    }

    /// The element type of a constant.
    pub(super) fn element(&self, name: &str) -> Option<ElementType> {
        self.initializers
            .get(name)
            .map(|t| ElementType::from_number(t.data_type.unwrap_or(0)))
    }

    /// Whether the tensor's elements depend on the picture.
    pub(super) fn depends(&self, name: &str) -> bool {
        self.dependence.of_elements(name)
    }

    /// Whether the tensor's shape holds only for the picture that it was found with.
    pub(super) fn has_open_shape(&self, name: &str) -> bool {
        self.dependence.of_shape(name)
    }

    /// The elements of a constant, or unfolded, whole-number tensor.
    pub(super) fn whole(&self, name: &str) -> Option<Vec<i64>> {
        let constant = || self.constant(name)?.as_whole().map(<[i64]>::to_vec);
        self.whole.get(name).cloned().or_else(constant)
    }

    /// Adds a real tensor that an upgrade made.
    pub(super) fn insert(&mut self, name: &str, shape: Vec<usize>) {
        self.shapes.insert(name.into(), shape);
        self.real.insert(name.into());
    }

    /// Adds a constant that an upgrade made.
    pub(super) fn insert_constant(&mut self, tensor: TensorProto) {
        let name = tensor.name.clone().unwrap_or_default();
        let extent = |d: &i64| usize::try_from(*d).unwrap_or(0);
        self.shapes
            .insert(name.clone(), tensor.dims.iter().map(extent).collect());
        if ElementType::from_number(tensor.data_type.unwrap_or(0)).is_real() {
            self.real.insert(name.clone());
        }
        self.initializers.insert(name, tensor);
    }

    fn insert_tensor(&mut self, name: String, tensor: Tensor) {
        let whole = match tensor.data {
            Data::F32(_) | Data::U8(_) | Data::I8(_) => {
                self.real.insert(name.clone());
                None
            }
            Data::I64(v) => Some(v),
            Data::I32(v) => Some(v.into_iter().map(i64::from).collect()),
            Data::Bool(v) => Some(v.into_iter().map(i64::from).collect()),
            Data::F64(_) => {
                self.doubles.insert(name.clone());
                None
            }
            Data::Other => {
                self.others.insert(name.clone());
                None
            }
        };
        let fixed = !self.dependence.of_elements(&name);
        if let Some(values) = whole.filter(|v| fixed && v.len() <= SMALL) {
            self.whole.insert(name.clone(), values);
        }
        self.shapes.insert(name, tensor.shape);
    }
}

/// Runs the graph once on noise, every tensor an output.
pub(super) fn probe(model: &ModelProto, runtime: &'static Runtime, input: &Input) -> Result<Facts, Error> {
    let mut facts = Facts::default();
    let mut probed = model.clone();
    let has_zeros = model.opset().is_some_and(|opset| opset >= CONSTANT_OF_SHAPE);
    if let Some(graph) = &mut probed.graph {
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
    let mut session = Session::new(runtime, &onnx::encode(&probed), &options)?;
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

/// Runs one node on one input, its others being `constants`: facts about an operator that the runtime decides.
pub(super) fn run_node(
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
    let graph = onnx::GraphProto {
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
    let import = onnx::OperatorSetIdProto {
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
