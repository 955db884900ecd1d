// SPDX-License-Identifier: MPL-2.0
//! What a classifier says of one frame.

use std::time::Duration;

use super::Objective;
use crate::frame::{FramePosition, InputGeometry};

/// What the classifier says of one frame.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Reading {
    /// Raw scores, one per class. A model with a single score `z` counts as two classes with scores 0 and `z`.
    pub logits: Vec<f32>,
    /// Softmax of the logits; the sigmoid of each where the model ends in one.
    pub probabilities: Vec<f32>,
    /// Probabilities where the gradient was taken: the mean over all samples, where it is the mean of several. Between live
    /// steps that is the picture so far, not the frame.
    pub around: Vec<f32>,
    /// The class moved away from.
    pub source: usize,
    /// The class moved towards.
    pub target: usize,
    /// Gradient of the objective (`logit[target] - logit[source]` unless set otherwise) with respect to the pixel
    /// values (0..1) of the model's input picture: planes in the order R, G, B (or one of luma), `[channels, height,
    /// width]` of the input.
    pub gradient: Vec<f32>,
    /// Root of the sum of squares of `gradient`.
    pub gradient_norm: f64,
    /// How sure the direction is, 0..1, where the gradient is the mean of several: how alike it is to be expected to the
    /// mean of as many others. `None` for a single gradient, of which nothing is known.
    pub agreement: Option<f64>,
    /// Wall time of ONNX Runtime alone: of its run, or of all its runs where the gradient is the mean of several.
    pub inference_time: Duration,
    /// Whether an automatic choice of classes changed with this frame.
    pub pair_changed: bool,
    /// The place in its stream of the frame that was read, as far as the reader was told.
    pub position: FramePosition,
    /// The gradients of further drivers.
    pub(crate) others: Vec<OtherGradient>,
    /// What its agreement is of: the sums over two halves of the copies, along the way that led here. Empty for a single
    /// gradient.
    pub(crate) halves: [Vec<f64>; 2],
    /// The objective that the gradient is of.
    pub(crate) objective: Objective,
    /// See [`Reading::number`].
    pub(crate) id: u64,
}

/// The gradient of another model at the same frame, for classes of the same names.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct OtherGradient {
    /// At that model's input: planes in the order R, G, B, or one of luma.
    pub(crate) gradient: Vec<f32>,
    pub(crate) norm: f64,
    pub(crate) agreement: Option<f64>,
    /// See [`Reading`].
    pub(crate) halves: [Vec<f64>; 2],
    /// How that model looks at frames.
    pub(crate) geometry: InputGeometry,
    pub(crate) inference_time: Duration,
}
