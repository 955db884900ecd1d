// SPDX-License-Identifier: MPL-2.0
//! Where a slope is infinite and what stands around has none, as at `sqrt(relu(x))` of a picture's dark parts: the
//! scores are finite there, and so is the gradient.

use steerlens::onnx::Array;

use crate::case::Case;

/// The gradient of the sum of the scores, in every profile and level.
fn expect(case: &Case, x: [f32; 4], expected: [f32; 4]) {
    for gradient in case.gradients(&x, &[1.0; 4]) {
        for (got, want) in gradient.iter().zip(expected) {
            assert!(
                (got - want).abs() <= 1e-5 * want.abs().max(1e-3),
                "{}: {gradient:?}, not {expected:?}",
                case.label()
            );
        }
    }
}

fn row(operator: &str) -> Case {
    Case::of(operator, &[1, 1, 1, 4])
}

/// The operator on what a Relu leaves.
fn rectified(operator: &str) -> Case {
    row(operator).before("Relu", &["x"], "r").tensor("r")
}

#[test]
fn roots_and_powers_of_zero() {
    let x = [-1.0, 0.0, 4.0, 0.25];
    expect(&rectified("Sqrt"), x, [0.0, 0.0, 0.25, 1.0]);
    expect(
        &row("Sqrt").before("Abs", &["x"], "a").tensor("a"),
        [0.0, -4.0, 4.0, 0.25],
        [0.0, -0.25, 0.25, 1.0],
    );
    expect(&rectified("Pow").scalar(0.5), x, [0.0, 0.0, 0.25, 1.0]);
    expect(&rectified("Pow").scalar(0.0), x, [0.0; 4]);
    expect(&rectified("Pow").scalar(1.5), x, [0.0, 0.0, 3.0, 0.75]);
    // Each with its own power, of which some have a slope at 0 and some have none.
    let powers = Array::real([4], [0.25, 1.0, 0.5, 2.0]);
    expect(
        &row("Pow").constant(&powers),
        [0.0, 0.0, 4.0, -3.0],
        [0.0, 1.0, 0.25, -6.0],
    );
    // A root that is not chosen where there is none.
    let chosen = row("Sqrt")
        .named("zero", &Array::real([], [0.0]))
        .after("Greater", &["x", "zero"], "above")
        .after("Where", &["above", "y", "x"], "z");
    expect(&chosen, [-1.0, 0.0, 4.0, 0.25], [1.0, 1.0, 0.25, 1.0]);
}

/// With the exponent a tensor of the picture: x to the power of its own square.
#[test]
fn computed_powers_of_zero() {
    let own = row("Pow")
        .before("Mul", &["x", "x"], "square")
        .x()
        .tensor("square");
    // x^(x^2) = exp(x^2 log x), of slope y (2 x log x + x) where x > 0; at 0 and below 0 nothing passes to the exponent.
    let slope = |x: f32| x.powf(x * x) * (2.0 * x * x.ln() + x);
    expect(&own, [0.0, 1.0, 2.0, 0.5], [0.0, 1.0, slope(2.0), slope(0.5)]);
    let rectified = rectified("Pow")
        .named("three", &Array::real([], [3.0]))
        .before("Tanh", &["x"], "t")
        .before("Add", &["t", "three"], "exponent")
        .tensor("exponent");
    for gradient in rectified.gradients(&[-1.0, 0.0, -2.0, 0.0], &[1.0; 4]) {
        assert_eq!(gradient, [0.0; 4]);
    }
}

