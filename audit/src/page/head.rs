// SPDX-License-Identifier: MPL-2.0
//! What was audited, and what is to be known before the answers.

use serde::Serialize;

use super::{MOST_FILES, text};
use crate::summary::{Counts, DRAWS, FEWEST_SOURCES, Summary};

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
    let also = summary
        .run
        .also
        .iter()
        .map(|driver| driver.name())
        .collect::<Vec<_>>();
    if !also.is_empty() {
        facts.push(format!("driven together with {}", also.join(", ")));
    }
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
