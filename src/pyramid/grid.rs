// SPDX-License-Identifier: MPL-2.0
//! How many octaves a size has, where its bands are sampled (docs/method.md 1.5, 1.6), and where a frequency lies there.

use super::masks::Frequency;

/// The rule of docs/method.md 1.6: coarse enough to see whole objects, fine enough to have a frequency left.
pub(super) fn default_octaves(width: usize, height: usize) -> usize {
    (width.min(height).ilog2() as usize).saturating_sub(1).max(1)
}

pub(super) fn most_octaves(width: usize, height: usize) -> usize {
    (width.max(height).ilog2() as usize).max(1)
}

/// Samples of an axis of `n` pixels on the octave grid.
pub(super) fn octave_samples(n: usize, octave: usize) -> usize {
    n.div_ceil(1 << octave)
}

/// The index of a signed frequency on an axis of `n` samples.
pub(super) fn wrap(frequency: i32, n: usize) -> usize {
    frequency.rem_euclid(n as i32) as usize
}

/// The row-span grid `(nx, ny)` of a support: rows stay apart modulo `ny`, columns of a row modulo `nx`.
///
/// The longest *row* is enough for `nx`: a slanted half disc needs fewer columns than its bounding box.
pub(super) fn row_span_samples(support: &[Frequency]) -> (usize, usize) {
    let top = support.iter().map(|s| s.v).min().unwrap_or(0);
    let bottom = support.iter().map(|s| s.v).max().unwrap_or(0);
    let mut spans = vec![(i32::MAX, i32::MIN); (bottom - top + 1) as usize];
    for sample in support {
        let span = &mut spans[(sample.v - top) as usize];
        *span = (span.0.min(sample.u), span.1.max(sample.u));
    }
    let longest = spans
        .iter()
        .filter(|s| s.0 <= s.1)
        .map(|s| s.1 - s.0 + 1)
        .max()
        .unwrap_or(1);
    (smooth_size(longest as usize), smooth_size(spans.len()))
}

/// The smallest `2^a 3^b 5^c 7^d >= n`: lengths whose transforms are fast.
fn smooth_size(n: usize) -> usize {
    let is_smooth = |&n: &usize| {
        let mut rest = n;
        for prime in [2, 3, 5, 7] {
            while rest % prime == 0 {
                rest /= prime;
            }
        }
        rest == 1
    };
    (n.max(1)..).find(is_smooth).unwrap_or(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octaves_follow_the_size() {
        let of = |n| (default_octaves(n, n), most_octaves(n, n));
        assert_eq!(
            [1, 2, 3, 28, 64, 224, 480].map(of),
            [(1, 1), (1, 1), (1, 1), (3, 4), (5, 6), (6, 7), (7, 8)]
        );
    }

    #[test]
    fn smooth_sizes_have_small_factors() {
        assert_eq!(
            [1, 11, 13, 97, 211, 1021].map(smooth_size),
            [1, 12, 14, 98, 216, 1024]
        );
    }
}
