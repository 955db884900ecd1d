// SPDX-License-Identifier: MPL-2.0
//! Runs the built program as a user does.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use steerlens::onnx;

/// A file of the repository, or a sentence about what makes it.
pub(crate) fn repository(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    assert!(path.exists(), "{} is missing: run `make setup`", path.display());
    path
}

/// What the program answers to a line of arguments.
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `steerlens`.
pub(crate) fn steerlens<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steerlens"));
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    Answer {
        code: status.code(),
        stdout: String::from_utf8(stdout).expect("the answer is UTF-8"),
        stderr: String::from_utf8(stderr).expect("the talk is UTF-8"),
    }
}

/// Runs `steerlens morph`: one step of magnification 1, unless the flags say otherwise.
pub(crate) fn morph(picture: &Path, model: &Path, out: &Path, flags: &[&str]) -> Answer {
    let is_said = |name: &str| flags.iter().any(|flag| flag.starts_with(name));
    let usual = match (is_said("--preset"), is_said("--reach")) {
        (true, _) => &[][..],
        (false, true) => &["--preset", "fast"],
        (false, false) => &["--preset", "fast", "--reach", "fixed"],
    };
    let flags = [flags, usual].concat();
    let line = [
        Path::new("morph"),
        picture,
        Path::new("-m"),
        model,
        Path::new("-o"),
        out,
    ];
    steerlens(line.into_iter().chain(flags.iter().map(Path::new)))
}

/// Writes a model of the repository to `to`, with its largest weight in a file of its own beside it; gives that weight's
/// bytes.
pub(crate) fn weights_aside(model: &str, to: &Path, weights: &str) -> Vec<u8> {
    let mut model = onnx::read(&repository(model)).unwrap();
    let initializers = &mut model.graph.as_mut().unwrap().initializer;
    let bytes = |tensor: &onnx::TensorProto| tensor.raw_data.as_ref().map_or(0, |bytes| bytes.len());
    let tensor = initializers
        .iter_mut()
        .max_by_key(|tensor| bytes(tensor))
        .unwrap();
    let values = tensor.raw_data.take().unwrap().to_vec();
    tensor.data_location = Some(1);
    tensor.external_data = vec![onnx::StringStringEntryProto {
        key: Some("location".to_owned()),
        value: Some(weights.to_owned()),
    }];
    fs::write(to.with_file_name(weights), &values).unwrap();
    fs::write(to, onnx::encode(&model)).unwrap();
    values
}

impl Answer {
    /// The answer, where ONNX Runtime was needed and found.
    #[track_caller]
    pub(crate) fn with_runtime(self) -> Self {
        assert!(
            self.code != Some(2) || !self.stderr.contains("ONNX Runtime"),
            "{}ONNX Runtime is needed: run `make setup`",
            self.stderr
        );
        self
    }

    /// Checks the exit code, and shows what was said where it is another.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}stderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Checks that standard error says this.
    #[track_caller]
    pub(crate) fn says(&self, part: &str) {
        assert!(self.stderr.contains(part), "{part}: {}", self.stderr);
    }

    /// The answer as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in:\n{}", self.stdout))
    }
}
