// SPDX-License-Identifier: MPL-2.0
//! Distances of two pictures.

/// L2 distance over all samples, `||a - b||`; with three planes, over all of them (docs/method.md 2.7).
///
/// # Panics
/// When the slices differ in length.
pub fn l2(a: &[f32], b: &[f32]) -> f64 {
    squared_distance(a, b).sqrt()
}

/// L2 norm, the root of the sum of squares.
pub fn norm(values: &[f32]) -> f64 {
    values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt()
}

/// Peak signal-to-noise ratio in dB for a peak of 1; infinite for equal pictures.
///
/// # Panics
/// When the slices differ in length.
pub fn psnr(a: &[f32], b: &[f32]) -> f64 {
    -10.0 * (squared_distance(a, b) / a.len() as f64).log10()
}

fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len(), "pictures of one size are compared");
    a.iter()
        .zip(b)
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum()
}
