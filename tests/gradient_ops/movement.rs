// SPDX-License-Identifier: MPL-2.0
//! Operators that only move elements, and cotangents that are still lazily broadcast when they meet them.

use steerlens::onnx::Array;

use crate::case::{Case, signed_noise};
use crate::check::{all, runs};

#[test]
fn shapes() {
    all([
        Case::of("Identity", &[2, 3]),
        Case::of("Dropout", &[2, 3]),
        Case::of("Dropout", &[2, 3]).scalar(0.3),
        Case::of("Cast", &[2, 3]).with("to", 1),
        Case::of("Flatten", &[2, 3, 4]),
        Case::of("Flatten", &[2, 3, 4]).with("axis", 0),
        Case::of("Flatten", &[2, 3, 4]).with("axis", -1),
        Case::of("Reshape", &[2, 3, 4]).whole(&[0, -1]),
        Case::of("Reshape", &[2, 3, 4])
            .whole(&[4, 3, 2])
            .with("allowzero", 1),
        Case::of("Squeeze", &[2, 1, 4]).whole(&[1]),
        Case::of("Squeeze", &[2, 1, 4, 1]).whole(&[-1]),
        Case::of("Squeeze", &[2, 1, 4, 1]),
        Case::of("Unsqueeze", &[2, 4]).whole(&[0, 3]),
        Case::of("Unsqueeze", &[2, 4]).whole(&[-1]),
        Case::of("Transpose", &[2, 3]),
        Case::of("Transpose", &[2, 3, 4]),
        Case::of("Transpose", &[2, 3, 4]).ints("perm", &[2, 0, 1]),
        Case::of("Transpose", &[2, 3, 4, 5]).ints("perm", &[0, 2, 3, 1]),
    ]);
}

/// 16-bit reals become float32 throughout, so that nothing is rounded and the cotangent passes as it is.
#[test]
fn casts_to_narrower_reals() {
    let cotangent = [1.0, -2.0, 3.0, 1e-6];
    for narrow in [10, 16] {
        let case = Case::of("Cast", &[1, 1, 1, 4])
            .with("to", narrow)
            .after("Cast", &["y"], "z")
            .having("to", 1);
        for gradient in case.gradients(&[0.1, 1e6, -3.0, 0.0], &cotangent) {
            assert_eq!(gradient, cotangent);
        }
    }
}

#[test]
fn joining_and_splitting() {
    let three = |case: Case| case.outputs(3);
    let joined = |case: Case, parts: &[&str]| case.after("Concat", parts, "z").having("axis", 0);
    all([
        Case::of("Concat", &[2, 3]).noise(&[2, 2]).x().with("axis", 1),
        Case::of("Concat", &[2, 3]).noise(&[1, 3]).with("axis", -2),
        Case::of("Concat", &[2, 3]).with("axis", 0),
        Case::of("Concat", &[2, 3])
            .first(&signed_noise(&[2, 1], 3))
            .before("Neg", &["x"], "n")
            .x()
            .noise(&[2, 4])
            .tensor("n")
            .with("axis", 1),
        joined(
            three(Case::of("Split", &[6, 2]).whole(&[2, 1, 3])),
            &["y2", "y", "y1"],
        ),
        // An unused output gets zeros.
        joined(three(Case::of("Split", &[6, 2]).whole(&[2, 1, 3])), &["y2", "y"]),
        three(Case::of("Split", &[2, 6]).with("axis", -1))
            .after("Sigmoid", &["y1"], "z")
            .smooth(),
        three(Case::of("Split", &[7, 2]).opset(18).with("num_outputs", 3))
            .after("Mul", &["y", "y1"], "z")
            .smooth(),
    ]);
}

#[test]
fn repeating() {
    all([
        Case::of("Expand", &[3, 1]).whole(&[2, 3, 4]),
        Case::of("Expand", &[3, 4]).whole(&[3, 1]),
        Case::of("Expand", &[1, 1, 1, 1]).whole(&[2, 3, 1, 4]),
        Case::of("Expand", &[4]).whole(&[1, 4]),
        Case::of("Tile", &[2, 3]).whole(&[2, 3]),
        Case::of("Tile", &[2, 3]).whole(&[1, 1]),
        Case::of("Tile", &[1, 3, 1]).whole(&[4, 1, 2]),
    ]);
}

#[test]
fn depth_and_space() {
    all([
        Case::of("DepthToSpace", &[1, 8, 2, 3]).with("blocksize", 2),
        Case::of("DepthToSpace", &[2, 9, 2, 3])
            .with("blocksize", 3)
            .with("mode", "DCR"),
        Case::of("DepthToSpace", &[1, 12, 2, 3])
            .with("blocksize", 2)
            .with("mode", "CRD"),
        Case::of("SpaceToDepth", &[1, 2, 4, 6]).with("blocksize", 2),
        Case::of("SpaceToDepth", &[2, 3, 3, 6]).with("blocksize", 3),
    ]);
    // From opset 28 on either may have either order.
    if runs(28) {
        all([
            Case::of("SpaceToDepth", &[1, 2, 4, 6])
                .opset(28)
                .with("blocksize", 2)
                .with("mode", "CRD"),
            Case::of("SpaceToDepth", &[1, 2, 4, 6])
                .opset(28)
                .with("blocksize", 2)
                .with("mode", "DCR"),
            Case::of("DepthToSpace", &[1, 12, 2, 3])
                .opset(28)
                .with("blocksize", 2)
                .with("mode", "CRD"),
        ]);
    }
}

