// SPDX-License-Identifier: MPL-2.0
//! Pools with `ceil_mode`, written with the pads that their last windows need.
//!
//! How many windows `ceil_mode` adds is told differently by ONNX's shape inference before opset 22, from opset 22 on, and
//! by the runtime's kernels, whose word counts: with constants of the true extents a graph that infers others does not
//! load. A pad at the end says the same to all of them, and to the reverse half. A maximum takes nothing from a pad; an
//! average that counts pads need not count these ones, so there its divisors are measured and made good.

use super::error::Error;
use super::extents::signed;
use super::facts::Facts;
use super::one_node;
use super::window::Window;
use crate::onnx::{Array, ModelProto, NodeProto, TensorProto};
use crate::runtime::{Runtime, Tensor};

/// Rewrites every pool with `ceil_mode`; `opset` is the graph's.
pub(super) fn state_pads(
    model: &mut ModelProto,
    facts: &mut Facts,
    opset: i64,
    runtime: &'static Runtime,
) -> Result<(), Error> {
    let Some(graph) = &mut model.graph else {
        return Ok(());
    };
    for mut node in std::mem::take(&mut graph.node) {
        if is_idle(&node, facts, opset) {
            node.set("ceil_mode", 0);
        }
        let divisors = match ceiled(&node, facts) {
            Some(pads) => with_pads(&mut node, pads, facts, opset, runtime)?,
            None => None,
        };
        let y = node.output(0).unwrap_or_default().to_owned();
        let Some(divisors) = divisors else {
            graph.node.push(node);
            continue;
        };
        let (plain, factors) = (format!("{y}__uncounted"), format!("{y}__counted"));
        facts.insert(&plain, facts.shape(&y).unwrap_or_default().to_vec());
        let divisors = divisors.encode(&factors);
        facts.insert_constant(divisors.clone());
        graph.initializer.push(divisors);
        node.output[0].clone_from(&plain);
        graph.node.push(node);
        graph
            .node
            .push(NodeProto::new("Mul", &factors, &[&plain, &factors], &[&y]));
    }
    Ok(())
}

/// Whether the node's `ceil_mode` does nothing: automatic pads, which have as many windows with it as without. Where they
/// would be negative the runtime's kernel before opset 19 needs it.
fn is_idle(node: &NodeProto, facts: &Facts, opset: i64) -> bool {
    let same = node.string("auto_pad", "NOTSET").starts_with("SAME");
    let extents = |name: Option<&str>| facts.shape(name?)?.get(2..).map(signed);
    let (Some(x), Some(y)) = (extents(node.input(0)), extents(node.output(0))) else {
        return false;
    };
    let ones = vec![1; x.len()];
    let strides = node.ints("strides").unwrap_or(&ones);
    let kernel = node.ints("kernel_shape").unwrap_or(&ones);
    let covers = |i: usize| match (strides.get(i), kernel.get(i), y.get(i)) {
        (Some(&stride @ 1..), Some(kernel), Some(&y)) => {
            let reaches = (y - 1) * stride + kernel >= x[i];
            y == (x[i] + stride - 1) / stride && (reaches || opset >= 19)
        }
        _ => false,
    };
    pools(node) && same && (0..x.len()).all(covers)
}

fn pools(node: &NodeProto) -> bool {
    node.is_standard() && matches!(node.op(), "MaxPool" | "AveragePool") && node.int("ceil_mode", 0) == 1
}

/// The pads with which a pool with `ceil_mode` has the same windows without.
fn ceiled(node: &NodeProto, facts: &Facts) -> Option<Vec<i64>> {
    if !pools(node) || node.string("auto_pad", "NOTSET").starts_with("SAME") {
        return None;
    }
    let kernel: Option<Vec<usize>> = node
        .ints("kernel_shape")?
        .iter()
        .map(|k| usize::try_from(*k).ok())
        .collect();
    let (kernel, x, y) = (
        kernel?,
        facts.shape(node.input(0)?)?,
        facts.shape(node.output(0)?)?,
    );
    let (x, y) = (signed(x.get(2..)?), signed(y.get(2..)?));
    if kernel.len() != x.len() || x.len() != y.len() || [&x, &y].iter().any(|s| s.contains(&0)) {
        return None;
    }
    let window = Window::of(node, &kernel, &x);
    let end: Vec<i64> = (0..x.len()).map(|i| window.end_for(i, x[i], y[i])).collect();
    // A runtime takes no pad as large as the kernel, which one between dilated taps can be.
    let fits = end.iter().zip(&kernel).all(|(pad, k)| *pad < signed(&[*k])[0]);
    fits.then(|| window.begin.iter().copied().chain(end).collect())
}

/// The pool with these pads instead. What its result is to be multiplied by comes back, where it is not the same.
fn with_pads(
    node: &mut NodeProto,
    pads: Vec<i64>,
    facts: &Facts,
    opset: i64,
    runtime: &'static Runtime,
) -> Result<Option<Array>, Error> {
    let kernel = pads.len() / 2;
    let stated_pads = node
        .ints("pads")
        .map_or_else(|| vec![0; pads.len()], <[i64]>::to_vec);
    if pads[kernel..]
        .iter()
        .zip(&stated_pads[kernel..])
        .all(|(needed, stated)| needed <= stated)
    {
        // Nothing hangs over.
        node.set("ceil_mode", 0);
        return Ok(None);
    }
    let mut stated = node.clone();
    for attribute in ["ceil_mode", "auto_pad", "count_include_pad"] {
        stated.remove(attribute);
    }
    stated.set("pads", pads);
    if node.op() == "MaxPool" {
        *node = stated;
        return Ok(None);
    }
    let mut shape = facts
        .shape(node.input(0).unwrap_or_default())
        .unwrap_or_default()
        .to_vec();
    shape[..2].fill(1);
    let ones = Tensor::f32(shape.clone(), vec![1.0; shape.iter().product()]);
    let measured = one_node::run(node, opset, &ones, Vec::<TensorProto>::new(), runtime)?;
    *node = stated;
    let counted = measured.as_f32().unwrap_or_default();
    if counted.iter().all(|c| *c == 1.0) {
        return Ok(None);
    }
    Ok(Some(Array::real(measured.shape.clone(), counted)))
}
