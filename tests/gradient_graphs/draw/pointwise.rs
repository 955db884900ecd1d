// SPDX-License-Identifier: MPL-2.0
//! Activations and elementwise arithmetic.

use steerlens::onnx::{Array, ElementType, TensorProto};

use crate::graph::{Attributes, Graph, T};

/// `|x| + offset`, for operators that want positive numbers.
pub(super) fn positive(g: &mut Graph, x: &T, offset: f32) -> Option<T> {
    let magnitude = g.node("Abs", &[x], vec![])?;
    let offset = g.scalar(offset);
    g.node("Add", &[&magnitude, &offset], vec![])
}

/// An activation whose attributes have defaults.
pub(super) fn activation(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let r = &mut g.random;
    let mut attributes: Attributes = Vec::new();
    let stated = r.chance(70);
    match operator {
        "LeakyRelu" if stated => attributes.push(("alpha", r.pick(&[0.1f32, 0.3, -0.2, 1.5, 0.0]).into())),
        "Elu" | "Celu" if stated => attributes.push(("alpha", r.pick(&[0.5f32, 2.0]).into())),
        "Selu" if stated => attributes.extend([("alpha", 1.2f32.into()), ("gamma", 0.8f32.into())]),
        "ThresholdedRelu" if stated => attributes.push(("alpha", r.pick(&[0.3f32, -0.4, 0.0]).into())),
        "HardSigmoid" if stated => {
            attributes.push(("alpha", r.pick(&[0.3f32, 1.0 / 6.0, -0.5]).into()));
            attributes.push(("beta", r.pick(&[0.5f32, 0.4, 0.0]).into()));
        }
        "Gelu" if stated => attributes.push(("approximate", r.pick(&["tanh", "none"]).into())),
        _ => {}
    }
    g.node(operator, &[x], attributes)
}

/// Sqrt, Log, Reciprocal: of what is positive.
pub(super) fn of_positive(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let x = positive(g, x, 0.3)?;
    g.node(operator, &[&x], vec![])
}

/// Exp, of what is not large.
pub(super) fn exponential(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let factor = g.scalar(0.3);
    let x = g.node("Mul", &[x, &factor], vec![])?;
    g.node(operator, &[&x], vec![])
}

/// Cosh, Sinh, Tan: of what is between -1 and 1.
pub(super) fn bounded(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let x = g.node("Tanh", &[x], vec![])?;
    g.node(operator, &[&x], vec![])
}

/// Bounds before opset 11 are attributes.
pub(super) fn clip(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let bounds = [
        (Some(0.0), Some(6.0)),
        (Some(0.0), Some(1.0)),
        (Some(-1.0), Some(1.0)),
        (None, Some(0.5)),
        (Some(-0.3), None),
        (Some(0.0), None),
        (None, Some(6.0)),
        (Some(-0.5), Some(9.0)),
        (Some(0.0), Some(20.0)),
        (Some(0.2), Some(0.9)),
        (None, None),
    ];
    let (low, high): (Option<f32>, Option<f32>) = g.random.pick(&bounds);
    if g.opset < 11 {
        let named = [("min", low), ("max", high)];
        let attributes = named.into_iter().filter_map(|(n, v)| Some((n, v?.into())));
        return g.node(operator, &[x], attributes.collect());
    }
    let mut bounds = [low, high].map(|bound| bound.map_or_else(T::absent, |v| g.scalar(v)));
    if g.random.chance(20) {
        // Either bound the mean of the picture's own tensor.
        let k = g.random.below(2);
        bounds[k] = g.node("ReduceMean", &[x], vec![("keepdims", 0.into())])?;
    }
    g.node(operator, &[x, &bounds[0], &bounds[1]], vec![])
}

pub(super) fn prelu(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let mut per_channel = vec![1; x.rank().saturating_sub(1)];
    if let (Some(first), true) = (per_channel.first_mut(), x.rank() > 1) {
        *first = x.channels();
    }
    let shape = match g.random.below(4) {
        0 => vec![1],
        1 => x.shape.clone(),
        _ if per_channel.is_empty() => vec![1],
        _ => per_channel,
    };
    let slope = g.noise(&shape, 0.5);
    g.node(operator, &[x, &slope], vec![])
}

