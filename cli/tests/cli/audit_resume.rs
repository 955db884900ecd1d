// SPDX-License-Identifier: MPL-2.0
//! `steerlens audit --resume`: the same audit goes on and ends alike, any other is refused by what differs.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::audit::{audit, summary};
use crate::common::{repository, weights_aside};

const QUICK: &[&str] = &["--methods", "pixel", "--no-strips"];

/// Four digits in a folder of their own.
fn digits(folder: &Path) -> std::path::PathBuf {
    let digits = folder.join("digits");
    fs::create_dir(&digits).unwrap();
    for name in ["3-1.png", "3-2.png", "4-1.png", "4-2.png"] {
        fs::copy(repository("media/digits").join(name), digits.join(name)).unwrap();
    }
    digits
}

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    QUICK.iter().chain(more).copied().collect()
}

#[test]
fn a_finished_audit_is_not_taken_for_another_one() {
    let folder = TempDir::new().unwrap();
    let (digits, out) = (digits(folder.path()), folder.path().join("out"));
    let robust = "models/digits_robust.onnx";
    let judge = repository("models/digits_judge.onnx");
    let labels = folder.path().join("labels.txt");
    fs::write(&labels, "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n").unwrap();
    let truths = folder.path().join("truths.csv");
    let all: String = ["3-1", "3-2", "4-1", "4-2"]
        .map(|name| format!("{name}.png,{}\n", &name[..1]))
        .concat();
    fs::write(&truths, all).unwrap();
    let [judge, labels, truths] = [&judge, &labels, &truths].map(|path| path.to_str().unwrap());
    audit(&[&digits], robust, &out, QUICK).code(0);
    let before = fs::read(out.join("summary.json")).unwrap();

    let refused = |inputs: &[&Path], model: &str, more: &[&str], said: &str| {
        let flags = with(&[more, &["--resume"]].concat());
        let answer = audit(inputs, model, &out, &flags).code(2);
        answer.says(said);
    };
    refused(&[&digits], "models/digits_plain.onnx", &[], "by its model");
    refused(&[&digits.join("3-1.png")], robust, &[], "by its list of inputs");
    refused(&[&digits], robust, &["--judge", judge], "by its judge 1");
    refused(
        &[&digits],
        robust,
        &["--labels", labels],
        "by its labels of the model",
    );
    refused(
        &[&digits],
        robust,
        &["--labels-from", truths],
        "by its list of true classes",
    );
    refused(&[&digits], robust, &["--seed", "7"], "by its seed");
    refused(&[&digits], robust, &["--format", "csv"], "without frames.csv");
    assert!(
        fs::read(out.join("summary.json")).unwrap() == before,
        "nothing was touched"
    );
    let same = audit(&[&digits], robust, &out, &with(&["--resume"])).code(0);
    same.says("is finished");

    // The same names with another picture under one of them.
    fs::copy(repository("media/digits/9-1.png"), digits.join("3-1.png")).unwrap();
    refused(&[&digits], robust, &[], "3-1.png is not what it was");
}

#[test]
fn weights_beside_the_model_are_part_of_it() {
    let folder = TempDir::new().unwrap();
    let (digits, out) = (digits(folder.path()), folder.path().join("out"));
    let at = |name: &str| folder.path().join(name);
    let weights = weights_aside("models/digits_robust.onnx", &at("model.onnx"), "weights.bin");

    let model = at("model.onnx");
    let model = model.to_str().unwrap();
    audit(&[&digits], model, &out, QUICK).code(0);
    audit(&[&digits], model, &out, &with(&["--resume"])).code(0);
    let halved: Vec<u8> = weights
        .chunks_exact(4)
        .flat_map(|value| (0.5 * f32::from_le_bytes(value.try_into().unwrap())).to_le_bytes())
        .collect();
    fs::write(at("weights.bin"), halved).unwrap();
    let refused = audit(&[&digits], model, &out, &with(&["--resume"])).code(2);
    refused.says("by its weights of the model");
}

#[test]
fn the_verdict_of_a_finished_audit_stays_when_it_is_resumed() {
    let folder = TempDir::new().unwrap();
    let digits = digits(folder.path());
    let at = |name: &str| folder.path().join(name);
    let plain = "models/digits_plain.onnx";
    audit(&[&digits], "models/digits_robust.onnx", &at("before"), QUICK).code(0);
    let baseline = at("before").join("summary.json");
    let gate = with(&["--baseline", baseline.to_str().unwrap(), "--threshold", "0"]);
    let gate_again = [&gate[..], &["--resume"]].concat();

    let first = audit(&[&digits], plain, &at("gated"), &gate).code(4);
    let again = audit(&[&digits], plain, &at("gated"), &gate_again).code(4);
    again.says("is finished");
    assert!(first.stderr.contains("easier") && again.stderr.contains("easier"));
    // Without a baseline it ends as it ended.
    audit(&[&digits], plain, &at("gated"), &with(&["--resume"])).code(4);

    // Finished without a baseline, and asked against one then.
    audit(&[&digits], plain, &at("late"), QUICK).code(0);
    assert!(summary(&at("late"))["comparison"].is_null());
    audit(&[&digits], plain, &at("late"), &gate_again).code(4);
    let [gated, late] = ["gated", "late"].map(|name| summary(&at(name))["comparison"].clone());
    assert_eq!(gated, late);
    assert!(
        fs::read_to_string(at("late").join("report.html"))
            .unwrap()
            .contains("Against the baseline")
    );
}
