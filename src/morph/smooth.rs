// SPDX-License-Identifier: MPL-2.0
//! Amplitude-weighted Gaussian smoothing of a field in space (docs/method.md 2.5; Wadhwa et al. 2013).

use crate::pyramid::BandLayout;

use super::field::TINY;

/// Below this standard deviation, in samples, an axis is left alone.
const NARROWEST: f64 = 0.05;

/// The smoothing of one band: separable, circular.
#[derive(Debug, Clone)]
pub(super) struct Gaussian {
    layout: BandLayout,
    /// Taps `-R..=R` along a row; empty: the axis is left alone.
    along_rows: Vec<f32>,
    along_columns: Vec<f32>,
}

impl Gaussian {
    /// For a band of this order, with the standard deviations of its axes in samples.
    pub(super) fn new(layout: BandLayout, sigma_x: f64, sigma_y: f64) -> Self {
        Self {
            layout,
            along_rows: taps(sigma_x),
            along_columns: taps(sigma_y),
        }
    }

    /// `field <- Gauss(amplitude field) / (Gauss(amplitude) + tiny)` of each field; one may be empty. `weight` and
    /// `scratch` are buffers of the band.
    pub(super) fn smooth(
        &self,
        amplitude: &[f32],
        fields: [&mut [f32]; 2],
        weight: &mut [f32],
        scratch: &mut [f32],
    ) {
        weight.copy_from_slice(amplitude);
        self.apply(weight, scratch);
        for field in fields.into_iter().filter(|field| !field.is_empty()) {
            field
                .iter_mut()
                .zip(amplitude)
                .for_each(|(field, amplitude)| *field *= amplitude);
            self.apply(field, scratch);
            field
                .iter_mut()
                .zip(&*weight)
                .for_each(|(field, weight)| *field /= weight + TINY);
        }
    }

    /// Smooths a field of the band in place.
    fn apply(&self, field: &mut [f32], scratch: &mut [f32]) {
        let samples = self.layout.samples();
        let scratch = &mut scratch[..samples];
        self.layout.to_rows(field, scratch);
        field[..samples].copy_from_slice(scratch);
        self.apply_to_rows(&mut field[..samples], scratch);
        scratch.copy_from_slice(&field[..samples]);
        self.layout.to_vectors(scratch, field);
    }

    fn apply_to_rows(&self, plane: &mut [f32], scratch: &mut [f32]) {
        let width = self.layout.width();
        let height = plane.len() / width;
        if !self.along_columns.is_empty() {
            scratch.copy_from_slice(plane);
            for (y, out) in plane.chunks_exact_mut(width).enumerate() {
                out.fill(0.0);
                for (row, tap) in neighbours(y, height, &self.along_columns) {
                    let row = &scratch[row * width..][..width];
                    out.iter_mut()
                        .zip(row)
                        .for_each(|(out, value)| *out += tap * value);
                }
            }
        }
        if !self.along_rows.is_empty() {
            scratch.copy_from_slice(plane);
            for (out, row) in plane.chunks_exact_mut(width).zip(scratch.chunks_exact(width)) {
                for (x, out) in out.iter_mut().enumerate() {
                    *out = neighbours(x, width, &self.along_rows)
                        .map(|(x, tap)| tap * row[x])
                        .sum();
                }
            }
        }
    }
}

/// The samples around `at` on a circle of `len`, with their taps.
fn neighbours(at: usize, len: usize, taps: &[f32]) -> impl Iterator<Item = (usize, f32)> {
    let radius = taps.len() / 2;
    let first = (at + len - radius % len) % len;
    taps.iter().scan(first, move |next, tap| {
        let index = *next;
        *next = if index + 1 == len { 0 } else { index + 1 };
        Some((index, *tap))
    })
}

fn taps(sigma: f64) -> Vec<f32> {
    if sigma < NARROWEST {
        return Vec::new();
    }
    let radius = (3.0 * sigma).ceil().max(1.0) as i32;
    let weights: Vec<f64> = (-radius..=radius)
        .map(|i| (-f64::from(i * i) / (2.0 * sigma * sigma)).exp())
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| (weight / sum) as f32).collect()
}
