// SPDX-License-Identifier: MPL-2.0
//! Sizes that no picture and no classifier has: refused before anything is made of them.

use steerlens::gradient::{Options, differentiate};
use steerlens::onnx::{self, Array, ModelProto, ValueInfoProto};

use crate::{linear, model, node, refusal, runtime, weights};

/// Any picture, averaged to its three channels.
fn pooled(picture: &[usize]) -> ModelProto {
    let nodes = vec![
        node("GlobalAveragePool", &["x"], "g"),
        node("Flatten", &["g"], "f"),
        node("MatMul", &["f", "w"], "y"),
    ];
    model(picture, nodes, vec![weights("w", 3, 4)])
}

#[test]
fn a_picture_that_no_memory_holds_is_refused() {
    let (two31, two32) = (1usize << 31, 1usize << 32);
    for picture in [
        [1, 3, 20_000, 20_000],
        [1, 3, 60_000, 60_000],
        [1, 3, 100_000, 100_000],
        [1, 3, two31, two31],
        // These products wrap to 0.
        [1, 1, two32, two32],
        [1, 4, two31, two31],
        [1, usize::MAX >> 1, 4, 4],
    ] {
        let error = refusal(pooled(&picture));
        assert!(error.contains("more than any picture"), "{picture:?}: {error}");
    }
    assert!(crate::taken(pooled(&[1, 3, 64, 64])).is_ok());
}

#[test]
fn an_open_picture_is_not_opened_to_any_size() {
    let mut open = pooled(&[1, 3, 8, 8]);
    let graph = open.graph.as_mut().unwrap();
    graph.input = vec![ValueInfoProto::tensor("x", 1, &[1, 3, 0, 0])];
    for size in [
        (100_000, 100_000),
        (1_000_000_000, 1_000_000_000),
        (usize::MAX, 2),
    ] {
        let options = Options {
            input_size: Some(size),
            ..Options::default()
        };
        let error = differentiate(open.clone(), runtime(), &options)
            .unwrap_err()
            .to_string();
        assert!(error.contains("more than any picture"), "{size:?}: {error}");
    }
}

#[test]
fn classes_are_counted_within_reason() {
    let none = {
        let mut none = linear(&[1, 3, 8, 8]);
        none.graph.as_mut().unwrap().initializer = vec![Array::real([192, 0], []).encode("w")];
        none
    };
    let error = refusal(none);
    assert!(error.contains("class scores"), "{error}");
    // Two hundred million classes from a few bytes: each score is repeated.
    let repeated = |times: i64| {
        let nodes = vec![
            node("GlobalAveragePool", &["x"], "g"),
            node("Flatten", &["g"], "f"),
            node("Tile", &["f", "times"], "y"),
        ];
        model(
            &[1, 3, 8, 8],
            nodes,
            vec![Array::whole([1, times]).encode("times")],
        )
    };
    let error = refusal(repeated(60_000_000));
    assert!(error.contains("holds no class scores"), "{error}");
    assert!(crate::taken(repeated(1000)).is_ok());
}

#[test]
fn a_tensor_between_may_not_be_of_any_size() {
    let enlarged = |times: i64| {
        let nodes = vec![
            node("Tile", &["x", "times"], "t"),
            node("GlobalAveragePool", &["t"], "g"),
            node("Flatten", &["g"], "f"),
            node("MatMul", &["f", "w"], "y"),
        ];
        let times = Array::whole([1, 1, times, times]).encode("times");
        model(&[1, 3, 8, 8], nodes, vec![times, weights("w", 3, 4)])
    };
    let error = refusal(enlarged(5_000));
    assert!(error.contains("too large to be run"), "{error}");
    assert!(crate::taken(enlarged(3)).is_ok());
}

#[test]
fn a_weight_is_as_large_as_it_says() {
    let of = |dims: &[i64]| {
        let mut model = linear(&[1, 3, 8, 8]);
        model.graph.as_mut().unwrap().initializer[0].dims = dims.to_vec();
        model
    };
    for dims in [
        &[192, 5][..],
        &[-192, 4],
        &[1 << 62, 1 << 62],
        &[1 << 32, 1 << 32],
        &[i64::MAX, 0, i64::MAX],
        &[],
    ] {
        let error = onnx::decode(&onnx::encode(&of(dims))).unwrap_err().to_string();
        assert!(error.contains("tensor \"w\""), "{dims:?}: {error}");
        assert!(refusal(of(dims)).contains("tensor \"w\""), "{dims:?}");
    }
}

/// The kernel of an average is made of ones; it is stated, not given.
#[test]
fn a_window_larger_than_any_picture_is_refused() {
    let wide = 1 << 20;
    let pool = node("AveragePool", &["x"], "p")
        .with("kernel_shape", vec![wide, wide])
        .with("pads", vec![wide / 2; 4]);
    let nodes = vec![
        pool,
        node("GlobalAveragePool", &["p"], "g"),
        node("Flatten", &["g"], "f"),
        node("MatMul", &["f", "w"], "y"),
    ];
    let error = refusal(model(&[1, 3, 8, 8], nodes, vec![weights("w", 3, 4)]));
    assert!(error.len() > 20 && !error.contains("internal"), "{error}");
}
