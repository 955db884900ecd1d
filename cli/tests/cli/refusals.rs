// SPDX-License-Identifier: MPL-2.0
//! Whatever is named as model or picture, the answer is one sentence and the right exit code, at once.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::{morph, repository, steerlens};
use tempfile::TempDir;

/// Things that are no model: each with the reason why.
fn strange_files(folder: &Path) -> Vec<(std::path::PathBuf, &'static str)> {
    let at = |name: &str| folder.join(name);
    let made = "the temporary folder can be written";
    fs::write(at("text.onnx"), "this is not a model\n").expect(made);
    fs::write(at("empty.onnx"), "").expect(made);
    fs::create_dir(at("folder.onnx")).expect(made);
    assert!(
        Command::new("mkfifo")
            .arg(at("fifo.onnx"))
            .status()
            .expect("coreutils are there")
            .success()
    );
    vec![
        (at("missing.onnx"), "missing"),
        (at("text.onnx"), "text"),
        (at("empty.onnx"), "empty"),
        (at("folder.onnx"), "a folder"),
        (at("fifo.onnx"), "a FIFO"),
    ]
}

#[test]
fn a_model_that_cannot_be_read_is_an_error_of_one_line() {
    let folder = TempDir::new().unwrap();
    let (out, picture) = (folder.path().join("out"), repository("media/faces/neutral-1.png"));
    for (model, what) in strange_files(folder.path()) {
        let png = out.with_extension("png");
        let lines: [Vec<&Path>; 3] = [
            vec![Path::new("inspect"), &model],
            vec![Path::new("gradient"), &model, Path::new("-o"), &out],
            vec![
                Path::new("morph"),
                &picture,
                Path::new("-m"),
                &model,
                Path::new("-o"),
                &png,
            ],
        ];
        for line in lines {
            let answer = steerlens(&line).code(2);
            assert_eq!(answer.stdout, "", "{what}");
            assert_eq!(answer.stderr.lines().count(), 1, "{what}: {}", answer.stderr);
            assert!(
                answer.stderr.starts_with("steerlens: error: "),
                "{what}: {}",
                answer.stderr
            );
        }
        assert!(!out.exists() && !png.exists(), "{what}: nothing is written");
    }
}

#[test]
fn a_picture_that_cannot_be_read_is_an_error_of_one_line() {
    let folder = TempDir::new().unwrap();
    let model = repository("models/faces_robust.onnx");
    let out = folder.path().join("out.png");
    for (picture, what) in strange_files(folder.path()) {
        let answer = morph(&picture, &model, &out, &[]).code(2);
        assert_eq!(
            (answer.stdout.as_str(), answer.stderr.lines().count()),
            ("", 1),
            "{what}: {}",
            answer.stderr
        );
        assert!(
            answer.stderr.starts_with("steerlens: error: the picture "),
            "{what}: {}",
            answer.stderr
        );
    }
    assert!(!out.exists());
}

#[test]
fn a_picture_that_claims_to_be_huge_is_refused_before_it_is_decoded() {
    let folder = TempDir::new().unwrap();
    let (picture, out) = (folder.path().join("huge.png"), folder.path().join("out.png"));
    // A PNG header that claims 20000x20000 pixels (its checksum was computed with Python's zlib.crc32).
    let header: &[u8] =
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x4e\x20\0\0\x4e\x20\x08\0\0\0\0\xc6\x1b\x19\xe5\0\0\0\0IDAT";
    fs::write(&picture, header).unwrap();
    let model = repository("models/faces_robust.onnx");
    let answer = morph(&picture, &model, &out, &[]).code(2);
    answer.says("20000x20000 pixels");
}

#[test]
fn a_name_says_how_a_picture_is_written() {
    let picture = repository("media/faces/neutral-1.png");
    let model = repository("models/faces_robust.onnx");
    let answer = morph(&picture, &model, Path::new("out.tiff"), &[]).code(2);
    answer.says("ends in .png, .webp or .jpg");
}

#[test]
fn a_missing_runtime_library_is_an_error_and_a_finding_of_doctor() {
    let picture = repository("media/faces/neutral-1.png");
    let model = repository("models/faces_robust.onnx");
    let library = ["--onnxruntime-library", "/nowhere/libonnxruntime.so"];
    let answer = morph(&picture, &model, Path::new("out.png"), &library).code(2);
    answer.says("/nowhere/libonnxruntime.so");
    let answer = steerlens(["doctor"].into_iter().chain(library)).code(1);
    assert!(
        answer.stdout.contains("/nowhere/libonnxruntime.so"),
        "{}",
        answer.stdout
    );
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    // An answer that is read would be a finding, with status 1.
    let output = Command::new(env!("CARGO_BIN_EXE_steerlens"))
        .args(["doctor", "--onnxruntime-library", "/nowhere/libonnxruntime.so"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
