// SPDX-License-Identifier: MPL-2.0
//! Pooling: MaxPool (ONNX 8 to 22), AveragePool (7 to 22), GlobalMaxPool, GlobalAveragePool (1).
//!
//! A maximum passes its cotangent to the element that ONNX Runtime itself names, the first among equals. An
//! average spreads it over its window, divided by what the runtime divides by: with `ceil_mode` and
//! `count_include_pad` versions differ, so the divisors are measured.

use super::conv::skipped;
use super::indexing::padded;
use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::signed;
use crate::gradient::lowering::{by_mean, by_taps, over_all};
use crate::gradient::rule::{Call, Contributions, Rule, Stop, rule_for};
use crate::gradient::window::Window;
use crate::onnx::Array;
use crate::runtime::Tensor;
use crate::size::{self, MAX_INPUT};

pub(super) const RULES: &[Rule] = &[
    rule_for("MaxPool", max, "row-major indices"),
    rule_for("AveragePool", average, ""),
    rule_for("GlobalMaxPool", global_max, ""),
    rule_for("GlobalAveragePool", global_average, ""),
];

fn window_of(c: &Call<'_>, x: &Value) -> Result<Window, Stop> {
    let kernel = c
        .node
        .ints("kernel_shape")
        .ok_or_else(|| Stop::refuse("it has no kernel_shape"))?;
    let kernel: Vec<usize> = kernel.iter().map(|k| usize::try_from(*k).unwrap_or(0)).collect();
    if kernel.len() + 2 != x.rank() {
        return Err(Stop::refuse("its kernel_shape does not fit its input"));
    }
    if size::check(&kernel, MAX_INPUT).is_none() {
        return Err(Stop::refuse("its kernel_shape is larger than any picture"));
    }
    let window = Window::of(c.node, &kernel, &signed(&x.shape[2..]));
    let same = c.node.string("auto_pad", "NOTSET").starts_with("SAME");
    if same && window.dilations.iter().any(|d| *d != 1) {
        // ONNX does not say whether a pool's automatic pads count what lies between the taps; shape inference and the
        // kernels of one runtime differ.
        return Err(Stop::refuse(
            "its automatic pads are not known where it has dilations; export it with stated pads",
        ));
    }
    if same && c.node.int("ceil_mode", 0) != 0 {
        // `windows` has taken it away wherever it does nothing.
        return Err(Stop::refuse(
            "its automatic pads leave parts of the picture out, and ceil_mode counts them; export it with stated pads",
        ));
    }
    Ok(window)
}

fn max(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    Ok(vec![(0, to_maxima(e, c, &c.ct)?)])
}

/// The cotangent `ct` of a MaxPool's output, brought to the first maximum of each window.
pub(in crate::gradient) fn to_maxima(e: &mut Emit<'_>, c: &Call<'_>, ct: &Value) -> Result<Value, Stop> {
    if c.node.int("storage_order", 0) != 0 {
        return Err(Stop::refuse(
            "column-major indices (storage_order=1) are not supported",
        ));
    }
    if c.node.output(1).is_some() {
        return Err(Stop::refuse(
            "its indices are used (unpooling); only plain pooling is supported",
        ));
    }
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let window = window_of(c, &x)?;
    if let Some(ct_x) = by_taps(e, ct, (&x, &y), &window, c.hints.is_positive) {
        return Ok(ct_x);
    }
    let overlap = (0..window.kernel.len()).any(|i| window.reach(i) >= window.strides[i]);
    // A second node: the forward one stays in the blocked layout, which indices are not offered in.
    let pooled = e.op_like(c.node, "MaxPool", &[&x.name], &[&y.shape, &y.shape]);
    Ok(scatter(e, ct, &pooled[1], &x, &y, overlap))
}

/// Adds each cotangent to the element of `x` that its index names, counted over the whole tensor.
fn scatter(e: &mut Emit<'_>, ct: &Value, indices: &Value, x: &Value, y: &Value, overlap: bool) -> Value {
    let ct = e.full(ct, &y.shape);
    let (ct, indices) = (e.reshape(&ct, &[y.count()]), e.reshape(indices, &[y.count()]));
    let count = e.extents(&[x.count()]);
    let zeros = e.op("ConstantOfShape", &[&count], &[], &[x.count()]);
    let reduction = if overlap { "add" } else { "none" };
    let flat = e.op(
        "ScatterElements",
        &[&zeros, &indices, &ct],
        &[("axis", 0.into()), ("reduction", reduction.into())],
        &[x.count()],
    );
    e.reshape(&flat, &x.shape)
}

fn global_max(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let rows = x.shape[0] * x.shape[1];
    let columns: usize = x.shape[2..].iter().product();
    let flat = e.reshape(&x, &[rows, columns]);
    let first = e.op(
        "ArgMax",
        &[&flat],
        &[("axis", 1.into()), ("keepdims", 1.into())],
        &[rows, 1],
    );
    let ct = e.full(&c.ct, &y.shape);
    let ct = e.reshape(&ct, &[rows, 1]);
    let shape = e.extents(&[rows, columns]);
    let zeros = e.op("ConstantOfShape", &[&shape], &[], &[rows, columns]);
    let spread = e.op(
        "ScatterElements",
        &[&zeros, &first, &ct],
        &[("axis", 1.into())],
        &[rows, columns],
    );
    Ok(vec![(0, e.reshape(&spread, &x.shape))])
}

