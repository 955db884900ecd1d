// SPDX-License-Identifier: MPL-2.0
//! Medians, shares, and 95 % intervals by source-cluster bootstrap.
//!
//! Each of [`DRAWS`] draws takes as many sources as the statistic has, with replacement, each with all its rows; the
//! interval holds the middle 95 % of the statistic's values (Efron & Tibshirani 1993, chapter 13: percentile
//! interval). The seed is fixed: the same rows give the same interval. A share of none or of all has the exact interval
//! over its sources instead.

use serde::{Deserialize, Serialize};

/// Draws of the bootstrap (docs/method.md 0).
pub(crate) const DRAWS: usize = 2000;

/// Sources below which no interval is given. Even the range of n independent values misses their median with
/// probability 2^(1-n): above 5 % for fewer than 6.
pub(crate) const FEWEST_SOURCES: usize = 6;

const SEED: u64 = 0x5EED;

/// A value and the source it is from.
pub(super) type Sourced<T> = (T, u32);

/// A median, with its interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Estimate {
    /// The median; missing where there is no value, or where it lies beyond the range that was searched.
    pub(crate) median: Option<f64>,
    /// 95 % interval; missing for few sources, an end of it where it lies beyond the range.
    pub(crate) interval: Option<[Option<f64>; 2]>,
    /// Number of values.
    pub(crate) of: usize,
}

/// So many of so many, with the interval of their ratio.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Share {
    /// How many.
    pub(crate) count: usize,
    /// Of how many.
    pub(crate) of: usize,
    /// 95 % interval of the share, 0..1; missing for few sources.
    pub(crate) interval: Option<[f64; 2]>,
}

impl Share {
    /// The share, 0..1; `None` of nothing.
    pub(crate) fn share(&self) -> Option<f64> {
        (self.of > 0).then(|| self.count as f64 / self.of as f64)
    }
}

/// The median of values, and its interval. NaN is no value; infinity is a value beyond the range.
pub(super) fn median(values: impl IntoIterator<Item = Sourced<f64>>) -> Estimate {
    let mut sorted: Vec<Sourced<f64>> = values.into_iter().filter(|(value, _)| !value.is_nan()).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let sources = number_sources(sorted.iter_mut().map(|(_, source)| source));
    let median = weighted_median(&sorted, &vec![1; sources]);
    Estimate {
        median: median.and_then(finite),
        interval: interval(sources, |times| weighted_median(&sorted, times)).map(|ends| ends.map(finite)),
        of: sorted.len(),
    }
}

/// How many of the answers are yes, and the interval of their share.
pub(super) fn share(answers: impl IntoIterator<Item = Sourced<bool>>) -> Share {
    let mut answers: Vec<Sourced<bool>> = answers.into_iter().collect();
    let sources = number_sources(answers.iter_mut().map(|(_, source)| source));
    let mut tally = vec![(0u32, 0u32); sources];
    for &(yes, source) in &answers {
        let (count, of) = &mut tally[source as usize];
        *count += u32::from(yes);
        *of += 1;
    }
    let drawn = |times: &[u32]| {
        let (count, of) = tally.iter().zip(times).fold((0, 0), |sum, (one, times)| {
            (sum.0 + one.0 * times, sum.1 + one.1 * times)
        });
        (of > 0).then(|| f64::from(count) / f64::from(of))
    };
    let (count, of) = (answers.iter().filter(|(yes, _)| *yes).count(), answers.len());
    let interval = match count {
        0 => one_sided(sources).map(|end| [0.0, end]),
        _ if count == of => one_sided(sources).map(|end| [1.0 - end, 1.0]),
        _ => interval(sources, drawn),
    };
    Share { count, of, interval }
}

/// Where all answers are alike, so are all draws, and the bootstrap would claim that nothing is uncertain. The exact
/// interval (Clopper & Pearson 1934) of none of n sources ends here.
fn one_sided(sources: usize) -> Option<f64> {
    (sources >= FEWEST_SOURCES).then(|| 1.0 - 0.025_f64.powf(1.0 / sources as f64))
}

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

