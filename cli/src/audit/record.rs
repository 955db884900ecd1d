// SPDX-License-Identifier: MPL-2.0
//! The record of an audit: what was asked, and with what it was computed, so that it can be run again.

use std::path::Path;

use anyhow::{Result, anyhow};
use serde_json::{Map, Value};
use steerlens::Classifier;

use super::hash;
use super::row::Reach;
use super::settings::Settings;
use super::summary::{ModelFile, Run};
use super::worker::FARTHEST;

/// Settings by name, as the command line words them.
pub(crate) type Options = Map<String, Value>;

/// What is known before the first frame.
///
/// # Errors
/// When a model file cannot be read.
pub(super) fn begin(settings: &Settings, driver: &Classifier) -> Result<Run> {
    let mut versions = Map::new();
    versions.insert("steerlens".to_owned(), env!("CARGO_PKG_VERSION").into());
    versions.insert(
        "ONNX Runtime".to_owned(),
        driver.runtime().version().to_string().into(),
    );
    if let Some(version) = gstreamer() {
        versions.insert("GStreamer".to_owned(), version.into());
    }
    let machine = format!("{} {}", std::env::consts::ARCH, std::env::consts::OS);
    versions.insert("machine".to_owned(), machine.into());
    Ok(Run {
        command: quoted(&settings.command),
        model: model(&settings.model.model_file)?,
        judges: settings
            .judges
            .iter()
            .map(|judge| model(&judge.model_file))
            .collect::<Result<_>>()?,
        settings: settings.options.clone(),
        versions,
        threads: settings.jobs,
        seed: settings.lens.seed,
        flip_range: settings
            .reaches
            .iter()
            .any(|(reach, _)| *reach == Reach::Flip)
            .then_some(FARTHEST),
        ..Run::default()
    })
}

/// Everything that decides about the rows: an audit that is gone on with, and parts that are merged, must agree in it.
pub(super) fn plan(run: &Run, inputs: &[&str]) -> Options {
    let mut plan = run.settings.clone();
    let files = std::iter::once(&run.model).chain(&run.judges);
    let hashes: Vec<Value> = files.map(|file| file.sha256.clone().into()).collect();
    plan.insert("models".to_owned(), hashes.into());
    for (name, version) in &run.versions {
        plan.insert(format!("{name} (version)"), version.clone());
    }
    plan.insert(
        "list of inputs".to_owned(),
        format!("{} files, {:016x}", inputs.len(), hash::of_words(inputs)).into(),
    );
    plan
}

fn model(path: &Path) -> Result<ModelFile> {
    let sha256 = hash::of_files(&[path])
        .map_err(|error| anyhow!("the model {} cannot be read: {error}", path.display()))?;
    Ok(ModelFile {
        path: path.display().to_string(),
        sha256,
    })
}

#[cfg(feature = "video")]
fn gstreamer() -> Option<String> {
    gst::init().ok()?;
    let (major, minor, micro, _) = gst::version();
    Some(format!("{major}.{minor}.{micro}"))
}

#[cfg(not(feature = "video"))]
fn gstreamer() -> Option<String> {
    None
}

/// A command as a shell takes it.
pub(super) fn quoted(command: &[String]) -> String {
    let plain = |word: &str| {
        !word.is_empty()
            && word
                .chars()
                .all(|sign| sign.is_alphanumeric() || "-_./,:=+@%".contains(sign))
    };
    let quote = |word: &String| match plain(word) {
        true => word.clone(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    };
    command.iter().map(quote).collect::<Vec<_>>().join(" ")
}
