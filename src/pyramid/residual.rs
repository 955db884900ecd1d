// SPDX-License-Identifier: MPL-2.0
//! The two residuals (docs/method.md 1.4). No edit touches them, so they are off the hot path and allocate.

use num_complex::Complex32;

use super::fft::{ImageTransform, Planner};
use super::grid::wrap;
use super::{Bands, Plan, Workspace, grid};

/// What the bands leave out.
#[derive(Debug, Clone, PartialEq)]
pub struct Residuals {
    /// High-pass residual, `[height, width]` of the plane.
    pub high: Vec<f32>,
    /// Low-pass residual, `[low_height, low_width]`.
    pub low: Vec<f32>,
    /// Columns of the low-pass residual.
    pub low_width: usize,
    /// Rows of the low-pass residual.
    pub low_height: usize,
}

impl Plan {
    /// The residuals of a plane.
    ///
    /// # Panics
    /// When the plane is of another size.
    pub fn residuals(&self, plane: &[f32]) -> Residuals {
        let image = ImageTransform::new(self.width, self.height);
        let mut scratch = image.scratch();
        let mut spectrum = vec![Complex32::ZERO; image.spectrum_len()];
        image.forward(plane, &mut spectrum, &mut scratch);
        let factor = 1.0 / (self.width * self.height) as f32;
        let (low_width, low_height) = self.low_size();
        let mut low = vec![Complex32::ZERO; low_width * low_height];
        let mut high = vec![Complex32::ZERO; spectrum.len()];
        for (u, v, index) in self.half_frequencies() {
            let value = spectrum[index] * factor;
            high[index] = value * self.masks.high_residual(u, v) as f32;
            let masked = value * self.masks.low_residual(u, v) as f32;
            if masked != Complex32::ZERO {
                low[wrap(v, low_height) * low_width + wrap(u, low_width)] = masked;
                low[wrap(-v, low_height) * low_width + wrap(-u, low_width)] = masked.conj();
            }
        }
        let mut residuals = Residuals {
            high: vec![0.0; plane.len()],
            low: Vec::new(),
            low_width,
            low_height,
        };
        image.inverse(&high, &mut residuals.high, &mut scratch);
        transform_2d(&mut low, low_width, false);
        residuals.low = low.iter().map(|c| c.re).collect();
        residuals
    }

    /// The plane of bands and residuals: `S A x = x`.
    ///
    /// # Panics
    /// When a buffer is of another size.
    pub fn reconstruct(
        &self,
        bands: &Bands,
        residuals: &Residuals,
        plane: &mut [f32],
        workspace: &mut Workspace,
    ) {
        let image = ImageTransform::new(self.width, self.height);
        let mut scratch = image.scratch();
        let mut spectrum = vec![Complex32::ZERO; image.spectrum_len()];
        image.forward(&residuals.high, &mut spectrum, &mut scratch);
        let mut low: Vec<Complex32> = residuals.low.iter().map(|&value| value.into()).collect();
        transform_2d(&mut low, residuals.low_width, true);
        let (high_factor, low_factor) = (1.0 / plane.len() as f32, 1.0 / low.len() as f32);
        for (u, v, index) in self.half_frequencies() {
            let folded =
                low[wrap(v, residuals.low_height) * residuals.low_width + wrap(u, residuals.low_width)];
            spectrum[index] = spectrum[index] * (self.masks.high_residual(u, v) as f32 * high_factor)
                + folded * (self.masks.low_residual(u, v) as f32 * low_factor);
        }
        let mut rest = vec![0.0; plane.len()];
        image.inverse(&spectrum, &mut rest, &mut scratch);
        workspace.synthesise(bands, plane);
        plane
            .iter_mut()
            .zip(rest)
            .for_each(|(value, rest)| *value += rest);
    }

    fn low_size(&self) -> (usize, usize) {
        (
            grid::octave_samples(self.width, self.octaves),
            grid::octave_samples(self.height, self.octaves),
        )
    }

    /// `(u, v, index)` of every sample of the half spectrum.
    fn half_frequencies(&self) -> impl Iterator<Item = (i32, i32, usize)> + use<> {
        let (height, half_width) = (self.height, self.width / 2 + 1);
        let signed = move |v: usize| {
            if v < height.div_ceil(2) {
                v as i32
            } else {
                v as i32 - height as i32
            }
        };
        (0..half_width).flat_map(move |u| (0..height).map(move |v| (u as i32, signed(v), u * height + v)))
    }
}

/// The transform of a small complex plane in place, without a factor.
fn transform_2d(plane: &mut Vec<Complex32>, width: usize, forward: bool) {
    let height = plane.len() / width;
    let mut planner = Planner::new();
    for (len, other) in [(width, height), (height, width)] {
        let lines = planner.lines(len);
        let mut scratch = vec![Complex32::ZERO; lines.scratch_len()];
        if forward {
            lines.forward(plane, &mut scratch)
        } else {
            lines.inverse(plane, &mut scratch)
        }
        *plane = (0..plane.len())
            .map(|i| plane[i % other * len + i / other])
            .collect();
    }
}
