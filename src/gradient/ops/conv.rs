// SPDX-License-Identifier: MPL-2.0
//! Conv and ConvTranspose (ONNX 1, 11, 22): the transposed linear map.
//!
//! Stride 1: `ct_x = Conv(ct_y, W')`, W' with its in and out channels swapped per group and every spatial axis
//! flipped. Strided, or with a weight that is computed: `ct_x = ConvTranspose(ct_y, W)` with the weight as it is. What a
//! computed weight gets stands in `conv_weight.rs`.

use super::conv_weight;
use super::indexing::padded;
use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::signed;
use crate::gradient::lowering::{by_phases, by_zeros, turned_conv};
use crate::gradient::rule::{Call, Contributions, Rule, Stop, rule_for};
use crate::gradient::window::Window;
use crate::onnx::{Array, NodeProto, TensorProto};
use crate::runtime::Tensor;

pub(super) const RULES: &[Rule] = &[
    rule_for("Conv", conv, ""),
    rule_for(
        "ConvTranspose",
        conv_transpose,
        "constant weight; no auto_pad, no output_shape",
    ),
];

/// The cotangent of the bias, where one is wanted: summed over pictures and positions.
fn bias(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    if !c.wants(2) {
        return Ok(Vec::new());
    }
    let y = c.y()?.shape.clone();
    let ct = e.full(&c.ct, &y);
    let axes: Vec<usize> = (0..y.len()).filter(|a| *a != 1).collect();
    let summed = e.sum_over(&ct, &axes);
    Ok(vec![(2, e.reshape(&summed, &y[1..2]))])
}

fn conv(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let mut out = bias(e, c)?;
    if !c.wants(0) && !c.wants(1) {
        return Ok(out);
    }
    let x = c.input(0)?.clone();
    let kernel = &c.input(1)?.shape[2..];
    let window = Window::of(c.node, kernel, &signed(&x.shape[2..]));
    let mut alone = c.node.clone();
    alone.remove("group");
    alone.input.truncate(2);
    let kernel = [&[1, 1], kernel].concat();
    let ones = Array::real(kernel.clone(), vec![1.0; kernel.iter().product()]).encode(&alone.input[1]);
    let skipped = skipped(c, &alone, &window, &x.shape[2..], &[ones])?;
    if c.wants(0) {
        out.push((0, picture(e, c, &x, &window, &skipped)?));
    }
    if c.wants(1) {
        out.push((1, conv_weight::cotangent(e, c, &window, &skipped)?));
    }
    Ok(out)
}

/// The cotangent of the picture.
fn picture(
    e: &mut Emit<'_>,
    c: &Call<'_>,
    x: &Value,
    window: &Window,
    skipped: &[usize],
) -> Result<Value, Stop> {
    let weight = c.real_constant(1);
    if skipped.iter().all(|s| *s == 0) {
        return covered(e, c, x, weight.as_ref(), window);
    }
    let none = vec![0; x.rank()];
    let before = [&[0, 0], &signed(skipped)[..]].concat();
    let mut shape = x.shape.to_vec();
    for (d, s) in shape[2..].iter_mut().zip(skipped) {
        *d -= s;
    }
    let ct_x = covered(e, c, &Value::new(&x.name, &shape), weight.as_ref(), window)?;
    Ok(padded(e, &ct_x, &before, &none))
}

/// How many elements of each axis lie before the first window of a node that sums or averages: with automatic pads the
/// runtime is asked, which begins some windows that lie apart in the middle of what is left over, and others with the
/// first element. `constants`: the node's other inputs, for one channel.
pub(super) fn skipped(
    c: &Call<'_>,
    node: &NodeProto,
    window: &Window,
    spatial: &[usize],
    constants: &[TensorProto],
) -> Result<Vec<usize>, Stop> {
    let mut skipped = vec![0; spatial.len()];
    let apart = |i: usize| window.strides[i] > window.reach(i) + 1;
    if !(0..spatial.len()).any(apart) || !node.string("auto_pad", "NOTSET").starts_with("SAME") {
        return Ok(skipped);
    }
    let shape = [&[1, 1], spatial].concat();
    let first = |picture: Vec<f32>| -> Result<f32, Stop> {
        let made = c.measure(node, &Tensor::f32(shape.clone(), picture), constants.to_vec())?;
        Ok(made.first().copied().unwrap_or(0.0))
    };
    let held = first(vec![1.0; spatial.iter().product()])?;
    for i in (0..spatial.len()).filter(|i| apart(*i)) {
        let inner: usize = spatial[i + 1..].iter().product();
        let places = (0..spatial.iter().product()).map(|k: usize| (k / inner % spatial[i]) as f32);
        // The mean place that the first window holds, less half of what it reaches over.
        let middle = first(places.collect())? / held;
        skipped[i] = (middle - window.reach(i) as f32 / 2.0).round().max(0.0) as usize;
    }
    Ok(skipped)
}

