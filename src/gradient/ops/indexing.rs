// SPDX-License-Identifier: MPL-2.0
//! Operators that pick elements: Slice (ONNX 1 to 13), Gather (1 to 13), GatherElements (11 to 13), TopK (1 to 24), Pad
//! (2 to 25).
//!
//! Each output element is one input element, or a constant; its cotangent goes back to where it came from. Where
//! an element was taken once, zeros around the cotangents do; where it was taken more often, or it is only known with
//! the picture which was, they are added.

use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::{axis_of, signed};
use crate::gradient::rule::{Call, Contributions, Rule, Stop, rule_for};

pub(super) const RULES: &[Rule] = &[
    rule_for("Slice", slice, "positions known when the model is built"),
    rule_for("Gather", gather, ""),
    rule_for("GatherElements", gather_elements, "").since(11),
    rule_for("TopK", top, ""),
    rule_for(
        "Pad",
        pad,
        "pads and value known when the model is built; reflect, edge and wrap only grow",
    ),
];

/// `[start, start + extent)` of one axis.
pub(super) fn cut(e: &mut Emit<'_>, v: &Value, axis: usize, start: usize, extent: usize) -> Value {
    let mut shape = v.shape.to_vec();
    if shape[axis] == extent {
        return v.clone();
    }
    shape[axis] = extent;
    let (from, to, axis) = (
        e.extents(&[start]),
        e.extents(&[start + extent]),
        e.extents(&[axis]),
    );
    e.op("Slice", &[v, &from, &to, &axis], &[], &shape)
}

/// Zeros around `v`: `before` and `after` per axis; negative counts cut.
pub(super) fn padded(e: &mut Emit<'_>, v: &Value, before: &[i64], after: &[i64]) -> Value {
    if before.iter().chain(after).all(|p| *p == 0) {
        return v.clone();
    }
    let grown = |(d, (b, a)): (&usize, (&i64, &i64))| usize::try_from(signed(&[*d])[0] + b + a).unwrap_or(0);
    let shape: Vec<usize> = v.shape.iter().zip(before.iter().zip(after)).map(grown).collect();
    let pads = e.ints([before, after].concat());
    e.op("Pad", &[v, &pads], &[], &shape)
}

/// Elements of one axis put at `start`, `start + step`, .. of an axis of `extent` zeros.
fn spread(e: &mut Emit<'_>, v: &Value, axis: usize, start: usize, step: usize, extent: usize) -> Value {
    let mut v = v.clone();
    let count = v.shape[axis];
    let mut made = count;
    // A step past the end takes one element, and may be as large as a number can be.
    if step > 1 && count > 1 {
        // [.., n, ..] -> [.., n, 1, ..] -> [.., n, step, ..] -> [.., n step, ..]
        let mut split = v.shape.to_vec();
        split.insert(axis + 1, 1);
        let (mut joined, rank) = (v.shape.to_vec(), split.len());
        joined[axis] = count * step;
        let wide = e.reshape(&v, &split);
        let mut after = vec![0; rank];
        after[axis + 1] = signed(&[step])[0] - 1;
        let wide = padded(e, &wide, &vec![0; rank], &after);
        v = e.reshape(&wide, &joined);
        made = count * step;
    }
    let (mut before, mut after) = (vec![0; v.rank()], vec![0; v.rank()]);
    before[axis] = signed(&[start])[0];
    after[axis] = signed(&[extent])[0] - signed(&[start + made])[0];
    padded(e, &v, &before, &after)
}

/// Elements of one axis added up at `places`, one for each, of an axis of `extent` zeros.
fn gathered_back(e: &mut Emit<'_>, v: &Value, axis: usize, places: &Value, extent: usize) -> Value {
    let mut along = vec![1; v.rank()];
    along[axis] = places.count();
    let places = e.reshape(places, &along);
    let places = e.full(&places, &v.shape);
    let mut shape = v.shape.to_vec();
    shape[axis] = extent;
    added_at(e, v, axis, &places, &shape)
}

