// SPDX-License-Identifier: MPL-2.0
//! Why a model cannot be used as an image classifier.

use super::{LabelError, ModelInfoError, TextError};
use crate::guard::Panicked;
use crate::{gradient, onnx, runtime};

/// A model, side-car, label file or class that does not fit, or what stops a model from being opened at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No model was named.
    #[error("the property model-file is not set: name an ONNX classifier")]
    NoModel,
    /// The side-car cannot be used.
    #[error(transparent)]
    ModelInfo(#[from] ModelInfoError),
    /// The label file cannot be read.
    #[error("label file: {0}")]
    Labels(#[source] TextError),
    /// A label names no class, or several.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// There are more or fewer labels than classes, so that classes may be called by others' names.
    #[error(transparent)]
    LabelCount(#[from] Misfit),
    /// A model that is to drive beside the first does not know the class.
    #[error(
        "{}, which is to drive too, has no class \"{label}\": classes are matched by their labels, so give it the same label \
         file, or choose a target that both know",
        .model.display()
    )]
    OtherLabel {
        /// The model.
        model: std::path::PathBuf,
        /// The label that the first model has for the target.
        label: String,
    },
    /// A judge has more or fewer labels than classes.
    #[error("the judge {}: {reason}; of a judge the file beside it is read", .judge.display())]
    JudgeLabels {
        /// The judge's model.
        judge: std::path::PathBuf,
        /// How many there are.
        #[source]
        reason: Box<Self>,
    },
    /// A judge knows no class of the model whose edits it is to judge.
    #[error(
        "the judge {} and the model {} have no class in common: their labels must be written alike ({own} and {other}, for \
         example)",
        .judge.display(), .model.display()
    )]
    NoCommonClass {
        /// The judge's model.
        judge: std::path::PathBuf,
        /// The model.
        model: std::path::PathBuf,
        /// A label of the judge's.
        own: String,
        /// A label of the model's.
        other: String,
    },
    /// A class number is too large.
    #[error("there is no class {index}: the model has {classes} classes, numbered from 0")]
    ClassIndex {
        /// The number that was asked for.
        index: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// The model's input is no picture.
    #[error("input \"{input}\" has {channels} channels, and pictures are given with 1 (grey) or 3 (colour){}", channels_hint(*.channels))]
    Channels {
        /// The input.
        input: String,
        /// Its channels.
        channels: usize,
    },
    /// The input's channels and the stated format do not fit.
    #[error("input-format={format} does not fit an input with {channels} channels")]
    Format {
        /// The stated format.
        format: &'static str,
        /// The input's channels.
        channels: usize,
    },
    /// A list of per-channel values has the wrong length, or a value makes no sense.
    #[error("{name} has the values {values:?}: give {}", wanted(*.channels, *.name == "std"))]
    PerChannel {
        /// `mean`, `std` or `ranges`.
        name: &'static str,
        /// The values.
        values: Vec<f64>,
        /// The input's channels.
        channels: usize,
    },
    /// Means are on one scale of pixel values and standard deviations on the other.
    #[error(
        "mean={mean:?} and std={std:?} are not on one scale of pixel values: give both for 0..1 or both for 0..255; std \
         is what is divided by, 1/std for a factor"
    )]
    Scales {
        /// The means.
        mean: Vec<f64>,
        /// The standard deviations.
        std: Vec<f64>,
    },
    /// The model has one score, or none.
    #[error("the output \"{output}\" holds no class scores (shape {shape:?})")]
    NoScores {
        /// The output.
        output: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// The device is not named as devices are.
    #[error("device is \"{device}\", and execution-provider={provider} {wants}")]
    Device {
        /// The device that was asked for.
        device: String,
        /// The provider.
        provider: &'static str,
        /// What would do.
        wants: &'static str,
    },
    /// The model file cannot be read, or is not a model.
    #[error(transparent)]
    Onnx(#[from] onnx::Error),
    /// The model has no gradient that can be taken.
    #[error(transparent)]
    Gradient(#[from] gradient::Error),
    /// ONNX Runtime is missing, unusable, or refuses the model.
    #[error(transparent)]
    Runtime(#[from] runtime::Error),
    /// A fault of this program.
    #[error("internal error: {0}; please report it, with what was done")]
    Internal(String),
}

impl From<Panicked> for Error {
    fn from(Panicked(panic): Panicked) -> Self {
        Self::Internal(panic)
    }
}

fn channels_hint(channels: usize) -> &'static str {
    match channels {
        4 => {
            ": it seems to take red, green, blue and alpha; export the model with 3 channels, and let its graph add an \
             alpha of ones before what needs it"
        }
        _ => {
            ": where the channels are another axis say so with input-layout, else export the model with 1 or 3"
        }
    }
}

/// Labels whose number is not that of the classes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{origin} has {labels} labels and the model {classes} classes, so that classes may be called by the names of \
     others: give the right file with label-file, or an empty name (label-file=\"\") to call classes by their number"
)]
#[non_exhaustive]
pub struct Misfit {
    /// Where the labels are, as a sentence calls it.
    pub origin: String,
    /// How many there are.
    pub labels: usize,
    /// How many classes the model has.
    pub classes: usize,
}

/// How many values per channel are wanted.
fn wanted(channels: usize, divides: bool) -> String {
    let zero = if divides { " other than 0" } else { "" };
    match channels {
        1 => format!("one finite number{zero}"),
        _ => format!("one finite number{zero}, or {channels}"),
    }
}
