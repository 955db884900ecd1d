// SPDX-License-Identifier: MPL-2.0
//! Conv and ConvTranspose.

use steerlens::onnx::Array;

use crate::case::{Case, signed_noise};
use crate::check::all;

/// A Conv with a 3x4-in-channels weight and a bias.
fn conv(weight: &[usize]) -> Case {
    let channels = 4;
    Case::of("Conv", &[1, channels, 8, 7])
        .noise(weight)
        .noise(&weight[..1])
}

#[test]
fn pads_strides_and_dilations() {
    let w = [5, 4, 3, 3];
    all([
        conv(&w),
        conv(&w).ints("kernel_shape", &[3, 3]),
        conv(&w).ints("pads", &[1, 1, 1, 1]),
        conv(&w).ints("pads", &[3, 2, 1, 0]),
        // More than a window reaches: rows of zeros, and a stride-1 rule with negative pads.
        conv(&w).ints("pads", &[3, 3, 3, 3]),
        conv(&w).ints("pads", &[4, 0, 0, 5]),
        conv(&w).ints("pads", &[3, 3, 4, 4]).ints("strides", &[2, 2]),
        conv(&w).ints("pads", &[1, 1, 1, 1]).ints("strides", &[2, 2]),
        conv(&w).ints("pads", &[0, 1, 1, 0]).ints("strides", &[2, 1]),
        conv(&w).ints("strides", &[3, 3]),
        // Strides that leave rows unused.
        conv(&w).ints("strides", &[4, 5]),
        conv(&w).ints("pads", &[2, 2, 2, 2]).ints("dilations", &[2, 2]),
        conv(&w)
            .ints("pads", &[2, 1, 0, 1])
            .ints("dilations", &[2, 1])
            .ints("strides", &[2, 2]),
    ]);
}

#[test]
fn automatic_pads() {
    let auto = |mode: &str, stride: i64, kernel: usize| {
        conv(&[3, 4, kernel, kernel])
            .with("auto_pad", mode)
            .ints("strides", &[stride, stride])
    };
    all([
        auto("SAME_UPPER", 1, 3),
        auto("SAME_UPPER", 2, 3),
        auto("SAME_UPPER", 2, 2),
        auto("SAME_LOWER", 1, 2),
        auto("SAME_LOWER", 2, 3),
        auto("SAME_LOWER", 3, 4),
        auto("SAME_UPPER", 3, 1),
        auto("VALID", 1, 4),
        auto("VALID", 3, 3),
        auto("NOTSET", 2, 3),
    ]);
}

/// Where windows lie apart, automatic pads are negative; ONNX Runtime then begins some in the middle of what is left over.
#[test]
fn automatic_pads_of_windows_that_lie_apart() {
    let mut cases = Vec::new();
    for mode in ["SAME_UPPER", "SAME_LOWER"] {
        for (extent, kernel, stride) in [(3, 1, 3), (4, 1, 4), (7, 1, 4), (5, 2, 5), (8, 2, 4), (9, 1, 4)] {
            for (axes, group) in [(1, 1), (2, 1), (2, 2), (3, 2)] {
                let mut shape = vec![1, 2];
                shape.extend(vec![extent; axes]);
                let weight = [&[2, 2 / group][..], &vec![kernel; axes]].concat();
                let case = Case::of("Conv", &shape)
                    .noise(&weight)
                    .with("auto_pad", mode)
                    .with("group", group as i64)
                    .ints("strides", &vec![stride; axes]);
                cases.push(case);
            }
        }
    }
    // Apart along one axis, padded along the other.
    cases.push(
        conv(&[3, 4, 3, 1])
            .with("auto_pad", "SAME_UPPER")
            .ints("strides", &[2, 3]),
    );
    all(cases);
}

