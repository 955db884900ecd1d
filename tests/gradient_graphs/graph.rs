// SPDX-License-Identifier: MPL-2.0
//! A graph under construction: ONNX Runtime evaluates each node when it is added, and one that it refuses, or whose
//! values are not tame, is not added.

use std::collections::{HashMap, HashSet};

use steerlens::onnx::{
    self, Array, AttributeValue, ElementType, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    TensorProto, ValueInfoProto,
};
use steerlens::runtime::{Data, Optimisation, Session, SessionOptions, Tensor};

use crate::check::runtime;
use crate::random::Random;

/// Name of the output of every graph.
pub(crate) const SCORES: &str = "scores";
/// Name of the input of every graph.
pub(crate) const PICTURE: &str = "picture";
/// A tensor's elements: enough for 48 channels of a small picture.
const LARGEST: usize = 6000;
/// A tensor's values: float32 sums of larger ones leave differences too little to see.
const HIGHEST: f32 = 40.0;
/// Below this spread there is nothing left to differentiate.
const FLATTEST: f32 = 0.02;

/// A tensor of the graph.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct T {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
}

impl T {
    /// In the place of an optional input.
    pub(crate) fn absent() -> Self {
        Self {
            name: String::new(),
            shape: Vec::new(),
        }
    }

    pub(crate) fn rank(&self) -> usize {
        self.shape.len()
    }

    pub(crate) fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// Extent of the axis of channels.
    pub(crate) fn channels(&self) -> usize {
        self.shape[1]
    }

    /// The axis, counted from the end in so many of a hundred cases.
    pub(crate) fn axis(&self, axis: usize, random: &mut Random, from_end: bool) -> i64 {
        let axis = axis as i64;
        if from_end && random.chance(35) {
            axis - self.rank() as i64
        } else {
            axis
        }
    }
}

/// Attributes of a node.
pub(crate) type Attributes = Vec<(&'static str, AttributeValue)>;

/// A graph under construction. A picture of noise goes in.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    pub(crate) random: Random,
    pub(crate) opset: i64,
    /// Whether widths are chosen that ONNX Runtime's CPU provider keeps in its blocked layout.
    pub(crate) blocked: bool,
    /// Tensors that depend on the picture, which is the first.
    pub(crate) active: Vec<T>,
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
    values: HashMap<String, Tensor>,
    names: usize,
}

impl Graph {
    pub(crate) fn new(mut random: Random, opset: i64, blocked: bool, shape: &[usize]) -> Self {
        let count = shape.iter().product();
        let picture = Tensor::f32(shape, random.normals(count, 0.7));
        Self {
            random,
            opset,
            blocked,
            active: vec![T {
                name: PICTURE.into(),
                shape: shape.into(),
            }],
            nodes: Vec::new(),
            constants: Vec::new(),
            values: HashMap::from([(PICTURE.into(), picture)]),
            names: 0,
        }
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Takes away the nodes beyond the first ones.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.nodes.truncate(len);
    }

    fn name(&mut self, initial: char) -> String {
        self.names += 1;
        format!("{initial}{}", self.names)
    }

    pub(crate) fn proto(&mut self, mut tensor: TensorProto) -> T {
        let name = self.name('c');
        tensor.name = Some(name.clone());
        let shape = tensor.dims.iter().map(|d| *d as usize).collect();
        self.constants.push(tensor);
        T { name, shape }
    }

    pub(crate) fn constant(&mut self, array: &Array) -> T {
        self.proto(array.encode(""))
    }

    /// A constant of noise.
    pub(crate) fn noise(&mut self, shape: &[usize], deviation: f32) -> T {
        let values = self.random.normals(shape.iter().product(), deviation);
        self.constant(&Array::real(shape, values))
    }

    /// A constant of noise in `low..low + 1`.
    pub(crate) fn noise_above(&mut self, shape: &[usize], low: f32) -> T {
        let count = shape.iter().product();
        let values: Vec<f32> = (0..count)
            .map(|_| low + 0.5 + 0.5 * self.random.centred())
            .collect();
        self.constant(&Array::real(shape, values))
    }

    pub(crate) fn scalar(&mut self, value: f32) -> T {
        self.constant(&Array::real([], [value]))
    }

    /// A vector of whole numbers.
    pub(crate) fn whole(&mut self, values: &[i64]) -> T {
        self.constant(&Array::whole(values))
    }

    pub(crate) fn extents(&mut self, values: &[usize]) -> T {
        let values: Vec<i64> = values.iter().map(|d| *d as i64).collect();
        self.whole(&values)
    }

    pub(crate) fn truths(&mut self, shape: &[usize], values: &[bool]) -> T {
        self.proto(TensorProto {
            dims: shape.iter().map(|d| *d as i64).collect(),
            data_type: Some(ElementType::Bool.number()),
            int32_data: values.iter().map(|v| i32::from(*v)).collect(),
            ..Default::default()
        })
    }

    /// Adds a node with one output.
    pub(crate) fn node(&mut self, operator: &str, inputs: &[&T], attributes: Attributes) -> Option<T> {
        self.node_of(operator, inputs, attributes, 1)?.pop()
    }

