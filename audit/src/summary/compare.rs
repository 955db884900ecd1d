// SPDX-License-Identifier: MPL-2.0
//! Two audits side by side: did the classifier become easier to move?

use serde::{Deserialize, Serialize};

use super::interval::{Estimate, Share};
use super::{SCHEMA, Summary};
use crate::error::{Result, bail, error};
use crate::table::{Direction, Reach};

/// This audit beside a baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// The baseline's model file.
    pub baseline: super::ModelFile,
    /// Whether both audits were of the same files, by their SHA-256.
    pub same_inputs: bool,
    /// Every method and reach that both have, in the class gradient's direction.
    pub lines: Vec<Compared>,
    /// The largest `easier` of the lines; missing where nothing can be compared.
    pub easier: Option<f64>,
    /// How much easier is too much.
    pub threshold: Option<f64>,
    /// Whether the threshold was passed.
    pub exceeded: bool,
}

/// One method and reach in both audits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Compared {
    /// Nick of the method.
    pub method: String,
    /// How far.
    pub reach: Reach,
    /// The distance or magnification that was asked for.
    pub requested: Option<f64>,
    /// Frames that became the target (or flipped within the range), in the baseline.
    pub became_before: Share,
    /// The same now.
    pub became: Share,
    /// Magnification at the flip, in the baseline; only of flips.
    pub magnification_before: Option<Estimate>,
    /// The same now.
    pub magnification: Option<Estimate>,
    /// How much easier it became: for flips, by what part the median magnification fell (0.2: a fifth less is
    /// enough); for a distance or magnification, by how much the share of frames that became the target rose, as is
    /// also used for flips where a median lies beyond the range. Negative where it became harder.
    pub easier: Option<f64>,
}

pub(super) fn read(json: &str) -> Result<Summary> {
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    let foreign = |error| {
        error!(
            Results,
            "it is no summary of an audit ({error}): name a summary.json"
        )
    };
    let version: Version = serde_json::from_str(json).map_err(foreign)?;
    if version.schema != SCHEMA {
        bail!(
            Results,
            "it has version {} of the summary, and this program reads {SCHEMA}: run the baseline's audit again",
            version.schema
        );
    }
    serde_json::from_str(json).map_err(foreign)
}

pub(super) fn compare(now: &Summary, before: &Summary, threshold: Option<f64>) -> Comparison {
    let mut lines = Vec::new();
    for cell in now
        .cells
        .iter()
        .filter(|cell| cell.control == Direction::Gradient)
    {
        let twin = before.cells.iter().find(|twin| {
            twin.control == cell.control
                && twin.method == cell.method
                && twin.reach == cell.reach
                && twin.requested == cell.requested
        });
        let Some(twin) = twin else { continue };
        let flips = |summary: &Summary| {
            let mut flips = summary.flips.iter();
            let of = flips.find(|flips| flips.control == Direction::Gradient && flips.method == cell.method);
            of.filter(|_| cell.reach == Reach::Flip)
                .map(|flips| flips.all.clone())
        };
        let (was, is) = (flips(before), flips(now));
        let became_before = was.as_ref().map_or(twin.answered, |flips| flips.flipped);
        let became = is.as_ref().map_or(cell.answered, |flips| flips.flipped);
        let medians = (
            was.as_ref().and_then(|flips| flips.magnification.median),
            is.as_ref().and_then(|flips| flips.magnification.median),
        );
        let easier = match medians {
            (Some(was), Some(is)) if was > 0.0 => Some(1.0 - is / was),
            _ => became
                .share()
                .zip(became_before.share())
                .map(|(is, was)| is - was),
        };
        lines.push(Compared {
            method: cell.method.clone(),
            reach: cell.reach,
            requested: cell.requested,
            became_before,
            became,
            magnification_before: was.map(|flips| flips.magnification),
            magnification: is.map(|flips| flips.magnification),
            easier,
        });
    }
    let easier = lines.iter().filter_map(|line| line.easier).reduce(f64::max);
    Comparison {
        baseline: before.run.model.clone(),
        same_inputs: hashes(now) == hashes(before),
        lines,
        easier,
        threshold,
        exceeded: easier
            .zip(threshold)
            .is_some_and(|(easier, threshold)| easier > threshold),
    }
}

fn hashes(summary: &Summary) -> Vec<&str> {
    let mut hashes: Vec<&str> = summary
        .run
        .inputs
        .iter()
        .map(|input| input.sha256.as_str())
        .collect();
    hashes.sort_unstable();
    hashes
}
