// SPDX-License-Identifier: MPL-2.0
//! What is said of operators that have no gradient here.

use crate::onnx::NodeProto;

/// What is said of operators that are asked about often.
pub(super) const ADVICE: &[(&str, &str)] = &[
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
        "GridSample",
        "where it reads has no gradient here; sample the picture before the model, or export the model without its \
         spatial transformer",
    ),
    (
        "NonMaxSuppression",
        "it has no gradient; cut the model before it with output-name",
    ),
];

/// What is said of operators of any other domain.
pub(super) const OTHER_DOMAIN: &str =
    "it belongs to one runtime, not to ONNX; export the model again, or save it without optimisation";

/// What is said of ONNX Runtime's own operators in the blocked layout.
pub(super) const BLOCKED: &str = "it is in the layout of one kind of processor, as ONNX Runtime saves at optimisation level \
     ORT_ENABLE_ALL; save the model at ORT_ENABLE_EXTENDED or lower, or give the file from before";

/// What is said of the operators for classical models: forests, dictionaries.
pub(super) const CLASSICAL: &str = "ai.onnx.ml is ONNX's set of operators for classical models, which have no gradient here; cut the model before it \
     with output-name";

/// What is said of whole-number arithmetic, of ONNX Runtime's own operators as of ONNX's.
const WHOLE: &str =
    "this is the QOperator form of a quantised model; quantise the float model in the QDQ form instead";

/// What is said of all the rest.
pub(super) const NO_RULE: &str = "it has no gradient rule here; cut the model before it with output-name, or export it without this operator";

/// Why a node has no gradient here whose operator has no rule.
pub(super) fn reason(node: &NodeProto) -> &'static str {
    if node.is_standard() {
        let advice = ADVICE.iter().find(|(op, _)| *op == node.op());
        return advice.map_or(NO_RULE, |(_, text)| text);
    }
    match node.domain.as_deref() {
        Some("ai.onnx.ml") => CLASSICAL,
        Some("com.microsoft.nchwc") => BLOCKED,
        _ if node.op().starts_with("QLinear") => WHOLE,
        _ => OTHER_DOMAIN,
    }
}
