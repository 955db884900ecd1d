// SPDX-License-Identifier: MPL-2.0
//! ScatterND (ONNX 11 to 18): what exporters write for an assignment to part of a tensor.

use std::collections::HashSet;

use super::super::emit::Emit;
use super::{Call, Contributions, Rule, Stop, rule_for};
use crate::onnx::Array;

pub(super) const RULES: &[Rule] = &[rule_for(
    "ScatterND",
    scatter,
    "constant indices, each written once or added to",
)
.since(11)];

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
    let places = c
        .whole_constant(e, 1)
        .ok_or_else(|| Stop::refuse("its indices are computed from the picture"))?;
    let (indices, updates, y) = (c.input(1)?.clone(), c.input(2)?.clone(), c.y()?.clone());
    let depth = indices.shape.last().copied().unwrap_or(0).max(1);
    let mut seen = HashSet::new();
    let once = places.chunks(depth).all(|place| {
        let from_front = place.iter().zip(y.shape.iter());
        seen.insert(
            from_front
                .map(|(p, n)| p.rem_euclid(i64::try_from(*n).unwrap_or(i64::MAX).max(1)))
                .collect::<Vec<_>>(),
        )
    });
    if !adds && !once {
        return Err(Stop::refuse(
            "it writes an element twice; which of the two stays is not defined",
        ));
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
