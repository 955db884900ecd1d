// SPDX-License-Identifier: MPL-2.0
//! Normalisations.

use crate::case::{Case, positive_noise, signed_noise};
use crate::check::all;

fn batch(shape: &[usize]) -> Case {
    Case::of("BatchNormalization", shape)
        .noise(&[3])
        .noise(&[3])
        .noise(&[3])
        .positive_noise(&[3])
}

#[test]
fn over_the_batch() {
    all([
        batch(&[1, 3, 4, 5]),
        batch(&[2, 3, 4, 5]),
        batch(&[2, 3]),
        batch(&[2, 3, 4]),
        batch(&[1, 3, 4, 5]).with("epsilon", 0.3f32),
        batch(&[1, 3, 4, 5]).with("momentum", 0.5f32),
        batch(&[1, 3, 4, 5]).opset(9),
        batch(&[1, 3, 4, 5]).opset(7),
        batch(&[1, 3, 4, 5]).opset(8).with("spatial", 1),
        batch(&[1, 3, 4, 5]).opset(14),
        batch(&[1, 3, 4, 5]).opset(15).with("training_mode", 0),
        // Not folded into a Conv: before an activation, as in DenseNet.
        batch(&[1, 3, 4, 5])
            .apart()
            .after("Sigmoid", &["y"], "s")
            .smooth(),
    ]);
}

#[test]
fn over_each_picture() {
    let layer = |shape: &[usize], scale: &[usize], axis: i64| {
        Case::of("LayerNormalization", shape)
            .noise(scale)
            .noise(scale)
            .with("axis", axis)
            .smooth()
    };
    let instance = |shape: &[usize]| {
        Case::of("InstanceNormalization", shape)
            .noise(&[3])
            .noise(&[3])
            .smooth()
    };
    all([
        layer(&[2, 3, 8], &[8], -1),
        layer(&[2, 3, 8], &[3, 8], 1),
        layer(&[2, 3, 8], &[2, 3, 8], -3),
        layer(&[2, 3, 8], &[8], 2).with("epsilon", 0.3f32),
        layer(&[2, 3, 8], &[3, 8], 1).with("stash_type", 1),
        Case::of("LayerNormalization", &[3, 5]).noise(&[5]).smooth(),
        instance(&[1, 3, 4, 5]),
        instance(&[2, 3, 4, 5]),
        instance(&[2, 3, 7]),
        instance(&[1, 3, 4, 5]).with("epsilon", 0.3f32),
    ]);
}

/// One scale for all, which the runtime takes as well, and then a product that would take over one for each.
#[test]
fn with_one_scale_for_all() {
    let layer = |scale: &[usize]| {
        Case::of("LayerNormalization", &[2, 3, 8])
            .constant(&signed_noise(scale, 3))
            .constant(&signed_noise(&[8], 4))
            .named("w", &signed_noise(&[8, 5], 5))
            .after("MatMul", &["y", "w"], "z")
            .smooth()
    };
    all([
        layer(&[1]),
        layer(&[]),
        layer(&[8]),
        layer(&[1, 8]),
        layer(&[3, 1]),
    ]);
}

/// A row of zeros has no direction: the runtime leaves it as it is, and nothing passes.
#[test]
fn a_row_of_zeros() {
    for p in [1, 2] {
        let case = Case::of("LpNormalization", &[1, 1, 2, 2])
            .with("axis", 3)
            .with("p", p);
        for gradient in case.gradients(&[0.0, 0.0, 3.0, 4.0], &[1.0, 2.0, 3.0, -4.0]) {
            assert_eq!(gradient[..2], [0.0; 2], "{}", case.label());
            assert!(
                gradient[2..].iter().all(|g| g.is_finite() && *g != 0.0),
                "{gradient:?}"
            );
        }
    }
}

/// Opset 18 scales each group, opset 21 each channel.
#[test]
fn over_groups() {
    let group = |scales: usize, opset: i64| {
        Case::of("GroupNormalization", &[2, 4, 3, 3])
            .noise(&[scales])
            .noise(&[scales])
            .with("num_groups", 2)
            .opset(opset)
            .smooth()
    };
    all([
        group(2, 18),
        group(2, 20),
        group(4, 21),
        group(4, 21).with("epsilon", 0.3f32),
    ]);
}

#[test]
fn to_length_one() {
    let lp = |axis: i64, p: i64| {
        Case::of("LpNormalization", &[3, 4, 5])
            .with("axis", axis)
            .with("p", p)
            .smooth()
    };
    all([
        Case::of("LpNormalization", &[3, 5]).smooth(),
        lp(-1, 2),
        lp(0, 2),
        lp(1, 2),
        lp(1, 1).apart(),
        lp(-2, 1).apart(),
    ]);
}

#[test]
fn over_neighbouring_channels() {
    let lrn = |size: i64| {
        Case::of("LRN", &[1, 6, 3, 3])
            .with("size", size)
            .with("alpha", 0.9f32)
            .smooth()
    };
    all([
        lrn(1),
        lrn(3),
        lrn(5),
        lrn(9),
        lrn(5).with("beta", 1.5f32).with("bias", 2.0f32),
        Case::of("LRN", &[1, 6, 3, 3]).with("size", 5).smooth(),
    ]);
}

/// Behind a wide Conv the CPU profile writes the scale as a depthwise Conv.
#[test]
fn in_the_blocked_layout() {
    let behind = |case: Case| {
        case.named("w", &signed_noise(&[16, 4, 1, 1], 9))
            .before("Conv", &["x", "w"], "wide")
    };
    let parameters = |case: Case, count: usize| {
        (0..count).fold(case.tensor("wide"), |c, k| {
            c.constant(&positive_noise(&[16], 20 + k as u64))
        })
    };
    let shape = [1, 4, 4, 3];
    all([
        behind(parameters(Case::of("BatchNormalization", &shape), 4)),
        behind(parameters(Case::of("InstanceNormalization", &shape), 2)).smooth(),
    ]);
}

#[test]
fn by_the_root_mean_square() {
    let rms = |shape: &[usize], scale: &[usize]| {
        Case::of("RMSNormalization", shape)
            .opset(23)
            .noise(scale)
            .smooth()
    };
    all([
        rms(&[2, 3, 8], &[8]),
        rms(&[2, 3, 8], &[3, 8]).with("axis", 1),
        rms(&[2, 3, 8], &[8]).with("axis", 2).with("epsilon", 0.3f32),
    ]);
}
