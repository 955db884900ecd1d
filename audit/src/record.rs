// SPDX-License-Identifier: MPL-2.0
//! The record of an audit: what was asked, and with what it was computed, so that it can be run again; and whether two
//! records are of the same audit.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};
use steerlens::settings::Choice;
use steerlens::{Classifier, FARTHEST_FLIP, Fact, onnx};
use steerlens_files::hash;

use crate::error::{Error, Result, bail};
use crate::input::Input;
use crate::protocol::Worker;
use crate::settings::{Options, Settings};
use crate::summary::{self, ModelFact, ModelFile, Record};

/// What is known before the first frame.
///
/// # Errors
/// When a model file cannot be read.
pub(crate) fn begin(
    settings: &Settings,
    worker: &Worker,
    keys: &[String],
    truths: &[Option<String>],
) -> Result<Record> {
    let driver = worker.driver();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let truths: Vec<&str> = truths.iter().flatten().map(String::as_str).collect();
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
    Ok(Record {
        command: quoted(&settings.results.command),
        model: model(driver)?,
        also: worker.also().map(model).collect::<Result<_>>()?,
        judges: worker.judges().map(model).collect::<Result<_>>()?,
        settings: settings.options(),
        versions,
        threads: settings.jobs,
        seed: settings.seed,
        flip_range: settings.flips.then_some(FARTHEST_FLIP),
        warnings: warnings(worker),
        list_of_inputs: listed(&keys, "file"),
        true_classes: listed(&truths, "label"),
        ..Record::default()
    })
}

/// Everything that decides about the rows, by name. It is what makes an audit the same one: whether it is gone on with,
/// finished already, or merged with its other shards.
pub(crate) fn identity(run: &Record) -> Options {
    let mut identity = run.settings.clone();
    // Distances that were found follow from the rest.
    if identity.remove(MAGNIFICATIONS_FROM).is_some() {
        identity.remove("magnifications");
    }
    let judges = run.judges.iter().enumerate();
    let judges = judges.map(|(at, judge)| (format!("judge {}", at + 1), judge));
    let also = run.also.iter().enumerate();
    let also = also.map(|(at, driver)| (format!("driver {}", at + 2), driver));
    for (role, file) in std::iter::once(("model".to_owned(), &run.model))
        .chain(also)
        .chain(judges)
    {
        identity.insert(role.clone(), file.sha256.clone().into());
        identity.insert(format!("weights of the {role}"), file.weights.clone().into());
        identity.insert(format!("labels of the {role}"), file.labels.clone().into());
        identity.insert(format!("input of the {role}"), file.input.clone().into());
        if let Some(scores) = file.facts.iter().find(|fact| fact.name == "scores") {
            identity.insert(format!("scores of the {role}"), scores.value.clone().into());
        }
    }
    for (name, version) in &run.versions {
        identity.insert(format!("version of {name}"), version.clone());
    }
    identity.insert(LIST_OF_INPUTS.to_owned(), run.list_of_inputs.clone().into());
    identity.insert(TRUE_CLASSES.to_owned(), run.true_classes.clone().into());
    identity
}

/// What two shards of one audit need not agree in: their shares of the inputs, and the machine.
pub(crate) const OF_A_SHARD: [&str; 3] = ["shard", "version of machine", TRUE_CLASSES];
/// Where magnifications are from that nobody gave.
pub(crate) const MAGNIFICATIONS_FROM: &str = "magnifications-from";
pub(crate) const LIST_OF_INPUTS: &str = "list of inputs";
const TRUE_CLASSES: &str = "list of true classes";

/// The first thing in which two audits differ, as words: `seed (1, now 7)`.
pub(crate) fn difference(one: &Options, other: &Options, between: &str) -> Option<String> {
    let say = |value: Option<&Value>| match value {
        Some(Value::String(text)) if text.is_empty() => "none".to_owned(),
        Some(value) => value.to_string(),
        None => "not given".to_owned(),
    };
    one.keys().chain(other.keys()).find_map(|name| {
        let (was, is) = (one.get(name), other.get(name));
        (was != is).then(|| format!("{name} ({},{between} {})", say(was), say(is)))
    })
}

/// Refuses to go on with another audit than the one that is in the folder.
///
/// # Errors
/// When they differ; the sentence names in what.
pub(crate) fn agree(out: &Path, begun: &Options, now: &Options) -> Result<()> {
    match difference(begun, now, " now") {
        None => Ok(()),
        Some(what) => bail!(
            Results,
            "the audit in {} is another one, by its {what}: run it as it was begun, or name another folder",
            out.display()
        ),
    }
}

