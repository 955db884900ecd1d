// SPDX-License-Identifier: MPL-2.0
//! The pixel method (docs/method.md 2.9): `x' = x + k g`, in units that compare with radians RMS.

use super::MagnificationUnit;
use super::path::{Path, Prepared};

/// The straight line from a picture along its gradient.
#[derive(Debug)]
pub(super) struct PixelPath {
    gradient: Vec<f32>,
    channels: usize,
    magnification_unit: MagnificationUnit,
    /// `k = magnification * unit`.
    unit: f64,
}

impl PixelPath {
    /// For pictures of `channels` planes with so many samples in all.
    pub(super) fn new(samples: usize, channels: usize, magnification_unit: MagnificationUnit) -> Self {
        Self {
            gradient: vec![0.0; samples],
            channels,
            magnification_unit,
            unit: 0.0,
        }
    }
}

impl Path for PixelPath {
    /// Finds the unit: `||x' - x|| = m ||x - mean||`.
    fn prepare(&mut self, image: &[f32], gradient: &[f32], _: f64) -> Prepared {
        self.gradient.copy_from_slice(gradient);
        let mean_of = |plane: &[f32], f: &dyn Fn(f64) -> f64| {
            plane.iter().map(|&v| f(f64::from(v))).sum::<f64>() / plane.len() as f64
        };
        let variance = |plane: &[f32]| {
            let mean = mean_of(plane, &|v| v);
            mean_of(plane, &|v| (v - mean).powi(2))
        };
        let planes = image.chunks_exact(image.len() / self.channels);
        let deviation = (planes.map(variance).sum::<f64>() / self.channels as f64).sqrt();
        let strength = mean_of(gradient, &|v| v * v).sqrt();
        let finite = strength.is_finite() && deviation.is_finite();
        self.unit = match self.magnification_unit {
            _ if !finite || strength == 0.0 => 0.0,
            MagnificationUnit::Rms => deviation / strength,
            MagnificationUnit::None => 1.0,
        };
        let phase_rms = if finite && deviation > 0.0 {
            strength / deviation
        } else {
            0.0
        };
        Prepared { phase_rms, finite }
    }

    fn extrapolate(&mut self, magnification: f64, change: &mut [f32]) {
        let factor = magnification * self.unit;
        if factor == 0.0 {
            change.fill(0.0);
        } else {
            // In f64: the factor of a vanishing gradient is beyond f32.
            let moved = change.iter_mut().zip(&self.gradient);
            moved.for_each(|(change, g)| *change = (factor * f64::from(*g)) as f32);
        }
    }
}
