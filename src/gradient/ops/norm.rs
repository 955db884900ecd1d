// SPDX-License-Identifier: MPL-2.0
//! Normalisations: BatchNormalization (ONNX 7, 9, 14, 15; inference), InstanceNormalization (6),
//! GroupNormalization (18, 21), RMSNormalization (23), LpNormalization (1, 22), LRN (1, 13).
//!
//! For a layer that normalises over a set of positions, with `h = scale ct` and `xh = (x - mean)/sd`:
//! `ct_x = (h - mean(h) - xh mean(h xh))/sd`.

use crate::gradient::emit::{Emit, Value};
use crate::gradient::rule::{Call, Contributions, Rule, Stop, rule_for};
use crate::onnx::Array;

pub(super) const RULES: &[Rule] = &[
    rule_for(
        "BatchNormalization",
        batch,
        "inference; constant statistics; spatial",
    ),
    rule_for("InstanceNormalization", instance, "constant scale and offset"),
    rule_for(
        "GroupNormalization",
        group,
        "constant scale and offset, per group before opset 21, per channel from there",
    )
    .since(18),
    rule_for("RMSNormalization", root_mean_square, "constant scale").since(23),
    rule_for("LpNormalization", lp, ""),
    rule_for("LRN", local_response, ""),
];

fn batch(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    if c.node.int("training_mode", 0) != 0 {
        return Err(Stop::refuse(
            "it is in training mode; export the model for inference",
        ));
    }
    if c.node.int("spatial", 1) == 0 {
        return Err(Stop::refuse(
            "spatial=0 is not supported; export the model with a newer opset",
        ));
    }
    let constant = |k: usize| {
        c.real_constant(k)
            .ok_or_else(|| Stop::refuse("its statistics are computed; only constant ones are supported"))
    };
    if c.wants(2) || c.wants(3) {
        return Err(Stop::refuse(
            "its offset or mean is computed from the input; only constant ones are supported",
        ));
    }
    let (scale, variance) = (constant(1)?, constant(4)?);
    let epsilon = c.node.float("epsilon", 1e-5);
    let factor: Vec<f32> = scale
        .as_real()
        .unwrap_or_default()
        .iter()
        .zip(variance.as_real().unwrap_or_default())
        .map(|(s, v)| (f64::from(*s) / (f64::from(*v) + f64::from(epsilon)).sqrt()) as f32)
        .collect();
    let ct = e.full(&c.ct, &c.y()?.shape);
    Ok(vec![(0, e.per_channel(&ct, &factor))])
}

/// The gradient through a normalisation of `x` over `axes`, `h` being the cotangent times the scale.
pub(super) fn normalised(e: &mut Emit<'_>, x: &Value, h: &Value, axes: &[usize], epsilon: f32) -> Value {
    let average = |e: &mut Emit<'_>, v: &Value| {
        let count: usize = axes.iter().map(|a| v.shape[*a]).product();
        let sum = e.sum_over(v, axes);
        e.scale(&sum, 1.0 / count as f32)
    };
    let mean = average(e, x);
    let centred = e.binary("Sub", x, &mean);
    let square = e.mul(&centred, &centred);
    let variance = average(e, &square);
    let small = e.scalar(epsilon);
    let variance = e.binary("Add", &variance, &small);
    let deviation = e.unary("Sqrt", &variance);
    let xh = e.binary("Div", &centred, &deviation);
    let h_mean = average(e, h);
    let product = e.mul(h, &xh);
    let slope = average(e, &product);
    let centred_h = e.binary("Sub", h, &h_mean);
    let along = e.mul(&xh, &slope);
    let rest = e.binary("Sub", &centred_h, &along);
    e.binary("Div", &rest, &deviation)
}

/// The constant scale of a normalisation whose offset does not depend on the picture.
fn scale_of(c: &Call<'_>) -> Result<Array, Stop> {
    let scale = c.real_constant(1).filter(|_| !c.wants(2));
    scale.ok_or_else(|| Stop::refuse("its scale or offset is computed; only constant ones are supported"))
}

fn instance(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let scale = scale_of(c)?;
    let x = c.input(0)?.clone();
    let ct = e.full(&c.ct, &x.shape);
    let h = e.per_channel(&ct, scale.as_real().unwrap_or_default());
    let axes: Vec<usize> = (2..x.rank()).collect();
    Ok(vec![(
        0,
        normalised(e, &x, &h, &axes, c.node.float("epsilon", 1e-5)),
    )])
}

/// Opset 18 scales per group, 21 per channel.
fn group(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let scale = scale_of(c)?;
    let scale = scale.as_real().unwrap_or_default();
    let x = c.input(0)?.clone();
    let (pictures, channels) = (x.shape[0], x.shape[1]);
    let groups = usize::try_from(c.node.int("num_groups", 0)).unwrap_or(0);
    if groups == 0 || channels % groups != 0 || scale.is_empty() || channels % scale.len() != 0 {
        return Err(Stop::refuse("its groups do not fit its channels"));
    }
    let repeats = channels / scale.len();
    let scale: Vec<f32> = scale
        .iter()
        .flat_map(|s| std::iter::repeat_n(*s, repeats))
        .collect();
    let ct = e.full(&c.ct, &x.shape);
    let h = e.per_channel(&ct, &scale);
    let flat = [pictures, groups, x.count() / (pictures * groups)];
    let (x_flat, h) = (e.reshape(&x, &flat), e.reshape(&h, &flat));
    let made = normalised(e, &x_flat, &h, &[2], c.node.float("epsilon", 1e-5));
    Ok(vec![(0, e.reshape(&made, &x.shape))])
}

