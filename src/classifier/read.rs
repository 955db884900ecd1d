// SPDX-License-Identifier: MPL-2.0
//! Reading a picture: logits and gradient in one run.

use std::time::Instant;

use super::choice::best_but;
use super::probabilities::fill;
use super::{Classifier, Objective, Reading};
use crate::measure::norm;
use crate::runtime::{self, BoundSession, Interrupter};

impl Classifier {
    /// A handle that ends a run from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// Scores and gradient of a picture in one run. `planes` are the model's input picture, R, G, B or luma,
    /// `[channels, height, width]`, 0..1.
    ///
    /// # Errors
    /// When the run fails or is interrupted.
    pub(crate) fn read_planes(
        &mut self,
        planes: &[f32],
        (source, target): (usize, usize),
        objective: Objective,
        reading: &mut Reading,
    ) -> Result<(), runtime::Error> {
        let mut sessions = self.sessions();
        let session = &mut sessions.both;
        self.signature().fill(planes, session);
        if let Some(scores) = session.input_f32(1) {
            objective.weigh_scores(source, target, scores);
        }
        if let Some(weights) = session.input_f32(2) {
            objective.weigh_probabilities(target, self.squash(), weights);
        }
        let start = Instant::now();
        session.run_under(&self.interrupter)?;
        reading.inference_time = start.elapsed();
        self.scores_of(session, reading);
        reading.gradient.resize(planes.len(), 0.0);
        self.signature()
            .gradient_to_planes(session.output(1), &mut reading.gradient);
        reading.gradient_norm = norm(&reading.gradient);
        (reading.source, reading.target, reading.objective) = (source, target, objective);
        reading.around.clone_from(&reading.probabilities);
        reading.agreement = None;
        reading.halves.iter_mut().for_each(Vec::clear);
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
        let mut sessions = self.sessions();
        let session = &mut sessions.forward;
        self.signature().fill(planes, session);
        let start = Instant::now();
        session.run_under(&self.interrupter)?;
        reading.inference_time = start.elapsed();
        self.scores_of(session, reading);
        Ok(())
    }

    fn scores_of(&self, session: &BoundSession, reading: &mut Reading) {
        let scores = session.output(0);
        reading.logits.clear();
        if let [z] = scores {
            reading
                .logits
                .extend(if z.is_nan() { [*z; 2] } else { [0.0, *z] });
        } else {
            reading.logits.extend_from_slice(scores);
        }
        fill(&reading.logits, self.squash(), &mut reading.probabilities);
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

    /// The most probable class other than this one; the lowest number among equals.
    pub fn rival_of(&self, class: usize) -> usize {
        best_but(&self.logits, Some(class))
    }

    /// `logit[target] - logit[source]`.
    pub fn margin(&self) -> f32 {
        let logit = |class: usize| self.logits.get(class).copied().unwrap_or(f32::NAN);
        logit(self.target) - logit(self.source)
    }
}
