// SPDX-License-Identifier: MPL-2.0
//! Gemm, MatMul and Einsum, with one active operand and with both.

use crate::case::{Case, signed_noise};
use crate::check::all;

#[test]
fn gemm_with_every_attribute() {
    let mut cases = Vec::new();
    for (ta, tb) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let a = if ta == 1 { [3, 4] } else { [4, 3] };
        let b = if tb == 1 { [5, 3] } else { [3, 5] };
        let flags = |c: Case| c.with("transA", ta).with("transB", tb);
        let scaled = |c: Case| flags(c).with("alpha", 0.7f32).with("beta", 0.5f32);
        cases.push(flags(Case::of("Gemm", &a).noise(&b)));
        cases.push(scaled(Case::of("Gemm", &a).noise(&b).noise(&[5])));
        // The right operand active, then both: a 3x3 tensor times itself.
        cases.push(scaled(Case::of("Gemm", &b).first(&signed_noise(&a, 3)).x()));
        cases.push(scaled(Case::of("Gemm", &[3, 3]).x().x()).smooth());
        // The addend active, in each shape that it may have.
        for c in [&[4, 5][..], &[1, 5], &[4, 1], &[5], &[1]] {
            let case = Case::of("Gemm", c).first(&signed_noise(&a, 3)).noise(&b).x();
            cases.push(scaled(case));
        }
    }
    all(cases);
}

#[test]
fn matmul_in_every_rank() {
    let left = |a: &[usize], b: &[usize]| Case::of("MatMul", a).noise(b);
    let right = |a: &[usize], b: &[usize]| Case::of("MatMul", b).first(&signed_noise(a, 3)).x();
    let shapes: [(&[usize], &[usize]); 11] = [
        (&[4, 5], &[5, 3]),
        (&[2, 3, 4], &[4, 5]),
        (&[2, 3, 4], &[2, 4, 2]),
        (&[1, 3, 4], &[5, 4, 2]),
        (&[5, 3, 4], &[1, 4, 2]),
        (&[2, 1, 3, 4], &[3, 4, 2]),
        (&[3, 4], &[2, 3, 4, 2]),
        (&[4], &[4, 3]),
        (&[3, 4], &[4]),
        (&[4], &[2, 4, 3]),
        (&[4], &[4]),
    ];
    all(shapes.iter().flat_map(|(a, b)| [left(a, b), right(a, b)]));
}

/// ONNX Runtime fuses such a product with the Transpose as if that were not there.
#[test]
fn matmul_of_a_transposed_tensor_and_a_vector() {
    let turned = || Case::of("Transpose", &[2, 3, 5]).ints("perm", &[0, 2, 1]);
    all([
        turned()
            .named("v", &signed_noise(&[3], 4))
            .after("MatMul", &["y", "v"], "z"),
        // A vector that comes from the picture.
        Case::of("ReduceMean", &[3, 5])
            .ints("axes", &[1])
            .with("keepdims", 0)
            .before("Transpose", &["x"], "turned")
            .after("MatMul", &["turned", "y"], "z")
            .smooth(),
    ]);
}

#[test]
fn matmul_with_both_operands_active() {
    let both = |shape: &[usize]| {
        Case::of("MatMul", shape)
            .before("Transpose", &["x"], "t")
            .x()
            .tensor("t")
            .smooth()
    };
    all([
        both(&[3, 4]),
        both(&[5, 2]),
        // As in attention: x x^T per head.
        both(&[1, 2, 3, 4]).having("perm", vec![0, 1, 3, 2]),
    ]);
}

#[test]
fn einsum_of_two_operands() {
    let left =
        |a: &[usize], b: &[usize], equation: &str| Case::of("Einsum", a).noise(b).with("equation", equation);
    let right = |a: &[usize], b: &[usize], equation: &str| {
        Case::of("Einsum", b)
            .first(&signed_noise(a, 3))
            .x()
            .with("equation", equation)
    };
    let shapes: [(&[usize], &[usize], &str); 7] = [
        (&[2, 3, 4], &[2, 4, 5], "bij,bjk->bik"),
        (&[2, 3, 4], &[4, 5], "bij,jk->bik"),
        (&[1, 3, 2, 4], &[1, 5, 2, 4], "bihd,bjhd->bhij"),
        (&[1, 2, 3, 5], &[1, 5, 2, 4], "bhij,bjhd->bihd"),
        (&[3, 4], &[4, 5], " ij , jk -> k i "),
        (&[3, 4], &[4, 5], "ij,jk"),
        (&[3], &[4], "i,j->ij"),
    ];
    all(shapes
        .iter()
        .flat_map(|(a, b, e)| [left(a, b, e), right(a, b, e)])
        .map(|c| c.narrow("the equation puts its axes beside others of the same extent")));
    all([
        Case::of("Einsum", &[3, 4]).with("equation", "ij->ji"),
        Case::of("Einsum", &[3, 4])
            .x()
            .x()
            .with("equation", "ij,kj->ik")
            .smooth(),
    ]);
}
