// SPDX-License-Identifier: MPL-2.0
//! How large a model's tensors may be: the one place where extents that input gives are multiplied.
//!
//! Every shape is taken through here before anything is made of it. What [`check`] lets pass can be multiplied
//! freely, the whole shape or any part of it: extents of 0 do not make large ones harmless.

/// Elements of a picture as a model takes it: 2^26, as 4700 x 4700 in colour.
pub(crate) const MAX_INPUT: usize = 1 << 26;
/// Elements of any one tensor: 2^28, a gibibyte of float32.
pub(crate) const MAX_TENSOR: usize = 1 << 28;
/// Elements of all tensors that one run makes: 2^30.
pub(crate) const MAX_RUN: usize = 1 << 30;
/// Class scores: 2^20; the largest lists of classes in use have some ten thousand.
pub(crate) const MAX_CLASSES: usize = 1 << 20;

/// The number of elements of a shape, if it and every part of it stay within the limit.
pub(crate) fn check(shape: &[usize], limit: usize) -> Option<usize> {
    let bound = |product: usize, extent: &usize| product.checked_mul(*extent).filter(|n| *n <= limit);
    let parts = shape.iter().filter(|extent| **extent > 0).try_fold(1, bound)?;
    Some(if shape.contains(&0) { 0 } else { parts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_counted_only_within_the_limit() {
        assert_eq!(check(&[], 8), Some(1));
        assert_eq!(check(&[2, 4], 8), Some(8));
        assert_eq!(check(&[3, 3], 8), None);
        assert_eq!(check(&[1 << 32, 1 << 32], usize::MAX), None);
        assert_eq!(check(&[0, 7], 8), Some(0));
        assert_eq!(
            check(&[usize::MAX, 0, 2], 8),
            None,
            "a part of it is beyond the limit"
        );
    }
}
