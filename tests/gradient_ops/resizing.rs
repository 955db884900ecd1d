// SPDX-License-Identifier: MPL-2.0
//! Resize and Upsample in their modes, coordinate transforms, and ways to state the size.

use steerlens::onnx::Array;

use crate::case::Case;
use crate::check::all;

const SHAPE: [usize; 4] = [1, 2, 4, 5];

fn to_size(size: &[i64]) -> Case {
    Case::of("Resize", &SHAPE).x().tensor("").tensor("").whole(size)
}

fn by_factors(factors: &[f32]) -> Case {
    let factors = Array::real([factors.len()], factors);
    Case::of("Resize", &SHAPE).x().tensor("").constant(&factors)
}

#[test]
fn modes_and_coordinates() {
    let mut cases = Vec::new();
    for mode in ["nearest", "linear", "cubic"] {
        for coordinates in ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"] {
            let with = |c: Case| {
                c.with("mode", mode)
                    .with("coordinate_transformation_mode", coordinates)
            };
            cases.push(with(to_size(&[1, 2, 7, 3])));
            cases.push(with(by_factors(&[1.0, 1.0, 2.0, 1.5])));
        }
    }
    for rounding in ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"] {
        cases.push(to_size(&[1, 2, 6, 4]).with("nearest_mode", rounding));
    }
    cases.push(
        to_size(&[1, 2, 7, 3])
            .with("mode", "cubic")
            .with("cubic_coeff_a", -0.5f32),
    );
    cases.push(
        to_size(&[1, 2, 7, 3])
            .with("mode", "cubic")
            .with("exclude_outside", 1),
    );
    all(cases);
}

#[test]
fn factors_that_round() {
    all([
        by_factors(&[1.0, 1.0, 1.3, 0.7]).with("mode", "linear"),
        by_factors(&[1.0, 1.0, 1.3, 0.7]),
        by_factors(&[1.0, 1.0, 0.5, 0.5]).with("mode", "linear"),
        // A factor other than 1 that keeps the extent still moves the picture, unless every axis keeps its own.
        by_factors(&[1.0, 1.0, 1.2, 2.0])
            .with("mode", "linear")
            .with("coordinate_transformation_mode", "asymmetric"),
        by_factors(&[1.0, 1.0, 1.2, 1.1])
            .with("mode", "linear")
            .with("coordinate_transformation_mode", "asymmetric"),
    ]);
}

#[test]
fn newer_forms() {
    let axes = |size: &[i64], axes: &[i64]| to_size(size).opset(18).ints("axes", axes);
    all([
        axes(&[7, 3], &[2, 3]).with("mode", "linear"),
        // Not counted from the end: ONNX Runtime 1.21 crashes on such axes, with or without a gradient.
        axes(&[3, 7], &[3, 2]).with("mode", "linear"),
        by_factors(&[2.0, 0.5])
            .opset(18)
            .ints("axes", &[3, 2])
            .with("mode", "linear"),
        to_size(&[1, 2, 2, 3])
            .opset(18)
            .with("mode", "linear")
            .with("antialias", 1),
        to_size(&[1, 2, 2, 3])
            .opset(18)
            .with("mode", "cubic")
            .with("antialias", 1),
        to_size(&[1, 2, 7, 3])
            .opset(19)
            .with("mode", "linear")
            .with("coordinate_transformation_mode", "half_pixel_symmetric"),
    ]);
}

/// Channels last, one and three axes.
#[test]
fn other_layouts() {
    let resized =
        |shape: &[usize], size: &[i64]| Case::of("Resize", shape).x().tensor("").tensor("").whole(size);
    all([
        resized(&[1, 4, 5, 3], &[1, 7, 8, 3]),
        resized(&[1, 4, 5, 3], &[1, 7, 8, 3]).with("mode", "linear"),
        resized(&[2, 3, 5], &[2, 3, 9]),
        resized(&[4, 5], &[6, 3]).with("mode", "linear"),
        resized(&[1, 2, 3, 4, 3], &[1, 2, 5, 4, 6]),
    ]);
}

#[test]
fn old_forms() {
    let up = |opset: i64, mode: &str| {
        let case = Case::of("Upsample", &[1, 2, 3, 4])
            .opset(opset)
            .with("mode", mode);
        if opset < 9 {
            case.with("scales", vec![1.0f32, 1.0, 2.0, 3.0])
        } else {
            case.constant(&Array::real([4], [1.0, 1.0, 2.0, 3.0]))
        }
    };
    let ten = |mode: &str, factors: [f32; 4]| {
        Case::of("Resize", &[1, 2, 3, 4])
            .opset(10)
            .constant(&Array::real([4], factors))
            .with("mode", mode)
    };
    all([
        up(7, "nearest"),
        up(8, "linear"),
        up(9, "nearest"),
        up(9, "linear"),
        ten("nearest", [1.0, 1.0, 2.0, 1.5]),
        ten("linear", [1.0, 1.0, 2.0, 1.5]),
        ten("nearest", [1.0, 1.0, 0.6, 0.5]),
    ]);
    // Up to opset 10 nearest rounds up along an axis that shrinks.
    let shrunk = |factors: [f32; 4]| {
        Case::of("Resize", &[1, 2, 8, 7])
            .opset(10)
            .constant(&Array::real([4], factors))
    };
    all([
        shrunk([1.0, 1.0, 0.7, 0.7]),
        shrunk([1.0, 1.0, 0.6, 0.6]),
        shrunk([1.0, 1.0, 0.7, 1.0]),
        // One axis grows, the other shrinks.
        shrunk([1.0, 1.0, 0.7, 1.5]),
        shrunk([1.0, 1.0, 2.3, 0.6]),
    ]);
}

/// 20 * .7 is 14, and less in float64: shape inference sees 13, which a stride behind it hides.
#[test]
fn extents_that_are_whole_but_for_rounding() {
    let shrunk = |height: usize, scale: f32| {
        Case::of("Resize", &[1, 1, height, 4])
            .opset(18)
            .with("mode", "linear")
            .named("scales", &Array::real([4], [1.0, 1.0, scale, 1.0]))
            .x()
            .tensor("")
            .tensor("scales")
            .after("Sigmoid", &["y"], "s")
            .after("MaxPool", &["s"], "z")
            .having("kernel_shape", vec![1, 1])
            .having("strides", vec![2, 1])
            .smooth()
    };
    all([shrunk(20, 0.7), shrunk(10, 0.7), shrunk(10, 2.3)]);
}
