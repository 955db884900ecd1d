// SPDX-License-Identifier: MPL-2.0
//! Medians and shares of rows, with their 95 % intervals over sources.

use serde::{Deserialize, Serialize};

use super::bootstrap::{Sourced, interval, number_sources, one_sided, weighted_median};

/// A median, with its interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Estimate {
    /// The median; missing where there is no value, or where it lies beyond the range that was searched.
    pub median: Option<f64>,
    /// 95 % interval; missing for few sources, an end of it where it lies beyond the range.
    pub interval: Option<[Option<f64>; 2]>,
    /// Number of values.
    pub of: usize,
}

/// So many of so many, with the interval of their ratio.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Share {
    /// How many.
    pub count: usize,
    /// Of how many.
    pub of: usize,
    /// 95 % interval of the share, 0..1; missing for few sources.
    pub interval: Option<[f64; 2]>,
}

impl Share {
    /// The share, 0..1; `None` of nothing.
    pub fn share(&self) -> Option<f64> {
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

/// The mean of values, in place of the median, and its interval.
pub(super) fn mean(values: impl IntoIterator<Item = Sourced<f64>>) -> Estimate {
    let mut values: Vec<Sourced<f64>> = values.into_iter().collect();
    let sources = number_sources(values.iter_mut().map(|(_, source)| source));
    let mut tally = vec![(0.0, 0u32); sources];
    for &(value, source) in &values {
        tally[source as usize].0 += value;
        tally[source as usize].1 += 1;
    }
    let of = |times: &[u32]| {
        let (sum, count) = tally
            .iter()
            .zip(times)
            .fold((0.0, 0), |(sum, count), (one, times)| {
                (sum + one.0 * f64::from(*times), count + one.1 * times)
            });
        (count > 0).then(|| sum / f64::from(count))
    };
    Estimate {
        median: of(&vec![1; sources]),
        interval: interval(sources, of).map(|ends| ends.map(finite)),
        of: values.len(),
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

/// A value within the range.
pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_mean_has_the_interval_of_its_standard_error() {
        // 1, 0 and -1 in turn over 300 sources: the variance is 2/3, the standard error sqrt(2/3/300) = 0.0471. The percentile is
        // itself found from 2000 draws: 3 times 0.06 standard errors.
        let mean = mean((0..300).map(|at| (f64::from(at % 3) - 1.0, at as u32)));
        let [low, high] = mean.interval.unwrap().map(Option::unwrap);
        assert_eq!((mean.median, mean.of), (Some(0.0), 300));
        assert!(
            (low + 0.0924).abs() < 0.009 && (high - 0.0924).abs() < 0.009,
            "{low} {high}"
        );
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
