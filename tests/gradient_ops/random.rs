// SPDX-License-Identifier: MPL-2.0
//! Convolutions and pools with attributes drawn at random (one fixed seed), each checked as the chosen ones are.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::case::Case;

/// A runner that draws the same cases every time, and shrinks the one that fails.
fn runner(cases: u32) -> TestRunner {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(
        config,
        TestRng::from_seed(RngAlgorithm::ChaCha, b"steerlens: class morphs by phase"),
    )
}

fn checked(case: &Case) -> Result<(), TestCaseError> {
    case.check().map_err(TestCaseError::fail)
}

/// Extents, kernel, strides, dilations and pads of a window that fits.
fn window(most_pad: i64) -> impl Strategy<Value = (Vec<usize>, Vec<usize>, [Vec<i64>; 3])> {
    let two = |low: i64, high: i64| vec(low..=high, 2);
    (
        vec(3usize..9, 2),
        vec(1usize..=4, 2),
        two(1, 3),
        two(1, 2),
        vec(0..=most_pad, 4),
    )
        .prop_filter("the window must fit", |(extent, kernel, _, dilations, pads)| {
            (0..2).all(|i| {
                let reach = dilations[i] * (kernel[i] as i64 - 1) + 1;
                reach <= extent[i] as i64 + pads[i] + pads[i + 2]
            })
        })
        .prop_map(|(extent, kernel, strides, dilations, pads)| (extent, kernel, [strides, dilations, pads]))
}

#[test]
fn convolutions() {
    let groups = prop_oneof![Just((4, 3, 1)), Just((4, 1, 4)), Just((2, 2, 2)), Just((6, 1, 3))];
    runner(20)
        .run(
            &(window(4), groups),
            |((extent, kernel, [strides, dilations, pads]), (out, per_group, group))| {
                let channels = per_group * group as usize;
                let case = Case::of("Conv", &[1, channels, extent[0], extent[1]])
                    .noise(&[out, per_group, kernel[0], kernel[1]])
                    .with("group", group)
                    .ints("strides", &strides)
                    .ints("dilations", &dilations)
                    .ints("pads", &pads);
                checked(&case)
            },
        )
        .unwrap();
}

#[test]
fn pools() {
    let kind = prop_oneof![
        Just(("MaxPool", 0)),
        Just(("AveragePool", 0)),
        Just(("AveragePool", 1))
    ];
    runner(20)
        .run(
            &(window(3), kind, 0i64..=1),
            |((extent, kernel, [strides, dilations, mut pads]), (operator, counted), ceil)| {
                // A pool's pads must be smaller than its kernel.
                for (k, pad) in pads.iter_mut().enumerate() {
                    *pad = (*pad).min(kernel[k % 2] as i64 - 1);
                }
                let kernel: Vec<i64> = kernel.iter().map(|k| *k as i64).collect();
                let fits =
                    (0..2).all(|i| dilations[i] * (kernel[i] - 1) < extent[i] as i64 + pads[i] + pads[i + 2]);
                prop_assume!(fits);
                let mut case = Case::of(operator, &[1, 2, extent[0], extent[1]])
                    .opset(19)
                    .apart()
                    .ints("kernel_shape", &kernel)
                    .ints("strides", &strides)
                    .ints("dilations", &dilations)
                    .ints("pads", &pads)
                    .with("ceil_mode", ceil);
                if operator == "AveragePool" {
                    case = case.with("count_include_pad", counted);
                }
                checked(&case)
            },
        )
        .unwrap();
}
