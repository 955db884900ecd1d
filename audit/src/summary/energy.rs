// SPDX-License-Identifier: MPL-2.0
//! In which scales and orientations the gradient lies, and each method's edits.

use serde::{Deserialize, Serialize};
use steerlens::settings::Choice;

use crate::table::{Direction, Row, name};

/// Mean shares of energy over the rows of the class gradient's direction.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Energy {
    /// Of the class gradient; missing where no row has it.
    pub gradient: Option<Map>,
    /// Of the class gradients of further numbers of samples; `method` says how many.
    #[serde(default)]
    pub averaged: Vec<Map>,
    /// Of each method's edits.
    pub changes: Vec<Map>,
}

/// A map of scales and orientations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Map {
    /// Nick of the method; empty for the gradient.
    pub method: String,
    /// One list per scale from the finest (a period of about 4 pixels, then 8, 16 ...), with a share, 0..1, for each
    /// orientation. What is missing to 1 lies in the residuals. A frame too small for a scale has nothing there.
    pub shares: Vec<Vec<f64>>,
    /// Number of rows.
    pub of: usize,
}

/// Sums that become the means.
#[derive(Debug, Default)]
pub(super) struct Energies {
    /// By the number of samples.
    gradients: Vec<(String, Sum)>,
    changes: Vec<(String, Sum)>,
}

#[derive(Debug, Default)]
struct Sum {
    orientations: usize,
    sums: Vec<f64>,
    of: usize,
}

impl Energies {
    pub(super) fn add(&mut self, row: &Row) {
        if row.control != Direction::Gradient {
            return;
        }
        let orientations = row.orientations as usize;
        let samples = match row.samples {
            0 | 1 => String::new(),
            samples => format!("{samples} samples"),
        };
        of(&mut self.gradients, samples).add(orientations, &row.gradient_energy);
        let method = name(row.method.nick(), row.samples);
        of(&mut self.changes, method).add(orientations, &row.change_energy);
    }

    pub(super) fn means(&self) -> Energy {
        Energy {
            gradient: self.gradients.first().and_then(|(_, sum)| sum.mean("")),
            averaged: self
                .gradients
                .iter()
                .skip(1)
                .filter_map(|(samples, sum)| sum.mean(samples))
                .collect(),
            changes: self
                .changes
                .iter()
                .filter_map(|(method, sum)| sum.mean(method))
                .collect(),
        }
    }
}

/// The sum of this name, new where there is none yet.
fn of(sums: &mut Vec<(String, Sum)>, name: String) -> &mut Sum {
    let at = sums.iter().position(|(known, _)| *known == name);
    let at = at.unwrap_or_else(|| {
        sums.push((name, Sum::default()));
        sums.len() - 1
    });
    &mut sums[at].1
}

impl Sum {
    fn add(&mut self, orientations: usize, shares: &[f32]) {
        // An edit that changed nothing has no shares.
        if orientations == 0 || shares.is_empty() || !shares.iter().all(|share| share.is_finite()) {
            return;
        }
        if self.of == 0 {
            self.orientations = orientations;
        }
        if orientations != self.orientations {
            return;
        }
        self.sums.resize(self.sums.len().max(shares.len()), 0.0);
        for (sum, share) in self.sums.iter_mut().zip(shares) {
            *sum += f64::from(*share);
        }
        self.of += 1;
    }

    fn mean(&self, method: &str) -> Option<Map> {
        (self.of > 0).then(|| Map {
            method: method.to_owned(),
            shares: self
                .sums
                .chunks(self.orientations)
                .map(|scale| scale.iter().map(|sum| sum / self.of as f64).collect())
                .collect(),
            of: self.of,
        })
    }
}
