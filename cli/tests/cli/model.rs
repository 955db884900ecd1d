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
        "Supported",
    ] {
        assert!(answer.stdout.contains(expected), "{expected}:\n{}", answer.stdout);
    }
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
    // Half quantised: two operators without a gradient, many nodes of each, told once each.
    let model = repository("tests/data/variety/qdq_int8.onnx");
    let text = steerlens([Path::new("inspect"), &model])
        .with_runtime()
        .code(1)
        .stdout;
    let (_, reasons) = text.split_once("\nRefused").expect("it is refused");
    for operator in ["QuantizeLinear", "DequantizeLinear"] {
        assert_eq!(
            reasons
                .matches(&format!("unsupported operator {operator} "))
                .count(),
            1,
            "{text}"
        );
    }
    let report = steerlens([Path::new("inspect"), &model, Path::new("--json")])
        .code(1)
        .json();
    assert_eq!(report["supported"], false);
    assert!(
        report["unsupported"]
            .as_array()
            .is_some_and(|nodes| nodes.len() > 2),
        "{report:#}"
    );
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
