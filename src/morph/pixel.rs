// SPDX-License-Identifier: MPL-2.0
//! The pixel method (docs/method.md 2.9): `x' = x + k g`, in units that compare with radians RMS.

use super::{MagnificationUnit, Prepared};

/// The straight line from a picture along its gradient.
#[derive(Debug)]
pub(super) struct PixelPath {
    gradient: Vec<f32>,
    magnification_unit: MagnificationUnit,
    /// `k = magnification * unit`.
    unit: f64,
}

impl PixelPath {
    pub(super) fn new(samples: usize, magnification_unit: MagnificationUnit) -> Self {
        Self {
            gradient: vec![0.0; samples],
            magnification_unit,
            unit: 0.0,
        }
    }

    /// Finds the unit of `channels` planes: `||x' - x|| = m ||x - mean||`.
    pub(super) fn prepare(&mut self, image: &[f32], gradient: &[f32], channels: usize) -> Prepared {
        self.gradient.copy_from_slice(gradient);
        let mean_of = |plane: &[f32], f: &dyn Fn(f64) -> f64| {
            plane.iter().map(|&v| f(f64::from(v))).sum::<f64>() / plane.len() as f64
        };
        let variance = |plane: &[f32]| {
            let mean = mean_of(plane, &|v| v);
            mean_of(plane, &|v| (v - mean).powi(2))
        };
        let planes = image.chunks_exact(image.len() / channels);
        let deviation = (planes.map(variance).sum::<f64>() / channels as f64).sqrt();
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

    pub(super) fn extrapolate(&self, magnification: f64, change: &mut [f32]) {
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
