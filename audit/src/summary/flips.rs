// SPDX-License-Identifier: MPL-2.0
//! How far frames are from flipping, and into what.
//!
//! A frame that does not flip within the range is further away than the range's end: it takes part in the quantiles
//! of the magnification as a value beyond the range, so that they are those of all frames. The L2 distances are of the
//! frames that flipped.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bootstrap::quantile;
use super::cases::{Collected, Entry};
use super::interval::{Estimate, Share, finite, median, share};
use crate::table::{Direction, Reach};

/// The flips of one method and control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Flips {
    /// Nick of the method.
    pub method: String,
    /// The direction.
    pub control: Direction,
    /// Over all classes.
    pub all: Distances,
    /// Per class moved away from, the most frequent first.
    pub classes: Vec<ClassFlips>,
}

/// One class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClassFlips {
    /// Its number.
    pub class: i32,
    /// Its label.
    pub label: String,
    /// How far its frames are.
    pub distances: Distances,
}

/// How far frames are from flipping.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Distances {
    /// Frames and targets that flipped within the range.
    pub flipped: Share,
    /// Magnification at the flip; the median over all of them.
    pub magnification: Estimate,
    /// Its minimum, quartiles and maximum over all of them; `null` beyond the range.
    pub magnification_quantiles: [Option<f64>; 5],
    /// L2 distance at the flip, of those that flipped.
    pub l2: Estimate,
    /// Its minimum, quartiles and maximum.
    pub l2_quantiles: [Option<f64>; 5],
    /// Peak signal-to-noise ratio at the flip in dB, luma, of those that flipped.
    #[serde(default)]
    pub psnr: Estimate,
}

/// Which classes become which, by one method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Matrix {
    /// Nick of the method.
    pub method: String,
    /// How far edits went: to the flip where that was searched, else the furthest reach.
    pub reach: Reach,
    /// The distance or magnification that was asked for.
    pub requested: Option<f64>,
    /// The most frequent pairs first.
    pub pairs: Vec<Pair>,
}

/// A class that was moved towards another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pair {
    /// Class moved away from.
    pub source: i32,
    /// Its label.
    pub source_label: String,
    /// Class moved towards.
    pub target: i32,
    /// Its label.
    pub target_label: String,
    /// How often the driver's answer became the target; of those that attained the distance, if one was asked for.
    pub became: Share,
    /// Median magnification used.
    pub magnification: Option<f64>,
}

pub(super) fn flips(collected: &Collected) -> Vec<Flips> {
    let searched = collected.cells.iter().filter(|(key, _)| key.is_flip());
    searched
        .map(|(key, entries)| {
            let mut by_class: BTreeMap<i32, Vec<&Entry>> = BTreeMap::new();
            for entry in &entries.done {
                by_class
                    .entry(collected.of(entry).source_class)
                    .or_default()
                    .push(entry);
            }
            let mut classes: Vec<ClassFlips> = by_class
                .into_iter()
                .map(|(class, entries)| ClassFlips {
                    class,
                    label: collected.label_of(class),
                    distances: distances(collected, &entries),
                })
                .collect();
            classes.sort_by_key(|class| std::cmp::Reverse(class.distances.flipped.of));
            Flips {
                method: key.name(),
                control: key.control,
                all: distances(collected, &entries.done.iter().collect::<Vec<_>>()),
                classes,
            }
        })
        .collect()
}

pub(super) fn matrices(collected: &Collected) -> Vec<Matrix> {
    collected
        .main_cells()
        .map(|(key, entries)| {
            let mut by_pair: BTreeMap<(i32, i32), Vec<&Entry>> = BTreeMap::new();
            for entry in entries
                .done
                .iter()
                .filter(|entry| entry.attained || key.is_flip())
            {
                let case = collected.of(entry);
                by_pair
                    .entry((case.source_class, case.target_class))
                    .or_default()
                    .push(entry);
            }
            let became = |entry: &Entry| {
                if key.is_flip() {
                    entry.attained
                } else {
                    entry.answered
                }
            };
            let mut pairs: Vec<Pair> = by_pair
                .into_iter()
                .map(|((source, target), entries)| Pair {
                    source,
                    source_label: collected.label_of(source),
                    target,
                    target_label: collected.label_of(target),
                    became: share(
                        entries
                            .iter()
                            .map(|entry| collected.sourced(entry, became(entry))),
                    ),
                    magnification: magnifications(&entries, key.is_flip())[2],
                })
                .collect();
            pairs.sort_by_key(|pair| std::cmp::Reverse(pair.became.of));
            Matrix {
                method: key.name(),
                reach: key.reach,
                requested: key.requested(),
                pairs,
            }
        })
        .collect()
}

fn distances(collected: &Collected, entries: &[&Entry]) -> Distances {
    let flipped = || entries.iter().filter(|entry| entry.attained);
    Distances {
        flipped: share(
            entries
                .iter()
                .map(|entry| collected.sourced(entry, entry.attained)),
        ),
        magnification: median(
            entries
                .iter()
                .map(|entry| collected.sourced(entry, distance(entry))),
        ),
        magnification_quantiles: magnifications(entries, true),
        l2: median(flipped().map(|entry| collected.sourced(entry, entry.l2))),
        l2_quantiles: quantiles(flipped().map(|entry| entry.l2).collect()),
        psnr: median(flipped().map(|entry| collected.sourced(entry, entry.psnr.into()))),
    }
}

fn magnifications(entries: &[&Entry], to_the_flip: bool) -> [Option<f64>; 5] {
    let used = |entry: &&Entry| {
        if to_the_flip {
            distance(entry)
        } else {
            entry.magnification
        }
    };
    quantiles(entries.iter().map(used).collect())
}

/// Magnification at the flip; infinite beyond the range.
fn distance(entry: &Entry) -> f64 {
    if entry.attained {
        entry.magnification
    } else {
        f64::INFINITY
    }
}

fn quantiles(mut values: Vec<f64>) -> [Option<f64>; 5] {
    values.retain(|value| !value.is_nan());
    values.sort_by(f64::total_cmp);
    [0.0, 0.25, 0.5, 0.75, 1.0].map(|q| quantile(&values, q).and_then(finite))
}
