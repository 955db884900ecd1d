// SPDX-License-Identifier: MPL-2.0
//! One rule per operator: from the cotangents of its outputs to those of its inputs (docs/reverse-mode.md 2).
//!
//! Each family has a file and a table; a rule is found by name, and everything that is not in a table is refused
//! by name.

mod activation;
mod attention;
mod conv;
mod conv_weight;
mod einsum;
mod elementwise;
mod form;
mod forms;
mod indexing;
pub(super) mod layer_norm;
mod matmul;
mod movement;
mod norm;
#[cfg(test)]
mod page;
mod pool;
mod quantize;
mod reduce;
mod resize;
mod scatter;
mod softmax;

pub(super) use form::{arity, fused, known};
pub(super) use pool::to_maxima;

use super::rule::{Apply, Rule};
use super::unsupported;
use crate::onnx::NodeProto;

const FAMILIES: &[(&str, &[Rule])] = &[
    ("convolution", conv::RULES),
    ("matrix product", matmul::RULES),
    ("matrix product", einsum::RULES),
    ("pooling", pool::RULES),
    ("activation", activation::RULES),
    ("elementwise", elementwise::RULES),
    ("normalisation", norm::RULES),
    ("normalisation", layer_norm::RULES),
    ("reduction", reduce::RULES),
    ("movement", movement::RULES),
    ("indexing", indexing::RULES),
    ("indexing", scatter::RULES),
    ("resizing", resize::RULES),
    ("softmax", softmax::RULES),
    ("attention", attention::RULES),
    ("quantisation", quantize::RULES),
];

/// Operators whose output no gradient flows through: the walk simply ends there.
const ENDS: &[&str] = &[
    "Shape",
    "Size",
    "ArgMax",
    "ArgMin",
    "Equal",
    "Greater",
    "GreaterOrEqual",
    "Less",
    "LessOrEqual",
    "And",
    "Or",
    "Not",
    "Xor",
    "IsNaN",
    "IsInf",
    "Floor",
    "Ceil",
    "Round",
    "Sign",
    "NonZero",
    "ConstantOfShape",
    "Range",
];

/// The rule of a node, or why there is none.
pub(super) fn rule(node: &NodeProto) -> Result<Apply, String> {
    let found = all().find(|(_, r)| node.is_standard() && r.operator == node.op());
    found
        .map(|(_, r)| r.apply)
        .ok_or_else(|| unsupported::reason(node).into())
}

/// Whether no gradient flows through the node, which is no reason to refuse the model.
pub(super) fn ends_gradient(node: &NodeProto) -> bool {
    node.is_standard() && ENDS.contains(&node.op())
}

fn all() -> impl Iterator<Item = (&'static str, &'static Rule)> {
    FAMILIES
        .iter()
        .flat_map(|(family, rules)| rules.iter().map(move |r| (*family, r)))
}

/// What is supported of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperatorRow {
    /// Its family.
    pub family: &'static str,
    /// Its name, in ONNX's own domain.
    pub operator: &'static str,
    /// The first opset in which it is taken; all later ones are.
    pub since: i64,
    /// Conditions and refusals; empty when there are none.
    pub conditions: &'static str,
}

/// Every operator that has a rule, family by family.
pub fn operators() -> impl Iterator<Item = OperatorRow> {
    all().map(|(family, r)| OperatorRow {
        family,
        operator: r.operator,
        since: r.since,
        conditions: r.conditions,
    })
}

/// Whether a gradient can flow through the operator, or need not; its conditions are not looked at.
pub fn supports(node: &NodeProto) -> bool {
    ends_gradient(node) || node.op() == "Constant" || rule(node).is_ok() || fused(node) == Some(Ok(()))
}
