// SPDX-License-Identifier: MPL-2.0
//! Operators that only move elements: the cotangent moves back.

use super::indexing::cut;
use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::{axis_of, signed};
use crate::gradient::rule::{Call, Contributions, Rule, Stop, rule_for};
use crate::onnx::ElementType;

pub(super) const RULES: &[Rule] = &[
    rule_for("Identity", |_, c| Ok(vec![(0, c.ct.clone())]), ""),
    rule_for("Dropout", dropout, "inference; mask unused"),
    rule_for("Cast", cast, "between real types, or from a uint8 input"),
    rule_for("Reshape", reshape, ""),
    rule_for("Flatten", reshape, ""),
    rule_for("Squeeze", reshape, ""),
    rule_for("Unsqueeze", reshape, ""),
    rule_for("Transpose", transpose, ""),
    rule_for("Concat", concat, ""),
    rule_for("Split", split, ""),
    rule_for("Expand", expand, "").since(8),
    rule_for("Tile", tile, ""),
    rule_for("DepthToSpace", depth_to_space, ""),
    rule_for("SpaceToDepth", space_to_depth, ""),
];

fn dropout(_: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    // With a live mask the node survives the clean-up; the picture's path is still the identity in inference.
    Ok(vec![(0, c.ct.clone())])
}

fn cast(_: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let to = ElementType::from_number(i32::try_from(c.node.int("to", 1)).unwrap_or(0));
    if !to.is_real() {
        return Err(Stop::refuse(format!(
            "it rounds to {to}, which has no gradient; export the model without it"
        )));
    }
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

fn concat(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let y = c.y()?.shape.clone();
    let axis = c.axis(0, y.len())?;
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
    let axis = c.axis(0, x.rank())?;
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

fn expand(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.shape.clone(), c.y()?.shape.clone());
    Ok(vec![(0, e.unbroadcast(&c.ct, &y, &x))])
}

/// `[d0, ..]` repeated to `[r0 d0, ..]`: summed over the repeats.
fn tile(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.shape.clone(), c.y()?.shape.clone());
    let repeats = |(from, to): (&usize, &usize)| [to / (*from).max(1), *from];
    let split: Vec<usize> = x.iter().zip(&*y).flat_map(repeats).collect();
    let ct = e.full(&c.ct, &y);
    let ct = e.reshape(&ct, &split);
    let axes: Vec<usize> = (0..split.len()).step_by(2).filter(|a| split[*a] != 1).collect();
    let ct = e.sum_over(&ct, &axes);
    Ok(vec![(0, e.reshape(&ct, &x))])
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
    let moved = if c.node.string("mode", "DCR") == "DCR" {
        let split = e.reshape(&ct, &[n, b, b, channels, y[2], y[3]]);
        e.transpose(&split, &[0, 3, 4, 1, 5, 2])
    } else {
        let split = e.reshape(&ct, &[n, channels, b, b, y[2], y[3]]);
        e.transpose(&split, &[0, 1, 4, 2, 5, 3])
    };
    Ok(vec![(0, e.reshape(&moved, &x.shape))])
}
