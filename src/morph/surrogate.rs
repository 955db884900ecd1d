// SPDX-License-Identifier: MPL-2.0
//! A direction of chance to compare a gradient's with: the same spectrum, other phases.
//!
//! A surrogate moves as much at every scale and orientation as the gradient does, with its correlation between the
//! colours, but knows nothing of the picture (Prichard & Theiler 1994: the phases of all channels are turned by
//! the same random angles). What it reaches at the same distance is what any change of that kind reaches.

use num_complex::Complex32;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use crate::pyramid::{ImageScratch, ImageTransform};

/// Draws surrogates of gradients of one size.
#[derive(Debug)]
pub struct Surrogate {
    transform: ImageTransform,
    scratch: ImageScratch,
    /// White noise, whose transform has the random angles of a real plane.
    noise: Vec<f32>,
    turns: Vec<Complex32>,
    spectrum: Vec<Complex32>,
    planes: Vec<f32>,
}

impl Surrogate {
    /// For gradients of `channels` planes of `width x height`. Everything is allocated here.
    pub fn new(width: usize, height: usize, channels: usize) -> Self {
        let transform = ImageTransform::new(width, height);
        let zeros = vec![Complex32::ZERO; transform.spectrum_len()];
        Self {
            scratch: transform.scratch(),
            noise: vec![0.0; width * height],
            turns: zeros.clone(),
            spectrum: zeros,
            planes: vec![0.0; channels * width * height],
            transform,
        }
    }

    /// The surrogate of a gradient, planes as they are given. The angles depend on `seed` and `step` alone, and
    /// those of two steps have nothing to do with each other.
    ///
    /// # Panics
    /// When the gradient is of another size.
    pub fn draw(&mut self, gradient: &[f32], seed: u64, step: u32) -> &[f32] {
        assert_eq!(
            gradient.len(),
            self.planes.len(),
            "the gradient has the surrogate's size"
        );
        self.draw_turns(seed, step);
        let pixels = self.noise.len();
        for (plane, out) in gradient
            .chunks_exact(pixels)
            .zip(self.planes.chunks_exact_mut(pixels))
        {
            self.transform
                .forward(plane, &mut self.spectrum, &mut self.scratch);
            self.spectrum
                .iter_mut()
                .zip(&self.turns)
                .for_each(|(value, turn)| *value *= turn);
            self.transform.inverse(&self.spectrum, out, &mut self.scratch);
        }
        &self.planes
    }

    /// Factors of amplitude `1/N`, the one of the inverse transform, with the angles of white noise.
    fn draw_turns(&mut self, seed: u64, step: u32) {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        for _ in 0..step {
            random.jump();
        }
        // 24 bits to [-1, 1), exactly: the same on every machine.
        let mut white = || (random.next_u64() >> 40) as f32 * (2.0 / (1u32 << 24) as f32) - 1.0;
        self.noise.fill_with(&mut white);
        self.transform
            .forward(&self.noise, &mut self.turns, &mut self.scratch);
        let factor = 1.0 / self.noise.len() as f32;
        for turn in &mut self.turns {
            let amplitude = turn.norm();
            *turn = if amplitude > 0.0 {
                *turn * (factor / amplitude)
            } else {
                factor.into()
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(len: usize) -> Vec<f32> {
        (0..len).map(|k| ((k * k) as f32 * 0.7).sin()).collect()
    }

    /// The Fourier transform by its definition.
    fn spectrum(plane: &[f32], width: usize, height: usize) -> Vec<num_complex::Complex64> {
        let angle = |a: usize, b: usize, n: usize| std::f64::consts::TAU * (a * b % n) as f64 / n as f64;
        (0..height)
            .flat_map(|v| (0..width).map(move |u| (u, v)))
            .map(|(u, v)| {
                plane
                    .iter()
                    .enumerate()
                    .map(|(k, value)| {
                        let phase = angle(u, k % width, width) + angle(v, k / width, height);
                        num_complex::Complex64::from_polar(f64::from(*value), -phase)
                    })
                    .sum()
            })
            .collect()
    }

    #[test]
    fn amplitudes_and_the_relation_of_the_channels_stay() {
        for (width, height) in [(8, 6), (7, 5), (1, 9), (1, 1)] {
            let pixels = width * height;
            let g = gradient(2 * pixels);
            let mut surrogate = Surrogate::new(width, height, 2);
            let s = surrogate.draw(&g, 3, 0);
            let of = |planes: &[f32]| {
                [
                    spectrum(&planes[..pixels], width, height),
                    spectrum(&planes[pixels..], width, height),
                ]
            };
            let ([g0, g1], [s0, s1]) = (of(&g), of(s));
            for f in 0..pixels {
                // Rounding of two f32 transforms of some 50 samples of about 1.
                let near = |a: num_complex::Complex64, b: num_complex::Complex64| (a - b).norm() < 1e-4;
                assert!(
                    near(g0[f].norm().into(), s0[f].norm().into()),
                    "{width}x{height} {f}"
                );
                assert!(
                    near(g0[f].conj() * g1[f], s0[f].conj() * s1[f]),
                    "{width}x{height} {f}"
                );
            }
        }
    }

    #[test]
    fn chance_is_repeatable_and_knows_nothing_of_the_gradient() {
        let g = gradient(64 * 64);
        let mut surrogate = Surrogate::new(64, 64, 1);
        let mut draw = |seed, step| surrogate.draw(&g, seed, step).to_vec();
        let first = draw(1, 0);
        assert_eq!(first, draw(1, 0));
        let cosine = |a: &[f32], b: &[f32]| {
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
        };
        for other in [g.clone(), draw(2, 0), draw(1, 1), draw(1, 2)] {
            // 4096 pixels: a standard deviation of some 1/64, more where a few frequencies hold the energy.
            assert!(cosine(&first, &other).abs() < 0.2, "{}", cosine(&first, &other));
        }
    }
}
