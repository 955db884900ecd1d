// SPDX-License-Identifier: MPL-2.0
//! What `steerlens audit` says of its models: driver and judges alike, on standard error, in the summary and on the page.

use std::fs;
use std::path::Path;

use steerlens::onnx;
use tempfile::TempDir;

use crate::audit::{audit, summary};
use crate::common::repository;

const QUICK: &[&str] = &["--methods", "pixel", "--no-strips", "--no-flip"];

/// A judge that says nothing of itself but what cannot be understood, so that its ranges are a guess, with these labels.
fn bare_judge(folder: &Path, labels: &str) -> String {
    let judge = folder.join("judge.onnx");
    let mut model = onnx::read(&repository("models/digits_judge.onnx")).unwrap();
    model.metadata_props.truncate(1);
    for entry in &mut model.metadata_props {
        (entry.key, entry.value) = (Some("input.layout".into()), Some("CHWN".into()));
    }
    fs::write(&judge, onnx::encode(&model)).unwrap();
    fs::write(folder.join("judge.labels.txt"), labels).unwrap();
    judge.to_str().unwrap().to_owned()
}

#[test]
fn what_driver_and_judges_were_taken_to_be_is_said_everywhere() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let labels = fs::read_to_string(repository("models/digits_judge.labels.txt")).unwrap();
    let judge = bare_judge(folder.path(), &labels);
    let digit = repository("media/digits/3-1.png");
    let flags = [QUICK, &["--judge", &judge]].concat();
    let answer = audit(&[&digit], "models/digits_robust.onnx", &out, &flags).code(0);
    let run = summary(&out)["run"].clone();
    let page = fs::read_to_string(out.join("report.html")).unwrap();

    let warnings: Vec<&str> = run["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|said| said.as_str().unwrap())
        .collect();
    let of_judge: Vec<_> = warnings.iter().filter(|said| said.contains(&judge)).collect();
    assert!(!of_judge.is_empty(), "{warnings:?}");
    for warning in &warnings {
        answer.says(warning);
    }
    assert!(page.contains("To be known before"));

    for model in [&run["model"], &run["judges"][0]] {
        let facts = model["facts"].as_array().unwrap();
        let names: Vec<_> = facts.iter().map(|fact| fact["name"].as_str().unwrap()).collect();
        for name in ["scores", "labels", "size", "range"] {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
    }
    let guessed = |model: &serde_json::Value| {
        let facts = model["facts"].as_array().unwrap();
        facts
            .iter()
            .any(|fact| fact["name"] == "range" && fact["source"] == "guess")
    };
    assert!(guessed(&run["judges"][0]) && !guessed(&run["model"]), "{run}");
    assert!(page.contains("How the models are used") && page.contains("<strong>guess</strong>"));
}

#[test]
fn a_judge_whose_labels_are_not_as_many_as_its_classes_is_refused() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let judge = bare_judge(folder.path(), "zero\none\n2\n");
    let digit = repository("media/digits/3-1.png");
    let flags = [QUICK, &["--judge", &judge]].concat();
    let refused = audit(&[&digit], "models/digits_robust.onnx", &out, &flags).code(2);
    assert!(
        refused.stderr.contains("has 3 labels and the model 10 classes")
            && refused.stderr.contains("judge.onnx"),
        "{}",
        refused.stderr
    );
    assert!(!out.exists());
}
