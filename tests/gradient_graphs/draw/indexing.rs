// SPDX-License-Identifier: MPL-2.0
//! Operators that read elements by their position.

use steerlens::onnx::{Array, ElementType, TensorProto, Values};

use super::movement::from_end;
use crate::graph::{Attributes, Graph, T};

pub(super) fn slice(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let count = g.random.extent(1, x.rank());
    let axes = g.random.sample(x.rank(), count);
    let [mut starts, mut ends, mut steps] = [const { Vec::new() }; 3];
    for axis in &axes {
        let d = x.shape[*axis] as i64;
        let r = &mut g.random;
        let step = if g.opset < 10 {
            1
        } else {
            r.pick(&[1, 1, 1, 2, 3, -1, -1, -2, -3])
        };
        let (inside, back) = (r.between(0, d - 1), -r.between(1, d));
        let (start, end) = if step > 0 {
            let end = r.between(1, d);
            (
                r.pick(&[0, inside, back, -d - 5]),
                r.pick(&[d, i64::from(i32::MAX), i64::MAX, end, -1]),
            )
        } else {
            let end = r.between(-d, d - 1);
            (
                r.pick(&[-1, d - 1, inside, i64::MAX, back]),
                r.pick(&[i64::MIN + 1, -d - 1, end]),
            )
        };
        starts.push(start);
        ends.push(end);
        steps.push(step);
    }
    let negative = g.opset >= 10;
    let axes: Vec<i64> = axes.iter().map(|a| x.axis(*a, &mut g.random, negative)).collect();
    if g.opset < 10 {
        let attributes = vec![
            ("starts", starts.into()),
            ("ends", ends.into()),
            ("axes", axes.into()),
        ];
        return g.node(operator, &[x], attributes);
    }
    let (start, end, axis) = (g.whole(&starts), g.whole(&ends), g.whole(&axes));
    let step = if steps.iter().any(|s| *s != 1) || g.random.chance(30) {
        g.whole(&steps)
    } else {
        T::absent()
    };
    g.node(operator, &[x, &start, &end, &axis, &step], vec![])
}

/// Positions along an axis, counted from either end where the opset has that.
fn positions(g: &mut Graph, extent: usize, shape: &[usize]) -> Vec<i64> {
    let extent = extent as i64;
    let low = if g.opset >= 11 { -extent } else { 0 };
    (0..shape.iter().product())
        .map(|_| g.random.between(low, extent - 1))
        .collect()
}

fn whole_of(g: &mut Graph, shape: &[usize], values: Vec<i64>) -> T {
    let array = Array {
        shape: shape.to_vec(),
        values: Values::Whole(values),
    };
    g.constant(&array)
}

pub(super) fn gather(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let axis = g.random.below(x.rank());
    let extent = x.shape[axis];
    let shape: &[usize] = match g.random.below(5) {
        0 => &[],
        1 => &[1],
        2 => &[3],
        3 => &[2, 2],
        _ => &[extent],
    };
    let mut values = positions(g, extent, shape);
    if shape == [extent] && g.random.chance(40) {
        values = g
            .random
            .sample(extent, extent)
            .iter()
            .map(|k| *k as i64)
            .collect();
    }
    let indices = if g.random.chance(30) {
        g.proto(TensorProto {
            dims: shape.iter().map(|d| *d as i64).collect(),
            data_type: Some(ElementType::Int32.number()),
            int32_data: values.iter().map(|v| *v as i32).collect(),
            ..Default::default()
        })
    } else {
        whole_of(g, shape, values)
    };
    let negative = g.opset >= 11;
    let axis = x.axis(axis, &mut g.random, negative);
    g.node(operator, &[x, &indices], vec![("axis", axis.into())])
}

pub(super) fn gather_elements(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let axis = g.random.below(x.rank());
    let mut shape: Vec<usize> = x.shape.iter().map(|d| g.random.extent(1, *d)).collect();
    shape[axis] = g.random.extent(1, x.shape[axis] + 1);
    let values = positions(g, x.shape[axis], &shape);
    let indices = whole_of(g, &shape, values);
    let negative = from_end(g);
    let axis = x.axis(axis, &mut g.random, negative);
    g.node(operator, &[x, &indices], vec![("axis", axis.into())])
}

/// Rows of positions along the axes from `first` on.
fn rows(g: &mut Graph, x: &T, first: usize, length: usize, count: usize) -> Vec<i64> {
    (0..count)
        .flat_map(|_| (0..length).map(|k| first + k).collect::<Vec<_>>())
        .map(|axis| {
            let d = x.shape[axis] as i64;
            g.random.between(-d, d - 1)
        })
        .collect()
}

pub(super) fn gather_nd(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let batch = usize::from(g.opset >= 12 && x.rank() > 1 && g.random.chance(35));
    let length = g.random.extent(1, x.rank() - batch);
    let mut shape = x.shape[..batch].to_vec();
    shape.push(g.random.extent(1, 3));
    let count = shape.iter().product();
    shape.push(length);
    let values = rows(g, x, batch, length, count);
    let indices = whole_of(g, &shape, values);
    let mut attributes: Attributes = Vec::new();
    if batch > 0 {
        attributes.push(("batch_dims", (batch as i64).into()));
    }
    g.node(operator, &[x, &indices], attributes)
}

