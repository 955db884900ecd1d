// SPDX-License-Identifier: MPL-2.0
//! Reverse mode on an ONNX graph (GRADIENTS.md).

/// Why a model has no gradient that can be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Placeholder.
    #[error("{0}")]
    Placeholder(String),
}