/// Every element of `v` added to zeros of the given shape, along one axis at the place that `places` has for it.
fn added_at(e: &mut Emit<'_>, v: &Value, axis: usize, places: &Value, shape: &[usize]) -> Value {
    let zeros = zeros(e, shape);
    let attributes = [("axis", signed(&[axis])[0].into()), ("reduction", "add".into())];
    e.op("ScatterElements", &[&zeros, places, v], &attributes, shape)
}

/// Zeros that no file has to hold.
pub(super) fn zeros(e: &mut Emit<'_>, shape: &[usize]) -> Value {
    let to = e.extents(shape);
    e.op("ConstantOfShape", &[&to], &[], shape)
}

fn slice(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let known = |k: usize| {
        c.whole_constant(k)
            .ok_or_else(|| Stop::refuse("its positions are computed from the picture"))
    };
    let starts = known(1)?;
    let axes = match c.node.input(3) {
        Some(_) => known(3)?,
        None => signed(&(0..starts.len()).collect::<Vec<_>>()),
    };
    let steps = match c.node.input(4) {
        Some(_) => known(4)?,
        None => vec![1; starts.len()],
    };
    let mut ct = e.full(&c.ct, &y.shape);
    for ((start, axis), step) in starts.iter().zip(&axes).zip(&steps) {
        let axis = axis_of(*axis, x.rank()).ok_or_else(|| Stop::refuse("its axes are out of range"))?;
        let extent = x.shape[axis];
        // As Python counts: from the end when negative, clamped to the axis.
        let from_end = signed(&[extent])[0];
        let start = if *start < 0 { *start + from_end } else { *start };
        let stride = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
        let start = if *step < 0 {
            // Back to front: turned round, the cotangents begin at the last element taken.
            let count = ct.shape[axis];
            let reversed: Vec<usize> = (0..count).rev().collect();
            ct = taken(e, &ct, axis, &reversed);
            let first = usize::try_from(start.clamp(0, from_end - 1)).unwrap_or(0);
            first.saturating_sub(stride * count.saturating_sub(1))
        } else {
            usize::try_from(start.clamp(0, from_end)).unwrap_or(0)
        };
        ct = spread(e, &ct, axis, start, stride, extent);
    }
    Ok(vec![(0, ct)])
}

/// The elements at `places` of one axis.
fn taken(e: &mut Emit<'_>, v: &Value, axis: usize, places: &[usize]) -> Value {
    let mut shape = v.shape.to_vec();
    shape[axis] = places.len();
    let places = e.extents(places);
    e.op(
        "Gather",
        &[v, &places],
        &[("axis", signed(&[axis])[0].into())],
        &shape,
    )
}

fn gather(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let axis = c.axis(0, x.rank())?;
    let extent = x.shape[axis];
    let Some(indices) = c.whole_constant(1) else {
        let places = c.input(1)?.clone();
        let mut flat = x.shape.to_vec();
        flat[axis] = places.count();
        let ct = e.full(&c.ct, &y.shape);
        let ct = e.reshape(&ct, &flat);
        return Ok(vec![(0, gathered_back(e, &ct, axis, &places, extent))]);
    };
    let places: Option<Vec<usize>> = indices.iter().map(|i| axis_of(*i, extent)).collect();
    let places = places.ok_or_else(|| Stop::refuse("its indices are out of range"))?;
    let mut flat = x.shape.to_vec();
    flat[axis] = places.len();
    let ct = e.full(&c.ct, &y.shape);
    let ct = e.reshape(&ct, &flat);
    let run = places.first().copied().unwrap_or(0);
    if places.iter().enumerate().all(|(k, p)| *p == run + k) {
        // A contiguous run, as a class token or one attention head is.
        return Ok(vec![(0, spread(e, &ct, axis, run, 1, extent))]);
    }
    let mut inverse = vec![places.len(); extent];
    for (k, p) in places.iter().enumerate() {
        if std::mem::replace(&mut inverse[*p], k) != places.len() {
            let places = e.extents(&places);
            return Ok(vec![(0, gathered_back(e, &ct, axis, &places, extent))]);
        }
    }
    // Distinct elements: one zero more at the end, and every place that was not taken takes that.
    let mut after = vec![0; x.rank()];
    after[axis] = 1;
    let longer = padded(e, &ct, &vec![0; x.rank()], &after);
    Ok(vec![(0, taken(e, &longer, axis, &inverse))])
}

