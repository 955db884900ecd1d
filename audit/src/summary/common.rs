// SPDX-License-Identifier: MPL-2.0
//! Methods on the frames that all of them moved equally far, and their differences frame by frame: as the authors compare
//! them. Over the frames that each attained by itself, a method that leaves out the hard ones looks better than it is.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::cases::{Collected, Entries, Entry, Key};
use super::interval::{Estimate, Share, mean, median, share};
use crate::table::{Direction, Reach};

/// One distance or magnification and direction, by all methods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Common {
    /// How far.
    pub reach: Reach,
    /// The distance or magnification that was asked for.
    pub requested: Option<f64>,
    /// The direction.
    pub control: Direction,
    /// Frames and targets that every method attained.
    pub attained: usize,
    /// Of those that were asked for.
    pub of: usize,
    /// Each method on these alone, in the order of the cells.
    pub lines: Vec<CommonLine>,
}

/// A method on the frames and targets that all attained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CommonLine {
    /// Nick of the method, and where it is not 1 the number of samples.
    pub method: String,
    /// The driver's probability of the target after the edit.
    pub p_target_after: Estimate,
    /// Edits in which the driver's answer is the target.
    pub answered: Share,
    /// Share of the edit's energy that a smooth warp accounts for.
    pub e_warp: Estimate,
    /// This method less the first, frame by frame; missing for the first.
    pub less_first: Option<Differences>,
}

/// Differences of two methods on the same frames and targets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Differences {
    /// Median difference of the probability of the target.
    pub p_target_after: Estimate,
    /// Mean difference of the answer being the target, 1 or 0 each: the difference of the shares.
    pub answered: Estimate,
    /// Median difference of the share that a smooth warp accounts for.
    pub e_warp: Estimate,
}

/// Every distance and magnification at which there are several methods.
pub(super) fn common(collected: &Collected) -> Vec<Common> {
    let mut groups: Vec<Vec<&(Key, Entries)>> = Vec::new();
    for cell in collected.cells.iter().filter(|(key, _)| !key.is_flip()) {
        let same = |group: &&mut Vec<&(Key, Entries)>| {
            let key = group[0].0;
            (key.reach, key.requested(), key.control) == (cell.0.reach, cell.0.requested(), cell.0.control)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(cell),
            None => groups.push(vec![cell]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups.iter().map(|group| of_group(collected, group)).collect()
}

fn of_group(collected: &Collected, group: &[&(Key, Entries)]) -> Common {
    let attained: Vec<HashMap<u32, &Entry>> = group
        .iter()
        .map(|(_, entries)| {
            let attained = entries.done.iter().filter(|entry| entry.attained);
            attained.map(|entry| (entry.case, entry)).collect()
        })
        .collect();
    let mut cases: Vec<u32> = attained[0].keys().copied().collect();
    cases.retain(|case| attained.iter().all(|entries| entries.contains_key(case)));
    cases.sort_unstable();
    let (key, entries) = group[0];
    Common {
        reach: key.reach,
        requested: key.requested(),
        control: key.control,
        attained: cases.len(),
        of: entries.done.len() + entries.failed,
        lines: group
            .iter()
            .enumerate()
            .map(|(at, (key, _))| CommonLine {
                method: key.name(),
                ..line(collected, &cases, &attained[at], (at > 0).then_some(&attained[0]))
            })
            .collect(),
    }
}

fn line(
    collected: &Collected,
    cases: &[u32],
    entries: &HashMap<u32, &Entry>,
    first: Option<&HashMap<u32, &Entry>>,
) -> CommonLine {
    let of = |entries: &HashMap<u32, &Entry>, value: fn(&Entry) -> f64| -> Vec<(f64, u32)> {
        let each = cases.iter().map(|case| entries[case]);
        each.map(|entry| collected.sourced(entry, value(entry))).collect()
    };
    let less = |value: fn(&Entry) -> f64| {
        let first = first.map(|first| of(first, value))?;
        let own = of(entries, value);
        Some(
            own.into_iter()
                .zip(first)
                .map(|((own, source), (first, _))| (own - first, source)),
        )
    };
    let p = |entry: &Entry| f64::from(entry.p_target_after);
    let warp = |entry: &Entry| f64::from(entry.e_warp);
    let answered = |entry: &Entry| f64::from(u8::from(entry.answered));
    CommonLine {
        method: String::new(),
        p_target_after: median(of(entries, p)),
        answered: share(
            of(entries, answered)
                .into_iter()
                .map(|(yes, source)| (yes > 0.5, source)),
        ),
        e_warp: median(of(entries, warp)),
        less_first: less(p)
            .zip(less(answered))
            .zip(less(warp))
            .map(|((p, answered), warp)| Differences {
                p_target_after: median(p),
                answered: mean(answered),
                e_warp: median(warp),
            }),
    }
}