/// The cotangent of the part of the picture that the windows go over; `weight` where it is constant.
fn covered(
    e: &mut Emit<'_>,
    c: &Call<'_>,
    x: &Value,
    weight: Option<&Array>,
    window: &Window,
) -> Result<Value, Stop> {
    let (y, w) = (c.y()?.clone(), c.input(1)?.clone());
    let group = c.node.int("group", 1);
    let n = x.rank() - 2;
    let (xs, ys) = (signed(&x.shape[2..]), signed(&y.shape[2..]));
    let ct = e.full(&c.ct, &y.shape);
    let begin: Vec<i64> = (0..n).map(|i| window.reach(i) - window.begin[i]).collect();

    if let (true, Some(weight)) = (window.is_dense(), weight) {
        let end: Vec<i64> = (0..n)
            .map(|i| xs[i] + window.reach(i) - begin[i] - ys[i])
            .collect();
        if begin.iter().chain(&end).all(|p| *p >= 0) {
            let pads = [begin, end].concat();
            return Ok(turned_conv(e, &ct, weight, group, window, pads, &x.shape));
        }
    }
    let by_weight = |weight: &Array, e: &mut Emit<'_>| {
        by_phases(e, &ct, (x, &y), weight, window).or_else(|| by_zeros(e, &ct, x, weight, (group, window)))
    };
    if let Some(ct_x) = weight.and_then(|weight| by_weight(weight, e)) {
        return Ok(ct_x);
    }
    // ct_x = conv_transpose(ct_y, w); rows that no window used get zeros through output_padding.
    let mut end = window.end.clone();
    let mut extra = vec![0; n];
    for i in 0..n {
        let made = (ys[i] - 1) * window.strides[i] + window.reach(i) + 1 - window.begin[i] - end[i];
        extra[i] = (xs[i] - made).max(0);
        end[i] += (made - xs[i]).max(0);
    }
    let attributes = [
        ("group", group.into()),
        ("kernel_shape", window.kernel.clone().into()),
        ("strides", window.strides.clone().into()),
        ("dilations", window.dilations.clone().into()),
        ("pads", [window.begin.clone(), end].concat().into()),
        ("output_padding", extra.into()),
    ];
    Ok(e.op("ConvTranspose", &[&ct, &w], &attributes, &x.shape))
}

fn conv_transpose(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let mut out = bias(e, c)?;
    if c.wants(0) || c.wants(1) {
        out.push((0, transposed_picture(e, c)?));
    }
    Ok(out)
}

/// The cotangent of the picture that a ConvTranspose took.
fn transposed_picture(e: &mut Emit<'_>, c: &Call<'_>) -> Result<Value, Stop> {
    let weight = c.real_constant(1).filter(|_| !c.wants(1));
    let weight = weight
        .ok_or_else(|| Stop::refuse("its weight is computed; export the model with constant weights"))?;
    if c.node.string("auto_pad", "NOTSET") != "NOTSET" || c.node.attribute("output_shape").is_some() {
        return Err(Stop::refuse(
            "auto_pad and output_shape are not supported; export with explicit pads",
        ));
    }
    let (x, y, w) = (c.input(0)?.clone(), c.y()?.clone(), c.input(1)?.clone());
    let n = x.rank() - 2;
    let (xs, ys) = (signed(&x.shape[2..]), signed(&y.shape[2..]));
    let window = Window::of(c.node, &weight.shape[2..], &xs);
    let mut ct = e.full(&c.ct, &y.shape);
    // ct_x = conv(ct_y, w), the end pads chosen so that exactly the input's extent comes out.
    let mut end: Vec<i64> = (0..n)
        .map(|i| (xs[i] - 1) * window.strides[i] + window.reach(i) + 1 - window.begin[i] - ys[i])
        .collect();
    if end.iter().any(|p| *p < 0) {
        let kept: Vec<i64> = (0..n).map(|i| ys[i] + end[i].min(0)).collect();
        let mut shape = y.shape.to_vec();
        for i in 0..n {
            shape[2 + i] = usize::try_from(kept[i]).unwrap_or(0);
            end[i] = end[i].max(0);
        }
        let axes = e.ints((2..).take(n));
        let (starts, ends) = (e.ints(vec![0; n]), e.ints(kept));
        ct = e.op("Slice", &[&ct, &starts, &ends, &axes], &[], &shape);
    }
    let attributes = [
        ("group", c.node.int("group", 1).into()),
        ("kernel_shape", window.kernel.clone().into()),
        ("strides", window.strides.clone().into()),
        ("dilations", window.dilations.clone().into()),
        ("pads", [window.begin, end].concat().into()),
    ];
    Ok(e.op("Conv", &[&ct, &w], &attributes, &x.shape))
}
