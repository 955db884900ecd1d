// SPDX-License-Identifier: MPL-2.0
//! A model as a classifier: its signature, preprocessing, labels, and the reading of a frame.

mod affine;
mod choice;
mod described;
mod description;
mod error;
mod export;
mod inspection;
mod labels;
mod metadata;
mod modelinfo;
mod neighbours;
mod normalise;
mod objective;
mod open;
mod preprocess;
mod probabilities;
mod provenance;
mod read;
mod scale;
mod signature;
mod text;

pub use description::{Activation, InputInfo, LabelSource, ModelInfo, OutputInfo, Range};
pub use error::{Error, Misfit};
pub use export::{Written, encode_gradient};
pub use inspection::{Inspection, ModelDescription, OperatorCount, TensorInfo, inspect};
pub use labels::{LabelError, Labels};
pub use modelinfo::ModelInfoError;
pub use objective::Objective;
pub use open::Classifier;
pub use provenance::{Fact, Source};
pub use signature::Signature;
pub use text::TextError;

pub(crate) use choice::{PairChooser, best_but, resolve};

use std::path::PathBuf;
use std::time::Duration;

use crate::frame::Moment;
use crate::runtime::{Optimisation, Provider};

pub use crate::runtime::Interrupter;

/// The channels that a model wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputFormat {
    /// From side-car, metadata or shape.
    Auto,
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red.
    Bgr,
    /// One channel, luma.
    Gray,
}

/// The order of a model's input axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputLayout {
    /// From side-car, metadata or shape.
    Auto,
    /// `[N, C, H, W]`.
    Nchw,
    /// `[N, H, W, C]`.
    Nhwc,
}

/// How pixel values become a model's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalization {
    /// From side-car, metadata, files beside the model or the graph's own scaling; else `Unit` for one channel,
    /// `Imagenet` for three.
    Auto,
    /// ImageNet's means and standard deviations.
    Imagenet,
    /// 0..1.
    Unit,
    /// -1..1.
    Signed,
    /// 0..255.
    Byte,
    /// The constants of OpenAI's CLIP.
    Clip,
    /// The given means and standard deviations.
    Custom,
}

/// Which model, and how frames become its input. `Default` says nothing and lets everything be found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClassifierSettings {
    /// The `.onnx` file.
    pub model_file: PathBuf,
    /// Label file, see [`Labels::read`]; `None`: side-car, metadata, `MODEL.labels.txt`, else "class N"; an empty
    /// path: none.
    pub label_file: Option<PathBuf>,
    /// Side-car; `None`: searched beside the model, an empty path: none.
    pub model_info: Option<PathBuf>,
    /// Tensor with the class scores; `None`: found by shape.
    pub output_name: Option<String>,
    /// Height and width for a model with dynamic ones.
    pub input_size: Option<(usize, usize)>,
    /// Channel order.
    pub input_format: InputFormat,
    /// Axis order.
    pub input_layout: InputLayout,
    /// Value range.
    pub normalization: Normalization,
    /// Means on the 0..1 scale, empty, 1 or 3 values; those of 0..255 are recognised.
    pub mean: Vec<f64>,
    /// Standard deviations on the scale of `mean`, empty, 1 or 3 values.
    pub std: Vec<f64>,
    /// ONNX Runtime's library; `None`: searched.
    pub runtime_library: Option<PathBuf>,
    /// Threads of a run; 0: physical cores minus one, at least one.
    pub threads: usize,
    /// What runs the model.
    pub execution_provider: Provider,
    /// Number of the provider's device; `None`: its first. The processor has none to choose.
    pub device: Option<String>,
    /// How far ONNX Runtime rewrites the model before it runs it.
    pub optimization_level: Optimisation,
}

/// A class, as the user names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ClassChoice {
    /// Chosen from the logits.
    #[default]
    Auto,
    /// By number.
    Index(usize),
    /// By label: exact, else a number, else a unique beginning.
    Label(String),
}

/// What the classifier says of one frame.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Raw scores, one per class. A model with a single score `z` counts as two classes with scores 0 and `z`.
    pub logits: Vec<f32>,
    /// Softmax of the logits; the sigmoid of each where the model ends in one.
    pub probabilities: Vec<f32>,
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
    /// Wall time of ONNX Runtime's run alone.
    pub inference_time: Duration,
    /// Whether an automatic choice of classes changed with this frame.
    pub pair_changed: bool,
    /// The place in its stream of the frame that was read, as far as the reader was told.
    pub moment: Moment,
    /// The objective that the gradient is of.
    pub(crate) objective: Objective,
    /// See [`Reading::number`].
    pub(crate) id: u64,
}
