// SPDX-License-Identifier: MPL-2.0
//! The smaller parts of the page: head, energy maps, frames, what is left out, settings.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::axis::rounded;
use super::text;
use super::thumbnail::{Thumbnail, thumbnail};
use crate::audit::summary::{Compared, Counts, DRAWS, FEWEST_SOURCES, Map, ModelFact, Share, Shown, Summary};

/// Files that are listed; the rest is counted.
const MOST_FILES: usize = 100;

pub(super) fn title(summary: &Summary) -> String {
    format!("What does {} react to?", summary.run.model.name())
}

/// What was audited.
#[derive(Debug, Serialize)]
pub(super) struct Head {
    model: String,
    sha256: String,
    facts: Vec<String>,
    draws: usize,
    fewest: usize,
}

pub(super) fn head(summary: &Summary) -> Head {
    let Counts {
        files,
        sources,
        frames,
        cases,
        source_classes,
        target_classes,
        right,
        already,
        ..
    } = summary.counts;
    let mut facts = vec![
        format!(
            "{} of {}",
            text::counted(frames, "frame", "frames"),
            text::counted(files, "file", "files")
        ),
        text::counted(
            sources,
            "source of its own content",
            "sources of their own content",
        ),
        format!(
            "{}: {}, {}",
            text::counted(cases, "frame and target", "frames and targets"),
            text::counted(source_classes, "source class", "source classes"),
            text::counted(target_classes, "target class", "target classes")
        ),
    ];
    if right.of > 0 {
        facts.push(format!("the driver is right in {}", text::of_percent(&right)));
    }
    if already.count > 0 {
        facts.push(format!(
            "the target is the driver's answer before any edit in {}",
            text::of(&already)
        ));
    }
    Head {
        model: summary.run.model.name().to_owned(),
        sha256: summary.run.model.sha256.clone(),
        facts,
        draws: DRAWS,
        fewest: FEWEST_SOURCES,
    }
}

/// What a reader has to know of the models and files before the answers.
#[derive(Debug, Serialize)]
pub(super) struct Warnings {
    sentences: Vec<String>,
    files: Vec<(String, String)>,
    more_files: usize,
}

pub(super) fn warnings(summary: &Summary) -> Warnings {
    let files = &summary.run.input_warnings;
    Warnings {
        sentences: summary.run.warnings.clone(),
        files: files
            .iter()
            .take(MOST_FILES)
            .map(|one| (one.input.clone(), one.warning.clone()))
            .collect(),
        more_files: files.len().saturating_sub(MOST_FILES),
    }
}

/// A map of scales and orientations, drawn as a table.
#[derive(Debug, Serialize)]
pub(super) struct EnergyMap {
    name: String,
    of: String,
    /// Angle of the structure in degrees, clockwise from horizontal on the screen.
    angles: Vec<f64>,
    scales: Vec<Scale>,
    /// What lies in the residuals.
    rest: String,
}

#[derive(Debug, Serialize)]
struct Scale {
    period: String,
    sum: String,
    bands: Vec<Band>,
}

#[derive(Debug, Serialize)]
struct Band {
    percent: String,
    /// Per cent of the largest band of the map, for the colour.
    strength: f64,
}

pub(super) fn energy(summary: &Summary) -> Vec<EnergyMap> {
    let gradient = summary
        .energy
        .gradient
        .iter()
        .map(|map| energy_map("Class gradient".to_owned(), map));
    let changes = summary.energy.changes.iter();
    let changes = changes.map(|map| energy_map(format!("Edit, {}", text::method(&map.method)), map));
    gradient.chain(changes).collect()
}

