// SPDX-License-Identifier: MPL-2.0
//! 95 % intervals by source-cluster bootstrap.
//!
//! Each of [`DRAWS`] draws takes as many sources as the statistic has, with replacement, each with all its rows; the
//! interval holds the middle 95 % of the statistic's values (Efron & Tibshirani 1993, chapter 13: percentile
//! interval). The seed is fixed: the same rows give the same interval. A share of none or of all has the exact interval
//! over its sources instead.

/// Draws of the bootstrap (docs/method.md 0).
pub const DRAWS: usize = 2000;

/// Sources below which no interval is given. Even the range of n independent values misses their median with
/// probability 2^(1-n): above 5 % for fewer than 6.
pub const FEWEST_SOURCES: usize = 6;

const SEED: u64 = 0x5EED;

/// A value and the source it is from.
pub(super) type Sourced<T> = (T, u32);

/// The quantile `q` of sorted values, between its two neighbours in proportion (Hyndman & Fan 1996, type 7).
pub(super) fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let at = q * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    // Equal neighbours may be infinite, and their difference would not be a number.
    Some(if low == high || at.fract() == 0.0 {
        low
    } else {
        low + (high - low) * at.fract()
    })
}

/// Where all answers are alike, so are all draws, and the bootstrap would claim that nothing is uncertain. The exact
/// interval (Clopper & Pearson 1934) of none of n sources ends here.
pub(super) fn one_sided(sources: usize) -> Option<f64> {
    (sources >= FEWEST_SOURCES).then(|| 1.0 - 0.025_f64.powf(1.0 / sources as f64))
}

/// Gives sources the numbers 0.. in the order in which they are first met; how many there are.
pub(super) fn number_sources<'a>(sources: impl Iterator<Item = &'a mut u32>) -> usize {
    let mut numbers = std::collections::HashMap::new();
    for source in sources {
        let next = numbers.len() as u32;
        *source = *numbers.entry(*source).or_insert(next);
    }
    numbers.len()
}

/// The median of sorted values, each taken as often as its source was drawn.
pub(super) fn weighted_median(sorted: &[Sourced<f64>], times: &[u32]) -> Option<f64> {
    let total: u64 = sorted
        .iter()
        .map(|&(_, source)| u64::from(times[source as usize]))
        .sum();
    let (low, high) = (total.checked_sub(1)? / 2, total / 2);
    let mut passed = 0;
    let mut below = None;
    for &(value, source) in sorted {
        passed += u64::from(times[source as usize]);
        if below.is_none() && passed > low {
            below = Some(value);
        }
        if passed > high {
            return below.map(|below| {
                if below == value {
                    value
                } else {
                    0.5 * (below + value)
                }
            });
        }
    }
    None
}

/// The middle 95 % of what a statistic is over the draws; it is told how often each source was drawn.
pub(super) fn interval(sources: usize, statistic: impl Fn(&[u32]) -> Option<f64>) -> Option<[f64; 2]> {
    if sources < FEWEST_SOURCES {
        return None;
    }
    let mut random = SplitMix64(SEED);
    let mut times = vec![0; sources];
    let mut drawn: Vec<f64> = (0..DRAWS)
        .filter_map(|_| {
            times.fill(0);
            for _ in 0..sources {
                times[random.below(sources)] += 1;
            }
            statistic(&times)
        })
        .collect();
    drawn.sort_by(f64::total_cmp);
    Some([quantile(&drawn, 0.025)?, quantile(&drawn, 0.975)?])
}

/// The generator of Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators": its sequence is
/// fixed for ever, which a crate's default generator does not promise.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`; its bias is below n / 2^64 (Lemire 2019, without the rejection).
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        // First outputs for the seed 1234567 of the authors' own C program, splitmix64.c.
        let mut random = SplitMix64(1_234_567);
        let first = [(); 5].map(|()| random.next());
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821
            ]
        );
    }

    #[test]
    fn quantiles_lie_between_their_neighbours() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(quantile(&sorted, 0.0), Some(1.0));
        assert_eq!(quantile(&sorted, 0.25), Some(1.75));
        assert_eq!(quantile(&sorted, 0.5), Some(3.0));
        assert_eq!(quantile(&sorted, 1.0), Some(8.0));
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(
            quantile(&[1.0, f64::INFINITY, f64::INFINITY], 0.75),
            Some(f64::INFINITY)
        );
    }

    #[test]
    fn the_median_of_a_draw_is_that_of_the_rows_written_out() {
        let sorted: Vec<Sourced<f64>> = vec![(1.0, 0), (2.0, 1), (2.5, 0), (7.0, 2), (9.0, 1)];
        for times in [[1, 1, 1], [0, 2, 1], [3, 0, 0], [1, 0, 2], [0, 0, 3]] {
            let mut written: Vec<f64> = sorted
                .iter()
                .flat_map(|&(value, source)| vec![value; times[source as usize] as usize])
                .collect();
            written.sort_by(f64::total_cmp);
            assert_eq!(
                weighted_median(&sorted, &times),
                quantile(&written, 0.5),
                "{times:?}"
            );
        }
        assert_eq!(weighted_median(&sorted, &[0, 0, 0]), None);
    }
}
