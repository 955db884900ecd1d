// SPDX-License-Identifier: MPL-2.0
//! Probabilities of scores, also of such that are no numbers.

use super::best_but;
use crate::gradient::Squash;

/// The probabilities of all classes. A score that is not a number counts as the lowest there is: its class has the
/// probability 0, and where no score is a number, every class has. Infinite scores share what there is.
pub(super) fn fill(scores: &[f32], squash: Squash, probabilities: &mut Vec<f32>) {
    probabilities.clear();
    let known = |z: &f32| if z.is_nan() { f32::NEG_INFINITY } else { *z };
    match squash {
        Squash::Sigmoid => probabilities.extend(scores.iter().map(|z| 1.0 / (1.0 + (-known(z)).exp()))),
        Squash::Exp => probabilities.extend(scores.iter().map(|z| known(z).exp().min(1.0))),
        Squash::Softmax => {
            let top = scores
                .get(best_but(scores, None))
                .map_or(f32::NEG_INFINITY, known);
            probabilities.extend(scores.iter().map(|z| match known(z) {
                // Two infinities have no difference.
                z if z == top && z.is_infinite() => f32::from(u8::from(z > 0.0)),
                z => (z - top).exp(),
            }));
            let sum: f32 = probabilities.iter().sum();
            if sum > 0.0 {
                probabilities.iter_mut().for_each(|p| *p /= sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(scores: &[f32], squash: Squash) -> Vec<f32> {
        let mut probabilities = Vec::new();
        fill(scores, squash, &mut probabilities);
        probabilities
    }

    #[test]
    fn what_is_no_number_is_never_probable() {
        let (nan, inf) = (f32::NAN, f32::INFINITY);
        for squash in [Squash::Softmax, Squash::Sigmoid, Squash::Exp] {
            for scores in [
                [nan, 1.0, 0.0],
                [nan, nan, nan],
                [inf, nan, 1.0],
                [-inf, nan, -inf],
                [inf, inf, 0.0],
            ] {
                let p = of(&scores, squash);
                assert!(
                    p.iter().all(|p| (0.0..=1.0).contains(p)),
                    "{squash:?} {scores:?}: {p:?}"
                );
                assert!(
                    p.iter().zip(&scores).all(|(p, z)| !z.is_nan() || *p == 0.0),
                    "{scores:?}: {p:?}"
                );
            }
        }
        assert_eq!(of(&[inf, 3.0, inf], Squash::Softmax), [0.5, 0.0, 0.5]);
        assert_eq!(of(&[nan, 0.0, 0.0], Squash::Softmax), [0.0, 0.5, 0.5]);
    }

    #[test]
    fn probabilities_are_given_back_by_their_logarithms() {
        let p = [0.125f32, 0.5, 0.25];
        let log: Vec<f32> = p.iter().map(|p| p.ln()).collect();
        for (p, again) in p.iter().zip(of(&log, Squash::Exp)) {
            assert!((p - again).abs() < 1e-7);
        }
        let odds: Vec<f32> = p.iter().map(|p| (p / (1.0 - p)).ln()).collect();
        for (p, again) in p.iter().zip(of(&odds, Squash::Sigmoid)) {
            assert!((p - again).abs() < 1e-7);
        }
    }
}
