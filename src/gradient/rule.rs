// SPDX-License-Identifier: MPL-2.0
//! What a rule is given, and what it hands back: from the cotangents of a node's outputs to those of its inputs.

use super::emit::{Emit, Value};
use super::error::Error;
use super::extents::axis_of;
use super::facts::Facts;
use super::one_node;
use crate::onnx::{Array, ElementType, NodeProto, TensorProto};
use crate::runtime::{Runtime, Tensor};

/// An operator's rule.
pub(super) struct Rule {
    pub(super) operator: &'static str,
    pub(super) since: i64,
    pub(super) conditions: &'static str,
    pub(super) apply: Apply,
}

pub(super) type Apply = fn(&mut Emit<'_>, &Call<'_>) -> Contributions;

/// Cotangents by input.
pub(super) type Contributions = Result<Vec<(usize, Value)>, Stop>;

/// The rule of an operator that the first opset has.
pub(super) const fn rule_for(operator: &'static str, apply: Apply, conditions: &'static str) -> Rule {
    Rule {
        operator,
        since: 7,
        conditions,
        apply,
    }
}

impl Rule {
    /// The first opset that has the operator, where that is later than the first opset that is taken.
    pub(super) const fn since(mut self, opset: i64) -> Self {
        self.since = opset;
        self
    }
}

/// A node whose cotangents are asked for.
pub(super) struct Call<'a> {
    pub(super) node: &'a NodeProto,
    /// The cotangent of the first output that has one; of *the* output, where there is one.
    pub(super) ct: Value,
    /// One per output.
    pub(super) cts: Vec<Option<Value>>,
    /// One per input; `None` for an absent one.
    pub(super) inputs: Vec<Option<Value>>,
    /// One per output; `None` for an absent one.
    pub(super) outputs: Vec<Option<Value>>,
    /// Whether a cotangent of the input is wanted.
    pub(super) active: Vec<bool>,
    pub(super) hints: Hints<'a>,
    pub(super) forward: &'a Forward<'a>,
}

/// What the nodes around it allow a rule to do. Without hints each rule is right by itself.
#[derive(Clone, Copy, Default)]
pub(super) struct Hints<'a> {
    /// Of a product: the scale of the LayerNormalization that made its first input, whose scaling and centring the
    /// product takes over.
    pub(super) scale_before: Option<&'a Array>,
    /// Of a LayerNormalization: whether the cotangent of its output comes scaled and centred.
    pub(super) is_centred: bool,
    /// Whether the first input is nowhere negative, and where it is 0, its producers pass nothing on.
    pub(super) is_positive: bool,
}

/// The forward half that a rule's node is of.
pub(super) struct Forward<'a> {
    pub(super) facts: &'a Facts,
    pub(super) opset: i64,
    pub(super) runtime: &'static Runtime,
    /// Whether a Softmax may be given a row of minus infinity alone, of which it makes no number.
    pub(super) has_empty_rows: bool,
}

impl<'a> Forward<'a> {
    pub(super) fn new(nodes: &[NodeProto], facts: &'a Facts, opset: i64, runtime: &'static Runtime) -> Self {
        Self {
            facts,
            opset,
            runtime,
            has_empty_rows: has_empty_rows(nodes, facts),
        }
    }
}

/// Whether there is a Softmax, and the graph takes a constant of minus infinity, or asks what came out as no number.
/// Weights, which are large, are not looked through.
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

impl Call<'_> {
    /// The input at `index`.
    pub(super) fn input(&self, index: usize) -> Result<&Value, Stop> {
        self.inputs
            .get(index)
            .and_then(Option::as_ref)
            .ok_or_else(|| Stop::refuse(format!("its input {index} is absent")))
    }

    /// The first output.
    pub(super) fn y(&self) -> Result<&Value, Stop> {
        self.outputs
            .first()
            .and_then(Option::as_ref)
            .ok_or_else(|| Stop::refuse("its output is absent"))
    }

    /// Whether a cotangent of the input at `index` is wanted.
    pub(super) fn wants(&self, index: usize) -> bool {
        self.active.get(index).copied().unwrap_or(false)
    }

    /// The attribute `axis` for a tensor of this rank, counted from the front.
    pub(super) fn axis(&self, default: i64, rank: usize) -> Result<usize, Stop> {
        axis_of(self.node.int("axis", default), rank).ok_or_else(|| Stop::refuse("its axis is out of range"))
    }

    /// The elements of a constant real input.
    pub(super) fn real_constant(&self, index: usize) -> Option<Array> {
        let constant = self.forward.facts.constant(self.node.input(index)?);
        constant.filter(|a| a.as_real().is_some())
    }

    /// The elements of a whole-number input that is known when the model is built.
    pub(super) fn whole_constant(&self, index: usize) -> Option<Vec<i64>> {
        self.forward.facts.whole(self.node.input(index)?)
    }

    /// Runs one node on one input, its others being `constants`: what only the runtime knows about an operator.
    pub(super) fn measure(
        &self,
        node: &NodeProto,
        input: &Tensor,
        constants: Vec<TensorProto>,
    ) -> Result<Vec<f32>, Error> {
        let Forward { opset, runtime, .. } = *self.forward;
        let output = one_node::run(node, opset, input, constants, runtime)?;
        Ok(output.as_f32().unwrap_or_default().to_vec())
    }
}

/// Why a rule ends without cotangents.
pub(super) enum Stop {
    /// The node has no gradient here, and why.
    Refuse(String),
    /// Something else went wrong.
    Failed(Error),
}

impl Stop {
    pub(super) fn refuse(reason: impl Into<String>) -> Self {
        Self::Refuse(reason.into())
    }
}

impl From<Error> for Stop {
    fn from(e: Error) -> Self {
        Self::Failed(e)
    }
}
