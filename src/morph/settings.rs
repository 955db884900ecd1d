// SPDX-License-Identifier: MPL-2.0
//! How a picture is moved (docs/method.md 2.1).

use std::f64::consts::{FRAC_PI_2, LN_2, PI};
use std::time::Duration;

use crate::pyramid::Spec;
use crate::settings::{choice, group};

choice! {
    pub enum Method = "method", CspPhase, "The coordinates in which the picture moves" {
        /// Local phases of the pyramid (docs/method.md 2.3).
        CspPhase = "csp-phase": "Local phases of the complex steerable pyramid; amplitudes stay",
        /// Local phases and amplitudes of the pyramid (docs/method.md 2.4).
        CspJoint = "csp-joint": "Local phases and amplitudes of the pyramid",
        /// Phases of the global Fourier transform (docs/method.md 2.9).
        FourierPhase = "fourier-phase": "Phases of the global Fourier transform",
        /// Pixel values (docs/method.md 2.9).
        Pixel = "pixel": "Pixel values, along the gradient itself",
    }
}

choice! {
    /// docs/method.md 2.6.
    pub enum ColorMode = "color-mode", Luma, "What is edited in a colour picture" {
        Luma = "luma": "Luma only; colour differences stay",
        Joint = "joint": "Red, green and blue share one phase step",
        Independent = "independent": "Red, green and blue each take their own phase step",
    }
}

choice! {
    /// docs/method.md 2.4.
    pub enum MagnificationUnit = "magnification-unit", Rms, "The unit of magnification" {
        Rms = "rms": "Radians RMS over the picture's energy",
        None = "none": "The literal factor on the raw phase step",
    }
}

/// How a phase change is kept from growing without end (docs/method.md 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Limit {
    /// Softly, by a hyperbolic tangent.
    #[default]
    Tanh,
    /// Cut off.
    Clip,
}

choice! {
    /// docs/method.md 2.8.
    pub enum StepMode = "step-mode", Reanalyse, "How several steps follow each other" {
        Reanalyse = "reanalyse": "Each step analyses the current picture anew",
        Source = "source": "Steps accumulate in the source picture's coefficients",
        /// docs/method.md 2.14.
        Live = "live": "One step a frame, along the gradient at the morphed frame; what the steps add up to is carried from frame to frame and fades over temporal-smoothing; for video, without l2-budget",
    }
}

choice! {
    /// docs/method.md 2.15.
    pub enum ReachMode = "reach", Fixed, "What ends the way" {
        Fixed = "fixed": "How far magnification or l2-budget say",
        /// Looked at before every step; of a single step, at pictures as written.
        Auto = "auto": "The target's lead, where it comes before that",
    }
}

group! {
    /// The settings of a [`super::Morpher`]; magnification and budget are arguments of its calls.
    pub struct Settings {
        method: choice(Method),
        color_mode: choice(ColorMode),
        amplitude_exponent: real(AMPLITUDE_EXPONENT, "amplitude-exponent", 1.0, 0.0, 2.0,
            "Weighting of the phase step by amplitude: 0 the derivative as it is (with scale-weight=1 that of the published abstract), 2 the phase difference of motion magnification"),
        amplitude_floor: real(AMPLITUDE_FLOOR, "amplitude-floor", 0.1, 0.0, 1.0,
            "Amplitudes below this share of the RMS amplitude do not raise the phase step"),
        scale_weight: real(SCALE_WEIGHT, "scale-weight", 0.0, 0.0, 1.0,
            "How much coarse scales are favoured in the phase step: 0 not at all, 1 by the area of their samples, as the derivative by each phase does"),
        phase_smooth: real(PHASE_SMOOTH, "phase-smooth", 0.0, 0.0, 64.0,
            "Standard deviation of the smoothing of the phase step over the picture, in samples of the octave grid; 0: none"),
        magnification_unit: choice(MagnificationUnit),
        padding: count(PADDING, "padding", 0, 0, 256,
            "Mirrored border around the frame, in pixels; 8 to 16 keep structure at one border from acting on the opposite one"),
        step_mode: choice(StepMode),
        pyramid: group(Spec),
        tuning: group(Tuning),
        threads: plain(usize, 1,
            "Threads that the pyramid may use, at least 1; the result does not depend on them, and a small picture takes one. A lens sets it, by its classifier's."),
    }
}

group! {
    /// What may change without another plan.
    pub struct Tuning {
        amplitude_gain: real(AMPLITUDE_GAIN, "amplitude-gain", 0.5, 0.0, 100.0,
            "Share of amplitude change, csp-joint only"),
        amplitude_limit: real(AMPLITUDE_LIMIT, "amplitude-limit", 2.0 * LN_2, 1e-3, 10.0,
            "Soft limit of a change of log amplitude, csp-joint only"),
        phase_limit: real(PHASE_LIMIT, "phase-limit", FRAC_PI_2, 0.0, PI,
            "Soft limit of a phase change, in radians; 0: no limit"),
        temporal_smoothing: span(TEMPORAL_SMOOTHING, "temporal-smoothing", Duration::ZERO, Duration::ZERO, Duration::from_secs(60),
            "Time constant of the running average of phase steps over the frames of a video, with steps=1; a tenth of a second takes most of the flicker away, 0: none"),
        limit: plain(Limit, Limit::default(), "How the limit acts."),
    }
}

group! {
    /// How far a picture is moved (docs/method.md 2.4, 2.7, 2.8).
    pub struct ReachSettings {
        magnification: real(MAGNIFICATION, "magnification", 1.0, -64.0, 64.0,
            "How far the picture moves, in radians RMS of phase (see magnification-unit); 0 is the frame bit for bit, negative moves away from the target. What a side-car advises is told, and not taken"),
        l2_budget: real(L2_BUDGET, "l2-budget", 0.0, 0.0, 1e6,
            "L2 distance that the morph is taken to, pixel values 0..1; 0: off, magnification decides"),
        steps: count(STEPS, "steps", 1, 1, 64,
            "How often the gradient is taken along the way; 1 is the paper's single gradient"),
        mode: choice(ReachMode),
        lead: real(LEAD, "lead", 0.2, 0.0, 1.0,
            "By how much the target must lead with reach=auto: its probability less that of every other class, in the mean of all samples and on the picture itself"),
    }
}

impl ReachSettings {
    /// Whether the setting of this name says how far pictures go.
    pub fn says_how_far(name: &str) -> bool {
        [Self::MAGNIFICATION.name, Self::L2_BUDGET.name].contains(&name)
    }
}
