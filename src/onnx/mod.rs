// SPDX-License-Identifier: MPL-2.0
//! The model file: protobuf types, reading with limits, writing, and the values of its tensors.
//!
//! A model file is untrusted input. It is read only from a regular file, its size and its counts are checked
//! before anything depends on them, and what comes out of here is one graph that stands by itself: weights in
//! external files are taken in, only from inside the model's own folder, and functions of the model's own are written
//! out where they are called. ONNX Runtime sees neither; what it is given is looked through once more before
//! ([`crate::runtime::Session::new`]).
//!
//! Graphs are handed about as the format's own messages, `ModelProto` and its parts. These are hidden, and no promise is
//! made of them: their fields are the format's, and their trait is that of the crate `prost`. The tests and tools of the
//! repository build models with them.

mod attribute;
mod error;
mod external;
mod inline;
mod kind;
mod limits;
mod proto;
mod read;
mod sort;
mod tensor;
mod versions;
pub(crate) mod visit;
mod wire;

pub use attribute::AttributeValue;
pub use error::Error;
#[doc(hidden)]
pub use proto::{
    AttributeProto, DimensionProto, FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    StringStringEntryProto, TensorProto, ValueInfoProto,
};
pub use read::{decode, encode, read};
pub use tensor::{Array, ElementType, Values};

pub(crate) use inline::inline;
pub(crate) use proto::{TensorTypeProto, TypeProto};
pub(crate) use sort::sort;
pub(crate) use tensor::check as check_tensor;
pub(crate) use versions::NEWEST;
pub(crate) use wire::survey;
