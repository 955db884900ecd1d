// SPDX-License-Identifier: MPL-2.0
//! The worst case: the least visible edit that changed the driver's answer.

use serde::{Deserialize, Serialize};

use super::cases::{Collected, Entry, Key};
use super::extremes::OPINION;
use super::interval::finite;
use crate::closest;
use crate::table::{Direction, Reach};

/// The least visible edit along the class gradient that made the target of another answer: that of the highest PSNR, by
/// whichever method. Frames of which the driver is sure come before those of which it is not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Worst {
    /// Nick of the method.
    pub method: String,
    /// How far it moved; the flip where that was searched.
    pub reach: Option<Reach>,
    /// The distance or magnification that was asked for.
    pub requested: Option<f64>,
    /// The file.
    pub input: String,
    /// The frame's number there.
    pub frame: u64,
    /// Its presentation time.
    pub time_ns: Option<u64>,
    /// The driver's answer before.
    pub source: String,
    /// And after.
    pub target: String,
    /// Driver's probabilities of source and target, before the edit.
    pub before: [f64; 2],
    /// And after it.
    pub after: [f64; 2],
    /// Peak signal-to-noise ratio in dB, luma; missing where no luma changed.
    pub psnr: Option<f64>,
    /// Structural similarity, luma.
    pub ssim: Option<f64>,
    /// L2 distance.
    pub l2: Option<f64>,
    /// Magnification used.
    pub magnification: Option<f64>,
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
    let rank = |entry: &Entry| (collected.of(entry).p_source_before >= OPINION, entry.psnr);
    let above = |a: (bool, f32), b: (bool, f32)| (a.0 && !b.0) || (a.0 == b.0 && a.1 > b.1);
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
        input: collected.inputs[case.input as usize].clone(),
        frame: case.frame,
        time_ns: case.time_ns,
        source: collected.label_of(case.source_class),
        target: collected.label_of(case.target_class),
        before: [case.p_source_before.into(), case.p_target_before.into()],
        after: [entry.p_source_after.into(), entry.p_target_after.into()],
        psnr: finite(entry.psnr.into()),
        ssim: finite(entry.ssim.into()),
        l2: finite(entry.l2),
        magnification: finite(entry.magnification),
        picture: case.strip.as_deref().map(closest::path),
    }
}
