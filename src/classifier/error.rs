// SPDX-License-Identifier: MPL-2.0
//! Why a model cannot be used as an image classifier.

/// A model, side-car, label file or class that does not fit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No model was named.
    #[error("no model is set: name an ONNX classifier with model-file")]
    NoModel,
}
