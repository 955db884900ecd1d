// SPDX-License-Identifier: MPL-2.0
//! The model file: protobuf types, reading with limits, writing, and the values of its tensors.
//!
//! A model file is untrusted input. It is read only from a regular file, its size and its counts are checked
//! before anything depends on them, and weights in external files are taken in here, only from inside the
//! model's own folder, so that ONNX Runtime never sees a reference to a file.

mod attribute;
mod error;
mod external;
pub mod proto;
mod read;
mod tensor;

pub use attribute::AttributeValue;
pub use error::Error;
pub use proto::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, ValueInfoProto,
};
pub use read::{decode, encode, read};
pub use tensor::{Array, ElementType, Values};

/// Protobuf's own limit, for a file and for all weights together.
const MAX_BYTES: u64 = 1 << 31;