pub(super) fn scatter_nd(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let length = g.random.extent(1, x.rank());
    let count = g.random.extent(1, 2);
    let values = rows(g, x, 0, length, count);
    let indices = whole_of(g, &[count, length], values);
    let mut shape = vec![count];
    shape.extend(&x.shape[length..]);
    let updates = g.noise(&shape, 1.0);
    let mut attributes: Attributes = Vec::new();
    if g.opset >= 16 && g.random.chance(50) {
        attributes.push(("reduction", "add".into()));
    }
    g.node(operator, &[x, &indices, &updates], attributes)
}

pub(super) fn scatter_elements(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let axis = g.random.below(x.rank());
    let adds = g.opset >= 16 && g.random.chance(50);
    let mut shape: Vec<usize> = x.shape.iter().map(|d| g.random.extent(1, *d)).collect();
    shape[axis] = g.random.extent(1, x.shape[axis]);
    let count: usize = shape.iter().product();
    let extent = x.shape[axis];
    // Each place once, the same ones in every row along the axis, unless they are added to.
    let own = g.random.sample(extent, shape[axis]);
    let inner: usize = shape[axis + 1..].iter().product();
    let values = if adds {
        positions(g, extent, &shape)
    } else {
        (0..count).map(|k| own[k / inner % shape[axis]] as i64).collect()
    };
    let indices = whole_of(g, &shape, values);
    let updates = g.noise(&shape, 1.0);
    let negative = from_end(g);
    let mut attributes: Attributes = vec![("axis", x.axis(axis, &mut g.random, negative).into())];
    if adds {
        attributes.push(("reduction", "add".into()));
    }
    // The picture's tensor is what is written to, or what is written.
    if g.random.chance(30) {
        let from = vec![0; x.rank()];
        let (from, to) = (g.whole(&from), g.extents(&shape));
        let part = g.node("Slice", &[x, &from, &to], vec![])?;
        let data = g.noise(&x.shape, 1.0);
        return g.node(operator, &[&data, &indices, &part], attributes);
    }
    g.node(operator, &[x, &indices, &updates], attributes)
}

pub(super) fn top(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let axis = g.random.below(x.rank());
    let count = g.random.extent(1, x.shape[axis]);
    let negative = from_end(g);
    let mut attributes: Attributes = vec![("axis", x.axis(axis, &mut g.random, negative).into())];
    if g.opset < 10 {
        attributes.push(("k", (count as i64).into()));
        return Some(g.node_of(operator, &[x], attributes, 2)?.swap_remove(0));
    }
    if g.opset >= 11 && g.random.chance(50) {
        attributes.push(("largest", 0.into()));
    }
    let count = g.whole(&[count as i64]);
    Some(g.node_of(operator, &[x, &count], attributes, 2)?.swap_remove(0))
}

pub(super) fn running_sum(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let axis = g.random.below(x.rank());
    let axis = x.axis(axis, &mut g.random, true);
    let axis = whole_of(g, &[], vec![axis]);
    let mut attributes: Attributes = Vec::new();
    for name in ["exclusive", "reverse"] {
        if g.random.chance(40) {
            attributes.push((name, 1.into()));
        }
    }
    g.node(operator, &[x, &axis], attributes)
}

pub(super) fn pad(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    let modes = ["constant", "constant", "reflect", "edge", "wrap"];
    let mode = g.random.pick(&modes[..if g.opset >= 19 { 5 } else { 4 }]);
    let shrinks = mode == "constant" && g.random.chance(40);
    let rank = x.rank();
    let spatial = g.blocked && rank == 4 && g.random.chance(70);
    let pads: Vec<i64> = (0..2 * rank)
        .map(|k| {
            if g.random.chance(40) || (spatial && k % rank < 2) {
                return 0;
            }
            let most = if mode == "reflect" {
                x.shape[k % rank] as i64 - 1
            } else {
                2
            };
            g.random.between(if shrinks { -1 } else { 0 }, 2).min(most)
        })
        .collect();
    let mut attributes: Attributes = Vec::new();
    if mode != "constant" || g.random.chance(50) {
        attributes.push(("mode", mode.into()));
    }
    let filled = mode == "constant" && g.random.chance(40);
    if g.opset < 11 {
        attributes.push(("pads", pads.into()));
        if filled {
            attributes.push(("value", 0.7f32.into()));
        }
        return g.node(operator, &[x], attributes);
    }
    let value = if filled { g.scalar(0.7) } else { T::absent() };
    if g.opset >= 18 && g.random.chance(30) {
        let count = g.random.extent(1, rank);
        let axes = g.random.sample(rank, count);
        let pads: Vec<i64> = axes
            .iter()
            .map(|a| pads[*a])
            .chain(axes.iter().map(|a| pads[rank + a]))
            .collect();
        let axes: Vec<i64> = axes.iter().map(|a| x.axis(*a, &mut g.random, true)).collect();
        let (pads, axes) = (g.whole(&pads), g.whole(&axes));
        return g.node(operator, &[x, &pads, &value, &axes], attributes);
    }
    let pads = g.whole(&pads);
    g.node(operator, &[x, &pads, &value], attributes)
}
