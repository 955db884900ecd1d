// SPDX-License-Identifier: MPL-2.0
//! How rules meet: tensors used twice, residual sums, branches that lead nowhere, and constants on the way.

use steerlens::onnx::Array;

use crate::case::{Case, signed_noise};
use crate::check::all;

#[test]
fn tensors_used_more_than_once() {
    all([
        // x (x + sigmoid x), each use with its own cotangent.
        Case::of("Sigmoid", &[3, 4])
            .after("Add", &["x", "y"], "s")
            .after("Mul", &["s", "x"], "z")
            .smooth(),
        // Three uses of one output.
        Case::of("Tanh", &[3, 4])
            .after("Mul", &["y", "y"], "square")
            .after("Sum", &["square", "y", "y"], "z")
            .smooth(),
        // One tensor in every place of a Concat.
        Case::of("Concat", &[2, 3]).x().x().x().with("axis", 0),
    ]);
}

#[test]
fn residual_sums() {
    let wide = || {
        Case::of("Conv", &[1, 16, 4, 4])
            .noise(&[16, 16, 3, 3])
            .ints("pads", &[1, 1, 1, 1])
    };
    all([
        wide().after("Add", &["y", "x"], "s"),
        wide()
            .after("Add", &["y", "x"], "s")
            .after("Sigmoid", &["s"], "r")
            .after("Add", &["r", "x"], "t")
            .after("GlobalAveragePool", &["t"], "z")
            .smooth(),
        // Squeeze and excite: each channel scaled by a function of its mean.
        wide()
            .after("GlobalAveragePool", &["y"], "mean")
            .after("Sigmoid", &["mean"], "gate")
            .after("Mul", &["y", "gate"], "z")
            .smooth(),
        // SiLU and HardSwish as exporters write them.
        wide()
            .after("Sigmoid", &["y"], "s")
            .after("Mul", &["y", "s"], "z")
            .smooth(),
        wide()
            .after("HardSigmoid", &["y"], "h")
            // Flat enough that nothing reaches a kink.
            .having("alpha", 0.002f32)
            .after("Mul", &["y", "h"], "z")
            .smooth(),
    ]);
}

#[test]
fn gelu_as_a_chain() {
    all([Case::of("Mul", &[3, 4])
        .scalar(std::f32::consts::FRAC_1_SQRT_2)
        .named("one", &Array::real([], [1.0]))
        .named("half", &Array::real([], [0.5]))
        .after("Erf", &["y"], "e")
        .after("Add", &["e", "one"], "p")
        .after("Mul", &["x", "p"], "m")
        .after("Mul", &["m", "half"], "z")
        .smooth()]);
}

/// What does not reach the scores has no gradient, and is no reason to refuse.
#[test]
fn branches_that_lead_nowhere() {
    all([
        Case::of("Sigmoid", &[3, 4])
            .smooth()
            .before("NonZero", &["x"], "places"),
        Case::of("Sigmoid", &[3, 4])
            .smooth()
            .before("CumSum", &["x", "axis"], "sums")
            .named(
                "axis",
                &Array {
                    shape: vec![],
                    ..Array::whole([0])
                },
            ),
    ]);
}

/// A decision between steps is a step like any other; what its branches read stands only inside them.
#[test]
fn a_decision_between_steps() {
    all([Case::of("Mul", &[1, 1, 3, 5])
        .apart()
        .before("Floor", &["x"], "steps")
        .fork([("Neg", "steps"), ("Exp", "steps")], "chosen")
        .x()
        .tensor("chosen")]);
}

/// Floor, Round, Sign and comparisons pass nothing; what goes round them does.
#[test]
fn steps_pass_nothing() {
    let mut cases = Vec::new();
    for operator in ["Floor", "Ceil", "Round", "Sign"] {
        let after = Case::of(operator, &[7, 11]).after("Add", &["y", "x"], "z");
        // Apart from multiples of .1, so from whole numbers and from 0; Round steps at .5.
        cases.push(after.apart());
    }
    all(cases);
}

/// Shapes that the graph works out for itself, as Paddle and older PyTorch export them.
#[test]
fn shape_arithmetic() {
    all([Case::of("Reshape", &[1, 2, 3, 4])
        .before("Shape", &["x"], "extents")
        .named("first", &Array::whole([0]))
        .named("rest", &Array::whole([-1]))
        .before("Gather", &["extents", "first"], "batch")
        .before("Concat", &["batch", "rest"], "flat")
        .having("axis", 0)
        .x()
        .tensor("flat")
        .after("MatMul", &["y", "w"], "z")
        .named("w", &signed_noise(&[24, 5], 3))
        .narrow("the product is of so many elements")]);
}