#[test]
fn what_a_clip_cuts_off() {
    let clipped = |case: Case| {
        case.named("low", &Array::real([], [-5.0]))
            .named("high", &Array::real([], [5.0]))
            .after("Clip", &["y", "low", "high"], "z")
    };
    expect(
        &clipped(rectified("Log")),
        [-1.0, 0.0, 0.5, 4.0],
        [0.0, 0.0, 2.0, 0.25],
    );
    expect(
        &clipped(rectified("Reciprocal")),
        [-1.0, 0.0, 0.5, 2.0],
        [0.0, 0.0, -4.0, -0.25],
    );
    expect(
        &clipped(rectified("Pow").scalar(-2.0)),
        [-1.0, 0.0, 1.0, 2.0],
        [0.0, 0.0, -2.0, -0.25],
    );
    let inverse = row("Div")
        .first(&Array::real([], [1.0]))
        .before("Relu", &["x"], "r")
        .tensor("r");
    expect(&clipped(inverse), [-1.0, 0.0, 0.5, 2.0], [0.0, 0.0, -4.0, -0.25]);
    expect(
        &clipped(row("Exp")),
        [-1.0, 200.0, 0.0, 1.0],
        [(-1.0f32).exp(), 0.0, 1.0, 1.0f32.exp()],
    );
    let log_of_sum = row("ReduceLogSum")
        .opset(18)
        .before("Relu", &["x"], "r")
        .tensor("r")
        .whole(&[2]);
    expect(&clipped(log_of_sum), [-1.0, 0.0, 0.5, 4.0], [0.0, 0.0, 2.0, 0.25]);
}

/// `1/(1 + exp(-x))` where the power is infinite.
#[test]
fn a_sigmoid_written_out() {
    let case = row("Neg")
        .named("one", &Array::real([], [1.0]))
        .after("Exp", &["y"], "power")
        .after("Add", &["power", "one"], "sum")
        .after("Div", &["one", "sum"], "z");
    expect(&case, [-200.0, 0.0, 200.0, -95.0], [0.0, 0.25, 0.0, 0.0]);
    let case = row("Neg")
        .named("one", &Array::real([], [1.0]))
        .after("Exp", &["y"], "power")
        .after("Add", &["power", "one"], "sum")
        .after("Reciprocal", &["sum"], "z");
    expect(&case, [-200.0, 0.0, 200.0, -95.0], [0.0, 0.25, 0.0, 0.0]);
}

/// A quotient that is not chosen where it is 0/0, as the hue of grey.
#[test]
fn a_quotient_that_is_not_chosen() {
    let case = row("Div")
        .named("zero", &Array::real([], [0.0]))
        .named("two", &Array::real([], [2.0]))
        .before("Mul", &["x", "two"], "double")
        .before("Abs", &["x"], "size")
        .tensor("double")
        .tensor("size")
        .after("Equal", &["x", "zero"], "none")
        .after("Where", &["none", "zero", "y"], "quotient")
        .after("Mul", &["quotient", "x"], "z");
    // 2 |x|
    expect(&case, [0.0, -3.0, 2.0, 1.0], [0.0, -2.0, 2.0, 2.0]);
}

/// Attention written out for queries that a mask leaves no key: what is no number is put right after the Softmax.
#[test]
fn a_softmax_of_nothing() {
    let mask = Array::real([1, 1, 2, 2], [f32::NEG_INFINITY, f32::NEG_INFINITY, 0.0, 0.0]);
    let case = Case::of("Softmax", &[1, 1, 2, 2])
        .named("mask", &mask)
        .named("zero", &Array::real([], [0.0]))
        .named("values", &Array::real([2], [1.0, 3.0]))
        .before("Add", &["x", "mask"], "masked")
        .tensor("masked")
        .after("IsNaN", &["y"], "undefined")
        .after("Where", &["undefined", "zero", "y"], "p")
        .after("Mul", &["p", "values"], "z");
    // p (1 - p) (1 - 3)
    expect(&case, [1.0, 2.0, 0.5, 0.5], [0.0, 0.0, -0.5, 0.5]);
    // The row is known by its mask, as ONNX writes Attention out.
    let known = Case::of("Softmax", &[1, 1, 2, 2])
        .named("mask", &mask)
        .named("zero", &Array::real([], [0.0]))
        .named("values", &Array::real([2], [1.0, 3.0]))
        .before("Add", &["x", "mask"], "masked")
        .tensor("masked")
        .after("ReduceMax", &["mask"], "best")
        .having("axes", vec![3])
        .after("Less", &["best", "zero"], "empty")
        .after("Where", &["empty", "zero", "y"], "p")
        .after("Mul", &["p", "values"], "z");
    expect(&known, [1.0, 2.0, 0.5, 0.5], [0.0, 0.0, -0.5, 0.5]);
}
