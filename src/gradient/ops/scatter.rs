// SPDX-License-Identifier: MPL-2.0
//! GatherND (ONNX 11 to 13) and ScatterND (11 to 18), each the other's adjoint: what exporters write for reading by
//! several indices at once, and for an assignment to part of a tensor.

use crate::gradient::extents::signed;
use std::collections::HashSet;

use super::indexing::zeros;
use crate::gradient::emit::{Emit, Value};
use crate::gradient::rule::{Call, Contributions, Rule, Stop, rule_for};
use crate::onnx::Array;

pub(super) const RULES: &[Rule] = &[
    rule_for("GatherND", gather, "").since(11),
    rule_for(
        "ScatterND",
        scatter,
        "constant indices, each written once, or any that are added to",
    )
    .since(11),
];

/// `y[b, i] = x[b, indices[b, i]]` for `batch_dims` axes `b`: added at those places of zeros. Scattering has no such
/// axes, so their own positions join the indices.
fn gather(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y, indices) = (c.input(0)?.clone(), c.y()?.clone(), c.input(1)?.clone());
    let batch = usize::try_from(c.node.int("batch_dims", 0)).unwrap_or(0);
    let places = match batch {
        0 => indices,
        _ => with_positions(e, &indices, batch),
    };
    let ct = e.full(&c.ct, &y.shape);
    let zeros = zeros(e, &x.shape);
    let add = [("reduction", "add".into())];
    Ok(vec![(
        0,
        e.op("ScatterND", &[&zeros, &places, &ct], &add, &x.shape),
    )])
}

/// `[.., k]` indices as `[.., batch + k]` ones, which begin with where they stand along the first `batch` axes.
fn with_positions(e: &mut Emit<'_>, indices: &Value, batch: usize) -> Value {
    let mut shape = indices.shape.to_vec();
    let last = shape.len() - 1;
    shape[last] = batch;
    let count: usize = shape.iter().product();
    let position = |k: usize| {
        let (at, axis) = (k / batch, k % batch);
        let inner: usize = shape[axis + 1..last].iter().product();
        at / inner % shape[axis]
    };
    let positions: Vec<usize> = (0..count).map(position).collect();
    let positions = e.constant(Array {
        shape: shape.clone(),
        ..Array::whole(signed(&positions))
    });
    shape[last] = batch + indices.shape[last];
    e.op("Concat", &[&positions, indices], &[("axis", (-1).into())], &shape)
}

/// `y` is `x` with `updates` at `indices`: there the cotangent is the updates', elsewhere it is `x`'s. Where the
/// updates are added it is both's.
fn scatter(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let adds = match c.node.string("reduction", "none") {
        "none" => false,
        "add" => true,
        _ => {
            return Err(Stop::refuse(
                "it multiplies or compares; only writing and adding are supported",
            ));
        }
    };
    let (indices, updates, y) = (c.input(1)?.clone(), c.input(2)?.clone(), c.y()?.clone());
    if !adds {
        let places = c
            .whole_constant(1)
            .ok_or_else(|| Stop::refuse("its indices are computed from the picture"))?;
        written_once(&places, &indices.shape, &y.shape)?;
    }
    let ct = e.full(&c.ct, &y.shape);
    let mut out = Vec::new();
    if c.wants(0) && adds {
        out.push((0, ct.clone()));
    } else if c.wants(0) {
        let zeros = e.constant(Array::real(&*updates.shape, vec![0.0; updates.count()]));
        out.push((0, e.op("ScatterND", &[&ct, &indices, &zeros], &[], &y.shape)));
    }
    if c.wants(2) {
        out.push((2, e.op("GatherND", &[&ct, &indices], &[], &updates.shape)));
    }
    Ok(out)
}

/// Refuses indices that name an element twice.
fn written_once(places: &[i64], indices: &[usize], shape: &[usize]) -> Result<(), Stop> {
    let depth = indices.last().copied().unwrap_or(0).max(1);
    let mut seen = HashSet::new();
    let once = places.chunks(depth).all(|place| {
        let from_front = place.iter().zip(shape);
        seen.insert(
            from_front
                .map(|(p, n)| p.rem_euclid(i64::try_from(*n).unwrap_or(i64::MAX).max(1)))
                .collect::<Vec<_>>(),
        )
    });
    if once {
        return Ok(());
    }
    Err(Stop::refuse(
        "it writes an element twice; which of the two stays is not defined",
    ))
}