/// `y = x/|x|`: `ct_x = (ct - x' sum(ct y))/|x|`, x' the derivative of the norm: y, or the sign of x for p = 1.
fn lp(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let axis = c.axis(-1, x.rank())?;
    let (norm, slope) = if c.node.int("p", 2) == 1 {
        let magnitude = e.unary("Abs", &x);
        (e.sum_over(&magnitude, &[axis]), e.unary("Sign", &x))
    } else {
        let square = e.mul(&x, &x);
        let sum = e.sum_over(&square, &[axis]);
        (e.unary("Sqrt", &sum), y.clone())
    };
    let ct = e.full(&c.ct, &y.shape);
    let along = e.mul(&ct, &y);
    let along = e.sum_over(&along, &[axis]);
    let radial = e.mul(&slope, &along);
    let rest = e.binary("Sub", &ct, &radial);
    // A row of zeros has no direction, and the runtime leaves it as it is: nothing passes, instead of 0/0.
    let inverse = e.inverse(&norm);
    Ok(vec![(0, e.mul(&rest, &inverse))])
}

/// `y = x scale/r`, `r` the root mean square of x: `ct_x = (h - x mean(h x)/r^2)/r`, h being the cotangent times the
/// scale.
fn root_mean_square(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    if c.wants(1) {
        return Err(Stop::refuse(
            "its scale is computed from the input; only constant ones are supported",
        ));
    }
    let (x, scale) = (c.input(0)?.clone(), c.input(1)?.clone());
    let axis = c.axis(-1, x.rank())?;
    let axes: Vec<usize> = (axis..x.rank()).collect();
    let count: usize = x.shape[axis..].iter().product();
    let average = |e: &mut Emit<'_>, a: &Value, b: &Value| {
        let product = e.mul(a, b);
        let sum = e.sum_over(&product, &axes);
        e.scale(&sum, 1.0 / count as f32)
    };
    let ct = e.full(&c.ct, &x.shape);
    let h = e.mul(&ct, &scale);
    let square = average(e, &x, &x);
    let small = e.scalar(c.node.float("epsilon", 1e-5));
    let square = e.binary("Add", &square, &small);
    let root = e.unary("Sqrt", &square);
    let along = average(e, &h, &x);
    let share = e.binary("Div", &along, &square);
    let radial = e.mul(&x, &share);
    let rest = e.binary("Sub", &h, &radial);
    Ok(vec![(0, e.binary("Div", &rest, &root))])
}

/// `y = x d^-beta`, `d = bias + alpha/size win(x^2)`, `win` the sum over a window of channels:
/// `ct_x = ct d^-beta - 2 alpha beta/size x win^T(ct y / d)`.
fn local_response(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let size = c.node.int("size", 1);
    let (alpha, beta, bias) = (
        c.node.float("alpha", 1e-4),
        c.node.float("beta", 0.75),
        c.node.float("bias", 1.0),
    );
    let share = alpha / size as f32;
    let (n, channels) = (x.shape[0], x.shape[1]);
    let spatial: usize = x.shape[2..].iter().product();
    let ct = e.full(&c.ct, &x.shape);
    let window = |e: &mut Emit<'_>, v: &Value, transposed: bool| {
        // Channel i sees channels i - floor((size-1)/2) ..= i + ceil((size-1)/2).
        let (before, after) = ((size - 1) / 2, size / 2);
        let at = |i: usize, j: usize| {
            let step = j as i64 - i as i64;
            f32::from(u8::from(-before <= step && step <= after))
        };
        let all = (0..channels).flat_map(|i| (0..channels).map(move |j| (i, j)));
        let band: Vec<f32> = all
            .map(|(i, j)| if transposed { at(j, i) } else { at(i, j) })
            .collect();
        let band = e.constant(Array::real([channels, channels], band));
        let flat = e.reshape(v, &[n, channels, spatial]);
        let summed = e.op("MatMul", &[&band, &flat], &[], &[n, channels, spatial]);
        e.reshape(&summed, &x.shape)
    };
    let square = e.mul(&x, &x);
    let energy = window(e, &square, false);
    let energy = e.scale(&energy, share);
    let bias = e.scalar(bias);
    let d = e.binary("Add", &energy, &bias);
    let exponent = e.scalar(-beta);
    let power = e.binary("Pow", &d, &exponent);
    let direct = e.mul(&ct, &power);
    let product = e.mul(&ct, &y);
    let ratio = e.binary("Div", &product, &d);
    let spread = window(e, &ratio, true);
    let weighted = e.mul(&x, &spread);
    let weighted = e.scale(&weighted, 2.0 * share * beta);
    Ok(vec![(0, e.binary("Sub", &direct, &weighted))])
}
