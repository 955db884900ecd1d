// SPDX-License-Identifier: MPL-2.0
//! Weights in other files, wherever a model can name them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use steerlens::onnx::{
    self, Array, AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, StringStringEntryProto,
    TensorProto, ValueInfoProto,
};
use steerlens::runtime::{Error, Session, SessionOptions};

use crate::{import, linear, model, node, runtime};

const PICTURE: &[usize] = &[1, 1, 2, 4];

fn elsewhere(location: &str) -> TensorProto {
    let entry = |key: &str, value: &str| StringStringEntryProto {
        key: Some(key.into()),
        value: Some(value.into()),
    };
    TensorProto {
        dims: vec![8, 4],
        data_type: Some(1),
        name: Some("w".into()),
        external_data: vec![
            entry("location", location),
            entry("offset", "0"),
            entry("length", "128"),
        ],
        data_location: Some(1),
        ..Default::default()
    }
}

fn attribute(name: &str) -> AttributeProto {
    AttributeProto {
        name: Some(name.into()),
        ..Default::default()
    }
}

fn with_tensor(name: &str, tensor: TensorProto) -> AttributeProto {
    AttributeProto {
        t: Some(tensor),
        r#type: Some(4),
        ..attribute(name)
    }
}

fn with_graph(name: &str, graph: GraphProto) -> AttributeProto {
    AttributeProto {
        g: Some(graph),
        r#type: Some(5),
        ..attribute(name)
    }
}

fn constant(value: AttributeProto) -> NodeProto {
    NodeProto {
        attribute: vec![value],
        ..node("Constant", &[], "w")
    }
}

/// `If(yes) {w} else {w}`, the weight made by a node inside each branch.
fn decision(tensor: &TensorProto) -> NodeProto {
    let branch = || GraphProto {
        name: Some("branch".into()),
        node: vec![NodeProto {
            output: vec!["inner".into()],
            ..constant(with_tensor("value", tensor.clone()))
        }],
        output: vec![ValueInfoProto::untyped("inner")],
        ..Default::default()
    };
    NodeProto {
        attribute: vec![
            with_graph("then_branch", branch()),
            with_graph("else_branch", branch()),
        ],
        ..node("If", &["yes"], "w")
    }
}

fn yes() -> TensorProto {
    TensorProto {
        data_type: Some(9),
        name: Some("yes".into()),
        int32_data: vec![1],
        ..Default::default()
    }
}

/// `y = flatten(x) w`, with the weight standing in each place that the format has for it.
fn everywhere(location: &str) -> Vec<(&'static str, ModelProto)> {
    let tensor = elsewhere(location);
    let flat = || node("Flatten", &["x"], "f");
    let product = || node("MatMul", &["f", "w"], "y");
    let call = || NodeProto {
        domain: Some("own".into()),
        ..node("Weigh", &["f"], "y")
    };
    let function = |nodes: Vec<NodeProto>, defaults: Vec<AttributeProto>| {
        let mut whole = model(PICTURE, vec![flat(), call()], vec![]);
        whole.opset_import.push(import("own", 1));
        whole.functions = vec![FunctionProto {
            name: Some("Weigh".into()),
            domain: Some("own".into()),
            input: vec!["f".into()],
            output: vec!["y".into()],
            node: nodes,
            opset_import: vec![import("", 17)],
            attribute_proto: defaults,
            ..Default::default()
        }];
        whole
    };
    let value = || with_tensor("value", tensor.clone());
    let referring = AttributeProto {
        ref_attr_name: Some("weight".into()),
        r#type: Some(4),
        ..attribute("value")
    };
    let truth = NodeProto {
        attribute: vec![with_tensor("value", yes())],
        ..node("Constant", &[], "yes")
    };
    let mut given = function(vec![constant(referring.clone()), product()], vec![]);
    given.graph.as_mut().unwrap().node[1].attribute = vec![with_tensor("weight", tensor.clone())];
    vec![
        (
            "an initializer",
            model(PICTURE, vec![flat(), product()], vec![tensor.clone()]),
        ),
        (
            "a node",
            model(PICTURE, vec![flat(), constant(value()), product()], vec![]),
        ),
        (
            "a branch",
            model(PICTURE, vec![flat(), decision(&tensor), product()], vec![yes()]),
        ),
        ("a function", function(vec![constant(value()), product()], vec![])),
        (
            "a branch in a function",
            function(vec![truth, decision(&tensor), product()], vec![]),
        ),
        (
            "a function's default",
            function(
                vec![constant(referring), product()],
                vec![with_tensor("weight", tensor.clone())],
            ),
        ),
        ("a call", given),
    ]
}

