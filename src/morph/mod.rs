// SPDX-License-Identifier: MPL-2.0
//! From image and gradient to an edited image (docs/method.md 2).
//!
//! A [`Morpher`] holds the path `x(t)` that leaves a picture along its class gradient; `t` is the magnification.
//! [`Morpher::prepare`] analyses picture and gradient and finds the direction, once; [`Morpher::extrapolate`]
//! walks to any `t` and gives the *change* of the picture, unclipped, as often as wanted. The caller adds it,
//! clips once, and, with several steps, comes back with the gradient at the new place.
//!
//! Where to read: `morpher` chooses the path; `phase_path` is the method from top to bottom, `partition` its loops over the
//! bands of one thread; `field` the step (2.3); `channel_group` and `rotate` limit and rotation (2.4); `smooth` and `average`
//! the step's smoothing in space and time (2.5, 2.10); `border` the padding (2.5b). What is rotated are coefficients of the
//! pyramid or of `fourier`; `pixel_path` is the path without phases (2.9). `budget` finds how far to go for a wanted distance
//! (2.7); `surrogate` is a direction of chance to compare with; `flow` the motion that a change amounts to.

use crate::settings::{OutOfRange, choice};

mod average;
mod band;
mod border;
mod budget;
mod channel_group;
mod field;
mod flow;
mod fourier;
mod morpher;
mod partition;
mod path;
mod phase_path;
mod pixel_path;
mod rotate;
mod settings;
mod smooth;
mod surrogate;

pub use budget::{Reach, Search, reach_budget};
pub use flow::Flow;
pub use morpher::Morpher;
pub use path::{Prepared, Steps};
pub use settings::{ReachSettings, Settings, Tuning};
pub use surrogate::Surrogate;

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

/// What a morph cannot be made of.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is out of its range.
    #[error(transparent)]
    Setting(#[from] OutOfRange),
    /// The padding is larger than the picture that it would mirror.
    #[error(
        "the padding is {padding} pixels, and the picture only {width}x{height}: at most its shorter side can be mirrored"
    )]
    Padding {
        /// The padding asked for.
        padding: usize,
        /// Columns of the picture.
        width: usize,
        /// Rows of the picture.
        height: usize,
    },
    /// The picture has a number of planes that no colour mode knows.
    #[error(
        "a picture of {channels} planes cannot be morphed: give 1 (luma or grey) or 3 (red, green, blue)"
    )]
    Channels {
        /// The number of planes.
        channels: usize,
    },
    /// No pyramid can be made.
    #[error(transparent)]
    Pyramid(#[from] crate::pyramid::Error),
}
