// SPDX-License-Identifier: MPL-2.0
//! Resize (ONNX 10 to 19) and Upsample (7, 9), in any mode: `ct_x = M^T ct_y` along each axis.
//!
//! Every mode is linear and separable, but the coordinate transforms have many corners. So each axis' matrix `M`
//! is what the runtime itself makes of an identity picture.

use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::axis_of;
use crate::gradient::rule::{Call, Contributions, Rule, Stop, rule_for};
use crate::onnx::{Array, NodeProto};
use crate::runtime::Tensor;
use crate::size;

const CONDITIONS: &str =
    "size known when the model is built; no tf_crop_and_resize, no keep_aspect_ratio_policy";

pub(super) const RULES: &[Rule] = &[
    rule_for("Resize", resize, CONDITIONS).since(10),
    rule_for(
        "Upsample",
        resize,
        "up to opset 9; factors known when the model is built",
    ),
];

fn resize(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    if c.node.string("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize" {
        return Err(Stop::refuse(
            "tf_crop_and_resize is not supported; crop with Slice, then resize",
        ));
    }
    if c.node.string("keep_aspect_ratio_policy", "stretch") != "stretch" {
        return Err(Stop::refuse(
            "keep_aspect_ratio_policy is not supported; export with the size worked out",
        ));
    }
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let factors = factors(c, x.rank())?;
    let mut ct = e.full(&c.ct, &y.shape);
    if x.shape == y.shape {
        // The runtime copies, whatever the factors.
        return Ok(vec![(0, ct)]);
    }
    for axis in 0..x.rank() {
        let factor = factors.as_ref().map(|f| f[axis]);
        if x.shape[axis] == y.shape[axis] && factor.is_none_or(|f| f == 1.0) {
            continue;
        }
        let matrix = matrix(c, x.shape[axis], y.shape[axis], factor)?;
        ct = along(e, &ct, axis, x.shape[axis], matrix);
    }
    Ok(vec![(0, ct)])
}

/// One factor per axis; `None` where the node states sizes instead.
fn factors(c: &Call<'_>, rank: usize) -> Result<Option<Vec<f32>>, Stop> {
    let Some(given) = c.node.input(2) else {
        return Ok(None);
    };
    let constant = c.forward.facts.constant(given);
    let given = constant.as_ref().and_then(Array::as_real).ok_or_else(|| {
        Stop::refuse("its scales are computed from the picture; export the model with a fixed size")
    })?;
    if given.is_empty() {
        return Ok(None);
    }
    let axes: Option<Vec<usize>> = match c.node.ints("axes") {
        Some(axes) => axes.iter().map(|a| axis_of(*a, rank)).collect(),
        None => Some((0..rank).collect()),
    };
    let axes = axes
        .filter(|a| a.len() == given.len())
        .ok_or_else(|| Stop::refuse("its scales do not fit its axes"))?;
    let mut all = vec![1.0; rank];
    axes.iter().zip(given).for_each(|(a, f)| all[*a] = *f);
    Ok(Some(all))
}

/// Elements of the matrix of one axis, and of what it is measured with.
const MAX_MATRIX: usize = 1 << 26;

/// What the node does to one axis: `M [to, from]`, transposed.
fn matrix(c: &Call<'_>, from: usize, to: usize, factor: Option<f32>) -> Result<Array, Stop> {
    if size::check(&[from, from.max(2 * to)], MAX_MATRIX).is_none() {
        let reason =
            format!("an axis of {from} elements that becomes one of {to} is too long to be differentiated");
        return Err(Stop::Refuse(reason));
    }
    let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let mut one = NodeProto::new("Resize", "axis", &["x", "", "", ""], &["y"]);
    one.attribute.clone_from(&c.node.attribute);
    one.remove("axes");
    // [1, from, 1, from] to [1, from, 2, to]: channel i holds the i-th unit vector. The single row is doubled
    // because the runtime copies a picture that keeps its size, even by a factor that rounds to it.
    let constant = if let Some(factor) = factor {
        one.input[2] = "scales".into();
        one.input.truncate(3);
        Array::real([4], [1.0, 1.0, 2.0, factor]).encode("scales")
    } else {
        one.input[3] = "sizes".into();
        Array::whole([1, whole(from), 2, whole(to)]).encode("sizes")
    };
    let unit = |k: usize| f32::from(u8::from(k / from == k % from));
    let identity: Vec<f32> = (0..from * from).map(unit).collect();
    let rows = c.measure(&one, &Tensor::f32([1, from, 1, from], identity), vec![constant])?;
    if rows.len() != from * 2 * to {
        return Err(Stop::refuse(
            "the runtime resizes a single axis differently; only separable resizing is supported",
        ));
    }
    let first: Vec<f32> = rows.chunks(2 * to).flat_map(|two| &two[..to]).copied().collect();
    Ok(Array::real([from, to], first))
}

/// `matrix [n, m]` applied to one axis.
fn along(e: &mut Emit<'_>, v: &Value, axis: usize, n: usize, matrix: Array) -> Value {
    let (outer, m) = (v.shape[..axis].iter().product(), v.shape[axis]);
    let inner: usize = v.shape[axis + 1..].iter().product();
    let mut shape = v.shape.to_vec();
    shape[axis] = n;
    let made = if inner == 1 {
        let values = matrix.as_real().unwrap_or_default();
        let turned: Vec<f32> = (0..m)
            .flat_map(|j| (0..n).map(move |i| values[i * m + j]))
            .collect();
        let turned = e.constant(Array::real([m, n], turned));
        let flat = e.reshape(v, &[outer, m]);
        e.op("MatMul", &[&flat, &turned], &[], &[outer, n])
    } else {
        let matrix = e.constant(matrix);
        let flat = e.reshape(v, &[outer, m, inner]);
        e.op("MatMul", &[&matrix, &flat], &[], &[outer, n, inner])
    };
    e.reshape(&made, &shape)
}
