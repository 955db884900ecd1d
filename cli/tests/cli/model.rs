// SPDX-License-Identifier: MPL-2.0
//! `steerlens inspect` and `steerlens gradient`: what is said of models, and what is written.

use std::path::Path;

use crate::common::{repository, steerlens};
use tempfile::TempDir;

#[test]
fn a_supported_model_is_told_in_one_screen() {
    let model = repository("models/faces_robust.onnx");
    let answer = steerlens([Path::new("inspect"), &model]).with_runtime().code(0);
    assert!(
        answer.stdout.lines().all(|line| line.chars().count() <= 100),
        "{}",
        answer.stdout
    );
    for expected in [
        "input",
        "[N, 1, 64, 64]",
        "logits, 4 classes",
        "neutral, smile, frown, surprise",
        "Conv",
        "times the forward run",
        "of weights",
        "Supported",
    ] {
        assert!(answer.stdout.contains(expected), "{expected}:\n{}", answer.stdout);
    }
}

#[cfg(unix)]
#[test]
fn file_names_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;
    let folder = TempDir::new().unwrap();
    let [model, out] = [b"caf\xe9.onnx".as_slice(), b"out\xff.onnx"]
        .map(|name| folder.path().join(std::ffi::OsStr::from_bytes(name)));
    std::fs::copy(repository("models/digits_robust.onnx"), &model).unwrap();
    let inspected = steerlens([Path::new("inspect"), &model, Path::new("--json")]);
    let file = inspected.with_runtime().code(0).json()["file"].clone();
    assert!(file.as_str().unwrap().ends_with("caf\u{fffd}.onnx"), "{file}");
    let line = [
        Path::new("gradient"),
        &model,
        Path::new("-o"),
        &out,
        Path::new("--json"),
    ];
    steerlens(line).with_runtime().code(0).json();
    assert!(out.exists());
}

#[test]
fn the_written_model_is_a_model_with_a_cotangent_and_a_gradient() {
    let folder = TempDir::new().unwrap();
    let (model, out) = (
        repository("models/digits_robust.onnx"),
        folder.path().join("gradient.onnx"),
    );
    let line = [Path::new("gradient"), &model, Path::new("-o"), &out];
    let answer = steerlens(line).with_runtime().code(0);
    assert!(
        answer.stdout.contains("cotangent") && answer.stdout.contains("input_gradient"),
        "{}",
        answer.stdout
    );
    let written = steerlens::onnx::read(&out).unwrap();
    let graph = written.graph.as_ref().unwrap();
    let names = |infos: &[steerlens::onnx::ValueInfoProto]| -> Vec<String> {
        infos.iter().filter_map(|info| info.name.clone()).collect()
    };
    assert_eq!(names(&graph.input), ["input", "cotangent"]);
    assert_eq!(names(&graph.output), ["logits", "input_gradient"]);
}

#[test]
fn a_name_that_is_taken_is_refused_by_naming_it() {
    let folder = TempDir::new().unwrap();
    let model = repository("models/digits_robust.onnx");
    let [once, twice] = ["once.onnx", "twice.onnx"].map(|name| folder.path().join(name));
    steerlens([Path::new("gradient"), &model, Path::new("-o"), &once])
        .with_runtime()
        .code(0);
    let answer = steerlens([Path::new("gradient"), &once, Path::new("-o"), &twice]).code(2);
    assert!(
        answer.stderr.starts_with("steerlens: error: "),
        "{}",
        answer.stderr
    );
    assert!(!twice.exists());
}

#[test]
fn a_refusal_names_what_is_not_supported_and_what_to_do() {
    // The faces network with a Hardmax, which has no gradient, in place of each Sigmoid.
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("hard.onnx");
    let mut model = steerlens::onnx::read(&repository("models/faces_robust.onnx")).unwrap();
    let nodes = &mut model.graph.as_mut().unwrap().node;
    let changed = nodes
        .iter_mut()
        .filter(|node| node.op_type.as_deref() == Some("Sigmoid"));
    let count = changed
        .map(|node| node.op_type = Some("Hardmax".to_owned()))
        .count();
    std::fs::write(&path, steerlens::onnx::encode(&model)).unwrap();

    let text = steerlens([Path::new("inspect"), &path])
        .with_runtime()
        .code(1)
        .stdout;
    assert!(
        text.contains(&format!("Hardmax \u{d7}{count} (unsupported)")),
        "{text}"
    );
    let (_, reasons) = text.split_once("\nRefused").expect("it is refused");
    assert_eq!(
        reasons.matches("unsupported operator Hardmax ").count(),
        1,
        "told once: {text}"
    );
    let report = steerlens([Path::new("inspect"), &path, Path::new("--json")])
        .code(1)
        .json();
    assert_eq!(report["supported"], false);
    assert_eq!(
        report["unsupported"].as_array().map(Vec::len),
        Some(count),
        "{report:#}"
    );

    let (out, faces) = (folder.path().join("out"), repository("media/faces"));
    for line in [
        vec![Path::new("gradient"), &path, Path::new("-o"), &out],
        vec![
            Path::new("audit"),
            &faces,
            Path::new("-m"),
            &path,
            Path::new("-o"),
            &out,
        ],
    ] {
        let answer = steerlens(line).code(2);
        answer.says("unsupported operator Hardmax");
        assert!(!out.exists());
    }
}

#[test]
fn a_model_of_open_size_is_refused_until_the_size_is_given() {
    let model = repository("tests/data/variety/dynamic_shape.onnx");
    let answer = steerlens([Path::new("inspect"), &model]).with_runtime().code(1);
    assert!(answer.stdout.contains("input-size HxW"), "{}", answer.stdout);
    let answer = steerlens([
        Path::new("inspect"),
        &model,
        Path::new("--input-size"),
        Path::new("28x28"),
    ])
    .code(0);
    assert!(answer.stdout.contains("Supported"), "{}", answer.stdout);
}
