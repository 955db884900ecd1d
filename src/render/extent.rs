// SPDX-License-Identifier: MPL-2.0
//! How large the values of a plane are, outliers aside.

const BINS: usize = 1024;

/// The value that a share (0..1) of the finite `values`, none of them negative, does not exceed, to a thousandth of the
/// largest; 0 where there is none above 0.
pub(super) fn percentile(values: impl Iterator<Item = f32> + Clone, share: f64) -> f32 {
    let finite = || values.clone().filter(|value| value.is_finite());
    let largest = finite().fold(0.0, f32::max);
    if largest == 0.0 {
        return 0.0;
    }
    let mut bins = [0usize; BINS];
    let mut count = 0;
    for value in finite() {
        bins[((value / largest * BINS as f32) as usize).min(BINS - 1)] += 1;
        count += 1;
    }
    let wanted = (share * count as f64).ceil() as usize;
    let mut seen = 0;
    let bin = bins.iter().position(|bin| {
        seen += bin;
        seen >= wanted
    });
    largest * (bin.map_or(BINS, |bin| bin + 1)) as f32 / BINS as f32
}

/// The smallest of ..., 0.1, 0.2, 0.5, 1, 2, 5, ... that is not below `value`.
pub(super) fn round_up(value: f32) -> f32 {
    let decade = 10f32.powf(value.max(1e-6).log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|step| step * decade);
    steps
        .into_iter()
        .find(|step| *step >= value * 0.999)
        .unwrap_or(10.0 * decade)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_leave_outliers_out() {
        let values: Vec<f32> = (1..=1000).map(|k| k as f32).chain([f32::NAN]).collect();
        let at = |share| percentile(values.iter().copied(), share);
        assert_eq!(at(1.0), 1000.0);
        assert!((at(0.5) - 500.0).abs() <= 1.0, "{}", at(0.5));
        assert_eq!(percentile([0.0, 0.0].into_iter(), 0.9), 0.0);
        assert_eq!(percentile(std::iter::empty(), 0.9), 0.0);
    }

    #[test]
    fn scales_are_round_numbers() {
        for (value, want) in [
            (0.03, 0.05),
            (0.05, 0.05),
            (0.7, 1.0),
            (1.01, 2.0),
            (7.0, 10.0),
            (0.0, 1e-6),
        ] {
            assert!(
                (round_up(value) / want - 1.0).abs() < 1e-3,
                "{value}: {}",
                round_up(value)
            );
        }
    }
}
