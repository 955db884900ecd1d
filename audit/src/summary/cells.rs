// SPDX-License-Identifier: MPL-2.0
//! The protocol table (docs/method.md 0): the three measures of each method, control and reach, side by side.

use serde::{Deserialize, Serialize};

use super::cases::{Collected, Entries, Entry, Key};
use super::interval::{Estimate, Share, median, share};
use crate::table::{Direction, Reach};

/// One method, control and reach. Statistics are over the rows that attained it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cell {
    /// How far: to an L2 distance, by a magnification, or to the flip.
    pub reach: Reach,
    /// The distance or magnification that was asked for.
    pub requested: Option<f64>,
    /// Nick of the method, and where it is not 1 the number of samples: `csp-phase, 16 samples`.
    pub method: String,
    /// The direction.
    pub control: Direction,
    /// Copies of the frame whose gradients were averaged; 1: its own gradient.
    #[serde(default = "one")]
    pub samples: u32,
    /// Rows that were asked for.
    pub rows: usize,
    /// Rows without result.
    pub failed: usize,
    /// Rows with a result that did not get there.
    pub missed: usize,
    /// Rows that did.
    pub attained: usize,
    /// G: the driver's probability of the target after the edit.
    pub p_target_after: Estimate,
    /// Rows in which the driver's answer is the target.
    pub answered: Share,
    /// Transfer: rows in which each judge's answer is the target.
    pub judges: Vec<Share>,
    /// Rows in which every judge's is; missing with fewer than two judges.
    pub all_judges: Option<Share>,
    /// E: share of the edit's energy that a smooth warp accounts for.
    pub e_warp: Estimate,
    /// The same with a smooth gain.
    pub e_warp_gain: Estimate,
    /// Magnification used.
    pub magnification: Estimate,
    /// L2 distance of the result.
    pub l2: Estimate,
    /// Its peak signal-to-noise ratio in dB, luma.
    #[serde(default)]
    pub psnr: Estimate,
    /// How sure the directions are, 0..1; nothing for single gradients.
    #[serde(default)]
    pub agreement: Estimate,
    /// How alike the gradients of several drivers are, -1..1; nothing for a single driver.
    #[serde(default)]
    pub drivers_agreement: Estimate,
}

fn one() -> u32 {
    1
}

/// Every cell, `judges` lists long.
pub(super) fn cells(collected: &Collected, judges: usize) -> Vec<Cell> {
    let cell = |(key, entries): &(Key, Entries)| cell(collected, key, entries, judges);
    collected.cells.iter().map(cell).collect()
}

fn cell(collected: &Collected, key: &Key, entries: &Entries, judges: usize) -> Cell {
    let attained: Vec<&Entry> = entries.done.iter().filter(|entry| entry.attained).collect();
    let middle = |value: fn(&Entry) -> f64| {
        median(
            attained
                .iter()
                .map(|entry| collected.sourced(entry, value(entry))),
        )
    };
    let yes = |answer: &dyn Fn(&Entry) -> bool| {
        share(
            attained
                .iter()
                .map(|entry| collected.sourced(entry, answer(entry))),
        )
    };
    let every = u64::MAX.checked_shr(64 - judges.min(64) as u32).unwrap_or(0);
    Cell {
        reach: key.reach,
        requested: key.requested(),
        method: key.name(),
        control: key.control,
        samples: key.way.samples,
        rows: entries.done.len() + entries.failed,
        failed: entries.failed,
        missed: entries.done.len() - attained.len(),
        attained: attained.len(),
        p_target_after: middle(|entry| entry.p_target_after.into()),
        answered: yes(&|entry| entry.answered),
        judges: (0..judges.min(64))
            .map(|judge| yes(&|entry| entry.judges >> judge & 1 == 1))
            .collect(),
        all_judges: (judges > 1).then(|| yes(&|entry| entry.judges == every)),
        e_warp: middle(|entry| entry.e_warp.into()),
        e_warp_gain: middle(|entry| entry.e_warp_gain.into()),
        magnification: middle(|entry| entry.magnification),
        l2: middle(|entry| entry.l2),
        psnr: middle(|entry| entry.psnr.into()),
        agreement: middle(|entry| entry.agreement.into()),
        drivers_agreement: middle(|entry| entry.drivers_agreement.into()),
    }
}
