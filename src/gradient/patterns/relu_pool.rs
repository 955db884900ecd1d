// SPDX-License-Identifier: MPL-2.0
//! `MaxPool(Relu(x))`: the two commute, so the mask is taken of the pooled tensor, a fraction of the size.

use std::collections::HashSet;

use super::chain::Chain;
use crate::gradient::emit::{Emit, Value};
use crate::gradient::index::Index;
use crate::gradient::ops::to_maxima;
use crate::gradient::rule::{Call, Stop};
use crate::onnx::NodeProto;

pub(super) fn find<'a>(index: &Index<'a>, node: &'a NodeProto) -> Option<Chain<'a>> {
    let rectified = node.input(0).filter(|_| node.op() == "MaxPool")?;
    let relu = index.made_by(rectified, "Relu")?;
    index.read_once(rectified).then_some(Chain {
        xs: vec![relu.input(0)?],
        inner: Some(relu),
        apply,
    })
}

/// The cotangent of the Relu's output is that of its input already: where the maximum is 0, nothing is left of it.
fn apply(e: &mut Emit<'_>, _: &Chain<'_>, c: &Call<'_>) -> Result<Vec<Value>, Stop> {
    let y = c.y()?.clone();
    let ct = e.where_inside(&c.ct, &y, Some(0.0), None);
    Ok(vec![to_maxima(e, c, &ct)?])
}

/// Tensors that are nowhere negative, and where they are 0, whose producers pass nothing on: a pad of 0 may then tie
/// with the maximum of a window, but what it takes away is nothing.
pub(super) fn positive<'a>(index: &Index<'a>) -> HashSet<&'a str> {
    let mut positive = HashSet::new();
    for node in index.nodes.iter().filter(|n| n.is_standard()) {
        let Some(y) = node.output(0) else { continue };
        let first = node.input(0).is_some_and(|t| positive.contains(t));
        let holds = match node.op() {
            "Relu" | "Sigmoid" | "HardSigmoid" => true,
            "Clip" => node
                .input(1)
                .and_then(|t| index.number(t))
                .is_some_and(|low| low >= 0.0),
            "MaxPool" | "AveragePool" => first,
            "Concat" => node.input.iter().all(|t| positive.contains(t.as_str())),
            _ => false,
        };
        if holds {
            positive.insert(y);
        }
    }
    positive
}