#[test]
fn kernels_of_any_size() {
    all([
        conv(&[3, 4, 1, 1]),
        conv(&[3, 4, 1, 1]).ints("strides", &[2, 2]),
        conv(&[3, 4, 1, 1]).ints("pads", &[1, 1, 0, 2]),
        conv(&[3, 4, 1, 1])
            .ints("pads", &[1, 1, 1, 1])
            .ints("strides", &[2, 3]),
        conv(&[3, 4, 2, 4]).ints("pads", &[0, 1, 1, 2]),
        conv(&[3, 4, 4, 2]).ints("strides", &[2, 2]),
        conv(&[3, 4, 1, 7]).ints("pads", &[0, 3, 0, 3]),
        conv(&[3, 4, 8, 7]),
    ]);
}

#[test]
fn groups_and_depthwise() {
    let mut cases = Vec::new();
    for stride in [1, 2, 3] {
        for (out, per_group, group) in [(4, 1, 4), (8, 1, 4), (6, 2, 2), (2, 2, 2)] {
            cases.push(
                conv(&[out, per_group, 3, 3])
                    .with("group", group)
                    .ints("strides", &[stride, stride])
                    .ints("pads", &[1, 1, 1, 1]),
            );
        }
        // Where the depthwise insertion of zeros meets odd pads, wide windows and unused rows.
        let depthwise = |k: usize| conv(&[4, 1, k, k]).with("group", 4);
        cases.push(
            depthwise(5)
                .ints("strides", &[stride, stride])
                .ints("pads", &[1, 2, 2, 1]),
        );
        cases.push(
            depthwise(2)
                .ints("strides", &[stride, 1])
                .with("auto_pad", "SAME_UPPER"),
        );
        cases.push(depthwise(1).ints("strides", &[stride, stride]));
        cases.push(
            depthwise(3)
                .ints("strides", &[stride, stride])
                .ints("dilations", &[2, 2]),
        );
        cases.push(
            depthwise(3)
                .ints("strides", &[stride, stride])
                .ints("pads", &[4, 3, 3, 4]),
        );
    }
    // Two pictures at once.
    let two = Case::of("Conv", &[2, 4, 5, 6])
        .noise(&[4, 1, 3, 3])
        .with("group", 4);
    cases.push(two.clone());
    cases.push(two.ints("strides", &[2, 2]).ints("pads", &[1, 1, 1, 1]));
    // Wide enough for the blocked layout, so that the CPU profile writes its own forms.
    let wide = Case::of("Conv", &[1, 16, 6, 5])
        .noise(&[16, 1, 3, 3])
        .with("group", 16);
    cases.push(wide.clone().ints("pads", &[1, 1, 1, 1]));
    cases.push(wide.ints("pads", &[1, 1, 1, 1]).ints("strides", &[2, 2]));
    all(cases);
}

#[test]
fn one_and_three_axes() {
    all([
        Case::of("Conv", &[1, 3, 9])
            .noise(&[5, 3, 3])
            .ints("pads", &[1, 1]),
        Case::of("Conv", &[2, 3, 9])
            .noise(&[5, 3, 4])
            .ints("strides", &[2])
            .ints("pads", &[0, 1]),
        Case::of("Conv", &[2, 4, 9])
            .noise(&[4, 1, 3])
            .with("group", 4)
            .ints("strides", &[2]),
        Case::of("Conv", &[1, 2, 4, 5, 4])
            .noise(&[3, 2, 3, 2, 3])
            .ints("pads", &[1, 0, 1, 1, 1, 1]),
        Case::of("Conv", &[1, 2, 4, 4, 5])
            .noise(&[3, 2, 3, 3, 3])
            .ints("strides", &[2, 2, 2])
            .ints("pads", &[1, 1, 1, 1, 1, 1]),
    ]);
}

