// SPDX-License-Identifier: MPL-2.0
//! This audit beside an earlier one.

use serde::Serialize;

use super::{MOST_FILES, text};
use crate::summary::{Compared, Estimate, Summary};

/// This audit beside its baseline.
#[derive(Debug, Serialize)]
pub(super) struct Beside {
    baseline: String,
    sha256: String,
    same_inputs: bool,
    only_before: Vec<String>,
    more_before: usize,
    only_now: Vec<String>,
    more_now: usize,
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
    interval: String,
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
        easier: line.easier.map_or_else(|| "\u{2013}".to_owned(), signed),
        interval: line.easier_interval.map_or_else(String::new, |[low, high]| {
            format!("{} to {}", signed(low), signed(high))
        }),
        flagged: comparison
            .threshold
            .is_some_and(|threshold| line.exceeds(threshold)),
    };
    let named = |files: &[String]| files.iter().take(MOST_FILES).cloned().collect();
    Some(Beside {
        baseline: comparison.baseline.name().to_owned(),
        sha256: comparison.baseline.sha256.clone(),
        same_inputs: comparison.same_inputs,
        only_before: named(&comparison.only_before),
        more_before: comparison.only_before.len().saturating_sub(MOST_FILES),
        only_now: named(&comparison.only_now),
        more_now: comparison.only_now.len().saturating_sub(MOST_FILES),
        threshold: comparison.threshold.map(text::percent),
        lines: comparison.lines.iter().map(line).collect(),
    })
}

fn signed(share: f64) -> String {
    match share < 0.0 {
        true => format!("\u{2212}{}", text::percent(-share)),
        false => text::percent(share),
    }
}

fn magnification(estimate: Option<&Estimate>) -> String {
    estimate.map_or_else(String::new, |estimate| text::estimate(estimate, "beyond"))
}
