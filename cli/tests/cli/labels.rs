// SPDX-License-Identifier: MPL-2.0
//! Labels and warnings at every command: what does not fit is said, and a way on is named that works.

use std::path::{Path, PathBuf};

use crate::common::{self, Answer, repository, steerlens};
use tempfile::TempDir;

fn faces() -> PathBuf {
    repository("models/faces_robust.onnx")
}

/// `steerlens morph` of a face towards `target`, with more flags.
fn morph(out: &Path, target: &str, flags: &[&str]) -> Answer {
    let picture = repository("media/faces/neutral-2.png");
    let flags = [flags, &["--target", target]].concat();
    common::morph(&picture, &faces(), out, &flags).with_runtime()
}

#[test]
fn all_labels_are_printed_one_a_line() {
    let answer = steerlens([Path::new("inspect"), &faces(), Path::new("--labels")])
        .with_runtime()
        .code(0);
    assert_eq!(answer.stdout, "0\tneutral\n1\tsmile\n2\tfrown\n3\tsurprise\n");
}

#[test]
fn a_model_whose_labels_cannot_be_told_is_refused_with_the_reason() {
    let model = repository("tests/data/variety/dynamic_shape.onnx");
    let answer = steerlens([Path::new("inspect"), &model, Path::new("--labels")])
        .with_runtime()
        .code(1);
    assert_eq!(answer.stdout, "");
    assert!(
        answer.stderr.starts_with("steerlens: refused: ") && answer.stderr.contains("input-size HxW"),
        "{}",
        answer.stderr
    );
}

#[test]
fn a_typing_error_is_answered_with_the_nearest_label_and_a_command_that_lists_all() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out.png");
    let answer = morph(&out, "smlie", &[]).code(2);
    answer.says("did you mean \"smile\" (1)");
    answer.says("`steerlens inspect --labels MODEL`");
    assert!(!out.exists());
}

#[test]
fn a_number_is_taken_for_a_class() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out.png");
    let report = morph(&out, "1", &["--json"]).code(0).json();
    assert_eq!(
        (&report["target-class"], &report["target-label"]),
        (&1.into(), &"smile".into())
    );
    let answer = morph(&out, "4", &[]).code(2);
    answer.says("there is no class 4: the model has 4 classes");
}

#[test]
fn labels_that_do_not_fit_are_refused_by_morph_and_said_by_inspect() {
    let folder = TempDir::new().unwrap();
    let (out, labels) = (folder.path().join("out.png"), folder.path().join("five.txt"));
    std::fs::write(&labels, "a\nb\nc\nd\ne\n").unwrap();
    let flags = ["--label-file", labels.to_str().unwrap()];
    let answer = morph(&out, "1", &flags).code(2);
    for part in ["five.txt has 5 labels and the model 4 classes", "label-file"] {
        answer.says(part);
    }
    assert!(!out.exists());
    let inspected = steerlens([
        Path::new("inspect"),
        &faces(),
        Path::new("--label-file"),
        &labels,
        Path::new("--json"),
    ])
    .code(0)
    .json();
    assert!(
        inspected["warnings"][0].as_str().unwrap().contains("five.txt"),
        "{inspected:#}"
    );
    // The way on that the sentence names.
    morph(&out, "1", &["--label-file", ""]).code(0);
}

#[test]
fn what_is_guessed_is_said_by_morph_gradient_and_inspect_and_kept_in_their_json() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    // A colour model that says nothing of its input.
    let mut model = steerlens::onnx::read(&repository("tests/data/variety/vit_tiny.onnx")).unwrap();
    model.metadata_props.clear();
    std::fs::write(at("m.onnx"), steerlens::onnx::encode(&model)).unwrap();
    let guess = "RGB and ImageNet's mean and standard deviation are assumed";
    let (file, picture) = (at("m.onnx"), repository("media/faces/neutral-2.png"));
    let line = |command: &str, more: &[&Path]| {
        let line: Vec<&Path> = [Path::new(command)]
            .into_iter()
            .chain(more.iter().copied())
            .collect();
        steerlens(line.into_iter().chain([Path::new("--json")]))
            .with_runtime()
            .code(0)
    };
    let (png, written) = (at("o.png"), at("g.onnx"));
    for answer in [
        line("inspect", &[&file]),
        line("gradient", &[&file, Path::new("-o"), &written]),
        line(
            "morph",
            &[
                &picture,
                Path::new("-m"),
                &file,
                Path::new("-o"),
                &png,
                Path::new("--target"),
                Path::new("1"),
            ],
        ),
    ] {
        let report = answer.json();
        assert!(report["warnings"].to_string().contains(guess), "{report:#}");
        let facts = report["facts"].as_array().unwrap();
        let range = facts.iter().find(|fact| fact["name"] == "range").unwrap();
        assert_eq!(range["source"], "guess");
    }
    let quiet = [Path::new("gradient"), &file, Path::new("-o"), &written];
    assert!(steerlens(quiet).code(0).stderr.contains(guess));
}
