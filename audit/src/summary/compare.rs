// SPDX-License-Identifier: MPL-2.0
//! Two audits side by side: did the classifier become easier to move?

use serde::{Deserialize, Serialize};

use steerlens::FARTHEST_FLIP;

use super::flips::Distances;
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
    /// Files that the baseline alone is of.
    #[serde(default)]
    pub only_before: Vec<String>,
    /// Files that this audit alone is of.
    #[serde(default)]
    pub only_now: Vec<String>,
    /// Every method and reach that both have, in the class gradient's direction.
    pub lines: Vec<Compared>,
    /// The largest `easier` of the lines; missing where nothing can be compared.
    pub easier: Option<f64>,
    /// How much easier is too much.
    pub threshold: Option<f64>,
    /// Whether some line passed the threshold: by the whole interval of its `easier`, and by `easier` itself where there are
    /// too few sources for one.
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
    /// Its 95 % interval; missing for few sources.
    #[serde(default)]
    pub easier_interval: Option<[f64; 2]>,
}

impl Compared {
    /// Whether it became easier by more than the threshold, and not by which files were taken alone: the whole interval
    /// lies above. Without an interval the number itself decides.
    pub fn exceeds(&self, threshold: f64) -> bool {
        let surely = self.easier_interval.map(|[low, _]| low).or(self.easier);
        surely.is_some_and(|easier| easier > threshold)
    }
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
        let (easier, easier_interval) = match medians {
            (Some(median_was), Some(median_is)) if median_was > 0.0 => {
                let ends =
                    |flips: &Option<Distances>| flips.as_ref().and_then(|flips| flips.magnification.interval);
                let fallen = fallen((median_is, ends(&is)), (median_was, ends(&was)));
                (Some(1.0 - median_is / median_was), fallen)
            }
            _ => {
                let shares = became.share().zip(became_before.share());
                let interval = shares.and_then(|(is, was)| {
                    Some(difference((is, became.interval?), (was, became_before.interval?)))
                });
                (shares.map(|(is, was)| is - was), interval)
            }
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
            easier_interval,
        });
    }
    let easier = lines.iter().filter_map(|line| line.easier).reduce(f64::max);
    Comparison {
        baseline: before.run.model.clone(),
        same_inputs: hashes(now) == hashes(before),
        only_before: only(before, now),
        only_now: only(now, before),
        exceeded: threshold.is_some_and(|threshold| lines.iter().any(|line| line.exceeds(threshold))),
        lines,
        easier,
        threshold,
    }
}

/// The interval of the difference of two numbers that are known with intervals of their own (Zou & Donner 2008, Statistics
/// in Medicine 27: the method of variance estimates recovery). It takes the two audits to be independent; of the same
/// files they are not, and it is then wider than need be.
fn difference(
    (is, [is_low, is_high]): (f64, [f64; 2]),
    (was, [was_low, was_high]): (f64, [f64; 2]),
) -> [f64; 2] {
    let difference = is - was;
    [
        difference - (is - is_low).hypot(was_high - was),
        difference + (is_high - is).hypot(was - was_low),
    ]
}

/// The interval of the part by which a median fell, by the difference of logarithms. An end beyond the range has no
/// number, and is taken to be the range's.
fn fallen((is, of_is): (f64, Ends), (was, of_was): (f64, Ends)) -> Option<[f64; 2]> {
    let ends = |ends: [Option<f64>; 2]| {
        let [low, high] = ends.map(|end| end.unwrap_or(FARTHEST_FLIP).ln());
        (low.is_finite() && is > 0.0).then_some([low, high])
    };
    let [low, high] = difference((is.ln(), ends(of_is?)?), (was.ln(), ends(of_was?)?));
    Some([1.0 - high.exp(), 1.0 - low.exp()])
}

type Ends = Option<[Option<f64>; 2]>;

/// Files of one audit whose content the other does not have.
fn only(one: &Summary, other: &Summary) -> Vec<String> {
    let known = hashes(other);
    let own = one.run.inputs.iter();
    own.filter(|input| known.binary_search(&input.sha256.as_str()).is_err())
        .map(|input| input.path.clone())
        .collect()
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
