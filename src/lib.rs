// SPDX-License-Identifier: MPL-2.0
//! See how an image classifier gets from one class to another.
//!
//! A frame and a stock ONNX classifier go in; a *class morph* comes out: the same frame, moved the way the
//! network would have it move to become the target class. The method is that of "Through a Steerable Lens:
//! Magnifying Neural Network Interpretability via Phase-Based Extrapolation" (Mahdisoltani, Mahdisoltani,
//! Grosse, Fleet; arXiv 2506.02300): the class gradient at the frame is expressed in a complex steerable
//! pyramid, and the local phases are extrapolated linearly along that one step.
//!
//! Begin with [`Lens`]. It calls the other modules in this order: [`frame`], [`classifier`] (over [`onnx`],
//! [`gradient`] and [`runtime`]), [`morph`] (over [`pyramid`]), [`render`], [`measure`].

mod blur;
pub mod classifier;
mod error;
mod file;
pub mod frame;
pub mod gradient;
mod guard;
mod lens;
pub mod measure;
pub mod morph;
pub mod onnx;
mod opened;
mod preset;
pub mod pyramid;
pub mod render;
pub mod runtime;
pub mod settings;
mod simd;
mod size;
mod sweep;

pub use classifier::{
    ClassChoice, Classifier, ClassifierSettings, Fact, Inspection, Interrupter, ModelDescription, Objective,
    OperatorCount, Reading, Source, TensorInfo, Written, encode_gradient, inspect,
};
pub use error::{Error, ErrorKind};
pub use frame::{FrameView, FrameViewMut, Moment, PixelFormat, Shape, Watch};
pub use gradient::{Profile, Refusal};
pub use lens::{
    After, Control, Editor, GradientMode, GradientSettings, InputSettings, Lens, LensSettings, Live,
    LiveReport, LiveSettings, Reader, Report, Resolution, ViewSettings,
};
pub use morph::ReachSettings;
pub use preset::Preset;
pub use runtime::{Provider, Runtime};
pub use sweep::Sweep;

/// The page whose Rust snippet is run as a test.
#[cfg(doctest)]
#[doc = include_str!("../docs/gradient.md")]
struct GradientPage;
