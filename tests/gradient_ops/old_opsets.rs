// SPDX-License-Identifier: MPL-2.0
//! Forms that ended with opset 10 to 12: attributes that became inputs. (Softmax, Upsample and normalisations stand
//! with their families.)

use steerlens::onnx::Array;

use crate::case::{Case, signed_noise};
use crate::check::{all, runtime};

#[test]
fn attributes_that_became_inputs() {
    let kinked = |operator: &str| Case::of(operator, &[7, 11]).apart();
    all([
        kinked("Clip").opset(7).with("min", -0.5f32).with("max", 0.8f32),
        kinked("Clip").opset(10).with("min", 0.0f32).with("max", 6.0f32),
        kinked("Clip").opset(10).with("max", 0.8f32),
        kinked("Clip").opset(10),
        Case::of("Pad", &[3, 4]).opset(9).ints("pads", &[1, 0, 2, 1]),
        Case::of("Pad", &[3, 4])
            .opset(10)
            .ints("pads", &[1, 0, 2, 1])
            .with("value", 2.0f32),
        Case::of("Pad", &[3, 4])
            .opset(9)
            .ints("pads", &[1, 2, 2, 1])
            .with("mode", "reflect"),
        Case::of("Slice", &[5, 6])
            .opset(9)
            .ints("starts", &[1])
            .ints("ends", &[3]),
        Case::of("Slice", &[5, 6])
            .opset(7)
            .ints("starts", &[1, -5])
            .ints("ends", &[3, -1])
            .ints("axes", &[1, 0]),
        Case::of("Slice", &[5, 6])
            .opset(10)
            .whole(&[4])
            .whole(&[0])
            .whole(&[0])
            .whole(&[-1]),
        Case::of("Squeeze", &[2, 1, 4]).opset(9).ints("axes", &[1]),
        Case::of("Squeeze", &[2, 1, 4]).opset(12),
        Case::of("Unsqueeze", &[2, 4]).opset(9).ints("axes", &[0, 3]),
        Case::of("ReduceSum", &[2, 3, 4]).opset(8).ints("axes", &[1]),
        Case::of("ReduceSum", &[2, 3, 4])
            .opset(11)
            .ints("axes", &[-1, 0])
            .with("keepdims", 0),
        Case::of("Split", &[6, 2])
            .opset(9)
            .ints("split", &[2, 1, 3])
            .outputs(3)
            .after("Concat", &["y2", "y"], "z")
            .having("axis", 0),
        Case::of("Split", &[6, 2])
            .opset(11)
            .outputs(2)
            .after("Mul", &["y", "y1"], "z")
            .smooth(),
        Case::of("Dropout", &[2, 3]).opset(7).with("ratio", 0.3f32),
        Case::of("Dropout", &[2, 3]).opset(11),
    ]);
}

/// No gradient passes these; as they were written they are no part of the opset that the model is then of.
#[test]
fn beside_the_way() {
    let indices = Array {
        shape: vec![1, 4],
        ..Array::whole([1, 0, -1, 0])
    };
    all([
        Case::of("TopK", &[3, 4])
            .opset(9)
            .apart()
            .with("k", 1)
            .outputs(2)
            .after("Gather", &["x", "y1"], "z")
            .having("axis", 1),
        Case::of("Mul", &[3, 4])
            .opset(9)
            .apart()
            .named("data", &signed_noise(&[3, 4], 3))
            .named("updates", &signed_noise(&[1, 4], 4))
            .named("places", &indices)
            .before("ArgMax", &["x"], "best")
            .before("Mul", &["best", "places"], "chosen")
            .before("Scatter", &["data", "chosen", "updates"], "scattered")
            .x()
            .tensor("scattered"),
    ]);
}

#[test]
fn each_first_opset() {
    all([
        Case::of("Conv", &[1, 3, 5, 6])
            .opset(7)
            .noise(&[4, 3, 3, 3])
            .ints("strides", &[2, 2]),
        Case::of("Gemm", &[4, 3])
            .opset(7)
            .noise(&[5, 3])
            .noise(&[5])
            .with("transB", 1),
        Case::of("MatMul", &[2, 3, 4]).opset(7).noise(&[4, 5]),
        Case::of("Mul", &[2, 3, 4]).opset(7).noise(&[3, 1]),
        Case::of("Max", &[4, 5]).opset(8).apart().noise(&[5]),
        Case::of("MaxPool", &[1, 2, 6, 7])
            .opset(7)
            .apart()
            .ints("kernel_shape", &[3, 3])
            .ints("strides", &[2, 2]),
        Case::of("MaxPool", &[1, 2, 6, 7])
            .opset(10)
            .apart()
            .ints("kernel_shape", &[3, 3])
            .with("ceil_mode", 1),
        Case::of("AveragePool", &[1, 2, 6, 7])
            .opset(7)
            .ints("kernel_shape", &[3, 3])
            .ints("pads", &[1, 1, 1, 1]),
        Case::of("LRN", &[1, 6, 3, 3])
            .opset(7)
            .with("size", 3)
            .with("alpha", 0.9f32)
            .smooth(),
        Case::of("PRelu", &[1, 3, 4, 5])
            .opset(7)
            .apart()
            .positive_noise(&[3, 1, 1]),
        Case::of("ReduceMean", &[2, 3, 4])
            .opset(7)
            .ints("axes", &[1, 2])
            .with("keepdims", 0),
        Case::of("Gather", &[5, 3]).opset(7).whole(&[4, 1]),
        Case::of("Concat", &[2, 3])
            .opset(7)
            .noise(&[2, 2])
            .with("axis", 1),
    ]);
}

/// Later opsets: 23 came with ONNX Runtime 1.23.
#[test]
fn newer_opsets() {
    let minor: u32 = runtime().version().split('.').nth(1).unwrap().parse().unwrap();
    let last = if minor < 23 { 22 } else { 23 };
    let mut cases = Vec::new();
    for opset in 18..=last {
        cases.push(Case::of("Conv", &[1, 3, 5, 6]).opset(opset).noise(&[4, 3, 3, 3]));
        cases.push(Case::of("Relu", &[7, 11]).opset(opset).apart());
        cases.push(Case::of("Softmax", &[2, 3]).opset(opset).smooth());
        cases.push(
            Case::of("AveragePool", &[1, 2, 6, 7])
                .opset(opset)
                .ints("kernel_shape", &[3, 3])
                .ints("strides", &[2, 2]),
        );
        cases.push(Case::of("Reshape", &[2, 3, 4]).opset(opset).whole(&[4, 6]));
        cases.push(
            Case::of("Split", &[6, 2])
                .opset(opset)
                .whole(&[2, 4])
                .outputs(2)
                .after("Neg", &["y1"], "z"),
        );
    }
    all(cases);
}

/// Large enough for zeros to stand in for it while shapes are found, with an operator that came with opset 9.
#[test]
fn large_weights() {
    all([7, 8, 9, 17].map(|opset| Case::of("MatMul", &[1, 128]).opset(opset).noise(&[128, 128])));
}
