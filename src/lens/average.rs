// SPDX-License-Identifier: MPL-2.0
//! The mean of the gradients at shifted, zoomed, mirrored and noisy copies of a picture (docs/method.md 2.12).
//!
//! One gradient of an ordinary network may be about this very grid of pixels; what is left of it after changes that leave
//! what the picture shows belongs to the picture (SmoothGrad: Smilkov et al. 2017, arXiv 1706.03825; expectation over
//! transformation: Athalye et al. 2018, arXiv 1707.07397). How much is left is measured: two halves of the copies are
//! compared.

use std::collections::HashMap;
use std::time::Duration;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::GradientSettings;
use crate::classifier::{Classifier, Reading};
use crate::frame::{Change, Resize};
use crate::measure::norm;
use crate::runtime;

/// Maps that are kept for the next picture; more are made anew.
const KEPT: usize = 256;

/// Scratch for a copy, its gradient on the way back, and the sums of the two halves.
#[derive(Debug, Default)]
pub(super) struct Averager {
    copy: Vec<f32>,
    back: Vec<f32>,
    scratch: Vec<f32>,
    halves: [Vec<f64>; 2],
    /// The sums of the halves over the readings so far, each with the same say but for what fades.
    sums: [Vec<f64>; 2],
    aside: Reading,
    /// The sums of the copies' probabilities.
    around: Vec<f64>,
    /// The map of each sample, for pictures of `size` under `settings`.
    maps: HashMap<u64, Resize>,
    size: (usize, usize),
    settings: GradientSettings,
}

/// Which samples a gradient is the mean of.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Turn {
    /// The samples are those of this step.
    pub(super) step: u32,
    /// What counts in the agreement beside them.
    pub(super) past: Past,
}

/// What counts in a reading's agreement beside its own samples.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Past {
    #[default]
    Nothing,
    /// The readings before it, each this much less than the next, 0..1: along a video.
    Fading(f64),
    /// Those of the way from the frame to here, which the reading that is written over has come.
    Way,
}

impl Averager {
    /// The mean of `settings.samples` gradients, 2 or more, around the picture `planes`, whose size is `size`. The reading's
    /// scores are left as they are; it is written when all runs have been made.
    pub(super) fn read(
        &mut self,
        classifier: &mut Classifier,
        (planes, size): (&[f32], (usize, usize)),
        pair: (usize, usize),
        (settings, turn): (&GradientSettings, Turn),
        reading: &mut Reading,
    ) -> Result<(), runtime::Error> {
        if (self.size, &self.settings) != (size, settings) {
            (self.size, self.settings) = (size, settings.clone());
            self.maps.clear();
        }
        let Self {
            copy,
            back,
            scratch,
            halves,
            sums,
            aside,
            around,
            maps,
            ..
        } = self;
        around.clear();
        copy.resize(planes.len(), 0.0);
        back.resize(planes.len(), 0.0);
        for half in halves.iter_mut() {
            half.clear();
            half.resize(planes.len(), 0.0);
        }
        let pixels = size.0 * size.1;
        let mut time = Duration::ZERO;
        let first = u64::from(turn.step) * u64::from(settings.samples);
        for sample in first..first + u64::from(settings.samples) {
            if maps.len() >= KEPT && !maps.contains_key(&sample) {
                maps.clear();
            }
            let map = maps
                .entry(sample)
                .or_insert_with(|| Resize::changed(size, &change(settings, sample)));
            scratch.resize(map.scratch_len(), 0.0);
            for (plane, copy) in planes.chunks_exact(pixels).zip(copy.chunks_exact_mut(pixels)) {
                map.apply(plane, copy, scratch);
            }
            if settings.noise_level > 0.0 {
                let mut random = Xoshiro256PlusPlus::seed_from_u64(settings.seed ^ sample.rotate_left(32));
                for values in copy.chunks_mut(2) {
                    let noise = normal(&mut random).map(|n| (settings.noise_level * n) as f32);
                    values.iter_mut().zip(noise).for_each(|(value, n)| *value += n);
                }
            }
            classifier.read_planes(copy, pair, settings.objective, aside)?;
            time += aside.inference_time;
            around.resize(aside.probabilities.len(), 0.0);
            let sums = around.iter_mut().zip(&aside.probabilities);
            sums.for_each(|(sum, p)| *sum += f64::from(*p));
            let gradient = aside.gradient.chunks_exact(pixels);
            for (gradient, back) in gradient.zip(back.chunks_exact_mut(pixels)) {
                map.adjoint(gradient, back, scratch);
            }
            let half = &mut halves[half_of(sample)];
            half.iter_mut()
                .zip(back.iter())
                .for_each(|(sum, g)| *sum += f64::from(*g));
        }
        let [one, other] = &*halves;
        let length = one
            .iter()
            .zip(other)
            .map(|(a, b)| (a + b).powi(2))
            .sum::<f64>()
            .sqrt();
        let weight = match turn.past {
            Past::Nothing => 0.0,
            Past::Fading(weight) => weight,
            Past::Way => {
                sums.clone_from(&reading.halves);
                1.0
            }
        };
        for (sums, half) in sums.iter_mut().zip([one, other]) {
            if weight == 0.0 {
                sums.clear();
            }
            sums.resize(half.len(), 0.0);
            let sums = sums.iter_mut().zip(half);
            sums.for_each(|(sum, g)| *sum = weight * *sum + g / length.max(f64::MIN_POSITIVE));
        }
        reading.halves.clone_from(sums);
        reading.agreement = Some(agreement(&sums[0], &sums[1]));
        let share = 1.0 / f64::from(settings.samples);
        reading.around.clear();
        reading
            .around
            .extend(around.iter().map(|sum| (sum * share) as f32));
        reading.gradient.clear();
        let means = one.iter().zip(other).map(|(a, b)| ((a + b) * share) as f32);
        reading.gradient.extend(means);
        reading.gradient_norm = norm(&reading.gradient);
        (reading.source, reading.target, reading.objective) = (pair.0, pair.1, settings.objective);
        reading.inference_time = time;
        Ok(())
    }
}

