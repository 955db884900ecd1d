// SPDX-License-Identifier: MPL-2.0
//! A plain tensor, for probing and tests.

/// Elements, row major.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are the element types")]
pub enum Data {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I64(Vec<i64>),
    I32(Vec<i32>),
    I8(Vec<i8>),
    U8(Vec<u8>),
    Bool(Vec<bool>),
    /// Elements of a type that nothing here needs to look at.
    Other,
}

/// A shape and its elements.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Extent of each axis; empty for a scalar.
    pub shape: Vec<usize>,
    /// `shape`'s product of elements.
    pub data: Data,
}

impl Tensor {
    /// An `f32` tensor.
    pub fn f32(shape: impl Into<Vec<usize>>, data: impl Into<Vec<f32>>) -> Self {
        Self {
            shape: shape.into(),
            data: Data::F32(data.into()),
        }
    }

    /// The elements, if they are `f32`.
    pub fn as_f32(&self) -> Option<&[f32]> {
        match &self.data {
            Data::F32(v) => Some(v),
            _ => None,
        }
    }
}