fn energy_map(name: String, map: &Map) -> EnergyMap {
    let largest = map
        .shares
        .iter()
        .flatten()
        .copied()
        .fold(f64::MIN_POSITIVE, f64::max);
    let orientations = map.shares.first().map_or(1, Vec::len).max(1);
    let all: f64 = map.shares.iter().flatten().sum();
    EnergyMap {
        name,
        of: text::counted(map.of, "row", "rows"),
        // Band k answers to waves along pi k / K; what is seen, an edge or a line, lies across (docs/method.md 1.3).
        angles: (0..orientations)
            .map(|k| rounded(90.0 + 180.0 * k as f64 / orientations as f64))
            .collect(),
        scales: map
            .shares
            .iter()
            .enumerate()
            .map(|(scale, bands)| Scale {
                period: text::count(4usize << scale.min(40)),
                sum: text::part(bands.iter().sum()),
                bands: bands
                    .iter()
                    .map(|share| Band {
                        percent: text::part(*share),
                        strength: rounded(100.0 * share / largest),
                    })
                    .collect(),
            })
            .collect(),
        rest: text::part((1.0 - all).max(0.0)),
    }
}

/// The easiest and the hardest frames.
#[derive(Debug, Serialize)]
pub(super) struct FrameLists {
    method: String,
    reach: String,
    least: Vec<Card>,
    most: Vec<Card>,
}

#[derive(Debug, Serialize)]
struct Card {
    input: String,
    place: String,
    source: String,
    target: String,
    /// Probability of the source before: a frame that the driver has no opinion of moves easily.
    sure: String,
    before: String,
    after: String,
    verdict: String,
    l2: String,
    strip: Option<String>,
    thumbnail: Option<Thumbnail>,
}

pub(super) fn frames(summary: &Summary, folder: &Path) -> FrameLists {
    let frames = &summary.frames;
    let cards = |list: &[Shown]| list.iter().map(|shown| card(shown, summary, folder)).collect();
    FrameLists {
        method: text::method(&frames.method),
        reach: frames
            .reach
            .map_or_else(String::new, |reach| text::reach(reach, frames.requested)),
        least: cards(&frames.least),
        most: cards(&frames.most),
    }
}

fn card(shown: &Shown, summary: &Summary, folder: &Path) -> Card {
    let magnification = shown
        .magnification
        .map_or_else(|| "\u{2013}".to_owned(), text::number);
    let to_the_flip = summary.frames.requested.is_none();
    Card {
        input: shown.input.clone(),
        place: shown.time_ns.map_or_else(String::new, |time| {
            format!("frame {}, {}", shown.frame, text::time(time))
        }),
        source: shown.source.clone(),
        target: shown.target.clone(),
        sure: text::percent(shown.p_source_before),
        before: text::percent(shown.p_target_before),
        after: text::percent(shown.p_target_after),
        verdict: match (to_the_flip, shown.flipped) {
            (true, true) => format!("flips at magnification {magnification}"),
            (true, false) => format!("no flip up to magnification {magnification}"),
            (false, true) => "becomes the target".to_owned(),
            (false, false) => "does not become the target".to_owned(),
        },
        l2: shown.l2.map_or_else(|| "\u{2013}".to_owned(), text::number),
        strip: shown.strip.clone(),
        thumbnail: shown.strip.as_deref().and_then(|strip| thumbnail(folder, strip)),
    }
}

/// Failures and exclusions.
#[derive(Debug, Serialize)]
pub(super) struct LeftOut {
    complete: bool,
    files: Vec<(String, String)>,
    more_files: usize,
    reasons: Vec<(String, String, String)>,
    missed: Vec<(String, String, String, String)>,
}

pub(super) fn left_out(summary: &Summary) -> LeftOut {
    let failures = &summary.run.failures;
    let flips = summary.cells.iter().filter(|cell| cell.missed > 0);
    LeftOut {
        complete: summary.counts.is_complete(),
        files: failures
            .iter()
            .take(MOST_FILES)
            .map(|one| (one.input.clone(), one.failure.clone()))
            .collect(),
        more_files: failures.len().saturating_sub(MOST_FILES),
        reasons: summary
            .exclusions
            .iter()
            .map(|one| (one.failure.clone(), text::count(one.rows), one.first.clone()))
            .collect(),
        missed: flips
            .map(|cell| {
                let share = Share {
                    count: cell.missed,
                    of: cell.rows - cell.failed,
                    interval: None,
                };
                (
                    text::reach(cell.reach, cell.requested),
                    text::method(&cell.method),
                    text::control(cell.control).to_owned(),
                    text::of_percent(&share),
                )
            })
            .collect(),
    }
}

