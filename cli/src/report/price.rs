// SPDX-License-Identifier: MPL-2.0
//! What a gradient takes, as both reports on models tell it.

use serde_json::{Value, json};
use steerlens::gradient::{Cost, Work};

/// What a run takes, estimated from shapes: time of both halves over that of the forward half, and what each half does.
pub(super) fn run(cost: &Cost) -> Value {
    let halves = |of: fn(&Work) -> u64| json!({"forward": of(&cost.forward), "backward": of(&cost.backward)});
    json!({
        "ratio": ratio(cost),
        "multiply-adds": halves(|work| work.multiply_adds),
        "elements": halves(|work| work.elements),
    })
}

/// Bytes: of weights, of copies of them that the reverse half needs in another order, and of activations until it has
/// read them.
pub(super) fn memory(cost: &Cost) -> Value {
    json!({"weights": cost.weights, "copies": cost.copies, "kept": cost.kept})
}

/// [`run`] in words.
pub(super) fn run_in_words(cost: &Cost) -> String {
    let Cost {
        forward, backward, ..
    } = cost;
    format!(
        "about {:.1} times the forward run: {} and {} multiply-adds forward and back, {} and {} elements moved",
        ratio(cost),
        prefixed(forward.multiply_adds),
        prefixed(backward.multiply_adds),
        prefixed(forward.elements),
        prefixed(backward.elements),
    )
}

/// [`memory`] in words.
pub(super) fn memory_in_words(cost: &Cost) -> String {
    format!(
        "{}B of weights, {}B of copies of them, {}B of activations kept",
        prefixed(cost.weights),
        prefixed(cost.copies),
        prefixed(cost.kept)
    )
}

/// In two decimals, which is more than an estimate is good for.
fn ratio(cost: &Cost) -> f64 {
    (cost.ratio() * 100.0).round() / 100.0
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
