// SPDX-License-Identifier: MPL-2.0
//! What rows of scores look like, whatever made them: probabilities show in the numbers.
//!
//! The rows are of pictures far outside of what any network is fed (black, white, noise up to 255), so that what stays
//! within 0..1 on all of them is held there, and not there by chance.

/// Sums of f32 over a thousand classes, and a Softmax clipped at 1e-7: 1e-4 was seen at most.
const SUM: f64 = 1e-3;
/// Below this share of the largest number, a negative one is rounding.
const ZERO: f32 = 1e-6;

/// What a row of scores is, as far as several of them tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Numbers {
    /// Nowhere negative, and every row sums to 1, or to the same number beyond: 100 for percentages.
    Shares(f32),
    /// Logarithms of such rows.
    LogShares,
    /// Every one in 0..1, and they do not sum to 1.
    Each,
    /// None of these.
    Free,
    /// The pictures told nothing: the same numbers for each, or none that is finite.
    Silent,
}

impl Numbers {
    /// Whether one row is enough to see that the scores are neither probabilities nor their logarithms.
    pub(super) fn rules_out(row: &[f32]) -> bool {
        let largest = row.iter().fold(0f32, |top, v| top.max(v.abs()));
        row.iter().all(|v| v.is_finite())
            && row.iter().any(|v| *v < -ZERO * largest)
            && row.iter().any(|v| *v > ZERO.max(ZERO * largest))
    }

    /// Of the rows of several pictures. Rows that are not finite are left aside.
    pub(super) fn of(rows: &[Vec<f32>]) -> Self {
        let rows: Vec<&Vec<f32>> = rows.iter().filter(|r| r.iter().all(|v| v.is_finite())).collect();
        let all = || rows.iter().copied().flatten().copied();
        let (low, high) = all().fold((f32::MAX, f32::MIN), |(a, b), v| (a.min(v), b.max(v)));
        // What does not move with the picture was not made from it.
        let moves = |rows: &[&Vec<f32>]| rows.windows(2).any(|two| two[0] != two[1]);
        if rows.is_empty() || !moves(&rows) {
            return Self::Silent;
        }
        let classes = rows[0].len();
        let sums = |f: fn(f64) -> f64| -> Vec<f64> {
            let sum = |row: &&Vec<f32>| row.iter().map(|v| f(f64::from(*v))).sum();
            rows.iter().map(sum).collect()
        };
        let all_near = |sums: &[f64], to: f64| sums.iter().all(|s| (s - to).abs() <= SUM * to);
        let positive = low >= -ZERO * high;
        if classes > 1 && positive && high > 0.0 {
            let sums = sums(|v| v);
            let mean = sums.iter().sum::<f64>() / sums.len() as f64;
            if all_near(&sums, 1.0) {
                return Self::Shares(1.0);
            }
            // Within 0..1 they may be anything that adds up, as the complements of probabilities do.
            if rows.len() > 2 && high > 1.0 + ZERO && all_near(&sums, mean) {
                return Self::Shares(mean as f32);
            }
        }
        if classes > 1 && high <= ZERO && all_near(&sums(f64::exp), 1.0) {
            return Self::LogShares;
        }
        if positive && high > 1e-3 && high <= 1.0 + ZERO {
            return Self::Each;
        }
        Self::Free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_show_in_the_numbers() {
        let of = |rows: &[&[f32]]| Numbers::of(&rows.iter().map(|r| r.to_vec()).collect::<Vec<_>>());
        assert_eq!(of(&[&[0.2, 0.8], &[0.5, 0.5], &[1.0, 0.0]]), Numbers::Shares(1.0));
        assert_eq!(
            of(&[&[20.0, 80.0], &[50.0, 50.0], &[0.0, 100.0]]),
            Numbers::Shares(100.0)
        );
        assert_eq!(
            of(&[&[-0.1, -2.352_168], &[-std::f32::consts::LN_2; 2]]),
            Numbers::LogShares
        );
        assert_eq!(of(&[&[0.2, 0.9], &[0.5, 0.1]]), Numbers::Each);
        assert_eq!(
            of(&[&[0.9, 0.3, 0.8], &[0.5, 0.6, 0.9], &[1.0, 0.4, 0.6]]),
            Numbers::Each,
            "complements"
        );
        assert_eq!(of(&[&[0.2], &[0.5]]), Numbers::Each, "a single one too");
        assert_eq!(of(&[&[0.2, 1.1], &[0.5, 0.1]]), Numbers::Free);
        assert_eq!(of(&[&[-0.2, 0.9], &[0.5, 0.5]]), Numbers::Free);
        assert_eq!(of(&[&[0.2, 0.8], &[0.2, 0.8]]), Numbers::Silent);
        assert_eq!(of(&[&[0.0, 0.0], &[0.0, 0.0]]), Numbers::Silent);
        assert_eq!(of(&[&[f32::NAN, 0.8]]), Numbers::Silent);
        assert_eq!(
            of(&[&[f32::NAN, 0.8], &[0.2, 0.8], &[0.3, 0.7]]),
            Numbers::Shares(1.0)
        );
        assert!(Numbers::rules_out(&[-0.5, 0.5]));
        assert!(!Numbers::rules_out(&[0.5, 0.5]) && !Numbers::rules_out(&[-0.5, -0.5]));
        assert!(!Numbers::rules_out(&[f32::NAN, -0.5, 0.5]));
        assert_eq!(
            of(&[&[1e-38, 3e-38], &[2e-38, 1e-38]]),
            Numbers::Free,
            "tiny logits are logits"
        );
    }
}
