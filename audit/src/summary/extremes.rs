// SPDX-License-Identifier: MPL-2.0
//! The frames that were easiest and hardest to move.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::cases::{Collected, Entry, Key};
use super::moved::Moved;
use crate::table::Reach;

/// Frames in each list.
const SHOWN: usize = 6;
/// Frames in the list of all.
const LISTED: usize = 200;
/// Probability of the source from which the driver has an opinion of a frame.
pub(super) const OPINION: f32 = 0.5;

/// The two ends of the audit, by the first method.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Extremes {
    /// Nick of the method; empty where nothing was moved.
    pub method: String,
    /// What was looked at: the flip where it was searched, else the furthest reach.
    pub reach: Option<Reach>,
    /// The distance or magnification that was asked for.
    pub requested: Option<f64>,
    /// The driver's probability of the source from which a frame is in the lists; missing where no frame has that much, and
    /// all are looked at.
    #[serde(default)]
    pub opinion: Option<f64>,
    /// Easiest first: the smallest magnification at the flip, else the highest probability of the target.
    pub least: Vec<ExtremeFrame>,
    /// Hardest first.
    pub most: Vec<ExtremeFrame>,
    /// Easiest first, whether the driver is sure of them or not: at most 200.
    #[serde(default)]
    pub all: Vec<ExtremeFrame>,
    /// Of how many.
    #[serde(default)]
    pub of: usize,
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExtremeFrame {
    /// Which frame, between which classes, and how far.
    #[serde(flatten)]
    pub moved: Moved,
    /// Driver's probability of the source before the edit.
    pub p_source_before: f64,
    /// Driver's probability of the target before the edit.
    pub p_target_before: f64,
    /// Driver's probability of the target after it.
    pub p_target_after: f64,
    /// Whether the driver's answer became the target.
    pub flipped: bool,
    /// Picture of the frame and its edits, relative to the output folder.
    pub strip: Option<String>,
}

pub(super) fn frames(collected: &Collected) -> Extremes {
    let Some((key, entries)) = collected.main_cells().next() else {
        return Extremes::default();
    };
    let mut order: Vec<&Entry> = entries
        .done
        .iter()
        .filter(|entry| entry.attained || key.is_flip())
        .collect();
    order.sort_by(|a, b| ease(key, a).total_cmp(&ease(key, b)));
    let show = |entries: &[&Entry]| {
        let entries = entries.iter();
        entries.map(|entry| shown(collected, key, entry)).collect()
    };
    let (all, of) = (show(&order[..order.len().min(LISTED)]), order.len());
    let sure = |entry: &&Entry| collected.of(entry).p_source_before >= OPINION;
    let some_are_sure = order.iter().any(sure);
    if some_are_sure {
        order.retain(sure);
    }
    // No frame stands in both lists.
    let (least, most) = order.split_at(order.len().div_ceil(2));
    Extremes {
        method: key.name(),
        reach: Some(key.reach),
        requested: key.requested(),
        opinion: some_are_sure.then_some(OPINION.into()),
        least: show(&first(collected, least.iter().copied())),
        most: show(&first(collected, most.iter().rev().copied())),
        all,
        of,
    }
}

/// Smaller for frames that are easier to move.
fn ease(key: &Key, entry: &Entry) -> f64 {
    let probability = f64::from(entry.p_target_after);
    match key.is_flip() {
        true if entry.attained => entry.magnification,
        // Beyond every magnification, and the further the less probable the target is at the range's end.
        true => f64::MAX * (1.0 - 0.5 * probability),
        false => 1.0 - probability,
    }
}

/// The first frames in order, few of each file: neighbours in a video look alike.
fn first<'a>(collected: &Collected, order: impl Iterator<Item = &'a Entry>) -> Vec<&'a Entry> {
    let most = SHOWN.div_ceil(collected.inputs.len().max(1)).max(2);
    let mut seen: HashMap<u32, usize> = HashMap::new();
    order
        .filter(|entry| {
            let seen = seen.entry(collected.of(entry).input).or_default();
            *seen += 1;
            *seen <= most
        })
        .take(SHOWN)
        .collect()
}

fn shown(collected: &Collected, key: &Key, entry: &Entry) -> ExtremeFrame {
    let case = collected.of(entry);
    ExtremeFrame {
        moved: collected.moved(entry),
        p_source_before: case.p_source_before.into(),
        p_target_before: case.p_target_before.into(),
        p_target_after: entry.p_target_after.into(),
        flipped: if key.is_flip() {
            entry.attained
        } else {
            entry.answered
        },
        strip: case.strip.clone(),
    }
}
