// SPDX-License-Identifier: MPL-2.0
//! Normalisations, reductions and softmax.

use super::movement::with_ints;
use super::pointwise::positive;
use crate::graph::{Attributes, Graph, T};

/// Over fewer elements than this a normalised value is nearly a step.
const LEAST: usize = 3;

pub(super) fn batch(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    if x.rank() < 2 {
        return None;
    }
    let shape = [x.channels()];
    let mut attributes: Attributes = Vec::new();
    if g.random.chance(50) {
        attributes.push(("epsilon", 1e-3f32.into()));
    }
    if g.random.chance(30) {
        attributes.push(("momentum", 0.8f32.into()));
    }
    let statistics = [
        g.noise(&shape, 1.0),
        g.noise(&shape, 0.5),
        g.noise(&shape, 0.5),
        g.noise_above(&shape, 0.3),
    ];
    let [scale, bias, mean, variance] = &statistics;
    g.node(operator, &[x, scale, bias, mean, variance], attributes)
}

pub(super) fn instance(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    if x.rank() < 3 || x.shape[2..].iter().product::<usize>() < LEAST {
        return None;
    }
    let shape = [x.channels()];
    let (scale, bias) = (g.noise(&shape, 1.0), g.noise(&shape, 0.5));
    g.node(operator, &[x, &scale, &bias], vec![("epsilon", 0.1f32.into())])
}

pub(super) fn group(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    if x.rank() < 3 {
        return None;
    }
    let channels = x.channels();
    let groups: Vec<usize> = [1, 2, 3, 4, 8]
        .into_iter()
        .filter(|n| channels.is_multiple_of(*n))
        .collect();
    let groups = g.random.pick(&groups);
    if x.count() / x.shape[0] / groups < LEAST {
        return None;
    }
    let shape = [if g.opset < 21 { groups } else { channels }];
    let (scale, bias) = (g.noise(&shape, 1.0), g.noise(&shape, 0.5));
    let attributes = vec![
        ("num_groups", (groups as i64).into()),
        ("epsilon", 0.05f32.into()),
    ];
    g.node(operator, &[x, &scale, &bias], attributes)
}

/// Over the axes from a drawn one on; the scale may broadcast.
pub(super) fn over_last(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let rank = x.rank();
    let axis = if g.random.chance(60) {
        rank - 1
    } else {
        g.random.below(rank)
    };
    let normalised = &x.shape[axis..];
    if normalised.iter().product::<usize>() < LEAST {
        return None;
    }
    let shape = match g.random.below(8) {
        0 => vec![1],
        1 => vec![],
        2 => vec![1; normalised.len()],
        _ => normalised.to_vec(),
    };
    let mut attributes: Attributes = vec![("epsilon", 0.05f32.into())];
    if axis + 1 != rank || g.random.chance(50) {
        attributes.push(("axis", x.axis(axis, &mut g.random, true).into()));
    }
    let scale = g.noise(&shape, 1.0);
    let bias = if operator == "LayerNormalization" && g.random.chance(70) {
        let shape = if g.random.chance(80) {
            normalised
        } else {
            &shape[..]
        };
        g.noise(shape, 0.5)
    } else {
        T::absent()
    };
    g.node(operator, &[x, &scale, &bias], attributes)
}

pub(super) fn lp(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let axis = g.random.below(x.rank());
    if x.shape[axis] < 2 {
        return None;
    }
    let p = g.random.pick(&[1, 2]);
    let axis = x.axis(axis, &mut g.random, true);
    g.node(operator, &[x], vec![("axis", axis.into()), ("p", p.into())])
}

pub(super) fn local_response(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let attributes = vec![
        ("size", g.random.pick(&[1, 3, 5]).into()),
        ("alpha", 0.5f32.into()),
        ("beta", g.random.pick(&[0.75f32, 0.4]).into()),
        ("bias", 1.2f32.into()),
    ];
    g.node(operator, &[x], attributes)
}

pub(super) fn reduction(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let positive_x;
    let x = if operator == "ReduceLogSum" {
        positive_x = positive(g, x, 0.3)?;
        &positive_x
    } else {
        x
    };
    let axes = if g.blocked && x.rank() == 4 && g.random.chance(70) {
        let choices: [&[usize]; 5] = [&[1], &[2, 3], &[1, 2, 3], &[2], &[3]];
        choices[g.random.below(5)].to_vec()
    } else {
        let count = g.random.extent(1, x.rank());
        g.random.sample(x.rank(), count)
    };
    let mut attributes: Attributes = Vec::new();
    if g.random.chance(70) {
        attributes.push(("keepdims", g.random.pick(&[0, 1, 1]).into()));
    }
    let since = if operator == "ReduceSum" { 13 } else { 18 };
    if g.opset >= since && g.random.chance(5) {
        // An operator that then does nothing, or is an elementwise one.
        attributes.push(("noop_with_empty_axes", 1.into()));
        let none = g.whole(&[]);
        return g.node(operator, &[x, &none], attributes);
    }
    if g.random.chance(10) {
        return g.node(operator, &[x], attributes);
    }
    let negative = g.opset >= 11;
    let axes: Vec<i64> = axes.iter().map(|a| x.axis(*a, &mut g.random, negative)).collect();
    with_ints(g, operator, x, ("axes", since), axes, attributes)
}

pub(super) fn softmax(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let mut attributes: Attributes = Vec::new();
    if g.random.chance(80) {
        let axis = g.random.below(x.rank());
        let negative = g.opset >= 11;
        attributes.push(("axis", x.axis(axis, &mut g.random, negative).into()));
    }
    g.node(operator, &[x], attributes)
}
