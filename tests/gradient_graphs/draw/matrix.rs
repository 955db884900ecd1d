// SPDX-License-Identifier: MPL-2.0
//! Matrix products, and attention.

use crate::graph::{Attributes, Graph, T};

fn root(count: usize) -> f32 {
    (count as f32).sqrt().recip()
}

/// How many columns a product gives: few, or a multiple of what a vector holds.
fn width(g: &mut Graph) -> usize {
    g.random.pick(&[1, 2, 3, 4, 5, 8, 16, 16, 24])
}

pub(super) fn matmul(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let rank = x.rank();
    let inner = *x.shape.last()?;
    match g.random.below(10) {
        // The tensor on the right.
        0 | 1 if rank >= 2 => {
            let inner = x.shape[rank - 2];
            let shape = if g.random.chance(60) {
                vec![3, inner]
            } else {
                vec![inner]
            };
            let left = g.noise(&shape, root(inner));
            g.node(operator, &[&left, x], vec![])
        }
        // With itself.
        2 if rank >= 2 => {
            let mut order: Vec<i64> = (0..rank as i64).collect();
            order.swap(rank - 1, rank - 2);
            let turned = g.node("Transpose", &[x], vec![("perm", order.into())])?;
            let product = g.node(operator, &[x, &turned], vec![])?;
            let factor = g.scalar(root(inner));
            g.node("Mul", &[&product, &factor], vec![])
        }
        how => {
            let width = width(g);
            let shape = match how {
                3 if rank >= 3 => [&x.shape[..rank - 2], &[inner, width]].concat(),
                4 => vec![inner],
                5 => vec![2, inner, width],
                // Square, so that nothing tells the weight from its transpose.
                6 => vec![inner, inner],
                _ => vec![inner, width],
            };
            let right = g.noise(&shape, root(inner));
            g.node(operator, &[x, &right], vec![])
        }
    }
}

pub(super) fn gemm(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let flat;
    let x = if x.rank() == 2 {
        x
    } else {
        flat = g.node("Flatten", &[x], vec![])?;
        &flat
    };
    let turned = [g.random.chance(30), g.random.chance(50)];
    let (rows, inner) = match turned[0] {
        true => (x.shape[1], x.shape[0]),
        false => (x.shape[0], x.shape[1]),
    };
    let columns = if g.random.chance(15) && inner < 80 {
        inner
    } else {
        width(g)
    };
    let mut attributes: Attributes = Vec::new();
    for (name, on) in ["transA", "transB"].into_iter().zip(turned) {
        if on {
            attributes.push((name, 1.into()));
        }
    }
    if g.random.chance(40) {
        attributes.push(("alpha", g.random.pick(&[0.5f32, 2.0, -1.0]).into()));
    }
    if g.random.chance(40) {
        attributes.push(("beta", 0.7f32.into()));
    }
    let shape = if turned[1] {
        [columns, inner]
    } else {
        [inner, columns]
    };
    let right = g.noise(&shape, root(inner));
    let bias = if g.opset < 11 || g.random.chance(70) {
        let shapes = [
            vec![columns],
            vec![1],
            vec![rows, columns],
            vec![1, columns],
            vec![rows, 1],
            vec![],
        ];
        let chosen = g.random.below(shapes.len());
        g.noise(&shapes[chosen], 0.5)
    } else {
        T::absent()
    };
    g.node(operator, &[x, &right, &bias], attributes)
}

pub(super) fn einsum(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let letters = &"abcde"[..x.rank()];
    let (rest, inner) = letters.split_at(x.rank() - 1);
    let count = *x.shape.last()?;
    let (equation, shape, is_second) = match g.random.below(3) {
        0 => (format!("{letters},{inner}z->{rest}z"), vec![count, 3], false),
        1 => (format!("{inner}z,{letters}->z{rest}"), vec![count, 2], true),
        _ => (format!("{letters},{letters}->{letters}"), x.shape.clone(), false),
    };
    let other = g.noise(&shape, root(count).max(0.3));
    let operands = if is_second { [&other, x] } else { [x, &other] };
    g.node(operator, &operands, vec![("equation", equation.as_str().into())])
}

/// `[1, length, width]` of any tensor, as a transformer takes it.
pub(super) fn sequence(g: &mut Graph, x: &T) -> Option<T> {
    if x.rank() == 3 && x.shape[1] <= 40 {
        return Some(x.clone());
    }
    let count = x.count();
    let lengths: Vec<usize> = (2..=12).filter(|d| count.is_multiple_of(*d)).collect();
    if lengths.is_empty() {
        return None;
    }
    let length = g.random.pick(&lengths);
    let to = g.whole(&[1, length as i64, -1]);
    g.node("Reshape", &[x, &to], vec![])
}

/// Queries, keys and values made from one sequence.
pub(super) fn attention(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let x = sequence(g, x)?;
    let (length, inner) = (x.shape[1], x.shape[2]);
    let heads = g.random.pick(&[1, 2, 4]);
    let (width, value_width) = (8 * heads, g.random.pick(&[4, 8]) * heads);
    let mut parts = Vec::new();
    for width in [width, width, value_width] {
        let weight = g.noise(&[inner, width], root(inner));
        parts.push(g.node("MatMul", &[&x, &weight], vec![])?);
    }
    let mut attributes: Attributes = vec![
        ("q_num_heads", (heads as i64).into()),
        ("kv_num_heads", (heads as i64).into()),
    ];
    if g.random.chance(30) {
        attributes.push(("scale", 0.3f32.into()));
    }
    let mask = match g.random.below(4) {
        0 => g.noise(&[length, length], 1.0),
        1 => {
            // Each query sees itself at least.
            let kept: Vec<bool> = (0..length * length)
                .map(|k| k % (length + 1) == 0 || g.random.chance(70))
                .collect();
            g.truths(&[length, length], &kept)
        }
        _ => T::absent(),
    };
    g.node(operator, &[&parts[0], &parts[1], &parts[2], &mask], attributes)
}

pub(super) fn rotary(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let x = sequence(g, x)?;
    let (length, inner) = (x.shape[1], x.shape[2]);
    let heads = g.random.pick(&[1, 2]);
    let weight = g.noise(&[inner, 8 * heads], root(inner));
    let x = g.node("MatMul", &[&x, &weight], vec![])?;
    let part = g.random.pick(&[0, 0, 4]);
    let half = if part == 0 { 4 } else { part / 2 };
    let mut attributes: Attributes = vec![("num_heads", (heads as i64).into())];
    if part != 0 {
        attributes.push(("rotary_embedding_dim", (part as i64).into()));
    }
    if g.random.chance(40) {
        attributes.push(("interleaved", 1.into()));
    }
    let angles = [1, length, half];
    let (cosine, sine) = (g.noise(&angles, 0.7), g.noise(&angles, 0.7));
    g.node(operator, &[&x, &cosine, &sine], attributes)
}
