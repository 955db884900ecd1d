// SPDX-License-Identifier: MPL-2.0
//! LayerNormalization (ONNX 17), and the product that follows it.
//!
//! With `xh = (x - mean)/sd` and `h = scale ct`: `ct_x = (h - mean(h) - xh mean(h xh))/sd`. On the CPU profile mean and 1/sd
//! are optional outputs of the forward node. And where the output is read only by products with a constant `B`, over the
//! last axis, `ct = ct_p B^T`, and with `B^T diag(scale)` less its row means in place of `B^T` the product is
//! `h - mean(h)` already.

use super::norm::normalised;
use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::axis_of;
use crate::gradient::facts::Facts;
use crate::gradient::index::Index;
use crate::gradient::rule::{Call, Contributions, Rule, Stop, rule_for};
use crate::onnx::{Array, NodeProto};

pub(super) const RULES: &[Rule] = &[rule_for(
    "LayerNormalization",
    layer,
    "constant scale and offset; mean and deviation unused",
)
.since(17)];

fn layer(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    if c.wants(1) || c.wants(2) {
        return Err(Stop::refuse(
            "its scale or offset is computed from the input; only constant ones are supported",
        ));
    }
    if c.cts.iter().skip(1).any(Option::is_some) {
        return Err(Stop::refuse(
            "its mean or deviation is used; only the normalised output is supported",
        ));
    }
    let (x, scale) = (c.input(0)?.clone(), c.input(1)?.clone());
    let axis = c.axis(-1, x.rank())?;
    let ct = e.full(&c.ct, &x.shape);
    let centred = c.hints.is_centred;
    let h = if centred { ct } else { e.mul(&ct, &scale) };
    let axes: Vec<usize> = (axis..x.rank()).collect();
    if let [_, Some(mean), Some(inverse)] = &c.outputs[..] {
        let ct_x = from_statistics(e, [&x, mean, inverse], &h, &axes, centred);
        return Ok(vec![(0, ct_x)]);
    }
    Ok(vec![(
        0,
        normalised(e, &x, &h, &axes, c.node.float("epsilon", 1e-5)),
    )])
}

/// The cotangent of `x`, from the statistics of the forward node. `ct` is `h`, or `h - mean(h)` where it comes
/// centred.
fn from_statistics(
    e: &mut Emit<'_>,
    [x, mean, inverse]: [&Value; 3],
    ct: &Value,
    axes: &[usize],
    centred: bool,
) -> Value {
    let count: usize = axes.iter().map(|a| x.shape[*a]).product();
    let share = 1.0 / count as f32;
    // With t = h/sd and xc = x - mean: t - mean(t) - xc mean(t xc)/sd^2
    let mut t = e.mul(ct, inverse);
    let xc = e.binary("Sub", x, mean);
    let product = e.mul(&t, &xc);
    let along = e.sum_over(&product, axes);
    let along = e.mul(&along, inverse);
    let along = e.mul(&along, inverse);
    let along = e.scale(&along, share);
    if !centred {
        let sum = e.sum_over(&t, axes);
        let average = e.scale(&sum, share);
        t = e.binary("Sub", &t, &average);
    }
    let radial = e.mul(&xc, &along);
    e.binary("Sub", &t, &radial)
}

/// `B^T` with the scale and centring of the normalisation that made A.
pub(super) fn taken_over(e: &mut Emit<'_>, c: &Call<'_>, transposed: bool) -> Option<Value> {
    let scale = c.hints.scale_before?;
    let b = c.real_constant(1)?;
    let values = b.as_real()?;
    let [rows, columns] = b.shape[..] else { return None };
    let made = if transposed {
        scaled_and_centred(values, scale.as_real()?)
    } else {
        let turned: Vec<f32> = (0..columns)
            .flat_map(|j| (0..rows).map(move |i| values[i * columns + j]))
            .collect();
        scaled_and_centred(&turned, scale.as_real()?)
    };
    let shape = if transposed {
        [rows, columns]
    } else {
        [columns, rows]
    };
    Some(e.constant(Array::real(shape, made)))
}

/// `B^T diag(scale)` less its row means, from the rows of `B^T`, one per output of the forward product.
fn scaled_and_centred(rows: &[f32], scale: &[f32]) -> Vec<f32> {
    let mut made = Vec::with_capacity(rows.len());
    for row in rows.chunks(scale.len()) {
        let scaled = || row.iter().zip(scale).map(|(r, s)| f64::from(*r) * f64::from(*s));
        let mean = scaled().sum::<f64>() / scale.len() as f64;
        made.extend(scaled().map(|v| (v - mean) as f32));
    }
    made
}

/// The scale of a normalisation that products can take over, and the tensors that these products read.
pub(in crate::gradient) fn find<'a>(index: &Index<'a>, node: &'a NodeProto) -> Option<(Array, Vec<&'a str>)> {
    if node.op() != "LayerNormalization" {
        return None;
    }
    let y = node.output(0)?;
    let shape = index.shape(y)?;
    let last = axis_of(node.int("axis", -1), shape.len())? + 1 == shape.len();
    let scale = index.constant(node.input(1)?)?;
    // One scale for all, which runtimes take too, is no diagonal.
    let fits = scale.as_real().is_some_and(|s| Some(&s.len()) == shape.last());
    let mut products = Vec::new();
    (last && fits && all_products(index, y, y, &mut products) && !products.is_empty())
        .then_some((scale, products))
}

/// Whether only products with constants read the tensor, directly or through a Reshape that keeps rows.
fn all_products<'a>(index: &Index<'a>, y: &'a str, t: &'a str, found: &mut Vec<&'a str>) -> bool {
    let width = |t: &str| index.shape(t).and_then(<[usize]>::last).copied();
    let Some(readers) = index.readers(t) else {
        return false;
    };
    readers.iter().all(|reader| match reader.op() {
        "Reshape" if t == y => reader
            .output(0)
            .is_some_and(|r| width(r) == width(y) && all_products(index, y, r, found)),
        "MatMul" | "Gemm" if reader.int("transA", 0) == 0 => {
            let right = reader.input(1).filter(|b| reader.input(0) == Some(t) && *b != t);
            let fits = right
                .and_then(|b| index.constant(b))
                .is_some_and(|b| b.shape.len() == 2 && b.as_real().is_some());
            if fits && !found.contains(&t) {
                found.push(t);
            }
            fits
        }
        _ => false,
    })
}

/// Asks the forward node for mean and inverse deviation.
pub(in crate::gradient) fn with_statistics(node: &mut NodeProto, facts: &mut Facts) {
    let Some(shape) = node
        .output(0)
        .filter(|_| node.op() == "LayerNormalization")
        .and_then(|y| facts.shape(y))
    else {
        return;
    };
    let rank = shape.len();
    let Some(axis) = axis_of(node.int("axis", -1), rank) else {
        return;
    };
    let shape: Vec<usize> = (0..rank).map(|k| if k < axis { shape[k] } else { 1 }).collect();
    let stem = node.output[0].clone();
    for (k, suffix) in [(1, "mean"), (2, "inverse")] {
        if node.output(k).is_none() {
            let name = facts.fresh(&stem, suffix);
            facts.insert(&name, shape.clone());
            node.output.resize(node.output.len().max(k + 1), String::new());
            node.output[k] = name;
        }
    }
}
