// SPDX-License-Identifier: MPL-2.0
//! SmoothGrad (Smilkov et al. 2017): the mean of the gradients at noisy copies of a picture, for stills.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::GradientSettings;
use crate::classifier::{Classifier, Reading};
use crate::runtime;

/// Scratch for a noisy copy and the mean.
#[derive(Debug, Default)]
pub(super) struct SmoothGrad {
    noisy: Vec<f32>,
    sum: Vec<f64>,
    aside: Reading,
}

impl SmoothGrad {
    /// Puts the mean in place of the gradient of a reading of `planes`; scores stay those of the picture itself.
    pub(super) fn smooth(
        &mut self,
        classifier: &mut Classifier,
        planes: &[f32],
        settings: &GradientSettings,
        reading: &mut Reading,
    ) -> Result<(), runtime::Error> {
        let copies = settings.smooth_grad;
        if copies == 0 {
            return Ok(());
        }
        let mut random = Xoshiro256PlusPlus::seed_from_u64(settings.seed);
        self.noisy.resize(planes.len(), 0.0);
        self.sum.clear();
        self.sum.resize(planes.len(), 0.0);
        let pair = (reading.source, reading.target);
        for _ in 0..copies {
            for (noisy, value) in self.noisy.iter_mut().zip(planes) {
                *noisy = value + (settings.noise_level * normal(&mut random)) as f32;
            }
            classifier.read_planes(&self.noisy, pair, settings.objective, &mut self.aside)?;
            let gradients = self.sum.iter_mut().zip(&self.aside.gradient);
            gradients.for_each(|(sum, g)| *sum += f64::from(*g));
            reading.inference_time += self.aside.inference_time;
        }
        let share = 1.0 / f64::from(copies);
        let means = reading.gradient.iter_mut().zip(&self.sum);
        means.for_each(|(g, sum)| *g = (sum * share) as f32);
        let squared: f64 = reading.gradient.iter().map(|g| f64::from(*g).powi(2)).sum();
        reading.gradient_norm = squared.sqrt();
        Ok(())
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
}
