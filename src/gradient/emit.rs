// SPDX-License-Identifier: MPL-2.0
//! Writing the reverse half: nodes, constants and names, every value with its shape.

use std::collections::HashMap;
use std::rc::Rc;

use super::blocking::Blocking;
use super::layout::Layout;
use super::patterns::{self, Patterns};
use super::probe::{self, Facts};
use super::{Error, Profile};
use crate::onnx::{Array, AttributeValue, ElementType, NodeProto, TensorProto, Values};
use crate::runtime::{Runtime, Tensor};

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
    pub(super) facts: &'a Facts,
    pub(super) profile: Profile,
    pub(super) blocking: Blocking,
    pub(super) patterns: &'a Patterns<'a>,
    runtime: &'static Runtime,
    opset: i64,
    has_empty_rows: bool,
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
    known: Shapes,
    constants: HashMap<(Vec<usize>, Vec<u64>), Value>,
    layout: Layout,
}

/// A forward half to write the reverse half of.
pub(super) struct Forward<'a> {
    pub(super) nodes: &'a [NodeProto],
    pub(super) facts: &'a Facts,
    pub(super) patterns: &'a Patterns<'a>,
    pub(super) opset: i64,
}

/// Whether a Softmax may be given a row of minus infinity alone: whether there is one, and the graph takes a constant of
/// minus infinity, or asks what came out as no number. Weights, which are large, are not looked through.
fn has_empty_rows(nodes: &[NodeProto], facts: &Facts) -> bool {
    let is_infinite = |name: &str| {
        let constant = || facts.constant(name);
        let holds = |c: Array| {
            c.as_real()
                .is_some_and(|values| values.contains(&f32::NEG_INFINITY))
        };
        facts.element(name) == Some(ElementType::Float) && constant().is_some_and(holds)
    };
    let masks = |node: &NodeProto| {
        let weighs = matches!(node.op(), "Conv" | "ConvTranspose" | "Gemm" | "MatMul");
        node.is_standard() && (node.op() == "IsNaN" || !weighs && node.reads().any(is_infinite))
    };
    nodes.iter().any(|n| matches!(n.op(), "Softmax" | "LogSoftmax")) && nodes.iter().any(masks)
}

impl<'a> Emit<'a> {
    pub(super) fn new(
        forward: &Forward<'a>,
        profile: Profile,
        blocking: Blocking,
        runtime: &'static Runtime,
    ) -> Self {
        let Forward { facts, patterns, .. } = *forward;
        let mut layout = Layout::new(blocking);
        for node in forward.nodes {
            layout.follow(node, |t| facts.shape(t), |t| facts.is_constant(t));
        }
        Self {
            facts,
            profile,
            blocking,
            patterns,
            runtime,
            opset: forward.opset,
            has_empty_rows: has_empty_rows(forward.nodes, facts),
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

    /// The opset of the forward half.
    pub(super) fn opset(&self) -> i64 {
        self.opset
    }

    /// Whether a Softmax of the forward half may be given a row of minus infinity alone, of which it makes no number.
    pub(super) fn has_empty_rows(&self) -> bool {
        self.has_empty_rows
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

    /// A lazily broadcast cotangent in full.
    pub(super) fn full(&mut self, a: &Value, shape: &[usize]) -> Value {
        if *a.shape == *shape {
            return a.clone();
        }
        if self.is_blocked(a) && matches!(*a.shape, [_, _, 1, 1]) && a.shape[..2] == shape[..2] {
            return patterns::enlarged(self, a, shape);
        }
        let to = self.extents(shape);
        self.op("Expand", &[a, &to], &[], shape)
    }

    /// The cotangent of an operand that was broadcast: summed down to the operand's shape. `full` is the shape of
    /// the result it was broadcast to.
    pub(super) fn unbroadcast(&mut self, a: &Value, full: &[usize], shape: &[usize]) -> Value {
        if full == shape {
            return a.clone();
        }
        // Every axis that is summed must be there in full, or the sum would be short.
        let a = self.full(a, full);
        let offset = full.len() - shape.len();
        let axes: Vec<usize> = (0..full.len())
            .filter(|k| *k < offset || (shape[k - offset] == 1 && full[*k] != 1))
            .collect();
        let summed = self.sum_over(&a, &axes);
        self.reshape(&summed, shape)
    }

    /// A cotangent in the blocked layout, where the tensor it belongs to is: a depthwise 1x1 Conv with weights 1.
    /// One plain cotangent would make every later sum and product of the residual stream plain.
    pub(super) fn in_layout_of(&mut self, ct: &Value, y: &Value) -> Value {
        if !self.is_blocked(y) {
            return ct.clone();
        }
        let ct = self.full(ct, &y.shape);
        if self.is_blocked(&ct) {
            return ct;
        }
        self.per_channel(&ct, &vec![1.0; y.shape[1]])
    }

    /// Whether the tensor is expected to be in the blocked layout.
    pub(super) fn is_blocked(&self, v: &Value) -> bool {
        self.layout.is_blocked(&v.name)
    }

    /// `a[n,c,..] * factor[c]`, as a depthwise 1x1 Conv on pictures of the CPU profile, which stays blocked.
    pub(super) fn per_channel(&mut self, a: &Value, factor: &[f32]) -> Value {
        if self.profile == Profile::Cpu && a.rank() == 4 {
            let weight = self.constant(Array::real([factor.len(), 1, 1, 1], factor));
            let group = ("group", signed(&[factor.len()])[0].into());
            return self.op(
                "Conv",
                &[a, &weight],
                &[group, ("kernel_shape", vec![1, 1].into())],
                &a.shape.clone(),
            );
        }
        let mut shape = vec![1; a.rank()];
        shape[1] = factor.len();
        let factor = self.constant(Array::real(shape, factor));
        self.mul(a, &factor)
    }

    /// Runs one forward node on one input, its others being `constants`: what only the runtime knows about an
    /// operator.
    pub(super) fn measure(
        &self,
        node: &NodeProto,
        input: &Tensor,
        constants: Vec<TensorProto>,
    ) -> Result<Vec<f32>, Error> {
        let output = probe::run_node(node, self.opset, input, constants, self.runtime)?;
        Ok(output.as_f32().unwrap_or_default().to_vec())
    }
}

/// Extents or positions as ONNX writes them.
pub(super) fn signed(v: &[usize]) -> Vec<i64> {
    v.iter().map(|d| i64::try_from(*d).unwrap_or(i64::MAX)).collect()
}

/// The shape that two operands broadcast to.
pub(super) fn broadcast(a: &[usize], b: &[usize]) -> Vec<usize> {
    let rank = a.len().max(b.len());
    let at = |s: &[usize], k: usize| (k + s.len()).checked_sub(rank).map_or(1, |i| s[i]);
    (0..rank)
        .map(|k| if at(a, k) == 1 { at(b, k) } else { at(a, k) })
        .collect()
}
