// SPDX-License-Identifier: MPL-2.0
//! The mean of the gradients at shifted, zoomed, mirrored and noisy copies of a picture (docs/method.md 2.12).
//!
//! One gradient of an ordinary network may be about this very grid of pixels; what is left of it after changes that leave
//! what the picture shows belongs to the picture (SmoothGrad: Smilkov et al. 2017, arXiv 1706.03825; expectation over
//! transformation: Athalye et al. 2018, arXiv 1707.07397). How much is left is measured: two halves of the copies are
//! compared.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::GradientSettings;
use crate::classifier::{Classifier, Reading};
use crate::frame::{Change, Resize};
use crate::runtime;

/// Scratch for a copy, its gradient on the way back, and the means of the two halves.
#[derive(Debug, Default)]
pub(super) struct Averager {
    copy: Vec<f32>,
    back: Vec<f32>,
    scratch: Vec<f32>,
    halves: [Vec<f64>; 2],
    aside: Reading,
}

impl Averager {
    /// Scores of the picture `planes`, whose size is `size`, and the mean of `settings.samples` gradients around it, the
    /// copies being those of step `step`. With one sample it is the picture's own gradient.
    pub(super) fn read(
        &mut self,
        classifier: &mut Classifier,
        (planes, size): (&[f32], (usize, usize)),
        pair: (usize, usize),
        (settings, step): (&GradientSettings, u32),
        reading: &mut Reading,
    ) -> Result<(), runtime::Error> {
        if settings.samples < 2 {
            reading.agreement = None;
            return classifier.read_planes(planes, pair, settings.objective, reading);
        }
        classifier.score_planes(planes, reading)?;
        self.copy.resize(planes.len(), 0.0);
        self.back.resize(planes.len(), 0.0);
        for half in &mut self.halves {
            half.clear();
            half.resize(planes.len(), 0.0);
        }
        let pixels = size.0 * size.1;
        let first = u64::from(step) * u64::from(settings.samples);
        for sample in first..first + u64::from(settings.samples) {
            let change = change(settings, sample);
            let map = Resize::changed(size, &change);
            self.scratch.resize(map.scratch_len(), 0.0);
            for (plane, copy) in planes
                .chunks_exact(pixels)
                .zip(self.copy.chunks_exact_mut(pixels))
            {
                map.apply(plane, copy, &mut self.scratch);
            }
            if settings.noise_level > 0.0 {
                let mut random = Xoshiro256PlusPlus::seed_from_u64(settings.seed ^ sample.rotate_left(32));
                for value in &mut self.copy {
                    *value += (settings.noise_level * normal(&mut random)) as f32;
                }
            }
            classifier.read_planes(&self.copy, pair, settings.objective, &mut self.aside)?;
            reading.inference_time += self.aside.inference_time;
            let gradient = self.aside.gradient.chunks_exact(pixels);
            for (gradient, back) in gradient.zip(self.back.chunks_exact_mut(pixels)) {
                map.adjoint(gradient, back, &mut self.scratch);
            }
            let half = &mut self.halves[usize::from(sample % 2 == 1)];
            half.iter_mut()
                .zip(&self.back)
                .for_each(|(sum, g)| *sum += f64::from(*g));
        }
        let [even, odd] = &self.halves;
        reading.agreement = Some(agreement(even, odd));
        let share = 1.0 / f64::from(settings.samples);
        reading.gradient.clear();
        let means = even.iter().zip(odd).map(|(a, b)| ((a + b) * share) as f32);
        reading.gradient.extend(means);
        let squared: f64 = reading.gradient.iter().map(|g| f64::from(*g).powi(2)).sum();
        reading.gradient_norm = squared.sqrt();
        (reading.source, reading.target, reading.objective) = (pair.0, pair.1, settings.objective);
        Ok(())
    }
}

