// SPDX-License-Identifier: MPL-2.0
//! Sums, means, norms, extrema and products over axes.

use steerlens::onnx::Array;

use crate::case::Case;
use crate::check::all;

const OPERATORS: [&str; 10] = [
    "ReduceSum",
    "ReduceMean",
    "ReduceSumSquare",
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSumExp",
    "ReduceLogSum",
    "ReduceProd",
    "ReduceMax",
    "ReduceMin",
];

fn case(operator: &str) -> Case {
    let case = Case::of(operator, &[2, 3, 4]);
    match operator {
        "ReduceMax" | "ReduceMin" | "ReduceL1" => case.apart(),
        "ReduceLogSum" | "ReduceProd" => case.positive().smooth(),
        _ => case.smooth(),
    }
}

#[test]
fn over_axes_as_inputs() {
    let mut cases = Vec::new();
    for operator in OPERATORS {
        let case = || case(operator).opset(18);
        cases.push(case());
        cases.push(case().with("keepdims", 0));
        cases.push(case().whole(&[-1]));
        cases.push(case().whole(&[1]).with("keepdims", 0));
        cases.push(case().whole(&[-3, 2]).with("keepdims", 0));
        cases.push(case().whole(&[2, 0]).with("keepdims", 1));
        cases.push(case().whole(&[]));
    }
    all(cases);
}

#[test]
fn over_axes_as_attributes() {
    let mut cases = Vec::new();
    for operator in OPERATORS {
        let case = || case(operator).opset(if operator == "ReduceSum" { 12 } else { 13 });
        cases.push(case());
        cases.push(case().ints("axes", &[1, 2]).with("keepdims", 0));
        cases.push(case().ints("axes", &[-2]));
    }
    all(cases);
}

fn over_no_axes(operator: &str) -> Case {
    case(operator)
        .opset(18)
        .whole(&[])
        .with("noop_with_empty_axes", 1)
}

/// An empty list of axes may mean none instead of all: then each element is reduced alone, to itself.
#[test]
fn each_element_alone() {
    all([
        "ReduceSum",
        "ReduceMean",
        "ReduceLogSumExp",
        "ReduceProd",
        "ReduceMax",
        "ReduceMin",
    ]
    .map(over_no_axes));
}

/// Of the others, versions of the runtime differ on whether an element alone is squared, or left as it is.
#[test]
fn each_element_alone_where_versions_differ() {
    for operator in ["ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSum"] {
        assert_eq!(
            over_no_axes(operator).refusal(),
            format!(
                "unsupported operator {operator} (node \"the_node\"): noop_with_empty_axes=1 is not the same in all \
                 runtimes; export it with axes"
            )
        );
    }
}

#[test]
fn ties_share_equally() {
    for operator in ["ReduceMax", "ReduceMin"] {
        let case = Case::of(operator, &[1, 1, 2, 4]).opset(18).whole(&[3]);
        let x = [2.0, 2.0, 2.0, 2.0, 0.0, 1.0, 0.0, 1.0];
        let second = if operator == "ReduceMax" {
            [0.0, 1.5, 0.0, 1.5]
        } else {
            [1.5, 0.0, 1.5, 0.0]
        };
        for gradient in case.gradients(&x, &[2.0, 3.0]) {
            assert_eq!(gradient[..4], [0.5; 4]);
            assert_eq!(gradient[4..], second);
        }
    }
}

/// The slope of a product is the product of the other factors, whichever of them are 0.
#[test]
fn products_with_zeros() {
    let case = Case::of("ReduceProd", &[1, 1, 3, 3]).opset(18).whole(&[3]);
    let x = [2.0, 0.0, 3.0, 0.0, 5.0, 0.0, 2.0, 3.0, -4.0];
    for gradient in case.gradients(&x, &[1.0, 1.0, 0.5]) {
        assert_eq!(gradient, [0.0, 6.0, 0.0, 0.0, 0.0, 0.0, -6.0, -4.0, 3.0]);
    }
}

/// Of a mean over the picture only the channels are left to sum, and the cotangent is one number.
#[test]
fn over_the_channels_of_means() {
    all(["ReduceMean", "ReduceSum", "ReduceMax"].map(|operator| {
        Case::of("GlobalAveragePool", &[1, 4, 4, 3])
            .named("channels", &Array::whole([1]))
            .opset(18)
            .after(operator, &["y", "channels"], "z")
            .having("keepdims", 1)
    }));
}

/// A row of zeros has no direction; 0 is what PyTorch says too.
#[test]
fn the_norm_of_zeros() {
    let case = Case::of("ReduceL2", &[1, 1, 2, 2]).opset(18).whole(&[3]);
    for gradient in case.gradients(&[0.0, 0.0, 3.0, 4.0], &[1.0, 1.0]) {
        assert_eq!(gradient, [0.0, 0.0, 0.6, 0.8]);
    }
}

#[test]
fn running_sums() {
    let axis = |axis: i64| Array {
        shape: vec![],
        ..Array::whole([axis])
    };
    let mut cases = Vec::new();
    for (exclusive, reverse) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let case = Case::of("CumSum", &[2, 3, 4]).constant(&axis(if reverse == 1 { -2 } else { 2 }));
        cases.push(case.with("exclusive", exclusive).with("reverse", reverse));
    }
    cases.push(Case::of("CumSum", &[5]).opset(11).whole(&[0]));
    all(cases);
}
