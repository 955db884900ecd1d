// SPDX-License-Identifier: MPL-2.0
//! Operators that move elements, and sizes that change.

use steerlens::onnx::Array;

use crate::graph::{Attributes, Graph, T};

/// Whole numbers that became an input at some opset, and were an attribute before.
pub(super) fn with_ints(
    g: &mut Graph,
    operator: &str,
    x: &T,
    (name, since): (&'static str, i64),
    values: Vec<i64>,
    mut attributes: Attributes,
) -> Option<T> {
    if g.opset >= since {
        let values = g.whole(&values);
        return g.node(operator, &[x, &values], attributes);
    }
    attributes.push((name, values.into()));
    g.node(operator, &[x], attributes)
}

/// Whether axes may be counted from the end in every operator.
pub(super) fn from_end(g: &Graph) -> bool {
    g.opset >= 13
}

/// Operators that leave everything as it is.
pub(super) fn unchanged(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let mut attributes: Attributes = Vec::new();
    let mut inputs = vec![x.clone()];
    match operator {
        "Cast" => attributes.push(("to", 1.into())),
        "Dropout" if g.opset < 12 => attributes.push(("ratio", 0.3f32.into())),
        "Dropout" if g.random.chance(50) => inputs.push(g.scalar(0.3)),
        _ => {}
    }
    let inputs: Vec<&T> = inputs.iter().collect();
    g.node(operator, &inputs, attributes)
}

pub(super) fn reshape(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let mut left = x.count();
    let mut to = Vec::new();
    while left > 1 && to.len() < 3 {
        let divisors: Vec<usize> = (1..=left.min(16)).filter(|d| left.is_multiple_of(*d)).collect();
        let part = g.random.pick(&divisors);
        to.push(part as i64);
        left /= part;
    }
    to.push(left as i64);
    g.random.shuffle(&mut to);
    if g.random.chance(40) {
        let at = g.random.below(to.len());
        to[at] = -1;
    } else if to[0] == x.shape.first().map_or(-1, |d| *d as i64) {
        // The extent that stands there already.
        to[0] = 0;
    }
    let to = g.whole(&to);
    g.node(operator, &[x, &to], vec![])
}

pub(super) fn flatten(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let axis = g.random.below(x.rank() + 1);
    let negative = g.opset >= 11;
    let axis = x.axis(axis, &mut g.random, negative);
    g.node(operator, &[x], vec![("axis", axis.into())])
}

pub(super) fn transpose(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    if g.random.chance(10) {
        return g.node(operator, &[x], vec![]);
    }
    let to: Vec<i64> = g
        .random
        .sample(x.rank(), x.rank())
        .iter()
        .map(|a| *a as i64)
        .collect();
    g.node(operator, &[x], vec![("perm", to.into())])
}

pub(super) fn squeeze(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let ones: Vec<usize> = (0..x.rank()).filter(|k| x.shape[*k] == 1).collect();
    if ones.is_empty() {
        return None;
    }
    if g.random.chance(20) {
        return g.node(operator, &[x], vec![]);
    }
    let count = g.random.extent(1, ones.len());
    let chosen = g.random.sample(ones.len(), count);
    let negative = g.opset >= 11;
    let axes: Vec<i64> = chosen
        .iter()
        .map(|k| x.axis(ones[*k], &mut g.random, negative))
        .collect();
    with_ints(g, operator, x, ("axes", 13), axes, vec![])
}

pub(super) fn unsqueeze(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let mut axes = vec![g.random.between(0, x.rank() as i64)];
    if g.opset >= 11 && g.random.chance(40) {
        axes = vec![-1 - g.random.between(0, x.rank() as i64)];
    }
    with_ints(g, operator, x, ("axes", 13), axes, vec![])
}

pub(super) fn concat(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let axis = if g.blocked && x.rank() == 4 && g.random.chance(75) {
        1
    } else {
        g.random.below(x.rank())
    };
    let fits = |t: &&T| t.rank() == x.rank() && (0..x.rank()).all(|k| k == axis || t.shape[k] == x.shape[k]);
    let found: Vec<T> = g.active.iter().filter(fits).cloned().collect();
    let mut operands = vec![x.clone()];
    for _ in 0..g.random.extent(1, 3) {
        if g.random.chance(75) {
            operands.push(found[g.random.below(found.len())].clone());
        } else {
            let mut shape = x.shape.clone();
            shape[axis] = g.random.extent(1, 4);
            operands.push(g.noise(&shape, 1.0));
        }
    }
    g.random.shuffle(&mut operands);
    let negative = g.opset >= 11;
    let axis = x.axis(axis, &mut g.random, negative);
    let operands: Vec<&T> = operands.iter().collect();
    g.node(operator, &operands, vec![("axis", axis.into())])
}

pub(super) fn split(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let long: Vec<usize> = (0..x.rank()).filter(|k| x.shape[*k] >= 2).collect();
    if long.is_empty() {
        return None;
    }
    let axis = if g.blocked && x.rank() == 4 && x.channels() > 1 && g.random.chance(60) {
        1
    } else {
        g.random.pick(&long)
    };
    let extent = x.shape[axis];
    let parts = g.random.extent(2, extent.min(3));
    let negative = g.opset >= 11;
    let at = x.axis(axis, &mut g.random, negative);
    let mut attributes: Attributes = vec![("axis", at.into())];
    let mut inputs = vec![x.clone()];
    if g.random.chance(60) || !extent.is_multiple_of(parts) {
        let mut cuts = g.random.sample(extent - 1, parts - 1);
        cuts.iter_mut().for_each(|c| *c += 1);
        cuts.sort_unstable();
        cuts.push(extent);
        let mut from = 0;
        let sizes: Vec<i64> = cuts
            .iter()
            .map(|c| {
                let size = c - from;
                from = *c;
                size as i64
            })
            .collect();
        if g.opset >= 13 {
            inputs.push(g.whole(&sizes));
        } else {
            attributes.push(("split", sizes.into()));
        }
    } else if g.opset >= 18 {
        attributes.push(("num_outputs", (parts as i64).into()));
    }
    let inputs: Vec<&T> = inputs.iter().collect();
    let mut made = g.node_of(operator, &inputs, attributes, parts)?;
    let chosen = g.random.below(parts);
    let result = made.swap_remove(chosen);
    g.active.extend(made);
    Some(result)
}

pub(super) fn expand(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let mut to: Vec<usize> = x
        .shape
        .iter()
        .map(|d| match *d {
            1 => g.random.extent(1, 3),
            d if g.random.chance(50) => d,
            _ => 1,
        })
        .collect();
    if g.random.chance(25) {
        to.insert(0, 2);
    }
    let to = g.extents(&to);
    g.node(operator, &[x, &to], vec![])
}

pub(super) fn tile(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let times: Vec<usize> = (0..x.rank()).map(|_| g.random.pick(&[1, 1, 2, 3])).collect();
    let times = g.extents(&times);
    g.node(operator, &[x, &times], vec![])
}

pub(super) fn between_depth_and_space(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let mut attributes: Attributes = vec![("blocksize", g.random.between(2, 4).into())];
    if operator == "DepthToSpace" && g.opset >= 11 && g.random.chance(60) {
        attributes.push(("mode", g.random.pick(&["DCR", "CRD"]).into()));
    }
    g.node(operator, &[x], attributes)
}

/// Upsample, up to opset 9.
pub(super) fn upsample(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    if g.opset > 9 || x.rank() != 4 {
        return None;
    }
    let mut scales = vec![1.0f32, 1.0];
    scales.extend((0..2).map(|_| g.random.pick(&[1.0f32, 2.0, 1.5, 3.0])));
    let mode = g.random.pick(&["nearest", "linear"]);
    if g.opset == 9 {
        let scales = g.constant(&Array::real([4], scales));
        return g.node(operator, &[x, &scales], vec![("mode", mode.into())]);
    }
    g.node(
        operator,
        &[x],
        vec![("mode", mode.into()), ("scales", scales.into())],
    )
}

pub(super) fn resize(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    if !(3..=5).contains(&x.rank()) {
        return None;
    }
    let factors: &[f32] = if g.opset == 10 {
        &[1.0, 2.0, 1.5, 0.5, 0.7, 3.0]
    } else {
        &[1.0, 2.0, 1.5, 0.5, 0.7, 0.34, 2.3]
    };
    let mut scales = vec![1.0f32; x.rank()];
    let last = g.blocked || x.rank() != 4 || g.random.chance(80);
    let spatial = if last { 2..x.rank() } else { 1..3 };
    for axis in spatial.clone() {
        scales[axis] = g.random.pick(factors);
    }
    if g.opset == 10 {
        let mode = g.random.pick(&["nearest", "linear"]);
        let scales = g.constant(&Array::real([x.rank()], scales));
        return g.node(operator, &[x, &scales], vec![("mode", mode.into())]);
    }
    let cubic = x.rank() == 4 && last;
    let modes = ["nearest", "linear", "cubic"];
    let mode = g.random.pick(&modes[..if cubic { 3 } else { 2 }]);
    let mut attributes: Attributes = vec![("mode", mode.into())];
    let transforms: &[&str] = match g.opset {
        19.. => &[
            "half_pixel",
            "pytorch_half_pixel",
            "align_corners",
            "asymmetric",
            "half_pixel_symmetric",
        ],
        _ => &["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"],
    };
    let r = &mut g.random;
    if r.chance(80) {
        attributes.push(("coordinate_transformation_mode", r.pick(transforms).into()));
    }
    if mode == "nearest" && r.chance(70) {
        let modes = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];
        attributes.push(("nearest_mode", r.pick(&modes).into()));
    }
    if mode == "cubic" {
        if r.chance(50) {
            attributes.push(("cubic_coeff_a", (-0.5f32).into()));
        }
        if r.chance(40) {
            attributes.push(("exclude_outside", 1.into()));
        }
    }
    if g.opset >= 18 && mode != "nearest" && r.chance(40) {
        attributes.push(("antialias", 1.into()));
    }
    let region = if g.opset < 13 {
        g.constant(&Array::real([0], []))
    } else {
        T::absent()
    };
    if g.random.chance(50) {
        let scales = g.constant(&Array::real([x.rank()], scales));
        return g.node(operator, &[x, &region, &scales], attributes);
    }
    let mut sizes: Vec<usize> = x
        .shape
        .iter()
        .zip(&scales)
        .map(|(d, s)| ((*d as f32 * s) as usize).max(1))
        .collect();
    if g.opset >= 18 && g.random.chance(40) {
        let axes: Vec<i64> = spatial.clone().map(|a| a as i64).collect();
        sizes = sizes[spatial].to_vec();
        attributes.push(("axes", axes.into()));
    }
    let none = if g.opset < 13 {
        g.constant(&Array::real([0], []))
    } else {
        T::absent()
    };
    let sizes = g.extents(&sizes);
    g.node(operator, &[x, &region, &none, &sizes], attributes)
}
