// SPDX-License-Identifier: MPL-2.0
//! Reading a picture: logits and gradient in one run.

use std::time::Instant;

use super::choice::best_but;
use super::{Activation, Classifier, Reading};
use crate::runtime::{self, BoundSession};

/// Ends a classifier's runs from another thread. Cheap to clone; outlives the classifier harmlessly.
#[derive(Debug, Clone)]
pub struct Interrupter([runtime::Interrupter; 2]);

impl Interrupter {
    /// Ends the run in progress, and every later one until [`Interrupter::clear`].
    pub fn interrupt(&self) {
        self.0.iter().for_each(runtime::Interrupter::interrupt);
    }

    /// Lets runs proceed again; to be called when the interrupted run has returned.
    pub fn clear(&self) {
        self.0.iter().for_each(runtime::Interrupter::clear);
    }
}

impl Classifier {
    /// A handle that ends a run from another thread.
    pub fn interrupter(&self) -> Interrupter {
        Interrupter([self.both.interrupter(), self.forward.interrupter()])
    }

    /// Scores and gradient of a picture, `logit[target] - logit[source]`, in one run. `planes` are the model's
    /// input picture, R, G, B or luma, `[channels, height, width]`, 0..1.
    ///
    /// # Errors
    /// When the run fails or is interrupted.
    pub(crate) fn read_planes(
        &mut self,
        planes: &[f32],
        source: usize,
        target: usize,
        reading: &mut Reading,
    ) -> Result<(), runtime::Error> {
        self.signature.fill(planes, &mut self.both);
        if let Some(cotangent) = self.both.input_f32(1) {
            cotangent.fill(0.0);
            match cotangent {
                // A single score is that of class 1 against class 0.
                [z] => *z = f32::from(u8::from(target == 1)) - f32::from(u8::from(source == 1)),
                several => {
                    several[target] += 1.0;
                    several[source] -= 1.0;
                }
            }
        }
        let start = Instant::now();
        self.both.run()?;
        reading.inference_time = start.elapsed();
        self.scores_of(false, reading);
        reading.gradient.resize(planes.len(), 0.0);
        self.signature
            .gradient_to_planes(self.both.output(1), &mut reading.gradient);
        reading.gradient_norm = reading
            .gradient
            .iter()
            .map(|g| f64::from(*g).powi(2))
            .sum::<f64>()
            .sqrt();
        (reading.source, reading.target) = (source, target);
        Ok(())
    }

    /// Scores of a picture alone; the gradient in `reading` is left as it is.
    ///
    /// # Errors
    /// When the run fails or is interrupted.
    pub(crate) fn score_planes(
        &mut self,
        planes: &[f32],
        reading: &mut Reading,
    ) -> Result<(), runtime::Error> {
        self.signature.fill(planes, &mut self.forward);
        let start = Instant::now();
        self.forward.run()?;
        reading.inference_time = start.elapsed();
        self.scores_of(true, reading);
        Ok(())
    }

    fn scores_of(&self, forward: bool, reading: &mut Reading) {
        let session = if forward { &self.forward } else { &self.both };
        let scores = session.output(0);
        reading.logits.clear();
        if let [z] = scores {
            reading.logits.extend([0.0, *z]);
        } else {
            reading.logits.extend_from_slice(scores);
        }
        reading.probabilities.clear();
        if self.squash == Activation::Sigmoid && scores.len() > 1 {
            reading
                .probabilities
                .extend(scores.iter().map(|z| 1.0 / (1.0 + (-z).exp())));
        } else {
            let top = reading.logits[best_but(&reading.logits, None)];
            reading
                .probabilities
                .extend(reading.logits.iter().map(|z| (z - top).exp()));
            let sum: f32 = reading.probabilities.iter().sum();
            reading.probabilities.iter_mut().for_each(|p| *p /= sum);
        }
    }
}

impl super::Signature {
    fn fill(&self, planes: &[f32], session: &mut BoundSession) {
        if let Some(bytes) = session.input_u8(0) {
            self.fill_bytes(planes, bytes);
        } else if let Some(real) = session.input_f32(0) {
            self.fill_real(planes, real);
        }
    }
}

impl Reading {
    /// Which reading this is: other readings of the process have other numbers; 0 before the first.
    pub fn number(&self) -> u64 {
        self.id
    }

    /// The most probable class.
    pub fn top_class(&self) -> usize {
        best_but(&self.logits, None)
    }

    /// `logit[target] - logit[source]`.
    pub fn margin(&self) -> f32 {
        let logit = |class: usize| self.logits.get(class).copied().unwrap_or(f32::NAN);
        logit(self.target) - logit(self.source)
    }
}
