// SPDX-License-Identifier: MPL-2.0
//! Structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004): Gaussian window 11x11, sigma 1.5,
//! `K1 = 0.01`, `K2 = 0.03`, dynamic range 1, the mean over all places where the whole window lies inside.

const WINDOW: usize = 11;
const SIGMA: f64 = 1.5;
const C1: f64 = 0.01 * 0.01;
const C2: f64 = 0.03 * 0.03;

/// Structural similarity of two planes of `width` columns, at most 1; 1 for equal planes. An axis shorter than the
/// window takes the largest odd window that fits.
///
/// # Panics
/// When a plane is empty, not a whole number of rows, or the two differ in size.
pub fn ssim(a: &[f32], b: &[f32], width: usize) -> f64 {
    assert_eq!(a.len(), b.len(), "pictures of one size are compared");
    assert!(
        width > 0 && !a.is_empty() && a.len().is_multiple_of(width),
        "a picture has whole rows"
    );
    let windows = [window(width), window(a.len() / width)];
    let mean = |f: &dyn Fn(f64, f64) -> f64| {
        let plane: Vec<f64> = a
            .iter()
            .zip(b)
            .map(|(&a, &b)| f(f64::from(a), f64::from(b)))
            .collect();
        valid_means(&plane, width, &windows)
    };
    let (mean_a, mean_b) = (mean(&|a, _| a), mean(&|_, b| b));
    let (square_a, square_b, product) = (mean(&|a, _| a * a), mean(&|_, b| b * b), mean(&|a, b| a * b));
    let places = mean_a.len();
    let similarity = |i: usize| {
        let (a, b) = (mean_a[i], mean_b[i]);
        let (variance_a, variance_b) = (square_a[i] - a * a, square_b[i] - b * b);
        let covariance = product[i] - a * b;
        (2.0 * a * b + C1) * (2.0 * covariance + C2) / ((a * a + b * b + C1) * (variance_a + variance_b + C2))
    };
    (0..places).map(similarity).sum::<f64>() / places as f64
}

/// Gaussian weights of an axis of `n` samples, summing to 1.
fn window(n: usize) -> Vec<f64> {
    let radius = ((WINDOW.min(n) - 1) / 2) as i32;
    let weights: Vec<f64> = (-radius..=radius)
        .map(|i| (-f64::from(i * i) / (2.0 * SIGMA * SIGMA)).exp())
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

/// Weighted means at every place where the window `[along rows, along columns]` lies inside.
fn valid_means(plane: &[f64], width: usize, windows: &[Vec<f64>; 2]) -> Vec<f64> {
    let mean = |window: &Vec<f64>, value: &dyn Fn(usize) -> f64| -> f64 {
        window
            .iter()
            .enumerate()
            .map(|(i, weight)| weight * value(i))
            .sum()
    };
    let inside = width + 1 - windows[0].len();
    let rows: Vec<f64> = plane
        .chunks_exact(width)
        .flat_map(|row| (0..inside).map(move |x| mean(&windows[0], &|i| row[x + i])))
        .collect();
    let height = rows.len() / inside + 1 - windows[1].len();
    (0..height * inside)
        .map(|at| mean(&windows[1], &|i| rows[at + i * inside]))
        .collect()
}
