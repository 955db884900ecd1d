// SPDX-License-Identifier: MPL-2.0
//! Why a model file cannot be read.

use std::path::PathBuf;

/// Why a model file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such file.
    #[error("{path}: there is no such file; check model-file")]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// The file is a directory, a pipe, or cannot be opened.
    #[error("{path}: cannot be read ({reason})")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The file is larger than the format allows.
    #[error("{path}: {bytes} bytes are more than an ONNX file may have (2 GiB); is this a model?")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// The file's bytes are no ONNX model.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with the bytes.
        source: Box<Error>,
    },
    /// The bytes are no ONNX model.
    #[error("not an ONNX model ({reason})")]
    NotAModel {
        /// What is wrong with them.
        reason: String,
    },
    /// A tensor's description and its bytes do not fit.
    #[error("tensor \"{name}\": {reason}; the model file is damaged, export it again")]
    Tensor {
        /// The tensor.
        name: String,
        /// What does not fit.
        reason: String,
    },
    /// The graph's nodes do not fit together.
    #[error("the model's graph is damaged: {reason}; export it again")]
    Graph {
        /// What does not fit.
        reason: String,
    },
    /// A function of the model's own cannot be written out.
    #[error(
        "the model's function \"{name}\" cannot be written out: {reason}; export the model with its functions \
         inlined, with onnx.inliner.inline_local_functions for example"
    )]
    Function {
        /// The function.
        name: String,
        /// Why not.
        reason: String,
    },
    /// A weight lies in another file that is not taken.
    #[error(
        "tensor \"{name}\" has its data in \"{location}\", which is not taken: {reason}; \
         keep the data file beside the model, or save the model as one file \
         (onnx.save(onnx.load(FROM), TO))"
    )]
    External {
        /// The tensor.
        name: String,
        /// Where the model says the data is.
        location: String,
        /// Why it is not taken.
        reason: String,
    },
}
