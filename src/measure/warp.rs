// SPDX-License-Identifier: MPL-2.0
//! Explained energy E (docs/method.md 3): how much of an edit a smooth small warp accounts for, with or without a
//! smooth spatial gain.
//!
//! The edit `x' - x` is fitted by `gx P q1 + gy P q2 (+ x P q3)`: `gx`, `gy` are the picture's derivatives, `P`
//! the bilinear hats of 8 x 8 control points. The normal equations depend on the picture alone, and are factored
//! once for all edits of it.

use super::cholesky::Cholesky;

/// Control points along an axis.
const GRID: usize = 8;
const POINTS: usize = GRID * GRID;
/// Share of the mean diagonal that is added to it: blank areas leave control points undetermined.
const RIDGE: f64 = 1e-6;
const TINY: f64 = 1e-30;

/// The warps of one picture.
#[derive(Debug, Clone)]
pub struct SmoothWarp {
    width: usize,
    picture: Vec<f32>,
    hats_x: Vec<Hat>,
    hats_y: Vec<Hat>,
    warp: Cholesky,
    warp_and_gain: Cholesky,
}

/// The best fit of an edit.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// `E`, at most 1: the share of the edit's energy that the fit accounts for; 1 where there is no edit.
    pub explained: f64,
    /// The fitted edit, of the picture's size.
    pub edit: Vec<f32>,
}

/// The two control points around a sample of an axis, the first one's index, and their weights.
#[derive(Debug, Clone, Copy)]
struct Hat {
    first: usize,
    weights: [f64; 2],
}

/// One row of the system: `(unknown, value)` of 4 control points times 3 fields, warp first.
type Row = [(usize, f64); 12];

impl SmoothWarp {
    /// For a luma or grey plane of `width` columns.
    ///
    /// # Panics
    /// When the plane is empty or not a whole number of rows.
    pub fn new(picture: &[f32], width: usize) -> Self {
        assert!(
            width > 0 && !picture.is_empty() && picture.len().is_multiple_of(width),
            "a picture has whole rows"
        );
        let mut built = Self {
            width,
            picture: picture.to_vec(),
            hats_x: hats(width),
            hats_y: hats(picture.len() / width),
            warp: Cholesky::new(Vec::new(), 0),
            warp_and_gain: Cholesky::new(Vec::new(), 0),
        };
        let all = 3 * POINTS;
        let mut normal = vec![0.0; all * all];
        for pixel in 0..picture.len() {
            let row = built.row(pixel);
            for (i, a) in row {
                let line = &mut normal[i * all..][..all];
                row.iter().for_each(|(j, b)| line[*j] += a * b);
            }
        }
        [built.warp, built.warp_and_gain] = [2 * POINTS, all].map(|n| {
            let mut matrix: Vec<f64> = normal
                .chunks_exact(all)
                .take(n)
                .flat_map(|row| row[..n].to_vec())
                .collect();
            let trace: f64 = (0..n).map(|i| matrix[i * n + i]).sum();
            (0..n).for_each(|i| matrix[i * n + i] += RIDGE * (trace / n as f64 + TINY));
            Cholesky::new(matrix, n)
        });
        built
    }

    /// Fits the edit that led to `edited` (clipped) by a warp, or by a warp and a gain.
    ///
    /// # Panics
    /// When `edited` is of another size.
    pub fn fit(&self, edited: &[f32], with_gain: bool) -> Fit {
        assert_eq!(
            edited.len(),
            self.picture.len(),
            "pictures of one size are compared"
        );
        let (factor, terms) = if with_gain {
            (&self.warp_and_gain, 12)
        } else {
            (&self.warp, 8)
        };
        let edits = || {
            edited
                .iter()
                .zip(&self.picture)
                .map(|(&a, &b)| f64::from(a) - f64::from(b))
                .enumerate()
        };
        let mut solution = vec![0.0; 3 * POINTS];
        for (pixel, edit) in edits() {
            self.row(pixel)[..terms]
                .iter()
                .for_each(|(i, a)| solution[*i] += a * edit);
        }
        factor.solve(&mut solution[..terms / 4 * POINTS]);
        let (mut left, mut total) = (0.0, 0.0);
        let fit = edits().map(|(pixel, edit)| {
            let fitted: f64 = self.row(pixel)[..terms]
                .iter()
                .map(|(i, a)| a * solution[*i])
                .sum();
            left += (edit - fitted).powi(2);
            total += edit * edit;
            fitted as f32
        });
        let edit = fit.collect();
        Fit {
            explained: if total > 0.0 { 1.0 - left / total } else { 1.0 },
            edit,
        }
    }

    /// What a pixel sees of every unknown near it.
    fn row(&self, pixel: usize) -> Row {
        let (x, y) = (pixel % self.width, pixel / self.width);
        let height = self.picture.len() / self.width;
        let at = |x: usize, y: usize| f64::from(self.picture[y * self.width + x]);
        // Central differences, the border replicated.
        let gx = 0.5 * (at((x + 1).min(self.width - 1), y) - at(x.saturating_sub(1), y));
        let gy = 0.5 * (at(x, (y + 1).min(height - 1)) - at(x, y.saturating_sub(1)));
        let (hat_x, hat_y) = (self.hats_x[x], self.hats_y[y]);
        let mut row = [(0, 0.0); 12];
        for (i, term) in row.iter_mut().enumerate() {
            let (field, a, b) = (i / 4, i / 2 % 2, i % 2);
            let point = (hat_y.first + a) * GRID + hat_x.first + b;
            let value = [gx, gy, at(x, y)][field];
            *term = (
                field * POINTS + point,
                hat_y.weights[a] * hat_x.weights[b] * value,
            );
        }
        row
    }
}

/// Control point `a` of an axis of `n` samples sits at sample `a (n-1)/(GRID-1)`.
fn hats(n: usize) -> Vec<Hat> {
    (0..n)
        .map(|sample| {
            let place = (sample * (GRID - 1)) as f64 / (n.max(2) - 1) as f64;
            let first = (place as usize).min(GRID - 2);
            let right = place - first as f64;
            Hat {
                first,
                weights: [1.0 - right, right],
            }
        })
        .collect()
}
