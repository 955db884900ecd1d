// SPDX-License-Identifier: MPL-2.0
//! Arithmetic of several operands, broadcast on either side.

use steerlens::onnx::{Array, ElementType, TensorProto};

use crate::case::{Case, positive_noise, signed_noise};
use crate::check::all;

/// Multiples of .1 around 0, which `apart` keeps away from.
fn tenths(shape: &[usize]) -> Array {
    let noise = signed_noise(shape, 3);
    let rounded = noise.as_real().unwrap().iter().map(|x| (x * 10.0).round() / 10.0);
    Array::real(shape, rounded.collect::<Vec<_>>())
}

#[test]
fn broadcast_on_either_side() {
    let mut cases = Vec::new();
    for operator in ["Add", "Sub", "Mul", "Div", "Max", "Min"] {
        let case = |shape: &[usize]| {
            let case = Case::of(operator, shape);
            match operator {
                "Div" => case.positive().smooth(),
                "Max" | "Min" => case.apart(),
                _ => case,
            }
        };
        for (x, other) in [
            (&[2, 3, 4][..], &[2, 3, 4][..]),
            (&[2, 3, 4], &[3, 1]),
            (&[2, 3, 4], &[]),
            (&[3, 1], &[2, 3, 4]),
            (&[1, 3, 1, 2], &[2, 1, 4, 1]),
            (&[1, 1, 1, 1], &[1, 2, 3, 4]),
        ] {
            let other = match operator {
                "Max" | "Min" => tenths(other),
                _ => positive_noise(other, 3),
            };
            cases.push(case(x).constant(&other));
            cases.push(case(x).first(&other).x());
        }
    }
    all(cases);
}

#[test]
fn both_operands_active() {
    let row_and_column = |operator: &str| {
        Case::of(operator, &[3, 4])
            .named("axis", &Array::whole([1]))
            .before("ReduceSum", &["x", "axis"], "row")
            .x()
            .tensor("row")
    };
    all([
        row_and_column("Add"),
        row_and_column("Sub"),
        row_and_column("Mul").smooth(),
        row_and_column("Div").positive().smooth(),
        Case::of("Add", &[3, 4]).x().x(),
        Case::of("Mul", &[3, 4]).x().x().smooth(),
        Case::of("Sub", &[3, 4])
            .before("Exp", &["x"], "e")
            .x()
            .tensor("e")
            .smooth(),
        Case::of("Div", &[3, 4])
            .positive()
            .before("Exp", &["x"], "e")
            .tensor("e")
            .x()
            .smooth(),
    ]);
}

#[test]
fn of_many_operands() {
    all([
        Case::of("Sum", &[3, 4]),
        Case::of("Sum", &[3, 4]).noise(&[4]).x(),
        Case::of("Sum", &[3, 1]).noise(&[2, 3, 4]).noise(&[4]),
        Case::of("Mean", &[3, 4]),
        Case::of("Mean", &[3, 4]).noise(&[4]).x(),
        Case::of("Mean", &[3, 1]).noise(&[2, 3, 4]).noise(&[4]),
        Case::of("Max", &[4, 5]).apart(),
        Case::of("Max", &[4, 5])
            .apart()
            .noise(&[5])
            .before("Neg", &["x"], "n")
            .tensor("n"),
        Case::of("Min", &[4, 5])
            .apart()
            .noise(&[2, 4, 1])
            .before("Neg", &["x"], "n")
            .tensor("n"),
        Case::of("Max", &[4, 5]).apart().x().x(),
    ]);
}

/// A tie belongs to the first operand, so that nothing counts double.
#[test]
fn ties_of_extrema() {
    for operator in ["Max", "Min"] {
        let doubled = Case::of(operator, &[1, 1, 1, 3])
            .before("Identity", &["x"], "same")
            .x()
            .tensor("same");
        for gradient in doubled.gradients(&[1.0, 0.0, -2.0], &[1.0, 2.0, 3.0]) {
            assert_eq!(gradient, [1.0, 2.0, 3.0]);
        }
        let constant = Array::real([3], [1.0, 0.0, -2.0]);
        let second = Case::of(operator, &[1, 1, 1, 3]).first(&constant).x();
        for gradient in second.gradients(&[1.0, 0.0, -2.0], &[1.0, 2.0, 3.0]) {
            assert_eq!(gradient, [0.0; 3]);
        }
    }
}

#[test]
fn powers() {
    let pow = || Case::of("Pow", &[3, 4]).positive().smooth();
    let exponents = [2.0, 0.5, -1.0, 1.0, 3.0, 1.7, -0.5];
    let mut cases: Vec<Case> = exponents.iter().map(|p| pow().scalar(*p)).collect();
    cases.push(pow().constant(&Array::real([1, 1, 1], [2.0])));
    cases.push(pow().constant(&Array::real([1, 1, 1], [1.0])));
    cases.push(pow().constant(&Array::real([4], [1.0, 2.0, 0.5, 3.0])));
    cases.push(pow().constant(&Array::real([2, 3, 1], [1.0, 2.0, 0.5, 3.0, 1.5, -2.0])));
    cases.push(pow().raw(TensorProto {
        data_type: Some(ElementType::Int64.number()),
        int64_data: vec![3],
        ..Default::default()
    }));
    // A whole power of numbers of both signs.
    cases.push(Case::of("Pow", &[3, 4]).smooth().scalar(3.0));
    all(cases);
}

#[test]
fn computed_powers() {
    let positive = |shape: &[usize]| Case::of("Pow", shape).positive().smooth();
    all([
        // 2^x
        Case::of("Pow", &[3, 4])
            .first(&Array::real([], [2.0]))
            .x()
            .smooth(),
        Case::of("Pow", &[4])
            .first(&positive_noise(&[2, 3, 4], 3))
            .x()
            .smooth(),
        positive(&[3, 4]).x().x(),
        positive(&[3, 4]).before("Neg", &["x"], "n").x().tensor("n"),
        positive(&[3, 4])
            .before("ReduceMean", &["x"], "mean")
            .having("keepdims", 0)
            .x()
            .tensor("mean"),
    ]);
}

#[test]
fn selections() {
    let mask = |shape: &[usize]| TensorProto {
        dims: shape.iter().map(|d| *d as i64).collect(),
        data_type: Some(ElementType::Bool.number()),
        int32_data: (0..shape.iter().product::<usize>())
            .map(|k| i32::from(k % 3 == 0))
            .collect(),
        ..Default::default()
    };
    let chosen = |shape: &[usize]| Case::of("Where", shape).tensor("mask");
    let mut cases = Vec::new();
    for (m, x, other) in [
        (&[3, 4][..], &[3, 4][..], &[3, 4][..]),
        (&[3, 1], &[4], &[2, 3, 4]),
        (&[2, 3, 4], &[3, 1], &[]),
    ] {
        let mut tensor = mask(m);
        tensor.name = Some("mask".into());
        let named = |c: Case| c.proto(tensor.clone());
        cases.push(named(chosen(x)).x().constant(&signed_noise(other, 3)));
        cases.push(named(chosen(x)).constant(&signed_noise(other, 3)).x());
        cases.push(named(chosen(x)).x().before("Neg", &["x"], "n").tensor("n"));
    }
    // The mask computed from the picture: no gradient flows through it.
    cases.push(
        Case::of("Where", &[3, 4])
            .apart()
            .named("zero", &Array::real([], [0.0]))
            .before("Greater", &["x", "zero"], "positive")
            .before("Neg", &["x"], "n")
            .tensor("positive")
            .x()
            .tensor("n"),
    );
    all(cases);
}