/// The mean over all positions leaves its cotangent at one element per channel. Whatever comes before has to see
/// all of it.
#[test]
fn under_a_lazily_broadcast_cotangent() {
    let shape = [1, 4, 4, 6];
    let of = |operator: &str| Case::of(operator, &shape);
    let cases = [
        of("Identity"),
        of("Reshape")
            .whole(&[1, 2, 8, 6])
            .narrow("it makes other channels of them"),
        of("Transpose").ints("perm", &[0, 2, 3, 1]),
        of("Transpose").ints("perm", &[0, 1, 3, 2]),
        of("Concat").noise(&[1, 4, 2, 6]).with("axis", 2),
        of("Concat").noise(&[1, 1, 4, 6]).x().with("axis", 1),
        of("Slice").whole(&[1]).whole(&[3]).whole(&[3]),
        of("Slice").whole(&[5]).whole(&[0]).whole(&[3]).whole(&[-2]),
        of("Gather").whole(&[2, 0, 0]).with("axis", 3),
        of("Gather").whole(&[2, 0]).with("axis", 3),
        of("Pad").whole(&[0, 0, 1, 0, 0, 0, 0, 2]),
        of("Pad").whole(&[0, 0, 1, 0, 0, 0, 0, 2]).with("mode", "edge"),
        of("Expand").whole(&[2, 4, 4, 6]),
        of("Tile").whole(&[1, 2, 1, 3]),
        of("DepthToSpace").with("blocksize", 2),
        of("SpaceToDepth").with("blocksize", 2),
        of("Resize")
            .tensor("x")
            .tensor("")
            .tensor("")
            .whole(&[1, 4, 3, 9])
            .with("mode", "linear"),
        of("MaxPool").apart().ints("kernel_shape", &[3, 3]),
        of("AveragePool").ints("kernel_shape", &[3, 3]),
        of("Conv").noise(&[3, 4, 3, 3]),
        of("Conv")
            .noise(&[4, 1, 3, 3])
            .with("group", 4)
            .ints("strides", &[2, 2]),
        of("ConvTranspose").noise(&[4, 2, 3, 3]),
        of("MatMul").noise(&[6, 5]),
        of("MatMul").first(&signed_noise(&[5, 4], 3)).x(),
        of("Mul").noise(&[4, 6]),
        of("Mul").x().x().smooth(),
        of("Add").noise(&[2, 4, 4, 6]),
        of("Sub").first(&signed_noise(&[1, 4, 6], 3)).x(),
        of("Div")
            .first(&signed_noise(&[1, 4, 6], 3))
            .x()
            .positive()
            .smooth(),
        of("Pow").positive().smooth().scalar(3.0),
        of("Max").apart().noise(&[4, 6]),
        of("Softmax").with("axis", 1).smooth(),
        of("LogSoftmax").with("axis", 2).smooth(),
        of("LayerNormalization").noise(&[6]).smooth(),
        of("BatchNormalization")
            .noise(&[4])
            .noise(&[4])
            .noise(&[4])
            .positive_noise(&[4]),
        of("LRN").with("size", 3).with("alpha", 0.9f32).smooth(),
        of("LpNormalization").smooth(),
        of("Relu").apart(),
        of("Sigmoid").smooth(),
        of("Gelu").opset(20).smooth(),
        of("ReduceMax").apart().ints("axes", &[3]),
        of("ReduceMean").ints("axes", &[2]),
        of("ReduceL2").ints("axes", &[3]).smooth(),
        of("Einsum").noise(&[6, 5]).with("equation", "abcd,de->abce"),
    ];
    all(cases.map(|c| c.after("GlobalAveragePool", &["y"], "z")));
}

/// The runtime's optimiser moves a Transpose through a Pad as if its axes were all, in order.
#[test]
fn pads_of_some_axes_behind_a_transpose() {
    let padded = |shape: &[usize], perm: &[i64], pads: &[i64], axes: &[i64]| {
        Case::of("Transpose", shape)
            .opset(18)
            .ints("perm", perm)
            .named("pads", &Array::whole(pads))
            .named("axes", &Array::whole(axes))
            .after("Pad", &["y", "pads", "", "axes"], "p")
            .after("Sigmoid", &["p"], "z")
            .smooth()
    };
    all([
        padded(&[1, 3, 3, 6], &[1, 2, 0, 3], &[1, 2], &[3]),
        padded(&[1, 3, 3, 6], &[1, 2, 0, 3], &[1, 2], &[-1]),
        padded(
            &[1, 3, 2, 2],
            &[0, 2, 3, 1],
            &[0, 1, 1, 0, 0, 0, 0, 1],
            &[0, 1, 3, 2],
        ),
        padded(
            &[1, 3, 5, 5],
            &[0, 2, 3, 1],
            &[0, 1, 2, 0, 0, 0, 0, 1],
            &[0, 2, 1, 3],
        ),
    ]);
}
