// SPDX-License-Identifier: MPL-2.0
//! Attention and RotaryEmbedding, operators from opset 23 on.

use steerlens::onnx::{Array, ElementType, TensorProto};

use crate::case::{Case, signed_noise};
use crate::check::{all, runs};

/// Queries, keys and values of two heads: 3 queries and 5 keys of 4, values of 2.
const SHAPES: [[usize; 4]; 3] = [[1, 2, 3, 4], [1, 2, 5, 4], [1, 2, 5, 2]];

/// The input at `active` comes from the picture, the others are constant.
fn one_of(active: usize, shapes: [&[usize]; 3]) -> Case {
    let case = Case::of("Attention", shapes[active]).opset(23).smooth();
    let names = ["q", "k", "v"];
    let named = names
        .iter()
        .zip(shapes)
        .enumerate()
        .fold(case, |c, (k, (name, shape))| {
            if k == active {
                return c;
            }
            c.named(name, &signed_noise(shape, 31 + k as u64))
        });
    (0..3).fold(named, |c, k| c.tensor(if k == active { "x" } else { names[k] }))
}

fn by_heads(active: usize) -> Case {
    one_of(active, [&SHAPES[0], &SHAPES[1], &SHAPES[2]])
}

/// The same with the heads side by side.
fn side_by_side(active: usize) -> Case {
    one_of(active, [&[2, 3, 8], &[2, 5, 8], &[2, 5, 4]])
        .with("q_num_heads", 2)
        .with("kv_num_heads", 2)
}

#[test]
fn each_input() {
    all((0..3).flat_map(|k| [by_heads(k), side_by_side(k), by_heads(k).with("scale", 0.8f32)]));
}

#[test]
fn all_inputs_at_once() {
    let itself = |shape: &[usize]| Case::of("Attention", shape).opset(23).smooth().x().x().x();
    all([
        itself(&[1, 2, 3, 4]),
        itself(&[2, 1, 4, 3]),
        itself(&[1, 4, 6]).with("q_num_heads", 3).with("kv_num_heads", 3),
        itself(&[1, 2, 3, 4]).opset(24),
    ]);
}

#[test]
fn masks() {
    let kept = TensorProto {
        name: Some("kept".into()),
        dims: vec![3, 5],
        data_type: Some(ElementType::Bool.number()),
        int32_data: vec![1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0],
        ..Default::default()
    };
    let bias = signed_noise(&[1, 2, 3, 5], 8);
    let added = Case::of("Attention", &[2, 3, 5])
        .opset(23)
        .smooth()
        .named("q", &signed_noise(&SHAPES[0], 3))
        .named("k", &signed_noise(&SHAPES[1], 4))
        .named("v", &signed_noise(&SHAPES[2], 5));
    let added = ["q", "k", "v", "x"].iter().fold(added, |c, name| c.tensor(name));
    all([
        by_heads(0).constant(&bias),
        by_heads(1).constant(&signed_noise(&[3, 5], 9)),
        by_heads(0).proto(kept.clone()).tensor("kept"),
        by_heads(2).proto(kept).tensor("kept"),
        // A bias that comes from the picture.
        added,
    ]);
}

/// A query that a mask leaves no key gets zeros, and nothing passes.
#[test]
fn queries_without_a_key() {
    let closed = |first: f32| {
        let mut mask = vec![0.0; 15];
        mask[..5].fill(first);
        mask[6] = first;
        Array::real([3, 5], mask)
    };
    let truths = TensorProto {
        name: Some("kept".into()),
        dims: vec![3, 5],
        data_type: Some(ElementType::Bool.number()),
        int32_data: vec![0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0],
        ..Default::default()
    };
    // At opset 25 the runtime writes the operator out as others.
    for opset in [23, 24, 25].into_iter().filter(|opset| runs(*opset)) {
        let with = |k: usize| by_heads(k).opset(opset);
        all((0..3).flat_map(|k| {
            [
                with(k).constant(&closed(f32::NEG_INFINITY)),
                with(k).proto(truths.clone()).tensor("kept"),
            ]
        }));
        // Of finite numbers the mean of all values is left, or zeros; rounding hides the scores from the difference.
        all([f32::MIN, -1e38].map(|least| with(2).constant(&closed(least))));
        // A mask that only the run tells.
        let of_run = |tensor: TensorProto, k: usize| {
            with(k)
                .named("nine", &Array::real([], [9.0]))
                .proto(tensor)
                .before("Less", &["x", "nine"], "below")
                .before("Cast", &["below"], "ones")
                .having("to", 7)
                .before("ReduceMin", &["ones"], "one")
                .having("keepdims", 0)
        };
        all((0..3).flat_map(|k| {
            let number = closed(f32::NEG_INFINITY).encode("bias");
            [
                of_run(truths.clone(), k)
                    .before("Cast", &["one"], "true")
                    .having("to", 9)
                    .before("And", &["kept", "true"], "mask")
                    .tensor("mask"),
                of_run(number, k)
                    .before("Cast", &["one"], "real")
                    .having("to", 1)
                    .before("Mul", &["bias", "real"], "mask")
                    .tensor("mask"),
            ]
        }));
    }
}

#[test]
fn rotations() {
    let rotary = |shape: &[usize], angles: [usize; 3]| {
        Case::of("RotaryEmbedding", shape)
            .opset(23)
            .constant(&signed_noise(&angles, 6))
            .constant(&signed_noise(&angles, 7))
    };
    all([
        rotary(&[1, 2, 3, 8], [1, 3, 4]),
        rotary(&[1, 2, 3, 8], [1, 3, 4]).with("interleaved", 1),
        // Half of each head stays.
        rotary(&[1, 2, 3, 8], [1, 3, 2]).with("rotary_embedding_dim", 4),
        rotary(&[2, 3, 8], [2, 3, 2]).with("num_heads", 2),
        // Angles by position, one of them twice.
        Case::of("RotaryEmbedding", &[1, 2, 3, 8])
            .opset(23)
            .constant(&signed_noise(&[5, 4], 6))
            .constant(&signed_noise(&[5, 4], 7))
            .constant(&Array {
                shape: vec![1, 3],
                ..Array::whole([4, 0, 4])
            }),
    ]);
}

#[test]
fn forms_that_are_not_supported() {
    let said = by_heads(0).with("is_causal", 1).refusal();
    assert!(
        said.contains("Attention") && said.contains("opset below 23"),
        "{said}"
    );
    let said = by_heads(0).with("softcap", 2.0f32).refusal();
    assert!(said.contains("opset below 23"), "{said}");
    let shared = one_of(0, [&[1, 2, 3, 4], &[1, 1, 5, 4], &[1, 1, 5, 2]]);
    assert!(shared.refusal().contains("share heads of keys"));
}
