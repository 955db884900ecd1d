// SPDX-License-Identifier: MPL-2.0
//! See how an image classifier gets from one class to another.
//!
//! A frame and a stock ONNX classifier go in; a *class morph* comes out: the same frame, moved the way the
//! network would have it move to become the target class. The method is that of "Through a Steerable Lens:
//! Magnifying Neural Network Interpretability via Phase-Based Extrapolation" (Mahdisoltani, Mahdisoltani,
//! Grosse, Fleet; arXiv 2506.02300): the class gradient at the frame is expressed in a complex steerable
//! pyramid, and the local phases are extrapolated linearly along that one step.
//!
//! # A picture, a classifier, a morph
//!
//! ```
//! use steerlens::{
//!     ClassChoice, Classifier, ClassifierSettings, FrameView, FrameViewMut, Lens, LensSettings, PixelFormat,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let picture = image::open("media/faces/neutral-2.png")?.into_rgb8();
//! let (width, height) = (picture.width() as usize, picture.height() as usize);
//!
//! let classifier = Classifier::open(&ClassifierSettings {
//!     model_file: "models/faces_robust.onnx".into(),
//!     ..Default::default()
//! })?;
//! let settings = LensSettings::default().with(|settings| {
//!     settings.gradient.target = ClassChoice::Label("smile".into());
//!     settings.reach.magnification = 0.5;
//!     settings.view.measure_after = true;
//! });
//! let mut lens = Lens::new(classifier, settings)?;
//!
//! let mut morphed = picture.clone();
//! let frame = FrameView::new(PixelFormat::Rgb, width, height, 3 * width, &picture)?;
//! let mut out = FrameViewMut::new(PixelFormat::Rgb, width, height, 3 * width, &mut morphed)?;
//! let report = lens.morph(&frame, &mut out)?; // `morphed` is written
//!
//! let after = report.after.ok_or("nothing was measured")?;
//! let before = lens.reading().probabilities[lens.reading().target];
//! println!("smile: {before:.2}, then {:.2}, at an L2 distance of {:.2}", after.target_probability, report.l2);
//! assert!(after.target_probability > before);
//! # Ok(())
//! # }
//! ```
//!
//! # How the modules fit
//!
//! [`Lens`] is a [`Reader`] (scores and gradient of a frame) and an [`Editor`] (the morph, and how it is shown); [`Live`] is one
//! for streams. They call
//! the other modules in this order:
//!
//! | module | does |
//! |---|---|
//! | [`frame`] | looks at the caller's pixels, brings them to the model's size and a change back |
//! | [`classifier`] | opens a model: its labels, what its input wants, scores and gradient of one picture |
//! | [`onnx`], [`gradient`], [`runtime`] | below it: the model file; the nodes that compute the gradient; ONNX Runtime |
//! | [`morph`], over [`pyramid`] | from a picture and its gradient to a change of the picture |
//! | [`render`] | views, captions |
//! | [`measure`] | distance, similarity, energies of a change |
//!
//! Each is usable alone: [`gradient::differentiate`] makes a model that returns its own gradient, [`pyramid::Plan`] is a
//! complex steerable pyramid. What a setting is, its name, range and default, is described in [`settings`].
//!
//! # Environment
//!
//! | variable | says |
//! |---|---|
//! | `ORT_DYLIB_PATH` | ONNX Runtime's library, where [`ClassifierSettings`] does not name one; its code is run |
//! | `XDG_DATA_HOME` | unset: `~/.local/share`; ONNX Runtime is looked for in `steerlens/onnxruntime` there, and then in the system |
//! | `STEERLENS_SIMD` | `scalar` or `avx2`: narrower vectors than the machine has, to compare or to rule out a fault |
//!
//! ONNX Runtime, version 1.17 or later, is loaded when the first model is opened; nothing is linked. What it says goes to the
//! `log` crate.
//!
//! # Features
//!
//! This crate has no cargo features.
//!
//! # Stability
//!
//! Names of settings and nicks of their values stay; so do the JSON and tables of the command line. The Rust API is 0.x: it
//! may change from one minor version to the next, and the change log says how. Results are no promise to the last digit:
//! they differ a little from one processor or version of ONNX Runtime to another.

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
pub use frame::{ChangeDetector, FramePosition, FrameView, FrameViewMut, PixelFormat, Shape};
pub use gradient::{Profile, Refusal};
pub use lens::{
    After, Control, Editor, FARTHEST_FLIP, GradientMode, GradientSettings, InputSettings, Judge, Lens,
    LensSettings, Live, LiveReport, LiveSettings, Opinion, Reader, Report, Resolution, ViewSettings,
};
pub use morph::ReachSettings;
pub use preset::Preset;
pub use runtime::{Provider, Runtime};
pub use sweep::Sweep;

/// The page whose Rust snippet is run as a test.
#[cfg(doctest)]
#[doc = include_str!("../docs/gradient.md")]
struct GradientPage;
