// SPDX-License-Identifier: MPL-2.0
//! Operators that only move elements: the cotangent moves back.

use super::super::emit::{Emit, Value, signed};
use super::{Call, Contributions, Rule, Stop, axis_of, rule_for};

pub(super) const RULES: &[Rule] = &[
    rule_for("Identity", |_, c| Ok(vec![(0, c.ct.clone())]), ""),
    rule_for("Dropout", dropout, "inference; mask unused"),
    rule_for(
        "Cast",
        |_, c| Ok(vec![(0, c.ct.clone())]),
        "between real types, or from a uint8 input",
    ),
    rule_for("Reshape", reshape, ""),
    rule_for("Flatten", reshape, ""),
    rule_for("Squeeze", reshape, ""),
    rule_for("Unsqueeze", reshape, ""),
    rule_for("Transpose", transpose, ""),
    rule_for("Concat", concat, ""),
    rule_for("Split", split, ""),
    rule_for(
        "Slice",
        slice,
        "positions known when the model is built; positive steps",
    ),
    rule_for("Gather", gather, "constant indices, one run or distinct"),
    rule_for("Expand", expand, ""),
    rule_for("Pad", pad, "constant mode; pads known when the model is built"),
    rule_for("DepthToSpace", depth_to_space, ""),
    rule_for("SpaceToDepth", space_to_depth, ""),
];

fn dropout(_: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    // With a live mask the node survives the clean-up; the picture's path is still the identity in inference.
    Ok(vec![(0, c.ct.clone())])
}

fn reshape(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.shape.clone(), c.y()?.shape.clone());
    let ct = e.full(&c.ct, &y);
    Ok(vec![(0, e.reshape(&ct, &x))])
}

fn transpose(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let rank = c.y()?.rank();
    let forward: Vec<usize> = match c.node.ints("perm") {
        Some(p) => p.iter().filter_map(|a| axis_of(*a, rank)).collect(),
        None => (0..rank).rev().collect(),
    };
    if forward.len() != rank {
        return Err(Stop::refuse("its permutation does not fit its input"));
    }
    let mut back = vec![0; rank];
    forward.iter().enumerate().for_each(|(to, from)| back[*from] = to);
    Ok(vec![(0, e.transpose(&c.ct, &back))])
}

/// `[start, start + extent)` of one axis.
fn cut(e: &mut Emit<'_>, v: &Value, axis: usize, start: usize, extent: usize) -> Value {
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

fn concat(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let y = c.y()?.shape.clone();
    let axis =
        axis_of(c.node.int("axis", 0), y.len()).ok_or_else(|| Stop::refuse("its axis is out of range"))?;
    let ct = e.full(&c.ct, &y);
    let mut start = 0;
    let mut out = Vec::new();
    for k in 0..c.inputs.len() {
        let extent = c.input(k)?.shape[axis];
        if c.wants(k) {
            out.push((k, cut(e, &ct, axis, start, extent)));
        }
        start += extent;
    }
    Ok(out)
}

fn split(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let x = c.input(0)?.clone();
    let axis =
        axis_of(c.node.int("axis", 0), x.rank()).ok_or_else(|| Stop::refuse("its axis is out of range"))?;
    let mut parts = Vec::new();
    for (output, ct) in c.outputs.iter().zip(&c.cts) {
        let shape = output
            .as_ref()
            .ok_or_else(|| Stop::refuse("one of its outputs is absent"))?
            .shape
            .clone();
        let zero = e.scalar(0.0);
        parts.push(e.full(ct.as_ref().unwrap_or(&zero), &shape));
    }
    let parts: Vec<&Value> = parts.iter().collect();
    Ok(vec![(
        0,
        e.op("Concat", &parts, &[("axis", signed(&[axis])[0].into())], &x.shape),
    )])
}

/// Zeros around `v`: `before` and `after` per axis; negative counts cut.
fn padded(e: &mut Emit<'_>, v: &Value, before: &[i64], after: &[i64]) -> Value {
    if before.iter().chain(after).all(|p| *p == 0) {
        return v.clone();
    }
    let grown = |(d, (b, a)): (&usize, (&i64, &i64))| usize::try_from(signed(&[*d])[0] + b + a).unwrap_or(0);
    let shape: Vec<usize> = v.shape.iter().zip(before.iter().zip(after)).map(grown).collect();
    let pads = e.ints([before, after].concat());
    e.op("Pad", &[v, &pads], &[], &shape)
}

fn pad(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    if c.node.string("mode", "constant") != "constant" {
        return Err(Stop::refuse("only padding with a constant is supported"));
    }
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let given = c
        .whole_constant(e, 1)
        .ok_or_else(|| Stop::refuse("its pads are computed from the picture"))?;
    let axes = match c.node.input(3) {
        Some(_) => c
            .whole_constant(e, 3)
            .ok_or_else(|| Stop::refuse("its axes are computed from the picture"))?,
        None => signed(&(0..x.rank()).collect::<Vec<_>>()),
    };
    let mut pads = [vec![0; x.rank()], vec![0; x.rank()]];
    for (k, axis) in axes.iter().enumerate() {
        let (axis, pair) = (
            axis_of(*axis, x.rank()),
            (given.get(k), given.get(k + axes.len())),
        );
        let (Some(axis), (Some(before), Some(after))) = (axis, pair) else {
            return Err(Stop::refuse("its pads do not fit its axes"));
        };
        (pads[0][axis], pads[1][axis]) = (-before, -after);
    }
    let ct = e.full(&c.ct, &y.shape);
    if pads.iter().flatten().all(|p| *p <= 0) {
        // Only growth forward: plain slices back, which every runtime has.
        let mut ct = ct;
        for (axis, before) in pads[0].iter().enumerate() {
            let start = usize::try_from(-before).unwrap_or(0);
            ct = cut(e, &ct, axis, start, x.shape[axis]);
        }
        return Ok(vec![(0, ct)]);
    }
    Ok(vec![(0, padded(e, &ct, &pads[0], &pads[1]))])
}

fn slice(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let known = |e: &Emit<'_>, k: usize| {
        c.whole_constant(e, k)
            .ok_or_else(|| Stop::refuse("its positions are computed from the picture"))
    };
    let starts = known(e, 1)?;
    let axes = match c.node.input(3) {
        Some(_) => known(e, 3)?,
        None => signed(&(0..starts.len()).collect::<Vec<_>>()),
    };
    let steps = match c.node.input(4) {
        Some(_) => known(e, 4)?,
        None => vec![1; starts.len()],
    };
    let mut ct = e.full(&c.ct, &y.shape);
    for ((start, axis), step) in starts.iter().zip(&axes).zip(&steps) {
        let axis = axis_of(*axis, x.rank()).ok_or_else(|| Stop::refuse("its axes are out of range"))?;
        let Some(step) = usize::try_from(*step).ok().filter(|s| *s > 0) else {
            return Err(Stop::refuse("negative steps are not supported"));
        };
        let extent = x.shape[axis];
        // As Python counts: from the end when negative, clamped to the axis.
        let from_end = signed(&[extent])[0];
        let start = if *start < 0 { *start + from_end } else { *start }.clamp(0, from_end);
        ct = spread(e, &ct, axis, usize::try_from(start).unwrap_or(0), step, extent);
    }
    Ok(vec![(0, ct)])
}

