// SPDX-License-Identifier: MPL-2.0
//! Slice, Gather, GatherElements, GatherND, Pad and ScatterND.

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

fn indices(shape: &[usize], values: &[i64]) -> Array {
    Array {
        shape: shape.to_vec(),
        ..Array::whole(values)
    }
}

#[test]
fn gathers_by_element() {
    let case = |array: Array, axis: i64| {
        Case::of("GatherElements", &[3, 4])
            .constant(&array)
            .with("axis", axis)
    };
    all([
        Case::of("GatherElements", &[3, 4]).constant(&indices(&[2, 4], &[0, 1, 2, 0, 2, 1, 2, -1])),
        case(indices(&[3, 2], &[3, 0, 1, 1, -1, -4]), 1),
        case(indices(&[2, 3], &[3, 0, 1, 1, -1, -4]), -1),
    ]);
}

#[test]
fn gathers_by_several_indices() {
    let case = |shape: &[usize], array: Array, batch: i64| {
        Case::of("GatherND", shape)
            .constant(&array)
            .with("batch_dims", batch)
    };
    all([
        // Elements, one of them twice, and from the end.
        Case::of("GatherND", &[3, 4]).constant(&indices(&[3, 2], &[0, 1, 2, 3, 0, 1])),
        case(&[3, 4], indices(&[2, 2, 2], &[0, 1, -1, -1, 1, 0, 2, 3]), 0),
        // Rows.
        case(&[3, 4], indices(&[4, 1], &[2, 0, -1, 2]), 0),
        case(&[2, 3, 4], indices(&[2, 2], &[1, 2, 0, 0]), 0),
        // One batch axis, and two, with rows and elements of each.
        case(&[2, 3, 4], indices(&[2, 1], &[2, -3]), 1),
        case(
            &[2, 3, 4],
            indices(&[2, 3, 2], &[0, 1, 2, 3, 0, 1, 1, -1, 0, 0, 2, 2]),
            1,
        ),
        case(
            &[2, 3, 4],
            indices(&[2, 3, 2, 1], &[0, 1, 2, 3, 3, 3, -1, 2, 1, 0, 0, 0]),
            2,
        ),
    ]);
}

/// Indices that only the picture tells: no smaller than a step away from being others.
#[test]
fn computed_indices() {
    let by_best = |operator: &str, shape: &[usize], axis: i64, keepdims: i64| {
        Case::of(operator, shape)
            .apart()
            .before("ArgMax", &["x"], "best")
            .having("axis", axis)
            .having("keepdims", keepdims)
            .x()
            .tensor("best")
    };
    all([
        // Which column is the largest, of every row; the columns of all those.
        by_best("Gather", &[3, 4], 1, 0).with("axis", 1),
        by_best("Gather", &[3, 4], 1, 1).with("axis", -1),
        by_best("Gather", &[3, 5], 0, 1).with("axis", 1),
        // The largest of each row.
        by_best("GatherElements", &[3, 4], 1, 1).with("axis", 1),
        by_best("GatherND", &[3, 4], 1, 1).with("batch_dims", 1),
    ]);
}

#[test]
fn assignments() {
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
        // Added to where the picture says.
        Case::of("ScatterND", &[3, 4])
            .apart()
            .before("ArgMax", &["x"], "best")
            .having("axis", 1)
            .x()
            .tensor("best")
            .noise(&[3, 4])
            .with("reduction", "add"),
    ]);
}

#[test]
fn assignments_to_single_elements() {
    let column = indices(&[2, 3], &[4, 0, -1, 1, 2, 0]);
    let data = signed_noise(&[5, 3], 5);
    let computed = |reduction: Option<&str>| {
        let case = Case::of("ScatterElements", &[3, 4])
            .apart()
            .before("ArgMax", &["x"], "best")
            .having("axis", 1)
            .x()
            .tensor("best")
            .before("ReduceMean", &["x"], "mean")
            .having("axes", vec![1i64])
            .tensor("mean")
            .with("axis", 1);
        match reduction {
            Some(reduction) => case.with("reduction", reduction),
            None => case,
        }
    };
    all([
        Case::of("ScatterElements", &[5, 3])
            .x()
            .constant(&column)
            .noise(&[2, 3]),
        Case::of("ScatterElements", &[2, 3])
            .first(&data)
            .constant(&column)
            .x(),
        Case::of("Scatter", &[2, 3])
            .opset(10)
            .first(&data)
            .constant(&indices(&[2, 3], &[4, 0, 3, 1, 2, 0]))
            .x(),
        Case::of("ScatterElements", &[2, 3])
            .first(&data)
            .constant(&indices(&[2, 3], &[4, 0, -1, 4, 0, 0]))
            .x()
            .with("reduction", "add"),
        computed(None),
        computed(Some("add")),
    ]);
}

/// Where the picture says which element is written, and two are written to one, the one that stays has the gradient.
#[test]
fn an_element_that_is_written_over_has_no_gradient() {
    let case = Case::of("ScatterElements", &[1, 1, 1, 3])
        .named("data", &signed_noise(&[1, 1, 1, 3], 5))
        .before("ArgMax", &["x"], "best")
        .having("axis", 3)
        .before("Tile", &["best", "three"], "thrice")
        .named("three", &Array::whole([1, 1, 1, 3]))
        .tensor("data")
        .tensor("thrice")
        .x()
        .with("axis", 3);
    for gradient in case.gradients(&[1.0, 5.0, 2.0], &[10.0, 20.0, 30.0]) {
        assert_eq!(gradient, [0.0, 0.0, 20.0]);
    }
}

#[test]
fn largest_and_smallest() {
    let top = |shape: &[usize]| Case::of("TopK", shape).apart();
    all([
        top(&[3, 5]).whole(&[2]).outputs(2),
        top(&[3, 5])
            .whole(&[3])
            .outputs(2)
            .with("axis", 0)
            .with("largest", 0),
        top(&[2, 3, 4])
            .whole(&[2])
            .outputs(2)
            .with("axis", -2)
            .with("sorted", 0),
        top(&[3, 5]).opset(9).outputs(2).with("k", 2),
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
