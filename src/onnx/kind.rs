// SPDX-License-Identifier: MPL-2.0
//! Files that are taken for a model and are something else, by their first bytes.

/// What stands where, what that is, and what to do.
const KINDS: &[(usize, &[u8], &str)] = &[
    (
        0,
        b"version https://git-lfs",
        "it is a Git LFS pointer, not the model: run `git lfs pull` in its repository",
    ),
    (
        4,
        b"ORTM",
        "it is in ONNX Runtime's own format (.ort): give the .onnx file that it was made from",
    ),
    (
        4,
        b"TFL3",
        "it is a TensorFlow Lite model: convert it to ONNX, with tf2onnx for example",
    ),
    (
        0,
        b"\x89HDF",
        "it is an HDF5 file, as Keras saves them: export the model to ONNX",
    ),
    (
        0,
        b"PK\x03\x04",
        "it is a ZIP archive, as PyTorch and Keras save them: unpack it, or export the model to ONNX",
    ),
    (0, b"\x80\x02", PICKLE),
    (0, b"\x80\x03", PICKLE),
    (0, b"\x80\x04", PICKLE),
    (0, b"\x1f\x8b", "it is compressed with gzip: unpack it"),
    (
        8,
        b"{\"",
        "it is a safetensors file, weights without a graph: export the model to ONNX",
    ),
    (0, b"\x89PNG", PICTURE),
    (0, b"\xff\xd8\xff", PICTURE),
];
const PICKLE: &str = "it is a Python pickle, as PyTorch saved them: export the model to ONNX";
const PICTURE: &str = "it is a picture: name the model, and the picture in its own place";

/// Texts, after blanks and in lower case.
const TEXTS: &[(&str, &str)] = &[
    ("<!doctype html", PAGE),
    ("<html", PAGE),
    (
        "<?xml",
        "it is an XML file (an OpenVINO model?): give the .onnx file",
    ),
    ("{", "it is JSON text, not the model"),
];
const PAGE: &str = "it is a web page, saved under the model's name: download the file itself (\"raw\" on GitHub, \
                    \"resolve\" instead of \"blob\" in a Hugging Face address)";

/// What the file is, where that can be told and it is no ONNX model.
pub(super) fn other_than_onnx(bytes: &[u8]) -> Option<&'static str> {
    if bytes.is_empty() {
        return Some("the file is empty: was the download finished?");
    }
    let has = |(at, magic, _): &&(usize, &[u8], &str)| {
        // Before such a mark stands a small number, which ends in zeros; in a model its exporter's name could stand.
        let before = bytes.get(at.saturating_sub(2)..*at);
        before.is_some_and(|b| b.iter().all(|b| *b == 0)) && bytes[*at..].starts_with(magic)
    };
    if let Some((.., told)) = KINDS.iter().find(has) {
        return Some(told);
    }
    let start = bytes.trim_ascii_start();
    let start = start[..start.len().min(16)].to_ascii_lowercase();
    let text = TEXTS.iter().find(|(text, _)| start.starts_with(text.as_bytes()));
    text.map(|(_, told)| *told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_often_taken_for_a_model_is_named() {
        let cases: [(&[u8], &str); 7] = [
            (b"", "empty"),
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
                "git lfs pull",
            ),
            (b"\x38\0\0\0ORTM\0\0\0\0", ".ort"),
            (b"\n\n<!DOCTYPE html><html>", "web page"),
            (b"PK\x03\x04rest", "ZIP"),
            (b"\x10\x27\0\0\0\0\0\0{\"weight\"", "safetensors"),
            (b"\x80\x02}q\0", "pickle"),
        ];
        for (bytes, expected) in cases {
            let told = other_than_onnx(bytes).unwrap_or_default();
            assert!(told.contains(expected), "{expected}: {told}");
        }
    }

    #[test]
    fn a_model_is_no_other_thing() {
        // A model begins with its IR version, or with whatever field an exporter writes first.
        for bytes in [
            &b"\x08\x08\x12\x07pytorch"[..],
            b"\x12\x07pytorch",
            b"\x3a\x10\n\x05",
            b"\x08\x08\x12\x04ORTM",
            b"\x08",
        ] {
            assert_eq!(other_than_onnx(bytes), None);
        }
    }
}
