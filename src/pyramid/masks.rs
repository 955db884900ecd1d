// SPDX-License-Identifier: MPL-2.0
//! The pyramid's masks in f64 (docs/method.md 1.2, 1.3).
//!
//! Frequencies are signed integers `(u, v)`; the normalised radius is 1 at the Nyquist frequency of an axis.

use std::f64::consts::{FRAC_PI_2, PI, SQRT_2};

/// Below this a mask's argument counts as 0 (docs/method.md 1.2, 1.3): keeps supports independent of rounding.
const EDGE: f64 = 1e-12;

/// The masks of one size and pyramid.
#[derive(Debug, Clone)]
pub(super) struct Masks {
    width: usize,
    height: usize,
    bands_per_octave: usize,
    radial_bands: usize,
    /// `(cos theta_k, sin theta_k)`.
    directions: Vec<(f64, f64)>,
    /// `alpha_K` of docs/method.md 1.3.
    angular_gain: f64,
}

/// One frequency of a band's support, with the mask there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frequency {
    pub(super) u: i32,
    pub(super) v: i32,
    pub(super) mask: f64,
}

impl Masks {
    pub(super) fn new(
        width: usize,
        height: usize,
        octaves: usize,
        orientations: usize,
        bands_per_octave: usize,
    ) -> Self {
        let factorial = |n: usize| (1..=n).map(|i| i as f64).product::<f64>();
        let count = orientations as f64;
        Self {
            width,
            height,
            bands_per_octave,
            radial_bands: octaves * bands_per_octave,
            directions: (0..orientations)
                .map(|k| PI * k as f64 / count)
                .map(|theta| (theta.cos(), theta.sin()))
                .collect(),
            angular_gain: 2f64.powi(orientations as i32 - 1) * factorial(orientations - 1)
                / (count * factorial(2 * orientations - 2)).sqrt(),
        }
    }

    /// Columns and rows of the planes.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The octave of a radial band.
    pub(super) fn octave(&self, scale: usize) -> usize {
        scale / self.bands_per_octave
    }

    pub(super) fn orientations(&self) -> usize {
        self.directions.len()
    }

    pub(super) fn radial_bands(&self) -> usize {
        self.radial_bands
    }

    /// The mask of the high-pass residual, `H_0`.
    pub(super) fn high_residual(&self, u: i32, v: i32) -> f64 {
        self.low_high(0, self.radius(u, v)).1
    }

    /// The mask of the low-pass residual, `L_J`.
    pub(super) fn low_residual(&self, u: i32, v: i32) -> f64 {
        self.low_high(self.radial_bands, self.radius(u, v)).0
    }

    /// `sum_j R_j^2`: the fraction of a frequency's energy that lies in the bands.
    pub(super) fn energy_fraction(&self, u: i32, v: i32) -> f64 {
        let radius = self.radius(u, v);
        let (high, low) = (
            self.low_high(0, radius).1,
            self.low_high(self.radial_bands, radius).0,
        );
        1.0 - high * high - low * low
    }

    /// The supports of the bands of radial band `j`, one per orientation, by ascending `u`, then `v`.
    pub(super) fn supports(&self, j: usize) -> Vec<Vec<Frequency>> {
        // R_j = 0 from r = 2^-(j/B) on, and |fx|, |fy| <= r.
        let reach = 0.5 * 2f64.powf(-(j as f64) / self.bands_per_octave as f64);
        let (u_max, v_max) = (
            (self.width as f64 * reach).floor() as i32,
            (self.height as f64 * reach).floor() as i32,
        );
        // The radial part is even in u and v: one quadrant serves all orientations.
        let stride = v_max as usize + 1;
        let quadrant: Vec<f64> = (0..=u_max)
            .flat_map(|u| (0..=v_max).map(move |v| (u, v)))
            .map(|(u, v)| self.radial(j, self.radius(u, v)))
            .collect();
        (0..self.directions.len())
            .map(|k| {
                let mut support = Vec::new();
                for u in -u_max..=u_max {
                    for v in -v_max..=v_max {
                        let radial = quadrant[u.unsigned_abs() as usize * stride + v.unsigned_abs() as usize];
                        let mask = SQRT_2 * radial * if radial > 0.0 { self.angular(k, u, v) } else { 0.0 };
                        if mask > 0.0 {
                            support.push(Frequency { u, v, mask });
                        }
                    }
                }
                support
            })
            .collect()
    }

    fn frequency(&self, u: i32, v: i32) -> (f64, f64) {
        (
            2.0 * f64::from(u) / self.width as f64,
            2.0 * f64::from(v) / self.height as f64,
        )
    }

    fn radius(&self, u: i32, v: i32) -> f64 {
        let (fx, fy) = self.frequency(u, v);
        fx.hypot(fy)
    }

    /// `R_j(r) = L_j(r) H_{j+1}(r)`.
    fn radial(&self, j: usize, radius: f64) -> f64 {
        self.low_high(j, radius).0 * self.low_high(j + 1, radius).1
    }

    /// `A_k(theta)`.
    fn angular(&self, k: usize, u: i32, v: i32) -> f64 {
        let (fx, fy) = self.frequency(u, v);
        let (cos, sin) = self.directions[k];
        let d = (fx * cos + fy * sin) / fx.hypot(fy);
        if d > EDGE {
            self.angular_gain * d.powi(self.directions.len() as i32 - 1)
        } else {
            0.0
        }
    }

    /// `(L_j(r), H_j(r))`.
    fn low_high(&self, j: usize, radius: f64) -> (f64, f64) {
        let t = self.bands_per_octave as f64 * radius.log2() + j as f64 + 1.0;
        if t <= EDGE {
            (1.0, 0.0)
        } else if t >= 1.0 - EDGE {
            (0.0, 1.0)
        } else {
            ((FRAC_PI_2 * t).cos(), (FRAC_PI_2 * t).sin())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squared_masks_sum_to_one_at_every_frequency() {
        for (width, height, octaves, orientations, bands_per_octave) in [
            (64, 64, 5, 4, 1),
            (37, 53, 4, 3, 2),
            (1, 16, 2, 8, 2),
            (16, 1, 4, 2, 1),
            (1, 1, 1, 5, 1),
            (3, 2, 1, 7, 2),
        ] {
            let masks = Masks::new(width, height, octaves, orientations, bands_per_octave);
            let (w, h) = (width as i32, height as i32);
            let index = |u: i32, v: i32| (v.rem_euclid(h) * w + u.rem_euclid(w)) as usize;
            let mut sum = vec![0.0; width * height];
            for support in (0..masks.radial_bands()).flat_map(|j| masks.supports(j)) {
                for Frequency { u, v, mask } in support {
                    assert!(
                        2 * u.abs() < w && 2 * v.abs() < h,
                        "a band reaches the Nyquist line"
                    );
                    assert!((u, v) != (0, 0), "a band holds the mean");
                    sum[index(u, v)] += 0.5 * mask * mask;
                    sum[index(-u, -v)] += 0.5 * mask * mask;
                }
            }
            for v in -(h / 2)..(h + 1) / 2 {
                for u in -(w / 2)..(w + 1) / 2 {
                    let residual = masks.high_residual(u, v).powi(2) + masks.low_residual(u, v).powi(2);
                    let total = sum[index(u, v)] + residual;
                    assert!((total - 1.0).abs() < 1e-14, "{width}x{height} ({u},{v}): {total}");
                    assert!((masks.energy_fraction(u, v) - sum[index(u, v)]).abs() < 1e-14);
                }
            }
        }
    }
}
