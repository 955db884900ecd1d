// SPDX-License-Identifier: MPL-2.0
//! Where a value stands on a drawn axis, in per cent of its length: drawings stretch with the page.

use serde::Serialize;

use super::text;

/// A labelled place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Tick {
    /// Per cent.
    pub(super) at: f64,
    pub(super) label: String,
}

/// A logarithmic axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Log {
    low: f64,
    high: f64,
}

impl Log {
    /// An axis on which all of these stand; values that are not positive stand at its start.
    pub(super) fn around(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .filter(|value| value.is_finite() && *value > 0.0)
            .fold((f64::INFINITY, 0.0f64), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if low > high {
            return Self { low: 0.1, high: 1.0 };
        }
        // At least a factor of four, so that equal values do not fill the axis.
        Self {
            low: (low * 0.9).min(high / 4.0),
            high: high * 1.1,
        }
    }

    pub(super) fn at(&self, value: f64) -> f64 {
        if value.is_nan() || value <= self.low {
            return 0.0;
        }
        rounded((100.0 * (value / self.low).ln() / (self.high / self.low).ln()).min(100.0))
    }

    /// Round values: 1, 2 and 5 of each decade, or 1 alone where they are many.
    pub(super) fn ticks(&self) -> Vec<Tick> {
        let decades = (self.low.log10().floor() as i32)..=(self.high.log10().ceil() as i32);
        let all = |steps: &'static [f64]| -> Vec<f64> {
            let values = decades
                .clone()
                .flat_map(|decade| steps.iter().map(move |step| step * 10f64.powi(decade)));
            values
                .filter(|value| *value >= self.low && *value <= self.high)
                .collect()
        };
        let values = [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]].into_iter().map(all);
        let values = values
            .clone()
            .find(|values| values.len() <= 4)
            .or_else(|| values.clone().next_back());
        let tick = |value: f64| Tick {
            at: self.at(value),
            label: text::number(value),
        };
        values.unwrap_or_default().into_iter().map(tick).collect()
    }
}

/// The axis of shares.
pub(super) fn share_ticks() -> Vec<Tick> {
    [0.0, 0.25, 0.5, 0.75, 1.0]
        .map(|share| Tick {
            at: 100.0 * share,
            label: text::percent(share),
        })
        .to_vec()
}

/// A place on the axis of shares.
pub(super) fn share_at(share: f64) -> f64 {
    rounded(100.0 * share.clamp(0.0, 1.0))
}

/// Two decimals are finer than any screen.
pub(super) fn rounded(value: f64) -> f64 {
    (100.0 * value).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_proportional_to_logarithms() {
        let axis = Log {
            low: 0.01,
            high: 100.0,
        };
        assert_eq!(
            [0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1e9].map(|value| axis.at(value)),
            [0.0, 0.0, 25.0, 50.0, 75.0, 100.0, 100.0]
        );
        assert_eq!(axis.at(f64::NAN), 0.0);
        let labels: Vec<String> = axis.ticks().into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["0.01", "0.1", "1", "10", "100"]);
    }

    #[test]
    fn an_axis_of_nothing_or_of_one_value_can_be_drawn() {
        for values in [vec![], vec![0.5], vec![0.0, f64::INFINITY]] {
            let axis = Log::around(values.into_iter());
            assert!(axis.low < axis.high && !axis.ticks().is_empty(), "{axis:?}");
        }
    }
}