/// Elements of one axis put at `start`, `start + step`, .. of an axis of `extent` zeros.
fn spread(e: &mut Emit<'_>, v: &Value, axis: usize, start: usize, step: usize, extent: usize) -> Value {
    let mut v = v.clone();
    let count = v.shape[axis];
    let mut made = count;
    if step > 1 {
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

fn gather(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let axis =
        axis_of(c.node.int("axis", 0), x.rank()).ok_or_else(|| Stop::refuse("its axis is out of range"))?;
    let indices = c
        .whole_constant(e, 1)
        .ok_or_else(|| Stop::refuse("its indices are computed from the picture"))?;
    let extent = x.shape[axis];
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
    // Distinct elements: one zero more at the end, and every other place takes that.
    let mut inverse = vec![places.len(); extent];
    for (k, p) in places.iter().enumerate() {
        if std::mem::replace(&mut inverse[*p], k) != places.len() {
            return Err(Stop::refuse(
                "it takes an element twice; only distinct indices are supported",
            ));
        }
    }
    let mut after = vec![0; x.rank()];
    after[axis] = 1;
    let longer = padded(e, &ct, &vec![0; x.rank()], &after);
    let inverse = e.extents(&inverse);
    Ok(vec![(
        0,
        e.op(
            "Gather",
            &[&longer, &inverse],
            &[("axis", signed(&[axis])[0].into())],
            &x.shape,
        ),
    )])
}

fn expand(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.shape.clone(), c.y()?.shape.clone());
    Ok(vec![(0, e.unbroadcast(&c.ct, &y, &x))])
}

fn block(c: &Call<'_>) -> Result<usize, Stop> {
    usize::try_from(c.node.int("blocksize", 0))
        .ok()
        .filter(|b| *b > 0)
        .ok_or_else(|| Stop::refuse("it has no block size"))
}

fn depth_to_space(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.clone(), c.y()?.shape.clone());
    let b = block(c)?;
    let [n, channels, h, w] = x.shape[..] else {
        return Err(Stop::refuse("its input has not four axes"));
    };
    let outer = channels / (b * b);
    let ct = e.full(&c.ct, &y);
    let split = e.reshape(&ct, &[n, outer, h, b, w, b]);
    let order = if c.node.string("mode", "DCR") == "DCR" {
        [0, 3, 5, 1, 2, 4]
    } else {
        [0, 1, 3, 5, 2, 4]
    };
    let moved = e.transpose(&split, &order);
    Ok(vec![(0, e.reshape(&moved, &x.shape))])
}

fn space_to_depth(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.clone(), c.y()?.shape.clone());
    let b = block(c)?;
    let [n, channels, ..] = x.shape[..] else {
        return Err(Stop::refuse("its input has not four axes"));
    };
    let ct = e.full(&c.ct, &y);
    let split = e.reshape(&ct, &[n, b, b, channels, y[2], y[3]]);
    let moved = e.transpose(&split, &[0, 3, 4, 1, 5, 2]);
    Ok(vec![(0, e.reshape(&moved, &x.shape))])
}
