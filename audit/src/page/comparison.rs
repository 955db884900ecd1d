// SPDX-License-Identifier: MPL-2.0
//! This audit beside an earlier one.

use serde::Serialize;

use super::text;
use crate::summary::{Compared, Estimate, Summary};

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

fn magnification(estimate: Option<&Estimate>) -> String {
    estimate.map_or_else(String::new, |estimate| text::estimate(estimate, "beyond"))
}
