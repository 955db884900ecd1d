// SPDX-License-Identifier: MPL-2.0
//! Descriptions and labels beside a model: only from its own folder, unless the user names them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use steerlens::{ClassifierSettings, inspect, onnx};

use crate::linear;

const LABELS: &str = "one\ntwo\nthree\nfour\n";

/// A folder with a model, beside another one with labels that are not the model's to read.
fn folders() -> (tempfile::TempDir, ClassifierSettings) {
    let root = tempfile::tempdir().unwrap();
    let home = root.path().join("home");
    fs::create_dir(&home).unwrap();
    fs::write(root.path().join("labels.txt"), LABELS).unwrap();
    fs::write(home.join("model.onnx"), onnx::encode(&linear(&[1, 3, 8, 8]))).unwrap();
    let settings = ClassifierSettings {
        model_file: home.join("model.onnx"),
        ..Default::default()
    };
    (root, settings)
}

fn side_car(path: &Path, labels: &str) {
    let text = format!("[modelinfo]\nversion=1.0\n[y]\ndir=output\nlabels={labels}\n");
    fs::write(path, text).unwrap();
}

fn labels(settings: &ClassifierSettings) -> Result<Vec<String>, String> {
    inspect(settings)
        .map(|found| found.labels)
        .map_err(|e| e.to_string())
}

#[test]
fn a_side_car_names_labels_only_in_its_own_folder() {
    let (root, settings) = folders();
    let home = root.path().join("home");
    let car = home.join("model.modelinfo");
    fs::create_dir(home.join("lists")).unwrap();
    fs::write(home.join("lists/own.txt"), LABELS).unwrap();
    symlink("lists/own.txt", home.join("near.txt")).unwrap();
    for good in ["lists/own.txt", "near.txt"] {
        side_car(&car, good);
        assert_eq!(labels(&settings).unwrap()[0], "one", "{good}");
    }
    symlink("../labels.txt", home.join("far.txt")).unwrap();
    let absolute = root.path().join("labels.txt");
    let outside = [
        "../labels.txt",
        absolute.to_str().unwrap(),
        "far.txt",
        "/etc/passwd",
        "/proc/self/environ",
        "lists/../../labels.txt",
    ];
    for bad in outside {
        side_car(&car, bad);
        let error = labels(&settings).unwrap_err();
        assert!(
            error.contains("the folder of the file that names it"),
            "{bad}: {error}"
        );
        assert!(error.contains("label-file"), "{bad}: {error}");
    }
}

#[test]
fn what_lies_beside_a_model_leads_nowhere_else() {
    let (root, settings) = folders();
    let home = root.path().join("home");
    symlink("../labels.txt", home.join("model.labels.txt")).unwrap();
    let error = labels(&settings).unwrap_err();
    assert!(
        error.contains("model.labels.txt") && error.contains("a link out of"),
        "{error}"
    );
    fs::remove_file(home.join("model.labels.txt")).unwrap();

    side_car(&root.path().join("other.modelinfo"), "labels.txt");
    symlink("../other.modelinfo", home.join("model.onnx.modelinfo")).unwrap();
    let error = labels(&settings).unwrap_err();
    assert!(
        error.contains("model.onnx.modelinfo") && error.contains("a link out of"),
        "{error}"
    );
}

#[test]
fn a_file_that_the_user_names_may_lie_anywhere() {
    let (root, mut settings) = folders();
    settings.label_file = Some(root.path().join("labels.txt"));
    assert_eq!(labels(&settings).unwrap()[1], "two");
    settings.label_file = None;
    // The folder of the side-car is then that of its labels.
    side_car(&root.path().join("other.modelinfo"), "labels.txt");
    settings.model_info = Some(root.path().join("other.modelinfo"));
    assert_eq!(labels(&settings).unwrap()[2], "three");
}

#[test]
fn a_hugging_face_cache_keeps_its_labels() {
    let (root, _) = folders();
    let (blobs, snapshot) = (root.path().join("blobs"), root.path().join("snapshots/1a2b"));
    fs::create_dir_all(&blobs).unwrap();
    fs::create_dir_all(&snapshot).unwrap();
    fs::rename(root.path().join("home/model.onnx"), blobs.join("aa")).unwrap();
    fs::rename(root.path().join("labels.txt"), blobs.join("bb")).unwrap();
    side_car(&blobs.join("cc"), "model.labels.txt");
    for (name, blob) in [
        ("model.onnx", "aa"),
        ("model.labels.txt", "bb"),
        ("model.modelinfo", "cc"),
    ] {
        symlink(Path::new("../../blobs").join(blob), snapshot.join(name)).unwrap();
    }
    let mut settings = ClassifierSettings {
        model_file: snapshot.join("model.onnx"),
        ..Default::default()
    };
    assert_eq!(labels(&settings).unwrap()[3], "four");
    settings.model_info = Some("".into());
    assert_eq!(labels(&settings).unwrap()[3], "four", "without the side-car");
}
