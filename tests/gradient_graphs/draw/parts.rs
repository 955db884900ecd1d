// SPDX-License-Identifier: MPL-2.0
//! What networks are made of: chains that rewriters and layouts know as a whole.

use steerlens::onnx::Array;

use super::{Entry, draw};
use crate::graph::{Graph, T};

fn root(count: usize) -> f32 {
    (count as f32).sqrt().recip()
}

fn either_way(g: &mut Graph, operator: &str, a: &T, b: &T) -> Option<T> {
    if g.random.chance(50) {
        g.node(operator, &[a, b], vec![])
    } else {
        g.node(operator, &[b, a], vec![])
    }
}

/// An operator of the table.
fn one_of(g: &mut Graph, operators: &[&'static str], x: &T) -> Option<T> {
    let operator = g.random.pick(operators);
    let entry = Entry::of(operator)?;
    draw(g, entry, x)
}

/// `x s(x)`, as exporters write SiLU and HardSwish.
pub(super) fn gate(g: &mut Graph, _: &str, x: &T) -> Option<T> {
    let gate = one_of(g, &["Sigmoid", "HardSigmoid"], x)?;
    either_way(g, "Mul", x, &gate)
}

/// GELU as a chain, its factors in one of the usual orders.
pub(super) fn gelu(g: &mut Graph, _: &str, x: &T) -> Option<T> {
    let (one, half) = (g.scalar(1.0), g.scalar(0.5));
    let scaled = if g.random.chance(50) {
        let by = g.scalar(2f32.sqrt());
        g.node("Div", &[x, &by], vec![])?
    } else {
        let by = g.scalar(0.5f32.sqrt());
        either_way(g, "Mul", x, &by)?
    };
    let erf = g.node("Erf", &[&scaled], vec![])?;
    let twice = either_way(g, "Add", &erf, &one)?;
    if g.random.chance(50) {
        let product = either_way(g, "Mul", x, &twice)?;
        either_way(g, "Mul", &product, &half)
    } else {
        let product = either_way(g, "Mul", x, &half)?;
        either_way(g, "Mul", &product, &twice)
    }
}

/// A Conv of 1x1 with bias.
fn mixed(g: &mut Graph, x: &T, out: usize) -> Option<T> {
    let channels = x.channels();
    let weight = g.noise(&[out, channels, 1, 1], root(channels));
    let bias = g.noise(&[out], 0.3);
    g.node("Conv", &[x, &weight, &bias], vec![])
}

/// Squeeze and excite: channels scaled by a function of their means.
pub(super) fn excite(g: &mut Graph, _: &str, x: &T) -> Option<T> {
    if x.rank() != 4 {
        return None;
    }
    let mean = if g.random.chance(60) {
        g.node("GlobalAveragePool", &[x], vec![])?
    } else {
        one_of(g, &["ReduceMean"], x).filter(|m| m.shape == [x.shape[0], x.channels(), 1, 1])?
    };
    let inner = g.random.pick(&[4, 8, 16]);
    let squeezed = mixed(g, &mean, inner)?;
    let squeezed = one_of(g, &["Relu", "Sigmoid", "Tanh", "HardSwish"], &squeezed)?;
    let channels = x.channels();
    let excited = mixed(g, &squeezed, channels)?;
    let excited = one_of(g, &["Sigmoid", "HardSigmoid"], &excited)?;
    either_way(g, "Mul", x, &excited)
}

/// A sum, or another combination, with an earlier tensor of the same shape.
pub(super) fn residual(g: &mut Graph, _: &str, x: &T) -> Option<T> {
    let fits = |t: &&T| {
        t.rank() == x.rank()
            && t.name != x.name
            && t.shape.iter().zip(&x.shape).all(|(a, b)| a == b || *a == 1)
    };
    let found: Vec<T> = g.active.iter().filter(fits).cloned().collect();
    if found.is_empty() {
        return None;
    }
    let other = found[g.random.below(found.len())].clone();
    let operator = g.random.pick(&["Add", "Add", "Add", "Mul", "Sub", "Sum", "Max"]);
    either_way(g, operator, x, &other)
}

/// A block of a residual network: a Conv that keeps the shape, an activation, and the sum.
pub(super) fn block(g: &mut Graph, _: &str, x: &T) -> Option<T> {
    if x.rank() != 4 {
        return None;
    }
    let channels = x.channels();
    let depthwise = g.random.chance(40);
    let kernel = g.random.pick(&[1usize, 3, 3]);
    let inner = if depthwise { 1 } else { channels };
    let weight = g.noise(&[channels, inner, kernel, kernel], root(inner * kernel * kernel));
    let bias = g.noise(&[channels], 0.3);
    let pads = vec![kernel as i64 / 2; 4];
    let group = if depthwise { channels as i64 } else { 1 };
    let y = g.node(
        "Conv",
        &[x, &weight, &bias],
        vec![("pads", pads.into()), ("group", group.into())],
    )?;
    let activations = [
        "Relu",
        "Clip",
        "Sigmoid",
        "Tanh",
        "LeakyRelu",
        "HardSwish",
        "Gelu",
    ];
    if g.random.chance(50) {
        let y = one_of(g, &activations, &y)?;
        return either_way(g, "Add", &y, x);
    }
    let sum = either_way(g, "Add", &y, x)?;
    one_of(g, &activations, &sum)
}

/// LayerNormalization, and often a product, over the channels of a picture, as ConvNeXt has it.
pub(super) fn channels_last(g: &mut Graph, _: &str, x: &T) -> Option<T> {
    if x.rank() != 4 {
        return None;
    }
    let mut y = g.node("Transpose", &[x], vec![("perm", vec![0, 2, 3, 1].into())])?;
    if g.opset >= 17 {
        y = one_of(g, &["LayerNormalization"], &y)?;
    }
    if g.random.chance(60) {
        let channels = x.channels();
        let out = g.random.pick(&[channels, 16, 32]);
        let weight = g.noise(&[channels, out], root(channels));
        y = g.node("MatMul", &[&y, &weight], vec![])?;
        if g.random.chance(40) {
            let bias = g.noise(&[out], 0.5);
            y = either_way(g, "Add", &y, &bias)?;
        }
    }
    g.node("Transpose", &[&y], vec![("perm", vec![0, 3, 1, 2].into())])
}

/// Each position along a short axis taken by a Gather, and two of them multiplied.
pub(super) fn picks(g: &mut Graph, _: &str, x: &T) -> Option<T> {
    let short: Vec<usize> = (0..x.rank()).filter(|k| (2..=4).contains(&x.shape[*k])).collect();
    if short.is_empty() {
        return None;
    }
    let axis = g.random.pick(&short);
    let mut parts = Vec::new();
    for k in 0..x.shape[axis] {
        let at = g.constant(&Array {
            shape: vec![],
            ..Array::whole([k as i64])
        });
        parts.push(g.node("Gather", &[x, &at], vec![("axis", (axis as i64).into())])?);
    }
    let (a, b) = (g.random.below(parts.len()), g.random.below(parts.len()));
    g.node("Mul", &[&parts[a], &parts[b]], vec![])
}

/// Channels split in half, one half changed, and joined again.
pub(super) fn halves(g: &mut Graph, _: &str, x: &T) -> Option<T> {
    if x.rank() != 4 || !x.channels().is_multiple_of(2) {
        return None;
    }
    let half = x.channels() as i64 / 2;
    let mut parts = if g.opset >= 13 {
        let sizes = g.whole(&[half, half]);
        g.node_of("Split", &[x, &sizes], vec![("axis", 1.into())], 2)?
    } else {
        g.node_of("Split", &[x], vec![("axis", 1.into())], 2)?
    };
    let changed = one_of(g, &["Relu", "Tanh", "Clip", "BatchNormalization"], &parts[0])?;
    parts[0] = changed;
    if g.random.chance(50) {
        parts.swap(0, 1);
    }
    g.node("Concat", &[&parts[0], &parts[1]], vec![("axis", 1.into())])
}

/// Attention written out: two products and a softmax between them.
pub(super) fn attention(g: &mut Graph, _: &str, x: &T) -> Option<T> {
    let x = super::matrix::sequence(g, x)?;
    let inner = x.shape[2];
    let width = g.random.pick(&[4, 8, 16]);
    let mut parts = Vec::new();
    for _ in 0..3 {
        let weight = g.noise(&[inner, width], root(inner));
        parts.push(g.node("MatMul", &[&x, &weight], vec![])?);
    }
    let keys = g.node("Transpose", &[&parts[1]], vec![("perm", vec![0, 2, 1].into())])?;
    let mut logits = g.node("MatMul", &[&parts[0], &keys], vec![])?;
    let factor = g.scalar(root(width));
    logits = either_way(g, "Mul", &logits, &factor)?;
    let axis = if g.opset >= 11 { -1 } else { 2 };
    let weights = g.node("Softmax", &[&logits], vec![("axis", axis.into())])?;
    let mixed = g.node("MatMul", &[&weights, &parts[2]], vec![])?;
    if g.random.chance(50) {
        return Some(mixed);
    }
    let weight = g.noise(&[width, inner], root(width));
    let back = g.node("MatMul", &[&mixed, &weight], vec![])?;
    either_way(g, "Add", &back, &x)
}

/// A Conv whose weight is mixed of the picture itself.
pub(super) fn own_kernel(g: &mut Graph, _: &str, x: &T) -> Option<T> {
    if x.rank() != 4 || x.shape[0] != 1 {
        return None;
    }
    let channels = x.channels();
    let depthwise = g.random.chance(40);
    let (out, per_group) = if depthwise {
        (channels, 1)
    } else {
        (g.random.pick(&[2, 3]), channels)
    };
    let (height, width) = (g.random.pick(&[1, 2, 3]), g.random.pick(&[1, 2, 3]));
    let count = out * per_group * height * width;
    let pooled = g.node("GlobalAveragePool", &[x], vec![])?;
    let to = g.whole(&[1, channels as i64]);
    let row = g.node("Reshape", &[&pooled, &to], vec![])?;
    let mix = g.noise(&[channels, count], root(channels * per_group * height * width));
    let mixed = g.node("MatMul", &[&row, &mix], vec![])?;
    let to = g.extents(&[out, per_group, height, width]);
    let weight = g.node("Reshape", &[&mixed, &to], vec![])?;
    let mut attributes: crate::graph::Attributes = Vec::new();
    if depthwise {
        attributes.push(("group", (channels as i64).into()));
    }
    for name in ["strides", "dilations"] {
        if g.random.chance(30) {
            attributes.push((name, vec![g.random.between(1, 2), g.random.between(1, 2)].into()));
        }
    }
    if g.random.chance(50) {
        let pads: Vec<i64> = (0..4).map(|_| g.random.between(0, 1)).collect();
        attributes.push(("pads", pads.into()));
    }
    g.node("Conv", &[x, &weight], attributes)
}
