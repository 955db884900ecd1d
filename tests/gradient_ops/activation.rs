// SPDX-License-Identifier: MPL-2.0
//! Nonlinear functions of one input.

use steerlens::onnx::Array;

use crate::case::{Case, positive_noise};
use crate::check::all;

/// 77 values from -3.8 to 3.8, .1 apart, kinks at multiples of .1 out of reach.
fn kinked(operator: &str) -> Case {
    Case::of(operator, &[7, 11]).apart().smooth()
}

fn smooth(operator: &str) -> Case {
    Case::of(operator, &[5, 7]).smooth()
}

#[test]
fn with_kinks() {
    all([
        kinked("Relu"),
        kinked("LeakyRelu"),
        kinked("LeakyRelu").with("alpha", 0.3f32),
        kinked("LeakyRelu").with("alpha", -0.3f32),
        kinked("LeakyRelu").with("alpha", 1.5f32),
        kinked("ThresholdedRelu"),
        kinked("ThresholdedRelu").with("alpha", 0.3f32),
        kinked("Abs"),
        kinked("Elu"),
        kinked("Elu").with("alpha", 0.3f32),
        kinked("Selu"),
        kinked("Selu").with("alpha", 0.5f32).with("gamma", 2.0f32),
        kinked("Celu"),
        kinked("Celu").with("alpha", 0.4f32),
        kinked("Softsign"),
        kinked("HardSigmoid"),
        kinked("HardSigmoid").with("alpha", 0.5f32).with("beta", 0.6f32),
        kinked("HardSwish"),
        kinked("PRelu").scalar(0.2),
        kinked("PRelu").constant(&positive_noise(&[11], 3)),
        kinked("PRelu").constant(&positive_noise(&[7, 1], 3)),
        Case::of("PRelu", &[1, 3, 4, 5])
            .apart()
            .constant(&positive_noise(&[3, 1, 1], 3)),
    ]);
}

#[test]
fn clips() {
    let clip = || kinked("Clip");
    all([
        clip(),
        clip().scalar(-0.5).scalar(0.8),
        clip().scalar(0.0).scalar(3.0),
        clip().scalar(0.0),
        clip().tensor("x").tensor("").scalar(0.3),
        // Beyond 8 the steep mask is not exact and another is taken.
        Case::of("Clip", &[15, 15]).apart().scalar(-9.0).scalar(9.0),
        Case::of("Clip", &[15, 15]).apart().scalar(0.0).scalar(9.0),
        // What exporters write for "no bound".
        clip().scalar(f32::MIN).scalar(0.8),
        clip().scalar(0.0).scalar(f32::MAX),
        clip().scalar(-1.0).scalar(f32::INFINITY),
    ]);
}

/// A kink has slope 0, as in PyTorch.
#[test]
fn at_a_kink() {
    let row = |operator: &str| Case::of(operator, &[1, 1, 1, 4]);
    for (case, x, expected) in [
        (row("Relu"), [0.0, -0.0, 1e-30, -1e-30], [0.0, 0.0, 1.0, 0.0]),
        (
            row("Clip").scalar(0.0).scalar(6.0),
            [0.0, 6.0, 5.999_999_5, 1e-30],
            [0.0, 0.0, 1.0, 1.0],
        ),
        (row("Abs"), [0.0, -0.0, 1.0, -1.0], [0.0, 0.0, 1.0, -1.0]),
    ] {
        for gradient in case.gradients(&x, &[1.0; 4]) {
            assert_eq!(gradient, expected, "{}", case.label());
        }
    }
}

#[test]
fn smooth_functions() {
    all([
        smooth("Sigmoid"),
        smooth("Tanh"),
        smooth("Softplus"),
        smooth("Erf"),
        smooth("Exp"),
        smooth("Log").positive(),
        smooth("Sqrt").positive(),
        smooth("Reciprocal").positive(),
        smooth("Neg"),
        smooth("Sin"),
        smooth("Atan"),
        smooth("Sinh"),
        smooth("Cosh"),
        smooth("Tan").before("Tanh", &["x"], "t").tensor("t"),
        smooth("Cos"),
        smooth("Mish").opset(18),
        smooth("Gelu").opset(20),
        smooth("Gelu").opset(20).with("approximate", "tanh"),
    ]);
}

/// Behind a wide Conv the CPU profile writes the forms that stay in the blocked layout.
#[test]
fn in_the_blocked_layout() {
    let behind = |operator: &str| {
        Case::of(operator, &[1, 4, 4, 3])
            .named("w", &positive_noise(&[16, 4, 1, 1], 9))
            .before("Conv", &["x", "w"], "wide")
            .tensor("wide")
            .narrow("it is in the layout already")
            .smooth()
    };
    all(
        ["Sigmoid", "Tanh", "HardSwish", "Softplus", "Exp", "Mish"].map(|operator| {
            if operator == "Mish" {
                behind(operator).opset(18)
            } else {
                behind(operator)
            }
        }),
    );
}

#[test]
fn computed_bounds() {
    let clip = || {
        Case::of("Clip", &[3, 5])
            .apart()
            .named("less", &Array::real([], [-0.27]))
            .named("more", &Array::real([], [0.33]))
            .before("ReduceMean", &["x"], "mean")
            .having("keepdims", 0)
            .before("Add", &["mean", "less"], "low")
            .before("Add", &["mean", "more"], "high")
            .x()
    };
    all([
        clip().tensor("low").tensor("high"),
        clip().tensor("low"),
        clip().tensor("").tensor("high"),
        clip().scalar(-0.4).tensor("high"),
        clip().tensor("low").scalar(0.5),
        // The upper bound below the lower one holds everywhere.
        clip().tensor("high").tensor("low"),
    ]);
}
