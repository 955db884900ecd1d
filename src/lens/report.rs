// SPDX-License-Identifier: MPL-2.0
//! What happened to a frame.

use std::time::Duration;

use crate::morph::Prepared;

/// What the classifier says of the morphed picture, as written (8 bit, same preprocessing).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct After {
    /// Probability of the source class.
    pub source_probability: f32,
    /// Probability of the target class.
    pub target_probability: f32,
    /// The most probable class.
    pub top_class: usize,
    /// Wall time of the run.
    pub time: Duration,
}

/// What happened to one frame.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The class moved away from (of the first step, where there are several).
    pub source: usize,
    /// The class moved towards.
    pub target: usize,
    /// The magnification that was used (the one found, with an L2 budget).
    pub magnification: f64,
    /// Raw RMS of the phase step before normalisation: how strong the gradient is in the phases.
    pub phase_rms: f64,
    /// How sure the direction is, 0..1, where gradients are means of several samples: how alike it is to be expected to that of
    /// as many others. Of several steps, of their sum; with live steps, of the last ten or so readings.
    pub agreement: Option<f64>,
    /// How alike the gradients of several drivers are where the pyramid works: the mean cosine of all pairs, -1..1, at the
    /// first step; `None` for a single one.
    pub drivers_agreement: Option<f64>,
    /// L2 norm of the change before clipping and rounding, over the edited planes, where the pyramid works.
    pub change_norm: f64,
    /// L2 distance of the picture as written from the frame, pixel values 0..1, over all colour planes.
    pub l2: f64,
    /// Whether the L2 budget was reached, or the lead before it; true without a budget.
    pub attained: bool,
    /// With [`crate::morph::ReachMode::Auto`]: whether the target led, which ended the way, or magnification or budget did.
    pub led: Option<bool>,
    /// Whether the gradient is that of an earlier picture.
    pub held: bool,
    /// How much earlier that picture was shown; zero where the gradient is the picture's own or times are unknown.
    pub gradient_age: Duration,
    /// Wall time of analysis, extrapolation, synthesis and writing.
    pub morph_time: Duration,
    /// Wall time of all runs of the model in [`crate::Lens::apply`] (further steps; not the reading, not `after`).
    pub step_time: Duration,
    /// The morphed picture's own classification, with `measure_after`.
    pub after: Option<After>,
    /// What is not as it was asked for, in sentences for the user: why the frame was passed on unchanged, where steps
    /// ended early, which scores are unknown, which label has no font.
    pub warning: Option<String>,
}

impl Report {
    /// Takes in the direction of the first step.
    pub(super) fn direct(&mut self, prepared: &Prepared, drivers_agreement: Option<f64>) {
        (self.phase_rms, self.drivers_agreement) = (prepared.phase_rms, drivers_agreement);
    }
}
