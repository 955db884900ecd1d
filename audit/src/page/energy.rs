// SPDX-License-Identifier: MPL-2.0
//! In which scales and orientations energy lies, as maps.

use serde::Serialize;

use super::axis::rounded;
use super::text;
use crate::summary::{Map, Summary};

/// A map of scales and orientations, drawn as a table.
#[derive(Debug, Serialize)]
pub(super) struct EnergyMap {
    name: String,
    of: String,
    /// Angle of the structure in degrees, clockwise from horizontal on the screen.
    angles: Vec<f64>,
    scales: Vec<Scale>,
    /// What lies in the residuals.
    rest: String,
}

#[derive(Debug, Serialize)]
struct Scale {
    period: String,
    sum: String,
    bands: Vec<Band>,
}

#[derive(Debug, Serialize)]
struct Band {
    percent: String,
    /// Per cent of the largest band of the map, for the colour.
    strength: f64,
}

pub(super) fn energy(summary: &Summary) -> Vec<EnergyMap> {
    let gradient = summary
        .energy
        .gradient
        .iter()
        .map(|map| energy_map("Class gradient".to_owned(), map));
    let changes = summary.energy.changes.iter();
    let changes = changes.map(|map| energy_map(format!("Edit, {}", text::method(&map.method)), map));
    let averaged = summary.energy.averaged.iter();
    let averaged = averaged.map(|map| energy_map(format!("Class gradient, {}", map.method), map));
    gradient.chain(averaged).chain(changes).collect()
}

fn energy_map(name: String, map: &Map) -> EnergyMap {
    let largest = map
        .shares
        .iter()
        .flatten()
        .copied()
        .fold(f64::MIN_POSITIVE, f64::max);
    let orientations = map.shares.first().map_or(1, Vec::len).max(1);
    let all: f64 = map.shares.iter().flatten().sum();
    EnergyMap {
        name,
        of: text::counted(map.of, "row", "rows"),
        // Band k answers to waves along pi k / K; what is seen, an edge or a line, lies across (docs/method.md 1.3).
        angles: (0..orientations)
            .map(|k| rounded(90.0 + 180.0 * k as f64 / orientations as f64))
            .collect(),
        scales: map
            .shares
            .iter()
            .enumerate()
            .map(|(scale, bands)| Scale {
                period: text::count(4usize << scale.min(40)),
                sum: text::part(bands.iter().sum()),
                bands: bands
                    .iter()
                    .map(|share| Band {
                        percent: text::part(*share),
                        strength: rounded(100.0 * share / largest),
                    })
                    .collect(),
            })
            .collect(),
        rest: text::part((1.0 - all).max(0.0)),
    }
}
