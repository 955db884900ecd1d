// SPDX-License-Identifier: MPL-2.0
//! Files that are no models, names that are no text, and descriptions that point elsewhere.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use steerlens::{ClassifierSettings, inspect, onnx};

use crate::linear;

#[test]
fn what_is_taken_for_a_model_is_told_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.onnx");
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 21345678\n";
    let cases: [(&[u8], &str); 6] = [
        (b"", "the file is empty"),
        (pointer.as_bytes(), "`git lfs pull`"),
        (
            b"\x18\0\0\0ORTM\0\0\0\0\x04\0\x08\0",
            "the .onnx file that it was made from",
        ),
        (b"<!DOCTYPE html>\n<html lang=\"en\">", "a web page"),
        (b"PK\x03\x04\x14\0", "export the model to ONNX"),
        (b"just some text\n", "it ends early"),
    ];
    for (bytes, said) in cases {
        fs::write(&file, bytes).unwrap();
        let settings = ClassifierSettings {
            model_file: file.clone(),
            ..Default::default()
        };
        let error = inspect(&settings).unwrap_err().to_string();
        for part in ["model.onnx", "not an ONNX model", said] {
            assert!(error.contains(part), "{error}");
        }
    }
}

#[test]
fn a_file_name_need_not_be_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(OsStr::from_bytes(b"caf\xe9.onnx"));
    fs::write(&file, onnx::encode(&linear(&[1, 3, 8, 8]))).unwrap();
    let settings = ClassifierSettings {
        model_file: file,
        ..Default::default()
    };
    assert_eq!(inspect(&settings).unwrap().classes, Some(4));
}

#[test]
fn text_inside_a_model_need_not_be_utf8() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.onnx");
    let mut model = linear(&[1, 3, 8, 8]);
    model.producer_name = Some("caf#".into());
    let bytes: Vec<u8> = onnx::encode(&model);
    let bytes: Vec<u8> = bytes.iter().map(|b| if *b == b'#' { 0xe9 } else { *b }).collect();
    fs::write(&file, bytes).unwrap();
    let settings = ClassifierSettings {
        model_file: file,
        ..Default::default()
    };
    assert_eq!(inspect(&settings).unwrap().producer, "caf?");
}