    /// Adds a node with several outputs.
    pub(crate) fn node_of(
        &mut self,
        operator: &str,
        inputs: &[&T],
        attributes: Attributes,
        outputs: usize,
    ) -> Option<Vec<T>> {
        let names: Vec<String> = (0..outputs).map(|_| self.name('t')).collect();
        let mut read: Vec<&str> = inputs.iter().map(|t| &*t.name).collect();
        while read.last().is_some_and(|name| name.is_empty()) {
            read.pop();
        }
        let made: Vec<&str> = names.iter().map(String::as_str).collect();
        let label = format!("{operator}_{}", names[0]);
        let mut node = NodeProto::new(operator, &label, &read, &made);
        for (name, value) in attributes {
            node.set(name, value);
        }
        let tensors = self.evaluate(&node)?;
        if !tensors.iter().all(is_tame) {
            return None;
        }
        self.nodes.push(node);
        let mut result = Vec::new();
        for (name, tensor) in names.into_iter().zip(tensors) {
            result.push(T {
                name: name.clone(),
                shape: tensor.shape.clone(),
            });
            self.values.insert(name, tensor);
        }
        Some(result)
    }

    /// What ONNX Runtime makes of a node, alone.
    fn evaluate(&self, node: &NodeProto) -> Option<Vec<Tensor>> {
        let mut seen = HashSet::new();
        let mut feeds = Vec::new();
        let mut constants = Vec::new();
        for name in node.reads().filter(|name| seen.insert(name.to_owned())) {
            match self.values.get(name) {
                Some(tensor) => feeds.push((name, tensor)),
                None => constants.extend(self.constants.iter().find(|c| c.name.as_deref() == Some(name))),
            }
        }
        let inputs = feeds.iter().map(|(name, t)| {
            let element = match t.data {
                Data::Bool(_) => ElementType::Bool,
                Data::I64(_) => ElementType::Int64,
                _ => ElementType::Float,
            };
            ValueInfoProto::tensor(name, element.number(), &t.shape)
        });
        let model = model(
            self.opset,
            GraphProto {
                input: inputs.collect(),
                output: node.output.iter().map(|o| ValueInfoProto::untyped(o)).collect(),
                initializer: constants.into_iter().cloned().collect(),
                node: vec![node.clone()],
                ..Default::default()
            },
        );
        let options = SessionOptions {
            optimisation: Optimisation::Disable,
            ..Default::default()
        };
        let mut session = Session::new(runtime(), &onnx::encode(&model), &options).ok()?;
        let outputs = session.run(&feeds).ok()?;
        Some(outputs.into_iter().map(|(_, tensor)| tensor).collect())
    }

    /// The picture that the nodes were evaluated with.
    pub(crate) fn picture(&self) -> &Tensor {
        &self.values[PICTURE]
    }

    /// Puts a linear layer on each of the tensors; their sum is the scores.
    pub(crate) fn finish(&mut self, results: &[T]) -> Option<ModelProto> {
        let classes = self.random.extent(2, 5);
        let mut parts: Vec<T> = Vec::new();
        for result in results {
            let to = self.whole(&[1, -1]);
            let row = self.node("Reshape", &[result, &to], vec![])?;
            let count = row.count();
            let weight = self.noise(&[count, classes], (count as f32).sqrt().recip());
            parts.push(self.node("MatMul", &[&row, &weight], vec![])?);
        }
        let parts: Vec<&T> = parts.iter().collect();
        let last = self.node("Sum", &parts, vec![])?;
        let mut nodes = self.nodes.clone();
        nodes.last_mut()?.output = vec![SCORES.into()];
        let input = ValueInfoProto::tensor(PICTURE, ElementType::Float.number(), &self.picture().shape);
        let output = ValueInfoProto::tensor(SCORES, ElementType::Float.number(), &last.shape);
        let mut graph = GraphProto {
            input: vec![input],
            output: vec![output],
            node: nodes,
            initializer: self.constants.clone(),
            ..Default::default()
        };
        prune(&mut graph);
        Some(model(self.opset, graph))
    }
}

/// A model of one graph.
pub(crate) fn model(opset: i64, mut graph: GraphProto) -> ModelProto {
    graph.name = Some("drawn".into());
    ModelProto {
        ir_version: Some(if opset < 21 { 8 } else { 10 }),
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto {
            domain: None,
            version: Some(opset),
        }],
        ..Default::default()
    }
}

/// Takes away what no output needs.
pub(crate) fn prune(graph: &mut GraphProto) {
    let mut needed: HashSet<String> = graph.output.iter().filter_map(|o| o.name.clone()).collect();
    let mut kept: Vec<NodeProto> = Vec::new();
    for node in std::mem::take(&mut graph.node).into_iter().rev() {
        if node.output.iter().any(|o| needed.contains(o)) {
            needed.extend(node.reads().map(str::to_owned));
            kept.push(node);
        }
    }
    kept.reverse();
    graph.node = kept;
    graph
        .initializer
        .retain(|c| c.name.as_ref().is_some_and(|name| needed.contains(name)));
}

/// Whether the tensor can be differentiated by float32 differences.
fn is_tame(tensor: &Tensor) -> bool {
    let Some(values) = tensor.as_f32() else {
        return !matches!(tensor.data, Data::Other);
    };
    let (low, high) = values
        .iter()
        .fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
    let finite = values.iter().all(|v| v.is_finite());
    let spread = if values.len() == 1 { high.abs() } else { high - low };
    finite
        && (1..=LARGEST).contains(&values.len())
        && tensor.shape.len() <= 5
        && high.max(-low) <= HIGHEST
        && spread >= FLATTEST
}
