// SPDX-License-Identifier: MPL-2.0
//! How much was audited, and what is in no statistic.

use serde::{Deserialize, Serialize};

use super::cases::{Case, Collected, Key};
use super::interval::{Share, share};
use super::record::Record;

/// Sentences of failures that are listed one by one; the rest is counted.
const MOST_SENTENCES: usize = 50;

/// The size of the audit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Files with at least one row.
    pub files: usize,
    /// Files of different content with at least one result: what intervals are over.
    pub sources: usize,
    /// Frames.
    pub frames: usize,
    /// Frames and targets.
    pub cases: usize,
    /// Classes that were moved away from.
    pub source_classes: usize,
    /// Classes that were moved towards.
    pub target_classes: usize,
    /// Rows.
    pub rows: usize,
    /// Rows without result.
    pub failed: usize,
    /// Rows with a result that did not attain what was asked for: a distance, or a flip within the range.
    pub missed: usize,
    /// Those of them that were to flip.
    #[serde(default)]
    pub unflipped: usize,
    /// Files that could not be audited, or not to their end.
    pub unread: usize,
    /// Frames with a true label that the driver gave the same; 0 of 0 without labels.
    pub right: Share,
    /// Cases in which the driver answered the target before any edit.
    pub already: Share,
    /// The judges on the unedited frames.
    pub judges: Vec<JudgeCounts>,
}

/// A judge on the unedited frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct JudgeCounts {
    /// Cases in which it gave the driver's answer.
    pub agrees: Share,
    /// Cases in which it answered the target.
    pub target: Share,
}

/// A reason why rows have no result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Exclusion {
    /// The sentence.
    pub failure: String,
    /// How many rows.
    pub rows: usize,
    /// The first of them: file and frame.
    pub first: String,
}

/// What the driver takes frames of one true class for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Confused {
    /// The true class.
    pub truth: String,
    /// The driver's answer.
    pub answer: String,
    /// How many frames.
    pub frames: usize,
}

impl Counts {
    /// Whether every file was read, and every row has a result that attained what was asked for.
    pub fn is_complete(&self) -> bool {
        self.failed + self.missed + self.unread == 0
    }
}

pub(super) fn count(collected: &Collected, run: &Record) -> Counts {
    let cases = &collected.cases;
    let yes = |answer: &dyn Fn(&Case) -> bool| share(cases.iter().map(|case| (answer(case), case.source)));
    let distinct = |number: fn(&Case) -> u32| {
        cases
            .iter()
            .map(number)
            .collect::<std::collections::BTreeSet<_>>()
            .len()
    };
    let missed = |flips: &dyn Fn(&Key) -> bool| {
        let cells = collected.cells.iter().filter(|(key, _)| flips(key));
        let done = cells.flat_map(|(_, entries)| &entries.done);
        done.filter(|entry| !entry.attained).count()
    };
    Counts {
        files: collected.inputs.len(),
        sources: distinct(|case| case.source),
        frames: collected.frames.len(),
        cases: cases.len(),
        source_classes: distinct(|case| case.source_class as u32),
        target_classes: distinct(|case| case.target_class as u32),
        rows: collected.rows,
        failed: collected.cells.iter().map(|(_, entries)| entries.failed).sum(),
        missed: missed(&|_| true),
        unflipped: missed(&Key::is_flip),
        unread: run.failures.len(),
        right: share(collected.answers.iter().copied()),
        already: yes(&|case| case.top_before == case.target_class),
        judges: (0..run.judges.len().min(64))
            .map(|judge| JudgeCounts {
                agrees: yes(&|case| case.judges_agree >> judge & 1 == 1),
                target: yes(&|case| case.judges_before >> judge & 1 == 1),
            })
            .collect(),
    }
}

/// The most frequent first.
pub(super) fn confusion(collected: &Collected) -> Vec<Confused> {
    let mut all: Vec<Confused> = collected
        .confusion
        .iter()
        .map(|((truth, answer), frames)| Confused {
            truth: truth.clone(),
            answer: collected.label_of(*answer),
            frames: *frames,
        })
        .collect();
    all.sort_by_key(|confused| std::cmp::Reverse(confused.frames));
    all
}

/// The most frequent reasons first; those past the list in one line.
pub(super) fn exclusions(collected: &Collected) -> Vec<Exclusion> {
    let mut all: Vec<Exclusion> = collected
        .failures
        .iter()
        .map(|(failure, (rows, first))| Exclusion {
            failure: failure.clone(),
            rows: *rows,
            first: first.clone(),
        })
        .collect();
    all.sort_by_key(|exclusion| std::cmp::Reverse(exclusion.rows));
    if all.len() > MOST_SENTENCES {
        let rest = all.split_off(MOST_SENTENCES);
        all.push(Exclusion {
            failure: format!(
                "{} further reasons: the table's column failure has them.",
                rest.len()
            ),
            rows: rest.iter().map(|exclusion| exclusion.rows).sum(),
            first: rest[0].first.clone(),
        });
    }
    all
}
