// SPDX-License-Identifier: MPL-2.0
//! One rule per operator: from the cotangents of its outputs to those of its inputs (docs/reverse-mode.md 2).
//!
//! Each family has a file and a table; a rule is found by name, and everything that is not in a table is refused
//! by name.

mod activation;
mod attention;
mod conv;
mod conv_parts;
mod einsum;
mod elementwise;
mod form;
mod forms;
mod indexing;
mod matmul;
mod movement;
mod norm;
#[cfg(test)]
mod page;
mod phases;
mod pool;
mod quantize;
mod reduce;
mod resize;
mod scatter;
mod softmax;
mod sub_pixel;
mod tap_pool;

pub(super) use conv::Window;
pub(super) use conv_parts::to_parts;
pub(super) use form::{arity, known};
pub(super) use pool::to_maxima;

use super::Error;
use super::emit::{Emit, Value};
use crate::onnx::NodeProto;

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

    /// The elements of a constant real input.
    pub(super) fn real_constant(&self, e: &Emit<'_>, index: usize) -> Option<crate::onnx::Array> {
        let name = self.node.input(index)?;
        e.facts.constant(name).filter(|a| a.as_real().is_some())
    }

    /// The elements of a whole-number input that is known when the model is built.
    pub(super) fn whole_constant(&self, e: &Emit<'_>, index: usize) -> Option<Vec<i64>> {
        e.facts.whole(self.node.input(index)?)
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

/// Cotangents by input.
pub(super) type Contributions = Result<Vec<(usize, Value)>, Stop>;

type Apply = fn(&mut Emit<'_>, &Call<'_>) -> Contributions;

/// An operator's rule.
struct Rule {
    operator: &'static str,
    since: i64,
    conditions: &'static str,
    apply: Apply,
}

impl Rule {
    /// The first opset that has the operator, where that is later than the first opset that is taken.
    const fn since(mut self, opset: i64) -> Self {
        self.since = opset;
        self
    }
}

const fn rule_for(operator: &'static str, apply: Apply, conditions: &'static str) -> Rule {
    Rule {
        operator,
        since: 7,
        conditions,
        apply,
    }
}

const FAMILIES: &[(&str, &[Rule])] = &[
    ("convolution", conv::RULES),
    ("matrix product", matmul::RULES),
    ("matrix product", einsum::RULES),
    ("pooling", pool::RULES),
    ("activation", activation::RULES),
    ("elementwise", elementwise::RULES),
    ("normalisation", norm::RULES),
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

/// What is said of operators that are asked about often.
const ADVICE: &[(&str, &str)] = &[
    ("QLinearConv", WHOLE),
    ("QLinearMatMul", WHOLE),
    (
        "DynamicQuantizeLinear",
        "its scale depends on the picture; give the float model that was quantised, or quantise it statically, in the QDQ form",
    ),
    (
        "ConvInteger",
        "its arithmetic is in whole numbers; give the float model that was quantised, or quantise it in the QDQ form",
    ),
    (
        "MatMulInteger",
        "its arithmetic is in whole numbers; give the float model that was quantised, or quantise it in the QDQ form",
    ),
    (
        "If",
        "branches have no gradient here; export the model with the branch decided",
    ),
    ("Loop", "loops have no gradient here; export the model unrolled"),
    ("Scan", "loops have no gradient here; export the model unrolled"),
    (
        "NonMaxSuppression",
        "it has no gradient; cut the model before it with output-name",
    ),
];

/// What is said of operators of any other domain.
const OTHER_DOMAIN: &str =
    "it belongs to one runtime, not to ONNX; export the model again, or save it without optimisation";

/// What is said of the operators for classical models: forests, dictionaries.
const CLASSICAL: &str = "ai.onnx.ml is ONNX's set of operators for classical models, which have no gradient here; cut the model before it \
     with output-name";

/// What is said of whole-number arithmetic, of ONNX Runtime's own operators as of ONNX's.
const WHOLE: &str =
    "this is the QOperator form of a quantised model; quantise the float model in the QDQ form instead";

/// What is said of all the rest.
const NO_RULE: &str = "it has no gradient rule here; cut the model before it with output-name, or export it without this operator";

/// The rule of a node, or why there is none.
pub(super) fn rule(node: &NodeProto) -> Result<Apply, String> {
    if !node.is_standard() {
        let said = match node.domain.as_deref() {
            Some("ai.onnx.ml") => CLASSICAL,
            _ if node.op().starts_with("QLinear") => WHOLE,
            _ => OTHER_DOMAIN,
        };
        return Err(said.into());
    }
    if let Some((_, found)) = all().find(|(_, r)| r.operator == node.op()) {
        return Ok(found.apply);
    }
    let advice = ADVICE.iter().find(|(op, _)| *op == node.op());
    Err(advice.map_or(NO_RULE, |(_, text)| text).into())
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
    ends_gradient(node) || node.op() == "Constant" || rule(node).is_ok()
}

/// The axis, counted from the front.
pub(super) fn axis_of(axis: i64, rank: usize) -> Option<usize> {
    let rank_i = i64::try_from(rank).ok()?;
    usize::try_from(if axis < 0 { axis + rank_i } else { axis })
        .ok()
        .filter(|a| *a < rank)
}