fn global_average(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let x = c.input(0)?;
    let share = 1.0 / x.shape[2..].iter().product::<usize>() as f32;
    let ct_x = over_all(e, &c.ct, (x, c.y()?), share).unwrap_or_else(|| e.scale(&c.ct, share));
    Ok(vec![(0, ct_x)])
}

fn average(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let mut window = window_of(c, &x)?;
    let n = window.kernel.len();
    let (xs, ys) = (signed(&x.shape[2..]), signed(&y.shape[2..]));
    // Elements before the first window, which automatic pads can leave out.
    let skipped = signed(&skipped(c, c.node, &window, &x.shape[2..], &[])?);
    for (begin, skipped) in window.begin.iter_mut().zip(&skipped).filter(|(_, s)| **s > 0) {
        *begin = -skipped;
    }
    let share = shares(c, &window, &x, &y)?;
    let ct = e.full(&c.ct, &y.shape);
    if let Some(ct_x) = by_mean(e, &ct, &x, &window, &share) {
        return Ok(vec![(0, ct_x)]);
    }
    // Over N*C one-channel pictures: ct_x = conv_transpose(ct_y / divisor, ones).
    let images = x.shape[0] * x.shape[1];
    let flat = |shape: &[usize]| [&[images, 1], &shape[2..]].concat();
    let ct = e.reshape(&ct, &flat(&y.shape));
    let kernel: Vec<usize> = window
        .kernel
        .iter()
        .map(|k| usize::try_from(*k).unwrap_or(0))
        .collect();
    let uniform = share.windows(2).all(|w| w[0] == w[1]);
    let (ct, tap) = if uniform {
        (ct, share[0])
    } else {
        let map = e.constant(Array::real([&[1, 1], &y.shape[2..]].concat(), share));
        (e.mul(&ct, &map), 1.0)
    };
    let taps: usize = kernel.iter().product();
    let weight = e.constant(Array::real(
        [&[1, 1], kernel.as_slice()].concat(),
        vec![tap; taps],
    ));
    let mut end = vec![0; n];
    let mut extra = vec![0; n];
    let mut made = x.shape.to_vec();
    for i in 0..n {
        window.begin[i] = window.begin[i].max(0);
        let (wanted, reached) = (
            xs[i] - skipped[i],
            (ys[i] - 1) * window.strides[i] + window.reach(i) + 1 - window.begin[i],
        );
        end[i] = (reached - wanted).max(0);
        extra[i] = (wanted - reached).clamp(0, window.strides[i] - 1);
        made[i + 2] = usize::try_from(reached - end[i] + extra[i]).unwrap_or(0);
    }
    let attributes = [
        ("kernel_shape", window.kernel.clone().into()),
        ("strides", window.strides.clone().into()),
        ("dilations", window.dilations.clone().into()),
        ("pads", [window.begin, end].concat().into()),
        ("output_padding", extra.into()),
    ];
    let spread = e.op("ConvTranspose", &[&ct, &weight], &attributes, &flat(&made));
    let spread = e.reshape(&spread, &made);
    // More may lie behind the last window than an output_padding can add.
    let after: Vec<i64> = (0..n)
        .map(|i| xs[i] - skipped[i] - signed(&[made[i + 2]])[0])
        .collect();
    let around = |spatial: Vec<i64>| [vec![0, 0], spatial].concat();
    Ok(vec![(0, padded(e, &spread, &around(skipped), &around(after)))])
}

/// One over each window's divisor: the average of ones, over how many elements of the picture the window holds.
fn shares(c: &Call<'_>, window: &Window, x: &Value, y: &Value) -> Result<Vec<f32>, Stop> {
    let shape = [&[1, 1], &x.shape[2..]].concat();
    let ones = Tensor::f32(shape.clone(), vec![1.0; shape.iter().product()]);
    let averages = c.measure(c.node, &ones, Vec::new())?;
    let (xs, ys) = (signed(&x.shape[2..]), &y.shape[2..]);
    let inside = |axis: usize, at: usize| {
        let start = signed(&[at])[0] * window.strides[axis] - window.begin[axis];
        let taps = (0..window.kernel[axis]).map(|k| start + k * window.dilations[axis]);
        taps.filter(|p| (0..xs[axis]).contains(p)).count()
    };
    let share = |(flat, average): (usize, &f32)| {
        let mut rest = flat;
        let mut held = 1;
        for axis in (0..ys.len()).rev() {
            held *= inside(axis, rest % ys[axis]);
            rest /= ys[axis];
        }
        // The average of ones is held / divisor.
        average / held.max(1) as f32
    };
    Ok(averages.iter().enumerate().map(share).collect())
}
