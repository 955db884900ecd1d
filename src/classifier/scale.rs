// SPDX-License-Identifier: MPL-2.0
//! Means and standard deviations, and on which scale of pixel values they are: 0..1 or 0..255.

use super::Range;

/// Means and standard deviations of ImageNet's pictures, R, G, B.
pub(super) const IMAGENET: ([f64; 3], [f64; 3]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

/// The 8-bit value of 1.0.
const WHITE: f64 = 255.0;

/// The scale that means and standard deviations are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// 0..1
    Unit,
    /// 0..255
    Byte,
    /// The means are on one and the deviations on the other.
    Mixed,
}

/// Above this a mean or a deviation is one of bytes; those of pixel values 0..1 are below 1.
const BYTES: f64 = 10.0;

/// On which scale they are; 0 and 1 are on either.
pub(super) fn scale(mean: &[f64], std: &[f64]) -> Scale {
    let of = |values: &[f64]| {
        if values.iter().any(|value| value.abs() > BYTES) {
            Some(Scale::Byte)
        } else if values.iter().any(|value| *value != 0.0 && value.abs() != 1.0) {
            Some(Scale::Unit)
        } else {
            None
        }
    };
    match (of(mean), of(std)) {
        (Some(a), Some(b)) if a != b => Scale::Mixed,
        (Some(a), _) | (None, Some(a)) => a,
        (None, None) => Scale::Unit,
    }
}

/// `(value - mean) / std` on the given scale, one range for each; where one list is empty its values are 0 or 1, where
/// one has a single value it is for all. `None` where they do not fit each other, are on two scales or give nothing
/// finite.
pub(super) fn ranges(mean: &[f64], std: &[f64], scale: Scale) -> Option<Vec<Range>> {
    let white = match scale {
        Scale::Unit => 1.0,
        Scale::Byte => WHITE,
        Scale::Mixed => return None,
    };
    let count = mean.len().max(std.len());
    let at = |values: &[f64], k: usize, unsaid: f64| match values {
        [] => Some(unsaid),
        [one] => Some(*one),
        several => several.get(k).copied(),
    };
    (0..count)
        .map(|k| {
            let (mean, std) = (at(mean, k, 0.0)?, at(std, k, 1.0)?);
            Range::new((0.0 - mean) / std, (white - mean) / std)
        })
        .collect()
}

/// As [`ranges`] for a description that should be in units of 8-bit values; where it clearly is not, as it is.
pub(super) fn ranges_of_bytes(mean: &[f64], std: &[f64]) -> Option<Vec<Range>> {
    let unit = std.iter().any(|value| value.abs() < 1.0) && scale(mean, std) == Scale::Unit;
    ranges(mean, std, if unit { Scale::Unit } else { Scale::Byte })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_recognised() {
        for (mean, std, expected) in [
            (
                &[0.485, 0.456, 0.406][..],
                &[0.229, 0.224, 0.225][..],
                Scale::Unit,
            ),
            (&[123.675, 116.28, 103.53], &[58.395, 57.12, 57.375], Scale::Byte),
            (&[103.939, 116.779, 123.68], &[], Scale::Byte),
            (&[103.939, 116.779, 123.68], &[1.0], Scale::Byte),
            (&[], &[255.0], Scale::Byte),
            (&[0.0], &[255.0], Scale::Byte),
            (&[0.5], &[0.5], Scale::Unit),
            (&[0.0], &[1.0], Scale::Unit),
            (&[], &[], Scale::Unit),
            (&[0.485], &[58.0], Scale::Mixed),
            (&[103.94], &[0.017], Scale::Mixed),
        ] {
            assert_eq!(scale(mean, std), expected, "{mean:?} {std:?}");
        }
    }

    #[test]
    fn both_scales_give_the_same_ranges() {
        let unit = ranges(&[0.485, 0.456, 0.406], &[0.229, 0.224, 0.225], Scale::Unit).unwrap();
        let bytes = ranges(&[123.675, 116.28, 103.53], &[58.395, 57.12, 57.375], Scale::Byte).unwrap();
        for (a, b) in unit.iter().zip(&bytes) {
            assert!((a.min - b.min).abs() < 1e-12 && (a.max - b.max).abs() < 1e-12);
        }
        assert_eq!(
            ranges_of_bytes(&[0.0], &[255.0, 255.0]),
            Some(vec![Range { min: 0.0, max: 1.0 }; 2])
        );
        assert_eq!(
            ranges_of_bytes(&[0.5], &[0.5]),
            Some(vec![Range { min: -1.0, max: 1.0 }])
        );
        assert_eq!(ranges_of_bytes(&[], &[0.0]), None);
        assert_eq!(ranges(&[1.0, 2.0], &[1.0, 2.0, 3.0], Scale::Byte), None);
        assert_eq!(ranges(&[103.94], &[0.017], Scale::Mixed), None);
    }
}
