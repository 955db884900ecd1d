// SPDX-License-Identifier: MPL-2.0
//! Gemm (ONNX 7, 9, 11, 13) and MatMul (1, 9, 13): `ct_A = ct_Y B^T`, `ct_B = A^T ct_Y`.
//!
//! Gemm shares its weight with the forward half. MatMul's constant operand is transposed once, as a constant.

use super::layer_norm::taken_over;
use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::broadcast;
use crate::gradient::rule::{Call, Contributions, Rule, rule_for};
use crate::onnx::Array;

pub(super) const RULES: &[Rule] = &[rule_for("Gemm", gemm, ""), rule_for("MatMul", matmul, "")];

fn gemm(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (a, b) = (c.input(0)?.clone(), c.input(1)?.clone());
    let shape = c.y()?.shape.clone();
    let ct = e.full(&c.ct, &shape);
    let alpha = c.node.float("alpha", 1.0);
    let (ta, tb) = (c.node.int("transA", 0) != 0, c.node.int("transB", 0) != 0);
    let product = |e: &mut Emit<'_>, l: &Value, r: &Value, tl: bool, tr: bool, shape: &[usize]| {
        let attributes = [
            ("alpha", alpha.into()),
            ("transA", i64::from(tl).into()),
            ("transB", i64::from(tr).into()),
        ];
        e.op("Gemm", &[l, r], &attributes, shape)
    };
    let mut out = Vec::new();
    if c.wants(0) {
        let ct_a = if let Some((right, alpha)) = taken_over(e, c, tb).zip(Some(alpha)) {
            let attributes = [("alpha", alpha.into())];
            e.op("Gemm", &[&ct, &right], &attributes, &a.shape)
        } else if ta {
            product(e, &b, &ct, tb, true, &a.shape)
        } else {
            product(e, &ct, &b, false, !tb, &a.shape)
        };
        out.push((0, ct_a));
    }
    if c.wants(1) {
        let ct_b = if tb {
            product(e, &ct, &a, true, ta, &b.shape)
        } else {
            product(e, &a, &ct, !ta, false, &b.shape)
        };
        out.push((1, ct_b));
    }
    if c.wants(2) {
        let bias = c.input(2)?.shape.clone();
        let scaled = e.scale(&ct, c.node.float("beta", 1.0));
        out.push((2, e.unbroadcast(&scaled, &shape, &bias)));
    }
    Ok(out)
}

fn matmul(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (a, b, y) = (c.input(0)?.clone(), c.input(1)?.clone(), c.y()?.clone());
    // A vector on the left is a row, on the right a column; the result lacks that axis.
    let rows: Vec<usize> = if a.rank() == 1 {
        [&[1], &*a.shape].concat()
    } else {
        a.shape.to_vec()
    };
    let columns: Vec<usize> = if b.rank() == 1 {
        [&*b.shape, &[1]].concat()
    } else {
        b.shape.to_vec()
    };
    let mut full = broadcast(&rows[..rows.len() - 2], &columns[..columns.len() - 2]);
    let batch = full.len();
    full.extend([rows[rows.len() - 2], columns[columns.len() - 1]]);
    let ct = e.full(&c.ct, &y.shape);
    let ct = e.reshape(&ct, &full);
    let mut out = Vec::new();
    if c.wants(0) {
        let right = match taken_over(e, c, false) {
            Some(right) => right,
            None => transposed(e, c, &b, &columns),
        };
        let mut shape = full[..batch].to_vec();
        shape.extend(&rows[rows.len() - 2..]);
        let product = e.op("MatMul", &[&ct, &right], &[], &shape);
        let product = e.unbroadcast(&product, &shape, &rows);
        out.push((0, e.reshape(&product, &a.shape)));
    }
    if c.wants(1) {
        let left = transposed(e, c, &a, &rows);
        let mut shape = full[..batch].to_vec();
        shape.extend(&columns[columns.len() - 2..]);
        let product = e.op("MatMul", &[&left, &ct], &[], &shape);
        let product = e.unbroadcast(&product, &shape, &columns);
        out.push((1, e.reshape(&product, &b.shape)));
    }
    Ok(out)
}

/// The last two axes exchanged; of a constant, as a constant.
fn transposed(e: &mut Emit<'_>, c: &Call<'_>, v: &Value, shape: &[usize]) -> Value {
    let rank = shape.len();
    let constant = c.forward.facts.constant(&v.name);
    if let Some(values) = constant.as_ref().and_then(Array::as_real) {
        let (rows, columns) = (shape[rank - 2], shape[rank - 1]);
        let mut turned = Vec::with_capacity(values.len());
        for matrix in values.chunks(rows * columns) {
            turned.extend((0..columns).flat_map(|j| (0..rows).map(move |i| matrix[i * columns + j])));
        }
        let mut to = shape.to_vec();
        to.swap(rank - 2, rank - 1);
        return e.constant(Array::real(to, turned));
    }
    let v = e.reshape(v, shape);
    let mut permutation: Vec<usize> = (0..rank).collect();
    permutation.swap(rank - 2, rank - 1);
    e.transpose(&v, &permutation)
}
