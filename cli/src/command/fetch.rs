// SPDX-License-Identifier: MPL-2.0
//! ONNX Runtime's library, fetched with the tools that a machine has: a script for its Python, which set-up runs too.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::progress;

/// What fetches wheels.
const SCRIPT: &str = include_str!("../wheel.py");
/// What it may fetch.
const ROWS: &str = include_str!("../onnxruntime.tsv");

/// Fetches ONNX Runtime for this machine and puts it to `library`, whose folder it makes anew: library, licence, and
/// checksums of both.
///
/// # Errors
/// When nothing is pinned for this machine, Python or its pip is missing, the wheel cannot be had or is another one than
/// was pinned. The folder is then as it was.
pub(super) fn onnxruntime(library: &Path) -> Result<()> {
    let folder = library.parent().unwrap_or(Path::new(""));
    let (Some(data), Some(place), Some(name)) = (folder.parent(), folder.file_name(), library.file_name())
    else {
        bail!("{} cannot be the place of a library", library.display());
    };
    fs::create_dir_all(data).with_context(|| format!("{} cannot be written", data.display()))?;
    progress::say(format_args!("fetching ONNX Runtime"));
    let missing = "ONNX Runtime is fetched by Python's pip, and python3 cannot be run; on Debian: apt install \
                   --no-install-recommends python3-venv";
    let mut python = Command::new("python3")
        .args(["-c", SCRIPT, "onnxruntime"])
        .arg(place)
        .arg(format!("*/libonnxruntime.so.*={}", name.to_string_lossy()))
        .arg("onnxruntime/LICENSE=LICENSE")
        // Python looks for modules in this folder first: not in one that a download left its files in.
        .current_dir(data)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context(missing)?;
    if let Some(mut rows) = python.stdin.take() {
        // One that ends early says why itself.
        let _ = rows.write_all(ROWS.as_bytes());
    }
    let done = python.wait_with_output().context(missing)?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        let last = said.lines().rfind(|line| !line.trim().is_empty());
        bail!(
            "ONNX Runtime is not to be had: {}. Any libonnxruntime.so of version 1.17 or later does: name it with \
             ORT_DYLIB_PATH",
            last.unwrap_or("python3 ended without a word")
        );
    }
    progress::say(format_args!("wrote {}", library.display()));
    Ok(())
}
