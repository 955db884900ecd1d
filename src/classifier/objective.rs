// SPDX-License-Identifier: MPL-2.0
//! The scalar of the logits whose gradient is taken, as weights of [`crate::gradient::Differentiated::with_objective`].

use crate::gradient::Squash;
use crate::settings::choice;

choice! {
    pub enum Objective = "objective", Margin, "The scalar whose gradient is taken" {
        /// `logit[target] - logit[source]`.
        Margin = "margin": "Logit of the target minus logit of the source",
        /// `logit[target]` alone; of the two classes of a single score z, z and -z.
        Logit = "logit": "Logit of the target alone",
        /// `ln(probability[target])`: as the logit, but away from every other class as far as it is probable.
        LogProbability = "log-probability": "Logarithm of the target's probability: away from every other class as well",
    }
}

impl Objective {
    /// Whether the source class has a part in it.
    pub(crate) fn has_source(self) -> bool {
        self == Self::Margin
    }

    /// Writes the weights of the logits.
    pub(super) fn weigh_scores(self, source: usize, target: usize, scores: &mut [f32]) {
        // A single score is that of class 1 against class 0.
        if let [z] = scores {
            let is = |class: usize| f32::from(u8::from(class == 1));
            *z = match self {
                Self::Margin => is(target) - is(source),
                Self::Logit => 2.0 * is(target) - 1.0,
                Self::LogProbability => is(target),
            };
            return;
        }
        scores.fill(0.0);
        scores[target] += 1.0;
        if self.has_source() {
            scores[source] -= 1.0;
        }
    }

    /// Writes the weights of the probabilities; a single score has that of class 1. Scores that are the probabilities'
    /// logarithms need none.
    pub(super) fn weigh_probabilities(self, target: usize, squash: Squash, weights: &mut [f32]) {
        weights.fill(0.0);
        if self == Self::LogProbability {
            match (squash, weights) {
                (Squash::Exp, _) => {}
                (Squash::Sigmoid, several) if several.len() > 1 => several[target] = 1.0,
                (_, all) => all.fill(1.0),
            }
        }
    }
}
