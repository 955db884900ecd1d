// SPDX-License-Identifier: MPL-2.0
//! Conv and ConvTranspose (ONNX 1, 11, 22): the transposed linear map.
//!
//! Stride 1: `ct_x = Conv(ct_y, W')`, W' with its in and out channels swapped per group and every spatial axis
//! flipped. Strided: `ct_x = ConvTranspose(ct_y, W)` with the weight as it is. Strided and depthwise, on the CPU
//! profile: zeros between the elements by a one-channel ConvTranspose, then the stride-1 rule, which is two to
//! four times faster there. A computed weight is refused.

use super::super::emit::{Emit, Value, signed};
use super::indexing::padded;
use super::sub_pixel::by_phases;
use super::{Call, Contributions, Rule, Stop, rule_for};
use crate::gradient::Profile;
use crate::onnx::{Array, NodeProto, TensorProto};
use crate::runtime::Tensor;

pub(super) const RULES: &[Rule] = &[
    rule_for("Conv", conv, "constant weight"),
    rule_for(
        "ConvTranspose",
        conv_transpose,
        "constant weight; no auto_pad, no output_shape",
    ),
];

/// Kernel, strides and pads of a node, per spatial axis, with ONNX's defaults and `auto_pad` resolved.
pub(in super::super) struct Window {
    pub(super) kernel: Vec<i64>,
    pub(super) strides: Vec<i64>,
    pub(super) dilations: Vec<i64>,
    pub(in super::super) begin: Vec<i64>,
    pub(super) end: Vec<i64>,
}

impl Window {
    /// `x` are the input's spatial extents.
    pub(in super::super) fn of(node: &NodeProto, kernel: &[usize], x: &[i64]) -> Self {
        let n = kernel.len();
        let list = |name: &str, default: i64, len: usize| match node.ints(name) {
            Some(v) if v.len() == len => v.to_vec(),
            _ => vec![default; len],
        };
        let (kernel, strides, dilations) = (signed(kernel), list("strides", 1, n), list("dilations", 1, n));
        let (mut begin, mut end) = (vec![0; n], vec![0; n]);
        match node.string("auto_pad", "NOTSET") {
            "VALID" => {}
            // SAME_UPPER puts the odd pad at the end, SAME_LOWER at the beginning.
            same @ ("SAME_UPPER" | "SAME_LOWER") => {
                for i in 0..n {
                    let out = (x[i] + strides[i] - 1) / strides[i];
                    let all = ((out - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1 - x[i]).max(0);
                    begin[i] = if same == "SAME_UPPER" {
                        all / 2
                    } else {
                        all - all / 2
                    };
                    end[i] = all - begin[i];
                }
            }
            _ => {
                let pads = list("pads", 0, 2 * n);
                begin.copy_from_slice(&pads[..n]);
                end.copy_from_slice(&pads[n..]);
            }
        }
        Self {
            kernel,
            strides,
            dilations,
            begin,
            end,
        }
    }

    /// From the first to the last element that one window touches, minus 1.
    pub(super) fn reach(&self, axis: usize) -> i64 {
        self.dilations[axis] * (self.kernel[axis] - 1)
    }

    /// The pad after the last element with which `y` windows fit an axis of extent `x`, and no more.
    pub(in super::super) fn end_for(&self, axis: usize, x: i64, y: i64) -> i64 {
        ((y - 1) * self.strides[axis] + self.reach(axis) + 1 - x - self.begin[axis]).max(0)
    }

    /// Whether a window of an axis of extent `x` that gives `y` elements holds places outside: pads that are stated, or
    /// the rest of a last window that `ceil_mode` adds.
    pub(super) fn leaves(&self, axis: usize, x: usize, y: usize) -> bool {
        let last = (signed(&[y])[0] - 1) * self.strides[axis] + self.reach(axis) - self.begin[axis];
        self.begin[axis] > 0 || last >= signed(&[x])[0]
    }

    /// Whether the transpose is a Conv with the kernel turned round: stride 1, and no pads beyond the kernel.
    pub(in super::super) fn turns(&self) -> bool {
        let within = |i: usize| {
            let reach = self.reach(i);
            (0..=reach).contains(&self.begin[i]) && (0..=reach).contains(&self.end[i])
        };
        self.is_dense() && (0..self.kernel.len()).all(within)
    }

    fn is_dense(&self) -> bool {
        self.strides.iter().all(|s| *s == 1)
    }
}

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
    if c.wants(0) || c.wants(1) {
        out.push((0, picture(e, c)?));
    }
    Ok(out)
}

/// The cotangent of the picture.
fn picture(e: &mut Emit<'_>, c: &Call<'_>) -> Result<Value, Stop> {
    if c.wants(1) {
        return Err(Stop::refuse(
            "its weight is computed from the input; only constant weights are supported",
        ));
    }
    let weight = c
        .real_constant(e, 1)
        .ok_or_else(|| Stop::refuse("its weight is computed; export the model with constant weights"))?;
    let x = c.input(0)?.clone();
    let window = Window::of(c.node, &weight.shape[2..], &signed(&x.shape[2..]));
    let mut alone = c.node.clone();
    alone.remove("group");
    alone.input.truncate(2);
    let kernel = [&[1, 1], &c.input(1)?.shape[2..]].concat();
    let ones = Array::real(kernel.clone(), vec![1.0; kernel.iter().product()]).encode(&alone.input[1]);
    let skipped = skipped(e, &alone, &window, &x.shape[2..], &[ones])?;
    if skipped.iter().all(|s| *s == 0) {
        return seen(e, c, &x, &weight, &window);
    }
    let none = vec![0; x.rank()];
    let before = [&[0, 0], &signed(&skipped)[..]].concat();
    let mut shape = x.shape.to_vec();
    for (d, s) in shape[2..].iter_mut().zip(&skipped) {
        *d -= s;
    }
    let ct_x = seen(e, c, &Value::new(&x.name, &shape), &weight, &window)?;
    Ok(padded(e, &ct_x, &before, &none))
}

