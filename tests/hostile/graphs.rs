// SPDX-License-Identifier: MPL-2.0
//! Graphs that do not hang together, and formats that are not known.

use steerlens::onnx::{self, Array, ModelProto, NodeProto, StringStringEntryProto, TensorProto};
use steerlens::runtime::{Session, SessionOptions};
use steerlens::{Classifier, ClassifierSettings, Profile, encode_gradient, inspect};

use crate::{linear, model, node, refusal, runtime, taken, weights};

const PICTURE: &[usize] = &[1, 3, 8, 8];

#[test]
fn nodes_may_stand_in_any_order() {
    let sorted = linear(PICTURE);
    let mut unsorted = sorted.clone();
    unsorted.graph.as_mut().unwrap().node.reverse();
    let (sorted, unsorted) = (taken(sorted).unwrap(), taken(unsorted).unwrap());
    assert_eq!(sorted.model, unsorted.model);
}

#[test]
fn circles_doubles_and_gaps_are_told_by_node() {
    let scores = |nodes: Vec<NodeProto>| {
        let mut all = vec![node("Flatten", &["x"], "f"), node("MatMul", &["f", "w"], "s")];
        all.extend(nodes);
        refusal(model(PICTURE, all, vec![weights("w", 192, 4)]))
    };
    let circle = vec![
        node("Add", &["s", "b"], "a"),
        node("Relu", &["a"], "b"),
        node("Neg", &["b"], "y"),
    ];
    assert!(scores(circle).contains("needs its own output"));
    let twice = vec![node("Relu", &["s"], "y"), node("Neg", &["s"], "y")];
    assert!(scores(twice).contains("\"y\" is given twice"));
    assert!(scores(vec![node("Add", &["s", "gone"], "y")]).contains("\"gone\""));
    assert!(scores(vec![node("Relu", &["s"], "z")]).contains("its output \"y\" is given by no node"));
}

#[test]
fn of_weights_with_one_name_only_the_same_are_taken() {
    let doubled = |weight: TensorProto| {
        let mut model = linear(PICTURE);
        model.graph.as_mut().unwrap().initializer.insert(0, weight);
        model
    };
    let same = doubled(weights("w", 192, 4));
    assert_eq!(taken(same).unwrap().model, taken(linear(PICTURE)).unwrap().model);
    let other = doubled(Array::real([192, 4], vec![9.0; 768]).encode("w"));
    assert!(refusal(other).contains("two different weights have the name \"w\""));
}

#[test]
fn opsets_and_formats_that_are_not_known_are_told_in_our_words() {
    let of = |opset: Option<i64>, format: i64| {
        let mut model: ModelProto = linear(PICTURE);
        model.ir_version = Some(format);
        match opset {
            Some(opset) => model.opset_import[0].version = Some(opset),
            None => model.opset_import.clear(),
        }
        model
    };
    assert!(
        refusal(of(Some(6), 3)).contains("opset 6 is older than 7: convert it with onnx.version_converter")
    );
    assert!(refusal(of(Some(i64::MAX), 8)).contains("is newer than"));
    assert!(refusal(of(None, 8)).contains("does not say which opset"));
    assert!(refusal(of(Some(17), 1 << 62)).contains("of the ONNX format"));
    assert!(taken(of(Some(7), 3)).is_ok());
}

/// Attributes whose values the operator does not have: what the runtime makes of them in a forward run is one thing,
/// whether it loads the reverse half another.
#[test]
fn what_is_called_supported_can_be_loaded() {
    let kernel = Array::real(
        [16, 3, 3, 3],
        (0..432).map(|k| (k as f32).sin()).collect::<Vec<_>>(),
    );
    let pooled = |ceil: i64| {
        let pool = node("MaxPool", &["r"], "p")
            .with("kernel_shape", vec![3, 3])
            .with("strides", vec![2, 2])
            .with("pads", vec![1, 1, 1, 1])
            .with("ceil_mode", ceil);
        let nodes = vec![
            node("Conv", &["x", "k"], "c").with("pads", vec![1, 1, 1, 1]),
            node("Relu", &["c"], "r"),
            pool,
            node("GlobalAveragePool", &["p"], "g"),
            node("Flatten", &["g"], "f"),
            node("MatMul", &["f", "w"], "y"),
        ];
        model(PICTURE, nodes, vec![kernel.encode("k"), weights("w", 16, 4)])
    };
    let normalised = |stash: i64| {
        let nodes = vec![
            node("Flatten", &["x"], "f"),
            node("LayerNormalization", &["f", "s", "b"], "l").with("stash_type", stash),
            node("MatMul", &["l", "w"], "y"),
        ];
        let vector = |name: &str| Array::real([192], vec![0.5; 192]).encode(name);
        model(
            PICTURE,
            nodes,
            vec![vector("s"), vector("b"), weights("w", 192, 4)],
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let settings = ClassifierSettings {
        model_file: folder.path().join("model.onnx"),
        ..Default::default()
    };
    for (k, model) in [
        pooled(0),
        pooled(1),
        pooled(3),
        normalised(1),
        normalised(i64::MAX / 2),
    ]
    .into_iter()
    .enumerate()
    {
        std::fs::write(&settings.model_file, onnx::encode(&model)).unwrap();
        let supported = inspect(&settings).is_ok_and(|found| found.unsupported.is_empty());
        let opened = Classifier::open(&settings);
        assert_eq!(supported, opened.is_ok(), "model {k}: {:?}", opened.err());
        for profile in [Profile::Plain, Profile::Cpu] {
            let Ok((written, _)) = encode_gradient(&settings, profile) else {
                assert!(!supported, "model {k}");
                continue;
            };
            let session = Session::new(runtime(), &written, &SessionOptions::default());
            assert!(session.is_ok(), "model {k}: {:?}", session.err());
        }
    }
}

/// As for the second half of a network that was cut in two.
#[test]
fn a_gradient_is_written_for_any_number_of_channels() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("half.onnx");
    let mut half = linear(&[1, 5, 4, 4]);
    half.metadata_props.push(StringStringEntryProto {
        key: Some("input.crop".into()),
        value: Some("7".into()),
    });
    std::fs::write(&file, onnx::encode(&half)).unwrap();
    let settings = ClassifierSettings {
        model_file: file,
        ..Default::default()
    };
    let (_, written) = encode_gradient(&settings, Profile::Plain).unwrap();
    assert_eq!(written.input_shape, [1, 5, 4, 4]);
    assert!(
        written.warnings[0].contains("input.crop"),
        "{:?}",
        written.warnings
    );
    assert!(
        Classifier::open(&settings)
            .unwrap_err()
            .to_string()
            .contains("channels")
    );
}
