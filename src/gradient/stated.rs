// SPDX-License-Identifier: MPL-2.0
//! Pads and extents, stated in full, so that everybody who reads the graph reads the same.
//!
//! The optimiser of ONNX Runtime (1.23 and 1.32 were tried) moves a Transpose through a Pad as if its `axes` were all axes in
//! order: pads land on others. Shape inference takes the extent of a Resize by `scales` from a product in float64, where
//! the kernel has float32: of 10 samples by .7 they make 6 and 7, and a graph with constants of the true extents does not
//! load.

use super::probe::Facts;
use crate::onnx::{Array, ModelProto, NodeProto};

/// Gives every Pad with `axes` the pads of all of them, and every Resize whose extents are read in two ways its sizes.
pub(super) fn state(model: &mut ModelProto, facts: &mut Facts) {
    let Some(graph) = &mut model.graph else { return };
    for node in &mut graph.node {
        let (place, numbers, end) = match node.op() {
            _ if !node.is_standard() => continue,
            "Pad" => (1, all_pads(node, facts), 3),
            "Resize" => (3, sizes(node, facts), 4),
            _ => continue,
        };
        let (Some(numbers), Some(output)) = (numbers, node.output.first()) else {
            continue;
        };
        let name = format!("{output}__stated");
        let constant = Array::whole(numbers).encode(&name);
        facts.insert_constant(constant.clone());
        graph.initializer.push(constant);
        node.input.resize(end, String::new());
        if node.op() == "Resize" {
            node.input[2].clear();
        }
        node.input[place] = name;
        while node.input.last().is_some_and(String::is_empty) {
            node.input.pop();
        }
    }
}

/// The pads of every axis, where those of some are stated.
fn all_pads(node: &NodeProto, facts: &Facts) -> Option<Vec<i64>> {
    let axes = facts.whole(node.input(3)?)?;
    let pads = facts.whole(node.input(1)?)?;
    let rank = facts.shape(node.input(0)?)?.len();
    let mut all = vec![0; 2 * rank];
    for (k, axis) in axes.iter().enumerate() {
        let place = axis_of(*axis, rank)?;
        all[place] = *pads.get(k)?;
        all[rank + place] = *pads.get(axes.len() + k)?;
    }
    Some(all)
}

/// The sizes of a Resize by scales, where the two products differ and the sizes mean the same scales.
fn sizes(node: &NodeProto, facts: &Facts) -> Option<Vec<i64>> {
    if node.input(3).is_some() {
        return None;
    }
    let scales = facts.constant(node.input(2)?)?;
    let scales = scales.as_real()?;
    let (x, y) = (facts.shape(node.input(0)?)?, facts.shape(node.output(0)?)?);
    let axes: Vec<usize> = match node.ints("axes") {
        None => (0..x.len()).collect(),
        Some(axes) => axes
            .iter()
            .map(|axis| axis_of(*axis, x.len()))
            .collect::<Option<_>>()?,
    };
    if axes.len() != scales.len() || x.len() != y.len() {
        return None;
    }
    let of = |(scale, axis): (&f32, &usize)| (*scale, x[*axis], y[*axis]);
    let all: Vec<_> = scales.iter().zip(&axes).map(of).collect();
    let differs = |(scale, x, y): &(f32, usize, usize)| (f64::from(*scale) * *x as f64).floor() != *y as f64;
    let same = |(scale, x, y): &(f32, usize, usize)| *y as f32 / *x as f32 == *scale;
    if !all.iter().any(differs) || !all.iter().all(same) {
        return None;
    }
    all.iter().map(|(_, _, y)| i64::try_from(*y).ok()).collect()
}

fn axis_of(axis: i64, rank: usize) -> Option<usize> {
    let from_end = if axis < 0 { i64::try_from(rank).ok()? } else { 0 };
    usize::try_from(axis + from_end).ok().filter(|axis| *axis < rank)
}