/// A value within the range.
pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Gives sources the numbers 0.. in the order in which they are first met; how many there are.
fn number_sources<'a>(sources: impl Iterator<Item = &'a mut u32>) -> usize {
    let mut numbers = std::collections::HashMap::new();
    for source in sources {
        let next = numbers.len() as u32;
        *source = *numbers.entry(*source).or_insert(next);
    }
    numbers.len()
}

/// The median of sorted values, each taken as often as its source was drawn.
fn weighted_median(sorted: &[Sourced<f64>], times: &[u32]) -> Option<f64> {
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
fn interval(sources: usize, statistic: impl Fn(&[u32]) -> Option<f64>) -> Option<[f64; 2]> {
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

    #[test]
    fn an_interval_of_independent_answers_is_the_binomial_one() {
        // 400 sources of one row each, a quarter of them yes: the standard error of the share is
        // sqrt(0.25 * 0.75 / 400) = 0.02165, the interval 0.25 +- 1.96 times that. The percentile itself is found from
        // 2000 draws: its standard error is sqrt(0.025 * 0.975 / 2000) / density(-1.96) = 0.06 standard errors, and the
        // share has steps of 0.0025; 3 of the one and one of the other are 0.0064.
        let share = share((0..400).map(|at| (at % 4 == 0, at)));
        let [low, high] = share.interval.unwrap();
        assert_eq!((share.count, share.of), (100, 400));
        assert!((low - 0.2076).abs() < 0.0064, "{low}");
        assert!((high - 0.2924).abs() < 0.0064, "{high}");
    }

    #[test]
    fn none_of_many_is_not_known_to_be_none() {
        // The upper end p is where 0 of 20 has a probability of 2.5 %: (1 - p)^20 = 0.025. The textbook's table has
        // 0.168 for 0 of 20, and 1 - 0.168 for 20 of 20.
        let of = |yes: bool| share((0..60).map(|at| (yes, at / 3))).interval.unwrap();
        let ([low, high], [least, most]) = (of(false), of(true));
        assert_eq!((low, most), (0.0, 1.0));
        assert!((high - 0.168).abs() < 5e-4, "{high}");
        assert!((least - 0.832).abs() < 5e-4, "{least}");
        assert_eq!(share((0..5).map(|at| (false, at))).interval, None);
    }

    #[test]
    fn frames_of_one_source_are_drawn_together() {
        // Ten rows of each source are no more evidence than one.
        let once = share((0..40).map(|at| (at % 4 == 0, at)));
        let tenfold = share((0..400).map(|at| ((at / 10) % 4 == 0, at / 10)));
        assert_eq!(once.interval, tenfold.interval);
        let once = median((0..41).map(|at| (f64::from(at), at)));
        let threefold = median((0..123).map(|at| (f64::from(at / 3), at / 3)));
        assert_eq!(
            (once.median, once.interval),
            (threefold.median, threefold.interval)
        );
    }

    #[test]
    fn few_sources_have_no_interval_and_what_is_beyond_the_range_no_number() {
        let five = median((0..500).map(|at| (f64::from(at), at % 5)));
        assert_eq!((five.median, five.interval, five.of), (Some(249.5), None, 500));
        let six = median((0..6).map(|at| (f64::from(at), at)));
        assert!(six.interval.is_some());
        let beyond = median((0..9).map(|at| (if at < 2 { 1.0 } else { f64::INFINITY }, at)));
        assert_eq!(beyond.median, None);
        assert_eq!(beyond.interval.map(|ends| ends[1]), Some(None));
        assert_eq!(beyond.of, 9);
        assert_eq!(median([(f64::NAN, 0)]), Estimate::default());
        assert_eq!(share([]), Share::default());
    }
}
