// SPDX-License-Identifier: MPL-2.0
//! One analysed frame.

use std::time::Duration;

use gst::ClockTime;

use super::declare::{fields, named};
use super::field::{Error, Field};

/// Name of the `GstCustomMeta` that `attach-meta` puts on buffers, and of the structure in it.
pub const META: &str = "GstClassMorphMeta";

fields! {
    /// What happened to one frame: the element message `classmorph` (property `post-messages`), and the custom meta
    /// [`META`] on the morphed buffer (property `attach-meta`).
    FrameReport {
        /// Number of the frame in the stream, from 0, those dropped included.
        frame: u64 = "frame",
        /// The buffer's timestamp.
        timestamp: Option<ClockTime> = "timestamp",
        /// The timestamp as stream time, which controllers and sweeps follow.
        stream_time: Option<ClockTime> = "stream-time",
        /// The timestamp as running time.
        running_time: Option<ClockTime> = "running-time",
        /// The buffer's duration.
        duration: Option<ClockTime> = "duration",
        /// Number of the class moved away from.
        source_class: i32 = "source-class",
        /// Number of the class moved towards.
        target_class: i32 = "target-class",
        /// Label of the class moved away from.
        source_label: String = "source-label",
        /// Label of the class moved towards.
        target_label: String = "target-label",
        /// The source's raw score.
        source_logit: f64 = "source-logit",
        /// The target's raw score.
        target_logit: f64 = "target-logit",
        /// The source's probability.
        source_probability: f64 = "source-probability",
        /// The target's probability.
        target_probability: f64 = "target-probability",
        /// The target's raw score minus the source's.
        margin: f64 = "margin",
        /// L2 norm of the objective's gradient, in pixel values 0..1 of the model's input picture.
        gradient_norm: f64 = "gradient-norm",
        /// How sure the direction is, 0..1, with `samples` above 1.
        agreement: Option<f64> = "agreement",
        /// How alike the gradients of several drivers are, -1..1, with `also-model-files`.
        drivers_agreement: Option<f64> = "drivers-agreement",
        /// L2 norm of the change before clipping and rounding, pixel values 0..1, where the pyramid works.
        change_norm: f64 = "change-norm",
        /// RMS of the phase step before magnification, in radians: how strong the gradient is in the phases.
        phase_rms: f64 = "phase-rms",
        /// The magnification used: the property, swept, or the one that reaches the L2 budget.
        magnification: f64 = "magnification",
        /// Whether the gradient, and with it what the model says, is an earlier frame's.
        held: bool = "held",
        /// How much older than this frame the gradient is.
        gradient_age: Duration = "gradient-age",
        /// Wall time of the model's run, or of all its runs with `samples` above 1, told by the first frame that was moved
        /// along what came of it; zero in others.
        inference_time: Duration = "inference-time",
        /// Wall time of analysis, extrapolation, synthesis and writing.
        morph_time: Duration = "morph-time",
        /// The most probable classes, the most probable first; of equals the lower number.
        classes: Vec<i32> = "classes",
        /// The label of each of `classes`.
        labels: Vec<String> = "labels",
        /// The probability of each of `classes`.
        probabilities: Vec<f64> = "probabilities",
        /// L2 distance of the picture as written from the frame, pixel values 0..1.
        l2: f64 = "l2",
        /// Whether the L2 budget was reached; true without one.
        attained: bool = "attained",
        /// With `reach=auto`: whether the target leads; otherwise magnification or budget ended the way.
        led: Option<bool> = "led",
        /// Whether an automatic choice of classes changed in the run whose time is `inference_time`.
        pair_changed: bool = "pair-changed",
        /// What is not as it was asked for, in sentences: mostly why the frame was passed on unchanged.
        warning: Option<String> = "warning",
        /// What the model says of the picture as written, with `measure-after`.
        after: Option<After> = "source-probability-after",
    }
}

named!(FrameReport, "classmorph", META);

fields! {
    /// What the model says of the morphed picture, 8 bit and preprocessed as the frame was.
    After {
        /// The source's probability.
        source_probability: f64 = "source-probability-after",
        /// The target's probability.
        target_probability: f64 = "target-probability-after",
        /// The most probable class.
        top_class: i32 = "top-class-after",
        /// Wall time of the further run.
        time: Duration = "after-time",
    }
}

/// Its fields lie beside the frame's own.
impl Field for Option<After> {
    fn put(&self, to: &mut gst::StructureRef, _name: &'static str) {
        if let Some(after) = self {
            after.write(to);
        }
    }

    fn take(from: &gst::StructureRef, first: &'static str) -> Result<Self, Error> {
        from.has_field(first).then(|| After::read(from)).transpose()
    }
}
