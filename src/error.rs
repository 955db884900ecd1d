// SPDX-License-Identifier: MPL-2.0
//! The library's error: each module's own, and the kind that a caller can act on.

use crate::guard::Panicked;
use crate::{classifier, gradient, onnx, runtime};

/// Everything that can go wrong between a model file and a morphed frame.
///
/// The text of an error is a sentence for the user: what, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The model file cannot be read, or is not a model.
    #[error(transparent)]
    Onnx(#[from] onnx::Error),
    /// The model has no gradient that can be taken.
    #[error(transparent)]
    Gradient(#[from] gradient::Error),
    /// ONNX Runtime is missing, unusable, or refuses the model or a run.
    #[error(transparent)]
    Runtime(#[from] runtime::Error),
    /// The model is no image classifier, or its description does not fit.
    #[error(transparent)]
    Classifier(classifier::Error),
    /// The frame's description does not fit its bytes.
    #[error(transparent)]
    Frame(#[from] crate::frame::Error),
    /// A fault of this program.
    #[error("internal error: {0}; please report it, with what was done")]
    Internal(String),
    /// The thread that [`crate::Live`] runs the model on panicked, for this reason, and took the model with it.
    #[error("the thread that runs the model panicked: {0}; open the model again, and please report it")]
    Thread(String),
    /// The system starts no thread to run the model on.
    #[error("no thread can be started to run the model: {0}")]
    NoThread(std::io::Error),
    /// A setting is out of its range.
    #[error(transparent)]
    Setting(#[from] crate::settings::OutOfRange),
    /// The picture is of a size that cannot be morphed.
    #[error(transparent)]
    Morph(#[from] crate::morph::Error),
}

/// Which kind an [`Error`] is of, for exit codes and GStreamer's error domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is missing, out of range, or contradicts another.
    Settings,
    /// A file is not there.
    NotFound,
    /// A file cannot be read, or is not a regular file.
    Unreadable,
    /// ONNX Runtime cannot be found or used.
    RuntimeLibrary,
    /// The file is no valid ONNX model, or ONNX Runtime refuses it.
    InvalidModel,
    /// The model is valid and no image classifier.
    NotAClassifier,
    /// The model uses something that has no gradient here.
    Unsupported,
    /// A run failed.
    Run,
    /// A run was interrupted by the caller.
    Interrupted,
    /// The frame does not fit its description.
    Frame,
    /// This program has a fault.
    Internal,
}

impl Error {
    /// Which kind this is of.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Onnx(e) | Self::Gradient(gradient::Error::Onnx(e)) => match e {
                onnx::Error::NotFound { .. } => ErrorKind::NotFound,
                onnx::Error::Unreadable { .. } => ErrorKind::Unreadable,
                _ => ErrorKind::InvalidModel,
            },
            Self::Runtime(e) | Self::Gradient(gradient::Error::Runtime(e)) => match e {
                runtime::Error::NotFound { .. }
                | runtime::Error::Unusable { .. }
                | runtime::Error::Provider { .. } => ErrorKind::RuntimeLibrary,
                runtime::Error::Conflict { .. } => ErrorKind::Settings,
                runtime::Error::Model { .. } | runtime::Error::NotWhole { .. } => ErrorKind::InvalidModel,
                runtime::Error::Interrupted => ErrorKind::Interrupted,
                _ => ErrorKind::Run,
            },
            Self::Gradient(e) => match e {
                gradient::Error::Unsupported(_)
                | gradient::Error::Opset(_)
                | gradient::Error::Format { .. }
                | gradient::Error::Rejected(_)
                | gradient::Error::TooLarge { .. }
                | gradient::Error::OtherFunction { .. }
                | gradient::Error::Random { .. } => ErrorKind::Unsupported,
                gradient::Error::Internal(_) => ErrorKind::Internal,
                gradient::Error::NoSuchOutput { .. }
                | gradient::Error::AmbiguousOutput(_)
                | gradient::Error::Place { .. } => ErrorKind::Settings,
                gradient::Error::Scratch(_) => ErrorKind::Unreadable,
                _ => ErrorKind::NotAClassifier,
            },
            Self::Classifier(e) => match e {
                classifier::Error::Channels { .. } | classifier::Error::NoScores { .. } => {
                    ErrorKind::NotAClassifier
                }
                classifier::Error::ModelInfo(_) | classifier::Error::Labels(_) => ErrorKind::Unreadable,
                _ => ErrorKind::Settings,
            },
            Self::Frame(_) => ErrorKind::Frame,
            Self::Setting(_) | Self::Morph(_) => ErrorKind::Settings,
            Self::Internal(_) => ErrorKind::Internal,
            Self::Thread(_) | Self::NoThread(_) => ErrorKind::Run,
        }
    }
}

/// An error of the file, its gradient or ONNX Runtime is the same one whoever met it.
impl From<classifier::Error> for Error {
    fn from(error: classifier::Error) -> Self {
        match error {
            classifier::Error::Onnx(e) => Self::Onnx(e),
            classifier::Error::Gradient(e) => Self::Gradient(e),
            classifier::Error::Runtime(e) => Self::Runtime(e),
            classifier::Error::Internal(panic) => Self::Internal(panic),
            other => Self::Classifier(other),
        }
    }
}

impl From<Panicked> for Error {
    fn from(Panicked(panic): Panicked) -> Self {
        Self::Internal(panic)
    }
}