/// This audit beside its baseline.
#[derive(Debug, Serialize)]
pub(super) struct Beside {
    baseline: String,
    sha256: String,
    same_inputs: bool,
    threshold: Option<String>,
    lines: Vec<BesideLine>,
}

#[derive(Debug, Serialize)]
struct BesideLine {
    reach: String,
    method: String,
    before: String,
    now: String,
    magnification_before: String,
    magnification: String,
    easier: String,
    flagged: bool,
}

pub(super) fn comparison(summary: &Summary) -> Option<Beside> {
    let comparison = summary.comparison.as_ref()?;
    let line = |line: &Compared| BesideLine {
        reach: text::reach(line.reach, line.requested),
        method: text::method(&line.method),
        before: text::of_percent(&line.became_before),
        now: text::of_percent(&line.became),
        magnification_before: magnification(line.magnification_before.as_ref()),
        magnification: magnification(line.magnification.as_ref()),
        easier: line.easier.map_or_else(
            || "\u{2013}".to_owned(),
            |easier| {
                if easier < 0.0 {
                    format!("\u{2212}{}", text::percent(-easier))
                } else {
                    text::percent(easier)
                }
            },
        ),
        flagged: line
            .easier
            .zip(comparison.threshold)
            .is_some_and(|(easier, threshold)| easier > threshold),
    };
    Some(Beside {
        baseline: comparison.baseline.name().to_owned(),
        sha256: comparison.baseline.sha256.clone(),
        same_inputs: comparison.same_inputs,
        threshold: comparison.threshold.map(text::percent),
        lines: comparison.lines.iter().map(line).collect(),
    })
}

fn magnification(estimate: Option<&crate::audit::summary::Estimate>) -> String {
    estimate.map_or_else(String::new, |estimate| text::estimate(estimate, "beyond"))
}

/// What runs the audit again.
#[derive(Debug, Serialize)]
pub(super) struct SettingsBlock {
    command: String,
    rows: Vec<(String, String)>,
    models: Vec<(String, String, String)>,
    facts: Vec<ModelFacts>,
    inputs: Vec<(String, String)>,
    more_inputs: usize,
}

/// What had to be known to use a model.
#[derive(Debug, Serialize)]
struct ModelFacts {
    role: String,
    model: String,
    facts: Vec<ModelFact>,
}

pub(super) fn settings(summary: &Summary) -> SettingsBlock {
    let run = &summary.run;
    let said = |(name, value): (&String, &Value)| (name.clone(), plain(value));
    let own = [
        ("threads".to_owned(), run.threads.to_string()),
        ("seed".to_owned(), run.seed.to_string()),
    ];
    let models =
        || std::iter::once(("driver", &run.model)).chain(run.judges.iter().map(|judge| ("judge", judge)));
    SettingsBlock {
        command: run.command.clone(),
        rows: run
            .settings
            .iter()
            .chain(&run.versions)
            .map(said)
            .chain(own)
            .collect(),
        facts: models()
            .filter(|(_, file)| !file.facts.is_empty())
            .map(|(role, file)| ModelFacts {
                role: role.to_owned(),
                model: file.name().to_owned(),
                facts: file.facts.clone(),
            })
            .collect(),
        models: models()
            .map(|(role, file)| (role.to_owned(), file.path.clone(), file.sha256.clone()))
            .collect(),
        inputs: run
            .inputs
            .iter()
            .take(MOST_FILES)
            .map(|input| (input.path.clone(), input.sha256.clone()))
            .collect(),
        more_inputs: run.inputs.len().saturating_sub(MOST_FILES),
    }
}

/// A value without JSON's marks.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "\u{2013}".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
