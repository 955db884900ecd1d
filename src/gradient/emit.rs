// SPDX-License-Identifier: MPL-2.0
//! Writing the reverse half: nodes, constants and names, every value with its shape.
//!
//! What has a form of its own in the blocked layout is written by `lowering`.

use std::collections::HashMap;
use std::rc::Rc;

use super::blocking::Blocking;
use super::extents::{broadcast, signed};
use super::facts::Facts;
use super::layout::Layout;
use super::options::Profile;
use crate::onnx::{Array, AttributeValue, NodeProto, TensorProto, Values};

/// A tensor in the graph: its name and shape. A lazily broadcast one has extent 1 where the tensor it stands for
/// has more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) name: Rc<str>,
    pub(super) shape: Rc<[usize]>,
}

impl Value {
    pub(super) fn new(name: &str, shape: &[usize]) -> Self {
        Self {
            name: name.into(),
            shape: shape.into(),
        }
    }

    pub(super) fn rank(&self) -> usize {
        self.shape.len()
    }

    pub(super) fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Shapes by the name of the tensor.
pub(super) type Shapes = HashMap<Rc<str>, Rc<[usize]>>;

/// Attributes of a node to emit.
pub(super) type Attributes<'a> = &'a [(&'a str, AttributeValue)];

/// The writer of the reverse half.
pub(super) struct Emit<'a> {
    facts: &'a Facts,
    pub(super) profile: Profile,
    pub(super) blocking: Blocking,
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
    known: Shapes,
    constants: HashMap<(Vec<usize>, Vec<u64>), Value>,
    /// Which tensors of both halves are expected to be blocked.
    pub(super) layout: Layout,
}

impl<'a> Emit<'a> {
    /// For a forward half of these nodes.
    pub(super) fn new(nodes: &[NodeProto], facts: &'a Facts, profile: Profile, blocking: Blocking) -> Self {
        let mut layout = Layout::new(blocking);
        for node in nodes {
            layout.follow(node, |t| facts.shape(t), |t| facts.is_constant(t));
        }
        Self {
            facts,
            profile,
            blocking,
            nodes: Vec::new(),
            initializers: Vec::new(),
            known: HashMap::new(),
            constants: HashMap::new(),
            layout,
        }
    }

    /// A tensor of the forward half.
    pub(super) fn forward(&self, name: &str) -> Option<Value> {
        self.facts.shape(name).map(|shape| Value::new(name, shape))
    }

    /// Everything that was written, and the shapes of its tensors.
    pub(super) fn finish(self) -> (Vec<NodeProto>, Vec<TensorProto>, Shapes) {
        (self.nodes, self.initializers, self.known)
    }

    /// One node with one output of the given shape.
    pub(super) fn op(
        &mut self,
        op: &str,
        inputs: &[&Value],
        attributes: Attributes<'_>,
        shape: &[usize],
    ) -> Value {
        let names: Vec<&str> = inputs.iter().map(|v| &*v.name).collect();
        self.op_by_name(op, &names, attributes, shape)
    }

    /// As [`Emit::op`], by names, for operators with absent optional inputs.
    pub(super) fn op_by_name(
        &mut self,
        op: &str,
        inputs: &[&str],
        attributes: Attributes<'_>,
        shape: &[usize],
    ) -> Value {
        self.op_outputs(op, inputs, attributes, &[shape]).swap_remove(0)
    }

    /// One node with several outputs.
    pub(super) fn op_outputs(
        &mut self,
        op: &str,
        inputs: &[&str],
        attributes: Attributes<'_>,
        shapes: &[&[usize]],
    ) -> Vec<Value> {
        let mut node = NodeProto::new(op, "", inputs, &[]);
        attributes
            .iter()
            .for_each(|(name, value)| node.set(name, value.clone()));
        self.push(node, shapes)
    }

    /// One node with the attributes of a forward node.
    pub(super) fn op_like(
        &mut self,
        forward: &NodeProto,
        op: &str,
        inputs: &[&str],
        shapes: &[&[usize]],
    ) -> Vec<Value> {
        let mut node = NodeProto::new(op, "", inputs, &[]);
        node.attribute.clone_from(&forward.attribute);
        self.push(node, shapes)
    }

    fn push(&mut self, mut node: NodeProto, shapes: &[&[usize]]) -> Vec<Value> {
        let first = self.known.len();
        let outputs: Vec<Value> = shapes
            .iter()
            .enumerate()
            .map(|(k, s)| Value::new(&format!("__g{}", first + k), s))
            .collect();
        node.output = outputs.iter().map(|v| v.name.to_string()).collect();
        node.name = node.output.first().cloned();
        for v in &outputs {
            self.known.insert(v.name.clone(), v.shape.clone());
        }
        let (known, facts) = (&self.known, self.facts);
        let shape = |t: &str| known.get(t).map(|s| &**s).or_else(|| facts.shape(t));
        self.layout
            .follow(&node, shape, |t| t.starts_with("__c") || facts.is_constant(t));
        self.nodes.push(node);
        outputs
    }

    /// A constant; small equal ones are written once.
    pub(super) fn constant(&mut self, array: Array) -> Value {
        let bits = match &array.values {
            Values::Real(v) => v.iter().map(|x| u64::from(x.to_bits()) | 1 << 63).collect(),
            Values::Whole(v) => v.iter().map(|x| x.cast_unsigned()).collect::<Vec<_>>(),
        };
        let key = (bits.len() <= 64).then(|| (array.shape.clone(), bits));
        if let Some(found) = key.as_ref().and_then(|k| self.constants.get(k)) {
            return found.clone();
        }
        let value = Value::new(&format!("__c{}", self.initializers.len()), &array.shape);
        self.initializers.push(array.encode(&value.name));
        self.known.insert(value.name.clone(), value.shape.clone());
        if let Some(key) = key {
            self.constants.insert(key, value.clone());
        }
        value
    }

    /// A real scalar.
    pub(super) fn scalar(&mut self, x: f32) -> Value {
        self.constant(Array::real([], [x]))
    }

    /// A vector of whole numbers.
    pub(super) fn ints(&mut self, v: impl IntoIterator<Item = i64>) -> Value {
        self.constant(Array::whole(v.into_iter().collect::<Vec<_>>()))
    }

    /// A shape as a constant.
    pub(super) fn extents(&mut self, shape: &[usize]) -> Value {
        self.ints(signed(shape))
    }

    /// An elementwise operator of one input.
    pub(super) fn unary(&mut self, op: &str, x: &Value) -> Value {
        self.op(op, &[x], &[], &x.shape.clone())
    }

    /// An elementwise operator of two inputs, broadcast against each other.
    pub(super) fn binary(&mut self, op: &str, a: &Value, b: &Value) -> Value {
        let shape = broadcast(&a.shape, &b.shape);
        self.op(op, &[a, b], &[], &shape)
    }

    /// `a * b`.
    pub(super) fn mul(&mut self, a: &Value, b: &Value) -> Value {
        self.binary("Mul", a, b)
    }

    /// `a * x` for a number `x`.
    pub(super) fn scale(&mut self, a: &Value, x: f32) -> Value {
        if x == 1.0 {
            return a.clone();
        }
        let x = self.scalar(x);
        self.mul(a, &x)
    }

    /// `1 - a`.
    pub(super) fn one_minus(&mut self, a: &Value) -> Value {
        let one = self.scalar(1.0);
        self.binary("Sub", &one, a)
    }

    /// 1 where a comparison of `a` with a number holds, else 0.
    pub(super) fn indicator(&mut self, comparison: &str, a: &Value, x: f32) -> Value {
        let x = self.scalar(x);
        let holds = self.op(comparison, &[a, &x], &[], &a.shape.clone());
        self.real_of(&holds)
    }

    /// A truth value as 0 or 1.
    pub(super) fn real_of(&mut self, a: &Value) -> Value {
        self.op("Cast", &[a], &[("to", 1.into())], &a.shape.clone())
    }

    /// The same elements in another shape.
    pub(super) fn reshape(&mut self, a: &Value, shape: &[usize]) -> Value {
        if *a.shape == *shape {
            return a.clone();
        }
        let to = self.extents(shape);
        self.op("Reshape", &[a, &to], &[], shape)
    }

    /// Axes in another order.
    pub(super) fn transpose(&mut self, a: &Value, permutation: &[usize]) -> Value {
        if permutation.iter().copied().eq(0..permutation.len()) {
            return a.clone();
        }
        let shape: Vec<usize> = permutation.iter().map(|p| a.shape[*p]).collect();
        self.op("Transpose", &[a], &[("perm", signed(permutation).into())], &shape)
    }

    /// The sum over some axes, which stay with extent 1.
    pub(super) fn sum_over(&mut self, a: &Value, axes: &[usize]) -> Value {
        if axes.is_empty() {
            return a.clone();
        }
        let shape: Vec<usize> = a
            .shape
            .iter()
            .enumerate()
            .map(|(k, d)| if axes.contains(&k) { 1 } else { *d })
            .collect();
        let axes = self.extents(axes);
        self.op("ReduceSum", &[a, &axes], &[("keepdims", 1.into())], &shape)
    }
}
