// SPDX-License-Identifier: MPL-2.0
//! Pads and extents, stated in full, so that everybody who reads the graph reads the same.
//!
//! The optimiser of ONNX Runtime (1.23 and 1.32 were tried) moves a Transpose through a Pad as if its `axes` were all axes in
//! order: pads land on others. Shape inference takes the extent of a Resize by `scales` from a product in float64, where
//! the kernel has float32: of 10 samples by .7 they make 6 and 7, and a graph with constants of the true extents does not
//! load.

use super::extents::axis_of;
use super::facts::Facts;
use crate::onnx::{Array, ModelProto, NodeProto};

/// Gives every Pad with `axes` the pads of all of them, and every Resize whose extents are read in two ways scales, one
/// rounding away, that are read in one.
pub(super) fn state(model: &mut ModelProto, facts: &mut Facts) {
    let Some(graph) = &mut model.graph else { return };
    for node in &mut graph.node {
        let (place, stated) = match node.op() {
            _ if !node.is_standard() => continue,
            "Pad" => (1, all_pads(node, facts)),
            "Resize" => (2, scales(node, facts)),
            _ => continue,
        };
        let (Some(stated), Some(output)) = (stated, node.output.first()) else {
            continue;
        };
        let name = format!("{output}__stated");
        let constant = stated.encode(&name);
        facts.insert_constant(constant.clone());
        graph.initializer.push(constant);
        node.input[place] = name;
        if node.op() == "Pad" {
            node.input.truncate(3);
        }
    }
}

/// The pads of every axis, where those of some are stated.
fn all_pads(node: &NodeProto, facts: &Facts) -> Option<Array> {
    let axes = facts.whole(node.input(3)?)?;
    let pads = facts.whole(node.input(1)?)?;
    let rank = facts.shape(node.input(0)?)?.len();
    let mut all = vec![0; 2 * rank];
    for (k, axis) in axes.iter().enumerate() {
        let place = axis_of(*axis, rank)?;
        all[place] = *pads.get(k)?;
        all[rank + place] = *pads.get(axes.len() + k)?;
    }
    Some(Array::whole(all))
}

/// The scales of a Resize with which both products have the extents that the kernel gave, where its own have not. Not of
/// the nearest samples: a rounding could choose others.
fn scales(node: &NodeProto, facts: &Facts) -> Option<Array> {
    if node.string("mode", "nearest") == "nearest" {
        return None;
    }
    let stated = facts.constant(node.input(2)?)?;
    let stated = stated.as_real()?;
    let (x, y) = (facts.shape(node.input(0)?)?, facts.shape(node.output(0)?)?);
    let axes: Vec<usize> = match node.ints("axes") {
        None => (0..x.len()).collect(),
        Some(axes) => axes
            .iter()
            .map(|axis| axis_of(*axis, x.len()))
            .collect::<Option<_>>()?,
    };
    if axes.len() != stated.len() || x.len() != y.len() {
        return None;
    }
    let scale = |(scale, axis): (&f32, &usize)| {
        let (from, to) = (x[*axis], y[*axis]);
        let reads = |scale: &f32| {
            let wide = (f64::from(*scale) * from as f64).floor();
            wide == to as f64 && (scale * from as f32).floor() == to as f32
        };
        [*scale, scale.next_up(), scale.next_down()]
            .into_iter()
            .find(reads)
    };
    let scales: Vec<f32> = stated.iter().zip(&axes).map(scale).collect::<Option<_>>()?;
    (scales != stated).then(|| Array::real([scales.len()], scales.clone()))
}
