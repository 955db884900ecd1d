// SPDX-License-Identifier: MPL-2.0
//! Pooling.

use crate::case::Case;
use crate::check::{all, runs};

const SHAPE: [usize; 4] = [1, 2, 8, 7];

/// The operator with windows of every kind.
fn cases(operator: &str) -> Vec<Case> {
    let window = |kernel: [i64; 2], strides: [i64; 2]| {
        Case::of(operator, &SHAPE)
            .apart()
            .ints("kernel_shape", &kernel)
            .ints("strides", &strides)
    };
    vec![
        window([2, 2], [2, 2]),
        window([3, 3], [2, 2]).ints("pads", &[1, 1, 1, 1]),
        window([3, 3], [2, 2]).ints("pads", &[0, 0, 1, 1]),
        window([3, 2], [1, 1]).ints("pads", &[1, 0, 1, 1]),
        window([3, 3], [1, 1]).ints("pads", &[1, 1, 1, 1]),
        window([3, 3], [3, 3]).ints("pads", &[1, 1, 1, 1]),
        window([2, 2], [3, 3]),
        window([8, 7], [1, 1]),
        window([1, 1], [2, 2]),
        window([3, 3], [2, 2]).with("auto_pad", "SAME_UPPER"),
        window([3, 3], [2, 2]).with("auto_pad", "SAME_LOWER"),
        window([2, 2], [1, 1]).with("auto_pad", "SAME_LOWER"),
        window([2, 3], [2, 1]).with("auto_pad", "VALID"),
    ]
}

#[test]
fn maxima() {
    let mut all_cases = cases("MaxPool");
    all_cases.extend(
        cases("MaxPool")
            .into_iter()
            .take(8)
            .map(|c| c.with("ceil_mode", 1)),
    );
    let square = || Case::of("MaxPool", &SHAPE).apart().ints("kernel_shape", &[2, 2]);
    all_cases.push(square());
    all_cases.push(square().ints("dilations", &[2, 3]));
    all_cases.push(square().ints("dilations", &[3, 2]).ints("strides", &[2, 2]));
    all_cases.push(square().opset(22).ints("strides", &[2, 2]));
    let line = Case::of("MaxPool", &[2, 2, 9]).apart();
    all_cases.push(line.ints("kernel_shape", &[3]).ints("strides", &[2]));
    let cube = Case::of("MaxPool", &[1, 2, 4, 4, 5]).apart();
    all_cases.push(
        cube.ints("kernel_shape", &[2, 2, 2])
            .ints("strides", &[2, 2, 2])
            .ints("pads", &[0, 0, 1, 0, 0, 0]),
    );
    let two = Case::of("MaxPool", &[2, 3, 4, 5]).apart();
    all_cases.push(two.ints("kernel_shape", &[3, 3]).ints("pads", &[1, 1, 1, 1]));
    all_cases.push(Case::of("GlobalMaxPool", &[2, 3, 4, 5]).apart());
    all_cases.push(Case::of("GlobalMaxPool", &[1, 3, 7]).apart());
    all(all_cases);
}

#[test]
fn averages() {
    let mut all_cases = Vec::new();
    for counted in [0, 1] {
        for ceil in [0, 1] {
            let with = |c: Case| c.with("count_include_pad", counted).with("ceil_mode", ceil);
            all_cases.extend(cases("AveragePool").into_iter().map(with));
        }
    }
    let square = || Case::of("AveragePool", &SHAPE).ints("kernel_shape", &[2, 2]);
    all_cases.push(square());
    all_cases.push(square().opset(19).ints("dilations", &[2, 3]));
    all_cases.push(
        square()
            .opset(19)
            .ints("dilations", &[2, 2])
            .ints("pads", &[1, 1, 1, 1]),
    );
    let line = Case::of("AveragePool", &[2, 2, 9]);
    all_cases.push(line.ints("kernel_shape", &[3]).ints("strides", &[2]));
    let cube = Case::of("AveragePool", &[1, 2, 4, 4, 5]);
    all_cases.push(cube.ints("kernel_shape", &[2, 3, 2]).ints("strides", &[2, 1, 2]));
    all_cases.push(Case::of("GlobalAveragePool", &[2, 3, 4, 5]));
    all_cases.push(Case::of("GlobalAveragePool", &[1, 3, 7]));
    all(all_cases);
}