/// A shape that broadcasts to the given one.
pub(super) fn broadcastable(g: &mut Graph, shape: &[usize]) -> Vec<usize> {
    let mut result: Vec<usize> = shape
        .iter()
        .map(|d| if g.random.chance(60) { *d } else { 1 })
        .collect();
    while g.random.chance(25) && !result.is_empty() {
        result.remove(0);
    }
    result
}

/// Another operand: a tensor from the picture that broadcasts with the first, or a constant.
fn operand(g: &mut Graph, x: &T) -> T {
    if g.random.chance(50) {
        let fits = |t: &&T| {
            t.shape
                .iter()
                .rev()
                .zip(x.shape.iter().rev())
                .all(|(a, b)| a == b || *a == 1 || *b == 1)
        };
        let found: Vec<T> = g.active.iter().filter(fits).cloned().collect();
        if !found.is_empty() {
            return found[g.random.below(found.len())].clone();
        }
    }
    let shape = broadcastable(g, &x.shape);
    g.noise(&shape, 1.0)
}

pub(super) fn binary(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let other = operand(g, x);
    if operator == "Div" {
        let other = positive(g, &other, 0.5)?;
        return g.node(operator, &[x, &other], vec![]);
    }
    if g.random.chance(50) {
        g.node(operator, &[x, &other], vec![])
    } else {
        g.node(operator, &[&other, x], vec![])
    }
}

/// Max, Min, Mean, Sum: of any number.
pub(super) fn variadic(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let mut operands = vec![x.clone()];
    for _ in 0..g.random.pick(&[0, 1, 1, 1, 2, 3]) {
        let other = operand(g, x);
        operands.push(other);
    }
    g.random.shuffle(&mut operands);
    let operands: Vec<&T> = operands.iter().collect();
    g.node(operator, &operands, vec![])
}

pub(super) fn power(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let x = positive(g, x, 0.4)?;
    let exponents = [1.0f32, 2.0, 3.0, 0.5, -1.0, 1.5, -0.5];
    let exponent = match g.random.below(4) {
        3 => {
            let other = operand(g, &x);
            g.node("Tanh", &[&other], vec![])?
        }
        0 => {
            let shape = broadcastable(g, &x.shape);
            let count: usize = shape.iter().product();
            let values: Vec<f32> = (0..count).map(|_| g.random.pick(&exponents)).collect();
            g.constant(&Array::real(shape, values))
        }
        1 if g.opset >= 12 => {
            let element = g.random.pick(&[ElementType::Int32, ElementType::Int64]);
            let value = g.random.between(1, 3);
            let mut tensor = TensorProto {
                data_type: Some(element.number()),
                ..Default::default()
            };
            match element {
                ElementType::Int32 => tensor.int32_data.push(value as i32),
                _ => tensor.int64_data.push(value),
            }
            g.proto(tensor)
        }
        _ => {
            let value = g.random.pick(&exponents);
            g.scalar(value)
        }
    };
    g.node(operator, &[&x, &exponent], vec![])
}

pub(super) fn choice(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let other = operand(g, x);
    let condition = if g.random.chance(50) {
        let shape = broadcastable(g, &x.shape);
        let count: usize = shape.iter().product();
        let values: Vec<bool> = (0..count).map(|_| g.random.chance(50)).collect();
        g.truths(&shape, &values)
    } else {
        let bound = g.random.pick(&[-0.2, 0.1]);
        let bound = g.scalar(bound);
        let comparison = g.random.pick(&["Greater", "Less"]);
        g.node(comparison, &[x, &bound], vec![])?
    };
    if g.random.chance(50) {
        g.node(operator, &[&condition, x, &other], vec![])
    } else {
        g.node(operator, &[&condition, &other, x], vec![])
    }
}