fn values() -> Vec<f32> {
    (0..32).map(|k| k as f32 / 8.0).collect()
}

fn bytes() -> Vec<u8> {
    values().iter().flat_map(|v| v.to_le_bytes()).collect()
}

#[test]
fn a_weight_beside_the_model_is_taken_in_wherever_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("w.bin"), bytes()).unwrap();
    let file = folder.path().join("model.onnx");
    let mut inside = linear(PICTURE);
    inside.graph.as_mut().unwrap().initializer = vec![Array::real([8, 4], values()).encode("w")];
    let run = |model: &ModelProto| {
        let picture = steerlens::runtime::Tensor::f32(PICTURE, [0.5; 8]);
        let mut session = Session::new(runtime(), &onnx::encode(model), &SessionOptions::default()).unwrap();
        session.run(&[("x", &picture)]).unwrap().remove(0).1
    };
    for (place, model) in everywhere("w.bin") {
        fs::write(&file, onnx::encode(&model)).unwrap();
        let read = onnx::read(&file).unwrap_or_else(|e| panic!("{place}: {e}"));
        assert_eq!(run(&read), run(&inside), "{place}");
        // What was taken in is inside for good.
        assert!(onnx::decode(&onnx::encode(&read)).is_ok(), "{place}");
    }
}

#[test]
fn a_weight_anywhere_else_is_refused_wherever_it_stands() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("home");
    fs::create_dir(&folder).unwrap();
    let secret = root.path().join("secret.bin");
    fs::write(&secret, bytes()).unwrap();
    symlink("../secret.bin", folder.join("link.bin")).unwrap();
    let file = folder.join("model.onnx");
    for location in [
        secret.to_str().unwrap(),
        "../secret.bin",
        "link.bin",
        // In this process' own folder, not in the model's.
        "Cargo.toml",
        "*/_ORT_MEM_ADDR_/*",
        "",
    ] {
        for (place, model) in everywhere(location) {
            fs::write(&file, onnx::encode(&model)).unwrap();
            let error = onnx::read(&file).unwrap_err().to_string();
            assert!(error.contains("is not taken"), "{location:?} in {place}: {error}");
        }
    }
}

#[test]
fn bytes_without_a_folder_may_name_no_file_and_never_reach_onnx_runtime() {
    for (place, model) in everywhere("w.bin") {
        let bytes = onnx::encode(&model);
        let error = onnx::decode(&bytes).unwrap_err().to_string();
        assert!(error.contains("in another file"), "{place}: {error}");
        let error = Session::new(runtime(), &bytes, &SessionOptions::default()).unwrap_err();
        assert!(matches!(error, Error::NotWhole { .. }), "{place}: {error}");
        let error = crate::taken(model).unwrap_err();
        assert!(error.to_string().contains("another file"), "{place}: {error}");
    }
}

#[test]
fn a_data_file_that_is_gone_is_answered_with_its_name_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("renamed.onnx");
    fs::write(&file, onnx::encode(&everywhere("model.onnx_data").remove(0).1)).unwrap();
    let error = onnx::read(&file).unwrap_err().to_string();
    for said in [
        "model.onnx_data",
        "no such file",
        "when the model was saved",
        "onnx.save",
    ] {
        assert!(error.contains(said), "{error}");
    }
}

/// `snapshots/REVISION/` holds links into `blobs/`, as huggingface_hub makes them.
#[test]
fn a_hugging_face_cache_is_read_as_it_lies() {
    let root = tempfile::tempdir().unwrap();
    let (blobs, snapshot) = (root.path().join("blobs"), root.path().join("snapshots/1a2b/onnx"));
    fs::create_dir_all(&blobs).unwrap();
    fs::create_dir_all(&snapshot).unwrap();
    fs::write(
        blobs.join("aa"),
        onnx::encode(&everywhere("model.onnx_data").remove(0).1),
    )
    .unwrap();
    fs::write(blobs.join("bb"), bytes()).unwrap();
    for (name, blob) in [("model.onnx", "aa"), ("model.onnx_data", "bb")] {
        symlink(Path::new("../../../blobs").join(blob), snapshot.join(name)).unwrap();
    }
    let read = onnx::read(&snapshot.join("model.onnx")).unwrap();
    let weight = &read.graph.unwrap().initializer[0];
    assert_eq!(Array::decode(weight).unwrap().as_real(), Some(&*values()));
}
