// SPDX-License-Identifier: MPL-2.0
//! The JSON of every command: one object with `schema: 1`, held by a golden file.
//!
//! `make bless` writes the golden files anew.

use std::fs;
use std::path::Path;

use crate::common::{self, repository, steerlens};
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn inspect() {
    let model = repository("models/faces_robust.onnx");
    let answer = steerlens([Path::new("inspect"), &model, Path::new("--json")])
        .with_runtime()
        .code(0);
    compare("inspect.json", answer.json());
}

#[test]
fn gradient() {
    let folder = TempDir::new().unwrap();
    let (model, out) = (
        repository("models/faces_robust.onnx"),
        folder.path().join("gradient.onnx"),
    );
    let line = [
        Path::new("gradient"),
        &model,
        Path::new("-o"),
        &out,
        Path::new("--json"),
    ];
    let answer = steerlens(line).with_runtime().code(0);
    compare("gradient.json", answer.json());
}

#[test]
fn morph() {
    let folder = TempDir::new().unwrap();
    let (picture, model) = (
        repository("media/faces/neutral-2.png"),
        repository("models/faces_robust.onnx"),
    );
    let out = folder.path().join("out.png");
    let flags = ["--target", "smile", "--sheet", "0,1", "--json"];
    let answer = common::morph(&picture, &model, &out, &flags)
        .with_runtime()
        .code(0);
    compare("morph.json", answer.json());
}

#[test]
fn doctor() {
    // What is found differs from machine to machine; the shape does not.
    let answer = steerlens(["doctor", "--json"]).json();
    assert_eq!(keys(&answer), ["schema", "ok", "checks"]);
    assert_eq!(answer["schema"], 1);
    let checks = answer["checks"].as_array().expect("checks is a list");
    for check in checks {
        assert_eq!(keys(check), ["name", "status", "optional", "detail"]);
        assert!(check["status"] == "ok" || check["status"] == "missing", "{check}");
    }
    let names: Vec<_> = checks.iter().filter_map(|check| check["name"].as_str()).collect();
    assert_eq!(names[0], "ONNX Runtime");
    #[cfg(feature = "video")]
    assert_eq!(
        (names[1], names[2], names.last()),
        ("GStreamer", "classmorph", Some(&"v4l2src"))
    );
    let missing = checks
        .iter()
        .any(|check| check["status"] == "missing" && check["optional"] == false);
    assert_eq!(answer["ok"], !missing);
}

/// What doctor says of windows, with a display of that name or without one.
#[cfg(feature = "video")]
fn window(display: Option<&str>) -> (Value, bool) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_steerlens"));
    command.args(["doctor", "--json"]).env_remove("WAYLAND_DISPLAY");
    match display {
        Some(name) => command.env("DISPLAY", name),
        None => command.env_remove("DISPLAY"),
    };
    let answer: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    let checks = answer["checks"].as_array().unwrap();
    let found = checks
        .iter()
        .find(|check| check["name"] == "autovideosink")
        .unwrap();
    (found.clone(), answer["ok"] == true)
}

#[cfg(feature = "video")]
#[test]
fn doctor_tries_a_window_and_takes_no_machine_without_a_display_for_a_broken_one() {
    let (here, _) = window(None);
    // A sink that needs no display may be there.
    let opens = |check: &Value| check["detail"].as_str().unwrap().starts_with("opens ");
    assert_eq!(here["status"] == "ok", opens(&here), "{here}");
    if here["status"] == "missing" {
        assert_eq!(here["optional"], true, "{here}");
        assert!(here["detail"].as_str().unwrap().contains("no display"), "{here}");
    }
    // Nothing listens there.
    let (broken, ok) = window(Some(":4711"));
    assert_eq!(broken["status"] == "ok", opens(&broken), "{broken}");
    if broken["status"] == "missing" {
        assert!(!ok && broken["optional"] == false, "{broken}");
        assert!(
            broken["detail"].as_str().unwrap().contains("no sink opens"),
            "{broken}"
        );
    }
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

#[track_caller]
fn compare(golden: &str, found: Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(golden);
    if std::env::var_os("STEERLENS_BLESS").is_some() {
        let text = serde_json::to_string_pretty(&steady(found.clone())).expect("JSON can be written");
        fs::write(&path, text + "\n").expect("the golden file can be written");
    }
    let expected = fs::read_to_string(&path).expect("the golden file is there");
    let expected = serde_json::from_str(&expected).expect("the golden file is JSON");
    alike(&mut String::from(golden), &expected, &steady(found));
}

/// What the reverse half takes.
const REVERSE: [&str; 5] = ["gradient-nodes", "backward", "ratio", "copies", "kept"];

/// What differs from run to run, or from one ONNX Runtime and processor to another, taken out: times, folders, and
/// what the reverse half takes there.
fn steady(value: Value) -> Value {
    match value {
        Value::Object(entries) => Value::Object(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let value = match value {
                        Value::Number(_) if key.ends_with("-time") || REVERSE.contains(&&*key) => 0.into(),
                        Value::String(path) if path.starts_with('/') => {
                            path.rsplit('/').next().unwrap_or_default().into()
                        }
                        value => steady(value),
                    };
                    (key, value)
                })
                .collect(),
        ),
        Value::Array(values) => values.into_iter().map(steady).collect(),
        value => value,
    }
}

/// The same keys in the same order, the same words, and numbers within what machines differ by: a pixel that
/// rounds the other way moves a probability by far less than 0.01.
#[track_caller]
fn alike(at: &mut String, expected: &Value, found: &Value) {
    let length = at.len();
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            assert_eq!(keys(expected), keys(found), "{at}");
            for ((key, a), b) in a.iter().zip(b.values()) {
                *at += &format!("/{key}");
                alike(at, a, b);
                at.truncate(length);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{at}");
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                *at += &format!("/{i}");
                alike(at, a, b);
                at.truncate(length);
            }
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            assert!(
                (a - b).abs() <= 0.01 * a.abs().max(1.0),
                "{at}: {a} expected, {b} found"
            );
        }
        _ => assert_eq!(expected, found, "{at}"),
    }
}
