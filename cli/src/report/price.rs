// SPDX-License-Identifier: MPL-2.0
//! What a gradient takes, as both reports on models tell it.

use serde::Serialize;
use steerlens::gradient::{Cost, Work};

/// What a run takes, estimated from shapes.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Price {
    /// Time of both halves over that of the forward half.
    ratio: f64,
    multiply_adds: Halves,
    /// Elements read and written.
    elements: Halves,
}

/// The same of both halves.
#[derive(Debug, Clone, Copy, Serialize)]
struct Halves {
    forward: u64,
    backward: u64,
}

/// Bytes.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Memory {
    weights: u64,
    /// Of weights, which the reverse half needs in another order.
    copies: u64,
    /// Of activations, until the reverse half has read them.
    kept: u64,
}

impl From<Cost> for Price {
    fn from(cost: Cost) -> Self {
        let halves = |of: fn(&Work) -> u64| Halves {
            forward: of(&cost.forward),
            backward: of(&cost.backward),
        };
        Self {
            ratio: (cost.ratio() * 100.0).round() / 100.0,
            multiply_adds: halves(|w| w.multiply_adds),
            elements: halves(|w| w.elements),
        }
    }
}

impl From<Cost> for Memory {
    fn from(cost: Cost) -> Self {
        Self {
            weights: cost.weights,
            copies: cost.copies,
            kept: cost.kept,
        }
    }
}

impl Price {
    /// In words.
    pub(crate) fn told(&self) -> String {
        let Self {
            multiply_adds: m,
            elements: e,
            ..
        } = self;
        format!(
            "about {:.1} times the forward run: {} and {} multiply-adds forward and back, {} and {} elements moved",
            self.ratio,
            prefixed(m.forward),
            prefixed(m.backward),
            prefixed(e.forward),
            prefixed(e.backward),
        )
    }
}

impl Memory {
    /// In words.
    pub(crate) fn told(&self) -> String {
        format!(
            "{}B of weights, {}B of copies of them, {}B of activations kept",
            prefixed(self.weights),
            prefixed(self.copies),
            prefixed(self.kept)
        )
    }
}

/// A count in three digits or so, with a prefix: "385 M".
fn prefixed(count: u64) -> String {
    let (mut value, mut prefix) = (count as f64, "");
    for next in ["k", "M", "G", "T"] {
        if value < 999.5 {
            break;
        }
        (value, prefix) = (value / 1000.0, next);
    }
    let decimals = usize::from(value < 9.95 && !prefix.is_empty());
    format!("{value:.decimals$} {prefix}")
}

#[cfg(test)]
mod tests {
    use super::prefixed;

    #[test]
    fn counts_are_short() {
        let cases = [
            (0, "0 "),
            (999, "999 "),
            (1000, "1.0 k"),
            (9_949, "9.9 k"),
            (9_951, "10 k"),
            (999_499, "999 k"),
            (999_500, "1.0 M"),
            (15_470_000_000, "15 G"),
        ];
        for (count, expected) in cases {
            assert_eq!(prefixed(count), expected);
        }
    }
}
