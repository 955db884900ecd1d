// SPDX-License-Identifier: MPL-2.0
//! A Conv that reads a Concat of channels: the cotangent of each part straight from the weight's part.
//!
//! Otherwise the cotangent of the whole would leave the blocked layout to be sliced.

use super::super::emit::{Emit, Value, signed};
use super::conv::{Window, dense};
use super::{Call, Stop};
use crate::onnx::Array;

/// The cotangents of the parts, each of `[N, channels, H, W]`, of a stride-1 Conv without groups.
pub(in super::super) fn to_parts(
    e: &mut Emit<'_>,
    c: &Call<'_>,
    parts: &[usize],
) -> Result<Vec<Value>, Stop> {
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let weight = c
        .real_constant(e, 1)
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
        out.push(dense(e, &ct, &part, 1, &window, pads.clone(), &shape));
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
