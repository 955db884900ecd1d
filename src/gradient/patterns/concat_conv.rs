// SPDX-License-Identifier: MPL-2.0
//! A stride-1 Conv that reads a Concat of channels: its cotangent goes to the parts, and nothing is sliced.

use super::super::emit::{Emit, Value, signed};
use super::super::ops::{Call, Stop, Window, to_parts};
use super::{Chain, Index};
use crate::onnx::NodeProto;

/// Channels per block at most; parts of other sizes leave the layout anyway.
const BLOCK: usize = 16;

pub(super) fn find<'a>(index: &Index<'a>, node: &'a NodeProto) -> Option<Chain<'a>> {
    let joined = node.input(0).filter(|_| node.op() == "Conv")?;
    let concat = index
        .made_by(joined, "Concat")
        .filter(|n| n.int("axis", 0) == 1)?;
    let [_, _, height, width] = index.shape(joined)? else {
        return None;
    };
    let weight = index.constant(node.input(1)?)?;
    let window = Window::of(node, &weight.shape[2..], &signed(&[*height, *width]));
    let constant_bias = node.input(2).is_none_or(|b| index.constant(b).is_some());
    let blocks = |t: &String| index.shape(t).is_some_and(|s| s[1].is_multiple_of(BLOCK));
    let applies = node.int("group", 1) == 1 && constant_bias && window.turns();
    (applies && concat.input.iter().all(blocks)).then(|| Chain {
        xs: concat.input.iter().map(String::as_str).collect(),
        inner: None,
        apply,
    })
}

fn apply(e: &mut Emit<'_>, chain: &Chain<'_>, c: &Call<'_>) -> Result<Vec<Value>, Stop> {
    let channels: Vec<usize> = chain
        .xs
        .iter()
        .filter_map(|x| e.forward(x))
        .map(|x| x.shape[1])
        .collect();
    to_parts(e, c, &channels)
}