/// Windows that lie apart and automatic pads: from opset 19 on an average may begin in the middle of what is left over.
#[test]
fn automatic_pads_of_windows_apart() {
    let mut cases = Vec::new();
    for opset in [19, 22] {
        for mode in ["SAME_UPPER", "SAME_LOWER"] {
            for (kernel, stride, width) in [(1, 3, 3), (1, 3, 4), (2, 5, 6), (2, 4, 5), (1, 2, 4)] {
                let case = |operator: &str| {
                    Case::of(operator, &[1, 2, 5, width])
                        .opset(opset)
                        .apart()
                        .ints("kernel_shape", &[kernel; 2])
                        .ints("strides", &[stride; 2])
                        .with("auto_pad", mode)
                };
                cases.push(case("AveragePool"));
                cases.push(case("AveragePool").with("count_include_pad", 1));
                // Which shape inference takes for more windows.
                cases.push(case("AveragePool").with("ceil_mode", 1));
            }
        }
    }
    all(cases);
}

/// How many windows `ceil_mode` adds is told differently by the runtime and by ONNX before and after opset 22.
#[test]
fn last_windows_that_would_begin_in_a_pad() {
    let mut cases = Vec::new();
    for opset in [13, 20, 22, 23].into_iter().filter(|opset| runs(*opset)) {
        for (kernel, stride, pad, size) in [
            (2, 2, 1, 5),
            (3, 2, 1, 6),
            (1, 2, 0, 6),
            (3, 2, 1, 5),
            (2, 2, 0, 5),
        ] {
            let case = |operator: &str| {
                Case::of(operator, &[1, 2, size, size])
                    .opset(opset)
                    .apart()
                    .ints("kernel_shape", &[kernel; 2])
                    .ints("strides", &[stride; 2])
                    .ints("pads", &[pad; 4])
                    .with("ceil_mode", 1)
            };
            cases.push(case("MaxPool"));
            cases.push(case("AveragePool"));
            cases.push(case("AveragePool").with("count_include_pad", 1));
        }
    }
    // Also where the extents of one axis alone differ, and of a mode that knows no pads.
    let odd = Case::of("AveragePool", &[1, 2, 7, 8])
        .apart()
        .ints("kernel_shape", &[4, 1])
        .ints("strides", &[2, 3])
        .ints("pads", &[1, 0, 3, 0])
        .with("ceil_mode", 1);
    cases.push(odd.clone());
    cases.push(odd.with("count_include_pad", 1));
    for operator in ["MaxPool", "AveragePool"] {
        cases.push(
            Case::of(operator, &[1, 2, 6, 7])
                .apart()
                .ints("kernel_shape", &[3, 2])
                .ints("strides", &[2, 3])
                .with("auto_pad", "VALID")
                .with("ceil_mode", 1),
        );
    }
    all(cases);
}

/// In a flat region every element ties; the first in row-major order takes all, as in PyTorch.
#[test]
fn ties_go_to_the_first() {
    // Windows of 2x2, stride 2: the first of each.
    let tiles = Case::of("MaxPool", &[1, 1, 4, 4])
        .ints("kernel_shape", &[2, 2])
        .ints("strides", &[2, 2]);
    let mut expected = [0.0; 16];
    for (at, ct) in [(0, 1.0), (2, 2.0), (8, 3.0), (10, 4.0)] {
        expected[at] = ct;
    }
    for gradient in tiles.gradients(&[1.0; 16], &[1.0, 2.0, 3.0, 4.0]) {
        assert_eq!(gradient, expected);
    }
    // Overlapping windows of 3, stride 2, over 5 zeros: starts 0 and 2, and the padded zero never wins.
    let overlapping = Case::of("MaxPool", &[1, 1, 1, 5])
        .ints("kernel_shape", &[1, 3])
        .ints("strides", &[1, 2])
        .ints("pads", &[0, 1, 0, 1]);
    for gradient in overlapping.gradients(&[0.0; 5], &[1.0, 2.0, 4.0]) {
        assert_eq!(gradient, [1.0, 2.0, 0.0, 4.0, 0.0]);
    }
    let global = Case::of("GlobalMaxPool", &[1, 2, 2, 2]);
    for gradient in global.gradients(&[3.0, 5.0, 5.0, 1.0, 2.0, 2.0, 2.0, 2.0], &[1.0, 2.0]) {
        assert_eq!(gradient, [0.0, 1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0]);
    }
}

/// What a runtime takes for the pads then, its own parts do not agree on.
#[test]
fn automatic_pads_with_dilations() {
    for (operator, opset) in [("MaxPool", 17), ("AveragePool", 19)] {
        let case = Case::of(operator, &[1, 2, 9, 9])
            .opset(opset)
            .with("kernel_shape", vec![3, 3])
            .with("dilations", vec![2, 1])
            .with("auto_pad", "SAME_UPPER");
        let said = case.refusal();
        assert!(
            said.contains(operator) && said.contains("export it with stated pads"),
            "{said}"
        );
    }
}
