// SPDX-License-Identifier: MPL-2.0
//! From image and gradient to an edited image (METHOD.md 2).

/// The coordinates in which the picture moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Local phases of the pyramid (METHOD.md 2.3).
    CspPhase,
    /// Local phases and amplitudes of the pyramid (METHOD.md 2.4).
    CspJoint,
    /// Phases of the global Fourier transform (METHOD.md 2.9).
    FourierPhase,
    /// Pixel values (METHOD.md 2.9).
    Pixel,
}

/// What is edited in a colour picture (METHOD.md 2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorMode {
    /// BT.601 luma; its change is added equally to red, green and blue.
    Luma,
    /// One group of three channels with one shared phase step.
    Joint,
    /// Three groups of one channel.
    Independent,
}

/// The unit of magnification (METHOD.md 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalise {
    /// Radians RMS.
    Rms,
    /// The literal factor.
    None,
}

/// How several steps follow each other (METHOD.md 2.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepMode {
    /// Each step analyses the current picture anew.
    Reanalyse,
    /// Steps accumulate in the source's coefficients.
    Source,
}

/// What a morph cannot be made of.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is out of its range.
    #[error("{name} is {value}, and must be between {min} and {max}")]
    Setting {
        /// The setting's name.
        name: &'static str,
        /// The value that was given.
        value: f64,
        /// Smallest accepted value.
        min: f64,
        /// Largest accepted value.
        max: f64,
    },
}