#[test]
fn transposed() {
    let case = |weight: &[usize]| Case::of("ConvTranspose", &[1, 4, 4, 5]).noise(weight);
    all([
        case(&[4, 2, 3, 3]),
        case(&[4, 2, 3, 3]).noise(&[2]),
        case(&[4, 2, 3, 3]).ints("strides", &[2, 2]),
        case(&[4, 2, 3, 3])
            .ints("strides", &[2, 2])
            .ints("pads", &[1, 1, 1, 1]),
        case(&[4, 2, 3, 3])
            .ints("strides", &[2, 2])
            .ints("pads", &[1, 1, 1, 1])
            .ints("output_padding", &[1, 1]),
        case(&[4, 2, 3, 3])
            .ints("strides", &[3, 2])
            .ints("output_padding", &[2, 0]),
        case(&[4, 2, 2, 2]).ints("strides", &[2, 2]).with("group", 2),
        case(&[4, 1, 3, 3]).ints("strides", &[2, 2]).with("group", 4),
        case(&[4, 2, 3, 3])
            .ints("dilations", &[2, 1])
            .ints("pads", &[2, 0, 1, 1]),
        case(&[4, 2, 2, 3]).ints("strides", &[3, 3]),
        Case::of("ConvTranspose", &[2, 3, 5])
            .noise(&[3, 2, 4])
            .ints("strides", &[2])
            .ints("pads", &[1, 1]),
    ]);
}

#[test]
fn a_bias_that_depends_on_the_picture() {
    let bias = |operator: &str, weight: &[usize]| {
        Case::of(operator, &[2, 4, 5, 6])
            .before("ReduceMean", &["x"], "bias")
            .having("axes", vec![0, 2, 3])
            .having("keepdims", 0)
            .noise(weight)
            .tensor("bias")
    };
    all([bias("Conv", &[4, 4, 3, 3]), bias("ConvTranspose", &[4, 4, 3, 3])]);
}

/// Of networks that mix their kernels for each picture: the weight alone, and weight and picture both.
#[test]
fn computed_weights() {
    let weight = |shape: &[usize], picture: &[usize]| {
        Case::of("Conv", shape)
            .first(&signed_noise(picture, 3))
            .x()
            .smooth()
    };
    let both = |shape: &[usize], picture: &[usize]| {
        Case::of("Conv", picture)
            .named(
                "to",
                &Array::whole(shape.iter().map(|d| *d as i64).collect::<Vec<_>>()),
            )
            .named(
                "mix",
                &signed_noise(&[picture.iter().product(), shape.iter().product()], 9),
            )
            .named("row", &Array::whole([1, -1]))
            .before("Reshape", &["x", "row"], "flat")
            .before("Tanh", &["flat"], "bent")
            .before("MatMul", &["bent", "mix"], "mixed")
            .before("Reshape", &["mixed", "to"], "weight")
            .x()
            .tensor("weight")
            .narrow("its weight is made for so many channels")
            .smooth()
    };
    all([
        weight(&[2, 3, 3, 3], &[1, 3, 5, 6]),
        weight(&[2, 3, 3, 3], &[2, 3, 5, 6]).ints("pads", &[1, 0, 2, 1]),
        weight(&[2, 3, 2, 3], &[1, 3, 6, 8])
            .ints("strides", &[2, 3])
            .ints("pads", &[0, 1, 1, 0]),
        weight(&[2, 3, 2, 2], &[1, 3, 6, 7]).ints("dilations", &[2, 3]),
        weight(&[4, 2, 3, 3], &[2, 4, 5, 6]).with("group", 2),
        weight(&[3, 1, 3, 3], &[1, 3, 5, 6])
            .with("group", 3)
            .with("auto_pad", "SAME_UPPER")
            .ints("strides", &[2, 2]),
        weight(&[2, 3, 3], &[2, 3, 7]).ints("strides", &[2]),
        // Windows apart, which may begin in the middle of what is left over.
        weight(&[2, 2, 1, 1], &[1, 2, 4, 4])
            .with("auto_pad", "SAME_LOWER")
            .ints("strides", &[4, 4]),
        weight(&[2, 1, 1, 2], &[1, 2, 7, 9])
            .with("group", 2)
            .with("auto_pad", "SAME_UPPER")
            .ints("strides", &[4, 4]),
        weight(&[2, 1, 2], &[1, 2, 8])
            .with("group", 2)
            .with("auto_pad", "SAME_LOWER")
            .ints("strides", &[4]),
        both(&[2, 3, 3, 3], &[1, 3, 4, 5]),
        both(&[6, 1, 2, 2], &[1, 3, 4, 5])
            .with("group", 3)
            .ints("strides", &[2, 2]),
    ]);
}