/// `y[i, j, ..] = x[indices[i, j, ..], j, ..]`, for axis 0.
fn gather_elements(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y, places) = (c.input(0)?.clone(), c.y()?.clone(), c.input(1)?.clone());
    let axis = c.axis(0, x.rank())?;
    let ct = e.full(&c.ct, &y.shape);
    Ok(vec![(0, added_at(e, &ct, axis, &places, &x.shape))])
}

/// The values of a TopK stand at its indices.
fn top(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let axis = c.axis(-1, x.rank())?;
    let places = c.outputs.get(1).cloned().flatten();
    let places =
        places.ok_or_else(|| Stop::refuse("its indices are absent; export the model with both outputs"))?;
    let ct = e.full(&c.ct, &y.shape);
    Ok(vec![(0, added_at(e, &ct, axis, &places, &x.shape))])
}

fn pad(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    if c.wants(2) {
        return Err(Stop::refuse("its value is computed from the picture"));
    }
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let (before, after) = pads(c, x.rank())?;
    let mut ct = e.full(&c.ct, &y.shape);
    let grows = before.iter().chain(&after).all(|p| *p >= 0);
    let mode = c.node.string("mode", "constant");
    if mode != "constant" {
        if !grows {
            return Err(Stop::refuse(format!(
                "negative pads in mode {mode} are not supported; slice instead"
            )));
        }
        for axis in (0..x.rank()).filter(|a| x.shape[*a] != y.shape[*a]) {
            let (extent, start) = (signed(&[x.shape[axis]])[0], before[axis]);
            let places: Option<Vec<usize>> = signed(&(0..y.shape[axis]).collect::<Vec<_>>())
                .into_iter()
                .map(|k| source(mode, k - start, extent))
                .collect();
            let places = places.ok_or_else(|| Stop::refuse(format!("its mode {mode} is not known")))?;
            let places = e.extents(&places);
            ct = gathered_back(e, &ct, axis, &places, x.shape[axis]);
        }
    } else if grows {
        // Plain slices, which every runtime has.
        for (axis, start) in before.iter().enumerate() {
            ct = cut(e, &ct, axis, usize::try_from(*start).unwrap_or(0), x.shape[axis]);
        }
    } else {
        let negated = |pads: &[i64]| pads.iter().map(|p| -p).collect::<Vec<_>>();
        ct = padded(e, &ct, &negated(&before), &negated(&after));
    }
    Ok(vec![(0, ct)])
}

/// Pads before and after, one each per axis of the input.
fn pads(c: &Call<'_>, rank: usize) -> Result<(Vec<i64>, Vec<i64>), Stop> {
    let given = c
        .whole_constant(1)
        .ok_or_else(|| Stop::refuse("its pads are computed from the picture"))?;
    let axes = match c.node.input(3) {
        Some(_) => c
            .whole_constant(3)
            .ok_or_else(|| Stop::refuse("its axes are computed from the picture"))?,
        None => signed(&(0..rank).collect::<Vec<_>>()),
    };
    let (mut before, mut after) = (vec![0; rank], vec![0; rank]);
    for (k, axis) in axes.iter().enumerate() {
        let pair = (given.get(k), given.get(k + axes.len()));
        let (Some(axis), (Some(b), Some(a))) = (axis_of(*axis, rank), pair) else {
            return Err(Stop::refuse("its pads do not fit its axes"));
        };
        (before[axis], after[axis]) = (*b, *a);
    }
    Ok((before, after))
}

/// Which element of an axis of `extent` stands at position `at` of the padded axis, counted from the first element.
fn source(mode: &str, at: i64, extent: i64) -> Option<usize> {
    let place = match mode {
        "edge" => at.clamp(0, extent - 1),
        "wrap" => at.rem_euclid(extent),
        "reflect" => {
            // 0 1 .. n-1 n-2 .. 1, and again.
            let period = (2 * (extent - 1)).max(1);
            let at = at.rem_euclid(period);
            at.min(period - at)
        }
        _ => return None,
    };
    usize::try_from(place).ok().filter(|p| signed(&[*p])[0] < extent)
}