/// Refuses to go on where a file that was audited has another content now.
///
/// # Errors
/// When one has, or is not there any more.
pub(crate) fn unchanged<'a>(
    out: &Path,
    inputs: &[Input],
    audited: impl IntoIterator<Item = &'a summary::InputFile>,
) -> Result<()> {
    let by_name: HashMap<&str, &Input> = inputs.iter().map(|input| (input.name.as_str(), input)).collect();
    // Every part of a video names it: it is read once.
    let audited: BTreeMap<_, _> = audited
        .into_iter()
        .map(|input| ((&input.path, &input.sha256), input))
        .collect();
    for audited in audited.into_values() {
        let input = by_name.get(audited.path.as_str());
        let now = input.and_then(|input| hash::of_files(&input.files).ok());
        if now.as_ref() != Some(&audited.sha256) {
            bail!(
                Results,
                "{} is not what it was when the audit in {} read it: name another folder",
                audited.path,
                out.display()
            );
        }
    }
    Ok(())
}

/// A list in a few words that differ where it does.
fn listed(words: &[&str], one: &str) -> String {
    match words.len() {
        0 => String::new(),
        1 => format!("1 {one}, {:016x}", hash::of_words(words)),
        count => format!("{count} {one}s, {:016x}", hash::of_words(words)),
    }
}

/// Everything there is to warn of about the models.
fn warnings(worker: &Worker) -> Vec<String> {
    let judges = worker.judges().flat_map(|judge| {
        let file = judge.model_file().display();
        let said = move |warning: &String| format!("the judge {file}: {warning}");
        judge.warnings().iter().map(said)
    });
    let also = worker.also().flat_map(|driver| {
        let file = driver.model_file().display();
        let said = move |warning: &String| format!("the driver {file}: {warning}");
        driver.warnings().iter().map(said)
    });
    let first = worker.driver().warnings().iter().cloned();
    first.chain(also).chain(judges).collect()
}

fn model(classifier: &Classifier) -> Result<ModelFile> {
    let path = classifier.model_file();
    let sha256 = hash::of_files(&[path]).map_err(|error| unread(path, error))?;
    Ok(ModelFile {
        path: path.display().to_string(),
        sha256,
        weights: weights(path)?,
        labels: labels(classifier),
        input: input(classifier),
        facts: facts(classifier),
    })
}

fn unread(path: &Path, error: std::io::Error) -> Error {
    Error::file(format!("the model {} cannot be read", path.display()), error)
}

/// SHA-256 of a model with the weights that lie in files beside it; empty where none do.
fn weights(path: &Path) -> Result<String> {
    // The key without which no tensor can name a file.
    let bytes = fs::read(path).map_err(|error| unread(path, error))?;
    let named = bytes.windows(8).any(|bytes| bytes == b"location");
    Ok(match named {
        true => hash::of_bytes(&onnx::encode(&onnx::read(path).map_err(steerlens::Error::from)?)),
        false => String::new(),
    })
}

fn labels(classifier: &Classifier) -> String {
    let labels = classifier.labels().len();
    let labels: Vec<_> = (0..labels).map(|class| classifier.label(class)).collect();
    listed(&labels.iter().map(AsRef::as_ref).collect::<Vec<_>>(), "label")
}

/// What had to be known to use it, and where that was taken from, for people.
fn facts(classifier: &Classifier) -> Vec<ModelFact> {
    let fact = |fact: &Fact| ModelFact {
        name: fact.name.to_owned(),
        value: fact.value.clone(),
        source: fact.source.to_string(),
    };
    classifier.facts().iter().map(fact).collect()
}

/// How pixels become its input, and how far it is advised to go.
fn input(classifier: &Classifier) -> String {
    let signature = classifier.signature();
    let ranges = signature.ranges.iter().map(|range| format!("{range:?}"));
    let ranges = ranges.collect::<Vec<_>>().join(" ");
    let magnification = signature.magnification.map_or_else(String::new, |magnification| {
        format!(", magnification {magnification}")
    });
    format!(
        "{}x{} {} {}, crop {}, {}",
        signature.width,
        signature.height,
        signature.format.nick(),
        signature.layout.nick(),
        signature.crop_fraction,
        if signature.bytes { "bytes" } else { &ranges }
    ) + &magnification
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
pub(crate) fn quoted(command: &[String]) -> String {
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
