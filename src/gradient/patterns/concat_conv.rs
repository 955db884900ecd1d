// SPDX-License-Identifier: MPL-2.0
//! A stride-1 Conv that reads a Concat of channels: the cotangent of each part straight from the weight's part.
//!
//! Otherwise the cotangent of the whole would leave the blocked layout to be sliced.

use super::chain::Chain;
use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::signed;
use crate::gradient::index::Index;
use crate::gradient::lowering::turned_conv;
use crate::gradient::rule::{Call, Stop};
use crate::gradient::window::Window;
use crate::onnx::{Array, NodeProto};

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

/// The cotangents of the parts, each of `[N, channels, H, W]`, of a stride-1 Conv without groups.
fn to_parts(e: &mut Emit<'_>, c: &Call<'_>, parts: &[usize]) -> Result<Vec<Value>, Stop> {
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let weight = c
        .real_constant(1)
        .ok_or_else(|| Stop::refuse("its weight is computed; export the model with constant weights"))?;
    let xs = signed(&x.shape[2..]);
    let window = Window::of(c.node, &weight.shape[2..], &xs);
    let ys = signed(&y.shape[2..]);
    let begin: Vec<i64> = (0..xs.len()).map(|i| window.reach(i) - window.begin[i]).collect();
    let end: Vec<i64> = (0..xs.len())
        .map(|i| xs[i] + window.reach(i) - begin[i] - ys[i])
        .collect();
    let pads = [begin, end].concat();
    let ct = e.in_layout_of(&c.ct, &y);
    let ct = e.full(&ct, &y.shape);
    let mut first = 0;
    let mut out = Vec::with_capacity(parts.len());
    for channels in parts {
        let part = some_channels(&weight, first, *channels);
        let mut shape = x.shape.to_vec();
        shape[1] = *channels;
        out.push(turned_conv(e, &ct, &part, 1, &window, pads.clone(), &shape));
        first += channels;
    }
    Ok(out)
}

/// The weight `[M, C, ..]` of `count` input channels from `first` on.
fn some_channels(weight: &Array, first: usize, count: usize) -> Array {
    let values = weight.as_real().unwrap_or_default();
    let taps: usize = weight.shape[2..].iter().product();
    let row = weight.shape[1] * taps;
    let chosen: Vec<f32> = values
        .chunks(row.max(1))
        .flat_map(|r| &r[first * taps..(first + count) * taps])
        .copied()
        .collect();
    let mut shape = weight.shape.clone();
    shape[1] = count;
    Array::real(shape, chosen)
}