/// How alike the mean of all copies would be to that of as many others: the cosine `r` of the two halves, corrected for
/// their number, `2 r / (1 + r)` (Spearman 1910; Brown 1910); 0 where it is below.
fn agreement(one: &[f64], other: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let norms = (dot(one, one) * dot(other, other)).sqrt();
    if norms.is_nan() || norms <= 0.0 {
        return 0.0;
    }
    let cosine = (dot(one, other) / norms).clamp(0.0, 1.0);
    2.0 * cosine / (1.0 + cosine)
}

/// The change of a sample: a point of Halton's sequence (1960), rotated as the seed says (Cranley & Patterson 1976), gives
/// shift to both sides and zoom; every other copy is mirrored.
fn change(settings: &GradientSettings, sample: u64) -> Change {
    let mut rotation = Xoshiro256PlusPlus::seed_from_u64(settings.seed);
    let mut coordinate = |base: u64| (uniform(&mut rotation) + radical_inverse(sample, base)).fract();
    let [x, y, zoom] = [3, 5, 7].map(&mut coordinate);
    let spread = |at: f64, reach: f64| (2.0 * at - 1.0) * reach;
    Change {
        shift: [x, y].map(|at| spread(at, settings.shift)),
        zoom: 1.0 + spread(zoom, settings.zoom),
        mirror: settings.mirror && sample % 2 == 1,
    }
}

/// The half that a sample counts in: pairs of neighbours are parted, and as many mirrored copies come into the one as into
/// the other (Thue & Morse).
fn half_of(sample: u64) -> usize {
    usize::from(sample.count_ones() % 2 == 1)
}

/// The digits of `number` in this base, behind the point in reverse: 0..1.
fn radical_inverse(mut number: u64, base: u64) -> f64 {
    let (mut inverse, mut weight) = (0.0, 1.0);
    while number > 0 {
        weight /= base as f64;
        inverse += (number % base) as f64 * weight;
        number /= base;
    }
    inverse
}

/// Two independent numbers of the standard normal distribution (Box & Muller 1958).
fn normal(random: &mut impl Rng) -> [f64; 2] {
    // One step up: never the logarithm of 0.
    let [radius, angle] = [0; 2].map(|_| uniform(random) + STEP);
    let radius = (-2.0 * radius.ln()).sqrt();
    let (sin, cos) = (std::f64::consts::TAU * angle).sin_cos();
    [radius * cos, radius * sin]
}

/// The distance of two neighbours of [`uniform`]: 2^-53.
const STEP: f64 = f64::EPSILON / 2.0;

/// A number from 0 up to 1, without it, of 53 bits.
fn uniform(random: &mut impl Rng) -> f64 {
    (random.next_u64() >> 11) as f64 * STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_is_normal() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let pairs: Vec<[f64; 2]> = (0..20_000).map(|_| normal(&mut random)).collect();
        let product = pairs.iter().map(|[a, b]| a * b).sum::<f64>() / pairs.len() as f64;
        assert!(product.abs() < 0.03, "the two of a pair: {product}");
        let values: Vec<f64> = pairs.into_iter().flatten().collect();
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
        for half in 0..2 {
            let of_half = (0..64).filter(|k| half_of(*k) == half);
            let mirrored = of_half.filter(|k| all[*k as usize].mirror).count();
            assert_eq!(mirrored, 16, "of 32 in half {half}");
        }
        let other = GradientSettings { seed: 1, ..settings };
        assert_ne!(change(&other, 0).shift, all[0].shift);
    }

    #[test]
    fn the_agreement_of_halves_is_corrected_for_their_number() {
        assert_eq!(agreement(&[1.0, 2.0], &[2.0, 4.0]), 1.0);
        assert_eq!(agreement(&[1.0, 0.0], &[0.0, 1.0]), 0.0);
        assert_eq!(agreement(&[1.0, 0.0], &[-1.0, 0.5]), 0.0);
        for k in 1..50 {
            let k = f64::from(k) * 0.37;
            let [one, opposite] = [1.0, -k].map(|k| [1.1, 2.3, 3.7].map(|v| v * k));
            assert_eq!(agreement(&one, &opposite), 0.0);
            assert!(agreement(&one, &one.map(|v| v * k)) <= 1.0);
        }
        assert_eq!(agreement(&[f64::NAN], &[1.0]), 0.0);
        assert_eq!(agreement(&[0.0; 2], &[0.0; 2]), 0.0);
        // cos 60 degrees: 2 * .5 / 1.5.
        let half = agreement(&[1.0, 0.0], &[0.5, 0.75f64.sqrt()]);
        assert!((half - 2.0 / 3.0).abs() < 1e-12);
    }
}
