// SPDX-License-Identifier: MPL-2.0
//! The model file: protobuf types, reading with limits, writing.

/// Why a model file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Placeholder.
    #[error("{0}")]
    Placeholder(String),
}
