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

mod average;
mod band;
mod border;
mod budget;
mod channel_group;
mod error;
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
pub use error::Error;
pub use flow::Flow;
pub use morpher::Morpher;
pub use path::{Prepared, Steps};
pub use settings::{
    ColorMode, Limit, MagnificationUnit, Method, ReachMode, ReachSettings, Settings, StepMode, Tuning,
};
pub use surrogate::Surrogate;
