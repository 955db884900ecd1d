// SPDX-License-Identifier: MPL-2.0
//! Slice, Gather, Pad and ScatterND.

use steerlens::onnx::Array;

use crate::case::{Case, signed_noise};
use crate::check::all;

#[test]
fn slices() {
    let slice = |starts: &[i64], ends: &[i64], axes: &[i64], steps: &[i64]| {
        Case::of("Slice", &[5, 6])
            .whole(starts)
            .whole(ends)
            .whole(axes)
            .whole(steps)
    };
    all([
        Case::of("Slice", &[5, 6]).whole(&[1]).whole(&[3]),
        Case::of("Slice", &[5, 6]).whole(&[1, 2]).whole(&[i64::MAX, -1]),
        Case::of("Slice", &[5, 6]).whole(&[-4]).whole(&[-1]).whole(&[-1]),
        slice(&[1, 0], &[4, 6], &[0, 1], &[1, 2]),
        slice(&[1], &[6], &[1], &[2]),
        slice(&[0], &[6], &[1], &[4]),
        slice(&[2], &[6], &[1], &[3]),
        slice(&[-100], &[100], &[1], &[5]),
        slice(&[2], &[6], &[1], &[i64::MAX]),
        slice(&[2], &[-7], &[1], &[-i64::MAX]),
        // Back to front.
        slice(&[-1], &[-10], &[1], &[-1]),
        slice(&[4], &[0], &[0], &[-2]),
        slice(&[5], &[1], &[1], &[-3]),
        slice(&[i64::MAX], &[i64::MIN], &[1], &[-2]),
        slice(&[3, 5], &[0, 0], &[0, 1], &[-1, -2]),
        slice(&[2], &[1], &[1], &[-1]),
    ]);
}

#[test]
fn gathers() {
    let gather =
        |indices: Array, axis: i64| Case::of("Gather", &[5, 3]).constant(&indices).with("axis", axis);
    let shaped = |shape: &[usize], values: &[i64]| Array {
        shape: shape.to_vec(),
        ..Array::whole(values)
    };
    all([
        Case::of("Gather", &[5, 3]).whole(&[4, 1]),
        // One element and runs, as class tokens and heads are.
        gather(shaped(&[], &[1]), 0),
        gather(shaped(&[], &[-1]), 0),
        gather(shaped(&[1], &[2]), 1),
        gather(shaped(&[2], &[1, 2]), 0),
        // Distinct.
        gather(shaped(&[2, 2], &[4, 0, 2, 1]), 0),
        gather(shaped(&[3], &[2, 1, 0]), 1),
        gather(shaped(&[2], &[-1, -3]), -1),
        // Repeated.
        gather(shaped(&[3], &[0, 3, 3]), 0),
        gather(shaped(&[2, 3], &[0, 1, 1, 2, 0, 0]), 1),
        gather(shaped(&[2], &[-1, 4]), 0),
        Case::of("Gather", &[2, 3, 4]).whole(&[1, 1, 2]).with("axis", 1),
    ]);
}

#[test]
fn assignments() {
    let indices = |shape: &[usize], values: &[i64]| Array {
        shape: shape.to_vec(),
        ..Array::whole(values)
    };
    let (rows, elements) = (indices(&[2, 1], &[4, 1]), indices(&[3, 2], &[0, 2, -1, -1, 2, 0]));
    let data = signed_noise(&[5, 3], 5);
    all([
        Case::of("ScatterND", &[5, 3]).x().constant(&rows).noise(&[2, 3]),
        Case::of("ScatterND", &[5, 3]).x().constant(&elements).noise(&[3]),
        Case::of("ScatterND", &[2, 3]).first(&data).constant(&rows).x(),
        Case::of("ScatterND", &[3]).first(&data).constant(&elements).x(),
        // An element twice, which only a sum allows.
        Case::of("ScatterND", &[2, 3])
            .first(&data)
            .constant(&indices(&[2, 1], &[1, -4]))
            .x()
            .with("reduction", "add"),
        Case::of("ScatterND", &[5, 3])
            .x()
            .constant(&rows)
            .noise(&[2, 3])
            .with("reduction", "add"),
    ]);
}

#[test]
fn pads() {
    let pad = |pads: &[i64]| Case::of("Pad", &[4, 5]).whole(pads);
    let mut cases = vec![
        pad(&[1, 0, 2, 1]),
        pad(&[1, 0, 2, 1]).scalar(3.5),
        pad(&[1, -1, 2, 1]),
        pad(&[-1, 0, -2, -1]),
        pad(&[-1, 2, 0, -3]),
        Case::of("Pad", &[4, 5])
            .opset(18)
            .whole(&[2, 1])
            .scalar(0.0)
            .whole(&[-1]),
        Case::of("Pad", &[4, 5])
            .opset(18)
            .whole(&[1, 0, 2, 3])
            .tensor("")
            .whole(&[1, 0]),
    ];
    for mode in ["reflect", "edge", "wrap"] {
        let opset = if mode == "wrap" { 19 } else { 17 };
        for pads in [[1, 2, 2, 1], [3, 4, 0, 0], [0, 0, 3, 4], [0, 0, 0, 2]] {
            cases.push(pad(&pads).opset(opset).with("mode", mode));
        }
    }
    all(cases);
}