/// How alike the mean of all copies would be to that of as many others: the cosine `r` of the two halves, corrected for
/// their number, `2 r / (1 + r)` (Spearman 1910; Brown 1910); 0 where it is below.
fn agreement(one: &[f64], other: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let norms = (dot(one, one) * dot(other, other)).sqrt();
    let cosine = if norms > 0.0 { dot(one, other) / norms } else { 0.0 };
    (2.0 * cosine / (1.0 + cosine)).max(0.0)
}

/// The change of a sample: a low-discrepancy sequence (Roberts 2018: powers of the root of x^5 = x + 1) in shift to both
/// sides, zoom and mirror, begun where the seed says.
fn change(settings: &GradientSettings, sample: u64) -> Change {
    const ROOT: f64 = 1.167_303_978_261_418_7;
    let mut start = Xoshiro256PlusPlus::seed_from_u64(settings.seed);
    let mut coordinate = |power: i32| {
        let offset = (start.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        (offset + (sample + 1) as f64 * ROOT.powi(-power)).fract()
    };
    let [x, y, zoom, mirror] = [1, 2, 3, 4].map(&mut coordinate);
    let spread = |at: f64, reach: f64| (2.0 * at - 1.0) * reach;
    Change {
        shift: [x, y].map(|at| spread(at, settings.shift)),
        zoom: 1.0 + spread(zoom, settings.zoom),
        mirror: settings.mirror && mirror < 0.5,
    }
}

/// A number of the standard normal distribution (Box & Muller 1958).
fn normal(random: &mut impl Rng) -> f64 {
    // 53 bits to (0, 1]: never the logarithm of 0.
    let mut uniform = || ((random.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64;
    let (radius, angle) = (uniform(), uniform());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_is_normal() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let values: Vec<f64> = (0..40_000).map(|_| normal(&mut random)).collect();
        let moment = |power: i32| values.iter().map(|v| v.powi(power)).sum::<f64>() / values.len() as f64;
        // Standard errors: .005, .007, .05.
        assert!(moment(1).abs() < 0.02 && (moment(2) - 1.0).abs() < 0.03 && (moment(4) - 3.0).abs() < 0.2);
    }

    #[test]
    fn changes_fill_their_range_evenly_and_follow_the_seed() {
        let settings = GradientSettings {
            samples: 64,
            shift: 0.1,
            zoom: 0.2,
            mirror: true,
            ..GradientSettings::default()
        };
        let all: Vec<_> = (0..64).map(|k| change(&settings, k)).collect();
        for axis in 0..2 {
            let mut shifts: Vec<_> = all.iter().map(|c| c.shift[axis]).collect();
            shifts.sort_by(f64::total_cmp);
            // In 64 equal steps from -.1 to .1 each would be 1/64 of the way after the one before.
            let widest = shifts.windows(2).map(|w| w[1] - w[0]).fold(0.0, f64::max);
            assert!(widest < 3.0 * 0.2 / 64.0 && shifts[0] >= -0.1 && shifts[63] <= 0.1);
        }
        assert!(all.iter().all(|c| (0.8..=1.2).contains(&c.zoom)));
        let mirrored = all.iter().filter(|c| c.mirror).count();
        assert!((28..=36).contains(&mirrored), "{mirrored}");
        let other = GradientSettings { seed: 1, ..settings };
        assert_ne!(change(&other, 0).shift, all[0].shift);
    }

    #[test]
    fn the_agreement_of_halves_is_corrected_for_their_number() {
        assert_eq!(agreement(&[1.0, 2.0], &[2.0, 4.0]), 1.0);
        assert_eq!(agreement(&[1.0, 0.0], &[0.0, 1.0]), 0.0);
        assert_eq!(agreement(&[1.0, 0.0], &[-1.0, 0.5]), 0.0);
        assert_eq!(agreement(&[0.0; 2], &[0.0; 2]), 0.0);
        // cos 60 degrees: 2 * .5 / 1.5.
        let half = agreement(&[1.0, 0.0], &[0.5, 0.75f64.sqrt()]);
        assert!((half - 2.0 / 3.0).abs() < 1e-12);
    }
}
