// SPDX-License-Identifier: MPL-2.0
//! ONNX Runtime's own operators, as its optimiser writes them: the judge is its own kernel.

use steerlens::onnx::Array;

use crate::case::{Case, signed_noise};
use crate::check::all;

fn fused(operator: &str, shape: &[usize]) -> Case {
    Case::of(operator, shape).domain("com.microsoft")
}

#[test]
fn gelus() {
    let gelu = |operator: &str| fused(operator, &[3, 8]).smooth();
    all([
        gelu("Gelu"),
        gelu("QuickGelu"),
        gelu("QuickGelu").with("alpha", 1.0f32),
        gelu("FastGelu"),
        gelu("FastGelu").noise(&[8]),
        gelu("BiasGelu").noise(&[8]),
        // Written out at an opset that has no such operator itself, and at one that has.
        gelu("Gelu").opset(11),
        gelu("FastGelu").opset(20),
    ]);
}

#[test]
fn convolutions_with_their_activation() {
    let conv = |activation: &str| {
        fused("FusedConv", &[1, 3, 5, 6])
            .narrow("what makes a constant wider does not know it")
            .noise(&[4, 3, 3, 3])
            .noise(&[4])
            .with("activation", activation)
            .ints("kernel_shape", &[3, 3])
            .ints("pads", &[1, 0, 1, 2])
    };
    // Of one channel each, so that nothing comes near to a kink.
    let kinked = |activation: &str, parameters: &[f32]| {
        let turned = Array::real([3, 3, 1, 1], [0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        let case = fused("FusedConv", &[1, 3, 5, 6])
            .narrow("what makes a constant wider does not know it")
            .constant(&turned)
            .with("activation", activation)
            .apart();
        match parameters {
            [] => case,
            _ => case.with("activation_params", parameters.to_vec()),
        }
    };
    all([
        kinked("Relu", &[]),
        conv("Sigmoid").smooth(),
        conv("Tanh").smooth(),
        kinked("LeakyRelu", &[0.3]),
        kinked("Clip", &[-0.7, 1.9]),
        kinked("HardSigmoid", &[0.1, 0.4]),
        // What is added before the activation, and no bias.
        fused("FusedConv", &[1, 3, 5, 6])
            .narrow("as above")
            .noise(&[4, 3, 3, 3])
            .tensor("")
            .noise(&[1, 4, 3, 4])
            .with("activation", "Tanh")
            .smooth(),
        fused("FusedConv", &[1, 3, 5, 6])
            .narrow("as above")
            .noise(&[4, 3, 3, 3])
            .noise(&[4])
            .noise(&[1, 4, 3, 4]),
    ]);
}

#[test]
fn products() {
    let product = |shape: &[usize]| fused("FusedMatMul", shape).smooth();
    let matrix = signed_noise(&[4, 5], 3);
    all([
        product(&[3, 4]).noise(&[4, 2]).with("alpha", 0.5f32),
        product(&[2, 3, 4]).noise(&[2, 4]).with("transB", 1),
        product(&[4, 3])
            .noise(&[4, 2])
            .with("transA", 1)
            .with("alpha", 2.0f32),
        product(&[2, 4, 3])
            .noise(&[2, 2, 4])
            .with("transA", 1)
            .with("transB", 1),
        product(&[4, 3]).first(&matrix).x().with("transA", 1),
        product(&[3, 4]).x().x().with("transB", 1).with("alpha", 0.3f32),
        fused("FusedGemm", &[3, 4])
            .noise(&[2, 4])
            .noise(&[2])
            .with("transB", 1)
            .with("activation", "Tanh")
            .smooth(),
        fused("FusedGemm", &[3, 4])
            .noise(&[4, 2])
            .noise(&[2])
            .with("activation", "LeakyRelu")
            .with("activation_alpha", 0.2f32)
            .apart(),
    ]);
}

#[test]
fn sums_that_are_normalised() {
    let skip = |shape: &[usize]| {
        fused("SkipLayerNormalization", shape)
            .with("epsilon", 1e-3f32)
            .smooth()
    };
    all([
        skip(&[1, 3, 8]).noise(&[1, 3, 8]).noise(&[8]).noise(&[8]),
        skip(&[1, 3, 8])
            .noise(&[1, 3, 8])
            .noise(&[8])
            .noise(&[8])
            .noise(&[8]),
        skip(&[1, 3, 8])
            .noise(&[1, 3, 8])
            .noise(&[8])
            .tensor("")
            .noise(&[8]),
        skip(&[1, 3, 8])
            .first(&signed_noise(&[1, 3, 8], 3))
            .x()
            .noise(&[8])
            .noise(&[8]),
        // The sum goes on beside what is normalised.
        skip(&[1, 3, 8])
            .noise(&[1, 3, 8])
            .noise(&[8])
            .noise(&[8])
            .outputs(4)
            .after("Mul", &["y", "y3"], "z"),
    ]);
}

/// A form that is not known is refused by what of it is not.
#[test]
fn other_forms_are_refused() {
    let other = fused("FusedConv", &[1, 3, 5, 6])
        .noise(&[4, 3, 3, 3])
        .noise(&[4])
        .with("activation", "Elu");
    let said = other.refusal();
    assert!(
        said.starts_with(
            "unsupported operator com.microsoft.FusedConv (node \"the_node\"): its attribute activation is \"Elu\""
        ),
        "{said}"
    );
    let batch = fused("FusedMatMul", &[2, 3, 4])
        .constant(&Array::real([3, 4, 2], vec![0.5; 24]))
        .with("transBatchA", 1);
    assert!(batch.refusal().contains("its attribute transBatchA is \"1\""));
    let moments = fused("SkipLayerNormalization", &[1, 3, 8])
        .noise(&[1, 3, 8])
        .noise(&[8])
        .noise(&[8])
        .outputs(2)
        .after("Mul", &["y", "y1"], "z");
    assert!(
        moments.refusal().contains("belongs to one runtime"),
        "{}",
        moments.refusal()
    );
}
