// SPDX-License-Identifier: MPL-2.0
//! One frame of csp-phase as a first version would have it: whole complex transforms, a new `Vec` per step, the C
//! library per sample. Written from docs/method.md 1 and 2 alone; the measure of every speed that is quoted.

use std::f64::consts::{FRAC_PI_2, PI};

use rustfft::num_complex::Complex32;
use rustfft::{FftDirection, FftPlanner};

/// docs/method.md 2.1: `K`, the floor, the limit.
const ORIENTATIONS: usize = 4;
const FLOOR: f64 = 0.1;
const LIMIT: f32 = std::f32::consts::FRAC_PI_2;

/// The pyramid of one size on the octave grid.
pub(crate) struct Naive {
    width: usize,
    height: usize,
    bands: Vec<Band>,
    planner: FftPlanner<f32>,
}

struct Band {
    width: usize,
    height: usize,
    /// Where each frequency of the support lies in the spectrum and in the band, and its mask.
    support: Vec<(u32, u32, f32)>,
}

impl Naive {
    pub(crate) fn new(width: usize, height: usize, octaves: usize) -> Self {
        let bands = (0..octaves)
            .flat_map(|j| (0..ORIENTATIONS).map(move |k| (j, k)))
            .map(|(j, k)| Band::new(width, height, j, k));
        Self {
            width,
            height,
            bands: bands.collect(),
            planner: FftPlanner::new(),
        }
    }

    /// The change of the picture at a magnification.
    pub(crate) fn change(&mut self, image: &[f32], gradient: &[f32], magnification: f32) -> Vec<f32> {
        let pixels = self.width * self.height;
        let complex = |plane: &[f32]| plane.iter().map(|&v| v.into()).collect::<Vec<Complex32>>();
        let x = self.transform(complex(image), self.width, FftDirection::Forward);
        let g = self.transform(complex(gradient), self.width, FftDirection::Forward);
        let mut coefficients = Vec::new();
        let mut energy = 0.0;
        for index in 0..self.bands.len() {
            let (c, d) = (self.analyse(index, &x), self.analyse(index, &g));
            let weight = pixels as f64 / c.len() as f64;
            energy += weight * c.iter().map(|c| f64::from(c.norm_sqr())).sum::<f64>();
            coefficients.push((c, d));
        }
        let floor = (FLOOR.powi(2) * energy / (self.bands.len() * pixels) as f64) as f32;
        let mut moved = 0.0;
        let mut steps = Vec::new();
        for (c, g) in &coefficients {
            let step: Vec<f32> = c
                .iter()
                .zip(g)
                .map(|(c, g)| (c.conj() * g).im / ((c.norm_sqr() + floor).sqrt() + 1e-30))
                .collect();
            let weight = pixels as f64 / c.len() as f64;
            let sum = c
                .iter()
                .zip(&step)
                .map(|(c, d)| f64::from(c.norm_sqr() * d * d))
                .sum::<f64>();
            moved += weight * sum;
            steps.push(step);
        }
        let factor = magnification / (moved / energy).sqrt() as f32;
        let mut spectrum = vec![Complex32::ZERO; pixels];
        for (index, ((c, _), step)) in coefficients.iter().zip(&steps).enumerate() {
            let change: Vec<Complex32> = c
                .iter()
                .zip(step)
                .map(|(c, d)| {
                    let phase = c.arg() + LIMIT * (factor * d / LIMIT).tanh();
                    Complex32::new(c.norm() * phase.cos(), c.norm() * phase.sin()) - c
                })
                .collect();
            let band = self.transform(change, self.bands[index].width, FftDirection::Forward);
            for &(to, from, mask) in &self.bands[index].support {
                spectrum[to as usize] += band[from as usize] * (mask / c.len() as f32);
            }
        }
        let plane = self.transform(spectrum, self.width, FftDirection::Inverse);
        plane.iter().map(|value| value.re).collect()
    }

    fn analyse(&mut self, index: usize, spectrum: &[Complex32]) -> Vec<Complex32> {
        let Band {
            width,
            height,
            support,
        } = &self.bands[index];
        let factor = 1.0 / spectrum.len() as f32;
        let mut band = vec![Complex32::ZERO; width * height];
        for &(from, to, mask) in support {
            band[to as usize] = spectrum[from as usize] * (mask * factor);
        }
        let width = *width;
        self.transform(band, width, FftDirection::Inverse)
    }

    fn transform(
        &mut self,
        mut plane: Vec<Complex32>,
        width: usize,
        direction: FftDirection,
    ) -> Vec<Complex32> {
        let height = plane.len() / width;
        self.planner.plan_fft(width, direction).process(&mut plane);
        let mut columns = transposed(&plane, width);
        self.planner.plan_fft(height, direction).process(&mut columns);
        transposed(&columns, height)
    }
}

fn transposed(plane: &[Complex32], width: usize) -> Vec<Complex32> {
    let height = plane.len() / width;
    let mut out = Vec::with_capacity(plane.len());
    for x in 0..width {
        for y in 0..height {
            out.push(plane[y * width + x]);
        }
    }
    out
}

impl Band {
    /// Band `(j, k)`: docs/method.md 1.2, 1.3, and the octave grid of 1.5.
    fn new(width: usize, height: usize, j: usize, k: usize) -> Self {
        let (nx, ny) = (width.div_ceil(1 << j), height.div_ceil(1 << j));
        let theta = PI * k as f64 / ORIENTATIONS as f64;
        // alpha_4 = 2^3 3! / sqrt(4 6!)
        let gain = 48.0 / (4.0f64 * 720.0).sqrt();
        let wrap = |f: i32, n: usize| f.rem_euclid(n as i32) as usize;
        let mut support = Vec::new();
        for v in -(height as i32 / 2)..(height as i32 + 1) / 2 {
            for u in -(width as i32 / 2)..(width as i32 + 1) / 2 {
                let (fx, fy) = (
                    2.0 * f64::from(u) / width as f64,
                    2.0 * f64::from(v) / height as f64,
                );
                let radius = fx.hypot(fy);
                let along = (fx * theta.cos() + fy * theta.sin()) / radius;
                let low = (radius.log2() + j as f64 + 1.0).clamp(0.0, 1.0);
                let high = (radius.log2() + j as f64 + 2.0).clamp(0.0, 1.0);
                if radius == 0.0 || along <= 1e-12 || low >= 1.0 - 1e-12 || high <= 1e-12 {
                    continue;
                }
                let radial = (FRAC_PI_2 * low).cos() * (FRAC_PI_2 * high).sin();
                let mask = (2f64.sqrt() * radial * gain * along.powi(3)) as f32;
                support.push((
                    (wrap(v, height) * width + wrap(u, width)) as u32,
                    (wrap(v, ny) * nx + wrap(u, nx)) as u32,
                    mask,
                ));
            }
        }
        Self {
            width: nx,
            height: ny,
            support,
        }
    }
}
