// SPDX-License-Identifier: MPL-2.0
//! Extents and axes of tensors, as ONNX counts and writes them.

/// Extents or positions as ONNX writes them.
pub(super) fn signed(v: &[usize]) -> Vec<i64> {
    v.iter().map(|d| i64::try_from(*d).unwrap_or(i64::MAX)).collect()
}

/// The shape that two operands broadcast to.
pub(super) fn broadcast(a: &[usize], b: &[usize]) -> Vec<usize> {
    let rank = a.len().max(b.len());
    let at = |s: &[usize], k: usize| (k + s.len()).checked_sub(rank).map_or(1, |i| s[i]);
    (0..rank)
        .map(|k| if at(a, k) == 1 { at(b, k) } else { at(a, k) })
        .collect()
}

/// The axis, counted from the front; `None` where there is none.
pub(super) fn axis_of(axis: i64, rank: usize) -> Option<usize> {
    let rank_i = i64::try_from(rank).ok()?;
    usize::try_from(if axis < 0 { axis + rank_i } else { axis })
        .ok()
        .filter(|a| *a < rank)
}

/// Whether a tensor of this shape is one row of scores: at most one axis is longer than 1.
pub(super) fn is_row(shape: &[usize]) -> bool {
    shape.iter().filter(|d| **d != 1).count() <= 1 && !shape.contains(&0)
}
