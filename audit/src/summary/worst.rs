// SPDX-License-Identifier: MPL-2.0
//! The worst case: the least visible edit that changed the driver's answer.

use serde::{Deserialize, Serialize};

use super::cases::{Collected, Entry, Key};
use super::extremes::OPINION;
use super::interval::finite;
use super::moved::Moved;
use crate::closest;
use crate::table::{Direction, Reach};

/// Probability of the source from which the driver is sure of a frame.
const SURE: f32 = 0.9;

/// The least visible edit along the class gradient that made the target of another answer: that of the highest PSNR, by
/// whichever method. Frames of which the driver is sure by nine tenths come before those of which it is by half, and these
/// before the rest: that a toss-up can be tipped is no finding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Worst {
    /// Nick of the method.
    pub method: String,
    /// How far it moved; the flip where that was searched.
    pub reach: Option<Reach>,
    /// The distance or magnification that was asked for.
    pub requested: Option<f64>,
    /// Which frame, from its answer to which other, and how far.
    #[serde(flatten)]
    pub moved: Moved,
    /// Driver's probabilities of source and target, before the edit.
    pub before: [f64; 2],
    /// And after it.
    pub after: [f64; 2],
    /// Structural similarity, luma.
    pub ssim: Option<f64>,
    /// Picture of the frame, the edit and their difference, relative to the output folder.
    pub picture: Option<String>,
}

pub(super) fn worst(collected: &Collected) -> Option<Worst> {
    let gradient = || {
        collected
            .cells
            .iter()
            .filter(|(key, _)| key.control == Direction::Gradient)
    };
    let flips = gradient().any(|(key, _)| key.is_flip());
    let changed = gradient()
        .filter(|(key, _)| key.is_flip() == flips)
        .flat_map(|(key, entries)| entries.done.iter().map(move |entry| (key, entry)))
        .filter(|(_, entry)| {
            let case = collected.of(entry);
            entry.attained && entry.answered && case.top_before == case.source_class && !entry.psnr.is_nan()
        });
    // Of equals the first, so that it does not depend on how they are compared.
    let rank = |entry: &Entry| {
        let sure = collected.of(entry).p_source_before;
        (u8::from(sure >= OPINION) + u8::from(sure >= SURE), entry.psnr)
    };
    let above = |a: (u8, f32), b: (u8, f32)| a.0 > b.0 || (a.0 == b.0 && a.1 > b.1);
    let (key, entry) = changed.reduce(|best, next| {
        if above(rank(next.1), rank(best.1)) {
            next
        } else {
            best
        }
    })?;
    Some(described(collected, key, entry))
}

fn described(collected: &Collected, key: &Key, entry: &Entry) -> Worst {
    let case = collected.of(entry);
    Worst {
        method: key.name(),
        reach: Some(key.reach),
        requested: key.requested(),
        moved: collected.moved(entry),
        before: [case.p_source_before.into(), case.p_target_before.into()],
        after: [entry.p_source_after.into(), entry.p_target_after.into()],
        ssim: finite(entry.ssim.into()),
        picture: case.strip.as_deref().map(closest::path),
    }
}
