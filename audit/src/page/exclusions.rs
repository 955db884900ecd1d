// SPDX-License-Identifier: MPL-2.0
//! What is in no statistic.

use serde::Serialize;

use super::{MOST_FILES, text};
use crate::summary::{Share, Summary};

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
