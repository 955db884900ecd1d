// SPDX-License-Identifier: MPL-2.0
//! GatherND (ONNX 11 to 13), ScatterND (11 to 18) and ScatterElements (11 to 18), reading and writing each the other's
//! adjoint: what exporters write for reading by several indices at once, and for an assignment to part of a tensor.

use crate::gradient::extents::signed;
use std::collections::HashSet;

use super::indexing::zeros;
use crate::gradient::emit::{Attributes, Emit, Value};
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
    rule_for(
        "ScatterElements",
        scatter_elements,
        "writes or adds; constant indices are each written once",
    )
    .since(11),
];

/// What is said of the reductions that have no gradient here.
const COMPARES: &str = "it multiplies or compares; only writing and adding are supported";

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
        _ => return Err(Stop::refuse(COMPARES)),
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
    once(places.chunks(depth).map(|place| {
        let from_front = place.iter().zip(shape);
        from_front.map(|(p, n)| from_front_of(*p, *n)).collect()
    }))
}

/// A position counted from the front of an axis.
fn from_front_of(place: i64, extent: usize) -> i64 {
    place.rem_euclid(i64::try_from(extent).unwrap_or(i64::MAX).max(1))
}

/// Refuses places of which one comes twice.
fn once(mut places: impl Iterator<Item = Vec<i64>>) -> Result<(), Stop> {
    let mut seen = HashSet::new();
    if places.all(|place| seen.insert(place)) {
        return Ok(());
    }
    Err(Stop::refuse(
        "it writes an element twice; which of the two stays is not defined",
    ))
}

/// As [`scatter`], one index for each element: `y[indices[i, j], j] = updates[i, j]`, for axis 0.
fn scatter_elements(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (indices, updates, y) = (c.input(1)?.clone(), c.input(2)?.clone(), c.y()?.clone());
    let axis = c.axis(0, y.rank())?;
    let along: Attributes<'_> = &[("axis", signed(&[axis])[0].into())];
    let adds = match c.node.string("reduction", "none") {
        "none" => false,
        "add" => true,
        _ => return Err(Stop::refuse(COMPARES)),
    };
    let known = c.whole_constant(1);
    if let (false, Some(places)) = (adds, &known) {
        once(places.iter().enumerate().map(|(k, place)| {
            let mut at = position(k, &indices.shape);
            at[axis] = from_front_of(*place, y.shape[axis]);
            at
        }))?;
    }
    let ct = e.full(&c.ct, &y.shape);
    let mut out = Vec::new();
    if c.wants(0) && adds {
        out.push((0, ct.clone()));
    } else if c.wants(0) {
        let zeros = zeros(e, &updates.shape);
        out.push((
            0,
            e.op("ScatterElements", &[&ct, &indices, &zeros], along, &y.shape),
        ));
    }
    if c.wants(2) {
        let read = e.op("GatherElements", &[&ct, &indices], along, &updates.shape);
        let stays = match adds || known.is_some() {
            true => None,
            false => Some(what_stays(e, &indices, along, &y.shape)?),
        };
        out.push((
            2,
            stays.map_or_else(|| read.clone(), |stays| e.mul(&read, &stays)),
        ));
    }
    Ok(out)
}

/// Where the element at `k` of a tensor of this shape stands.
fn position(k: usize, shape: &[usize]) -> Vec<i64> {
    let mut rest = k;
    let mut at: Vec<usize> = shape
        .iter()
        .rev()
        .map(|extent| {
            let place = rest % extent.max(&1);
            rest /= extent.max(&1);
            place
        })
        .collect();
    at.reverse();
    signed(&at)
}

/// 1 for each update that stays, and 0 for one that another was written over: their numbers are written in the same way,
/// and read again.
fn what_stays(
    e: &mut Emit<'_>,
    indices: &Value,
    along: Attributes<'_>,
    shape: &[usize],
) -> Result<Value, Stop> {
    const COUNTED: usize = 1 << 24;
    let count = indices.count();
    if count > COUNTED {
        return Err(Stop::refuse(
            "it writes more elements than can be told apart here; export it with constant indices",
        ));
    }
    let numbers: Vec<f32> = (0..count).map(|k| k as f32).collect();
    let numbers = e.constant(Array::real(&*indices.shape, numbers));
    let zeros = zeros(e, shape);
    let written = e.op("ScatterElements", &[&zeros, indices, &numbers], along, shape);
    let read = e.op("GatherElements", &[&written, indices], along, &indices.shape);
    let same = e.op("Equal", &[&read, &numbers], &[], &indices.shape);
    Ok(e.real_of(&same))
}