/// How many elements of each axis lie before the first window of a node that sums or averages: with automatic pads the
/// runtime is asked, which begins some windows that lie apart in the middle of what is left over, and others with the
/// first element. `constants`: the node's other inputs, for one channel.
pub(super) fn skipped(
    e: &Emit<'_>,
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
        let made = e.measure(node, &Tensor::f32(shape.clone(), picture), constants.to_vec())?;
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

/// The cotangent of the part of the picture that the windows go over.
fn seen(e: &mut Emit<'_>, c: &Call<'_>, x: &Value, weight: &Array, window: &Window) -> Result<Value, Stop> {
    let (y, w) = (c.y()?.clone(), c.input(1)?.clone());
    let group = c.node.int("group", 1);
    let n = x.rank() - 2;
    let (xs, ys) = (signed(&x.shape[2..]), signed(&y.shape[2..]));
    let ct = e.full(&c.ct, &y.shape);
    let begin: Vec<i64> = (0..n).map(|i| window.reach(i) - window.begin[i]).collect();

    if window.is_dense() {
        let end: Vec<i64> = (0..n)
            .map(|i| xs[i] + window.reach(i) - begin[i] - ys[i])
            .collect();
        if begin.iter().chain(&end).all(|p| *p >= 0) {
            let pads = [begin, end].concat();
            return Ok(dense(e, &ct, weight, group, window, pads, &x.shape));
        }
    }
    if let Some(ct_x) = by_phases(e, &ct, (x, &y), weight, window) {
        return Ok(ct_x);
    }
    let depthwise = weight.shape[1] == 1 && weight.shape[0] == x.shape[1] && group > 1;
    if depthwise
        && n == 2
        && e.profile == Profile::Cpu
        && begin.iter().all(|p| *p >= 0)
        && let Some(ct) = spread(e, &ct, window, &xs, &begin)
    {
        let spread = signed(&ct.shape[2..]);
        let end = (0..n)
            .map(|i| xs[i] + window.reach(i) - begin[i] - spread[i])
            .collect();
        let pads = [begin, end].concat();
        return Ok(dense(e, &ct, weight, group, window, pads, &x.shape));
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

pub(super) fn dense(
    e: &mut Emit<'_>,
    ct: &Value,
    weight: &Array,
    group: i64,
    window: &Window,
    pads: Vec<i64>,
    shape: &[usize],
) -> Value {
    let turned = e.constant(turned(weight, usize::try_from(group).unwrap_or(1)));
    let attributes = [
        ("group", group.into()),
        ("kernel_shape", window.kernel.clone().into()),
        ("dilations", window.dilations.clone().into()),
        ("pads", pads.into()),
    ];
    e.op("Conv", &[ct, &turned], &attributes, shape)
}

/// `W [G*o, i, k..]` as `W' [G*i, o, k flipped..]`.
fn turned(weight: &Array, groups: usize) -> Array {
    let values = weight.as_real().unwrap_or_default();
    let (out, inner) = (weight.shape[0] / groups, weight.shape[1]);
    let taps: usize = weight.shape[2..].iter().product();
    let mut shape = vec![groups * inner, out];
    shape.extend(&weight.shape[2..]);
    let mut turned = Vec::with_capacity(values.len());
    for g in 0..groups {
        for i in 0..inner {
            for o in 0..out {
                // Reversing the row-major order of the taps flips every spatial axis.
                let start = ((g * out + o) * inner + i) * taps;
                turned.extend(values[start..start + taps].iter().rev());
            }
        }
    }
    Array::real(shape, turned)
}

/// Zeros between the elements: a 1x1 ConvTranspose over N*C one-channel pictures, much faster than Pad.
fn spread(e: &mut Emit<'_>, ct: &Value, window: &Window, xs: &[i64], begin: &[i64]) -> Option<Value> {
    let [n, channels, h, w] = ct.shape[..] else {
        return None;
    };
    let mut extent = [0usize; 2];
    let mut extra = vec![0i64; 2];
    for i in 0..2 {
        let stride = window.strides[i];
        let made = (signed(&[h, w])[i] - 1) * stride + 1;
        let missing = xs[i] + window.reach(i) - begin[i] - made;
        extra[i] = missing.min(stride - 1);
        if missing < 0 {
            return None;
        }
        extent[i] = usize::try_from(made + extra[i]).ok()?;
    }
    let one = e.constant(Array::real([1, 1, 1, 1], [1.0]));
    let flat = e.reshape(ct, &[n * channels, 1, h, w]);
    let attributes = [
        ("kernel_shape", vec![1, 1].into()),
        ("strides", window.strides.clone().into()),
        ("output_padding", extra.into()),
    ];
    let wide = e.op(
        "ConvTranspose",
        &[&flat, &one],
        &attributes,
        &[n * channels, 1, extent[0], extent[1]],
    );
    Some(e.reshape(&wide, &[n, channels, extent[0], extent[1]]))
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
    let weight = c.real_constant(e, 1).filter(|_| !c.wants(1));
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
