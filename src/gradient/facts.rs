// SPDX-License-Identifier: MPL-2.0
//! What is known of the tensors of a graph: shapes, types, constants, and what depends on the picture.

use std::collections::{HashMap, HashSet};

use super::dependence::Dependence;
use crate::onnx::{Array, ElementType, TensorProto};
use crate::runtime::{Data, Tensor};

/// Values of whole-number tensors up to this size are kept: they are shape arithmetic that did not fold.
const SMALL: usize = 4096;

/// What is known of the tensors of a graph. No shape is so large that a product of extents could overflow
/// ([`crate::size`]).
#[derive(Debug, Default)]
pub(super) struct Facts {
    shapes: HashMap<String, Vec<usize>>,
    real: HashSet<String>,
    doubles: HashSet<String>,
    /// Of types that nothing here reads: codes of 16 or 4 bits, and what is no tensor.
    others: HashSet<String>,
    initializers: HashMap<String, TensorProto>,
    whole: HashMap<String, Vec<i64>>,
    pub(super) dependence: Dependence,
}

impl Facts {
    /// The shape of a tensor of the forward half.
    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.shapes.get(name).map(Vec::as_slice)
    }

    /// Whether gradients can flow through the tensor: float32, or 8-bit codes.
    pub(super) fn is_real(&self, name: &str) -> bool {
        self.real.contains(name)
    }

    /// Whether a gradient would have to flow through the tensor, whatever its elements are: all but whole numbers and
    /// truth values, which are counts, places and conditions. Codes of 8 bits are [real](Self::is_real).
    pub(super) fn carries(&self, name: &str) -> bool {
        self.is_real(name) || self.is_double(name) || self.others.contains(name)
    }

    /// Whether the tensor's elements are float64.
    pub(super) fn is_double(&self, name: &str) -> bool {
        self.doubles.contains(name)
    }

    /// Whether the tensor is a constant.
    pub(super) fn is_constant(&self, name: &str) -> bool {
        self.initializers.contains_key(name)
    }

    /// A constant's value.
    pub(super) fn constant(&self, name: &str) -> Option<Array> {
        self.initializers.get(name).and_then(|t| Array::decode(t).ok())
    }

    /// The element type of a constant.
    pub(super) fn element(&self, name: &str) -> Option<ElementType> {
        self.initializers
            .get(name)
            .map(|t| ElementType::from_number(t.data_type.unwrap_or(0)))
    }

    /// Whether the tensor's elements depend on the picture.
    pub(super) fn depends(&self, name: &str) -> bool {
        self.dependence.of_elements(name)
    }

    /// Whether the tensor's shape holds only for the picture that it was found with.
    pub(super) fn has_open_shape(&self, name: &str) -> bool {
        self.dependence.of_shape(name)
    }

    /// The elements of a constant, or unfolded, whole-number tensor.
    pub(super) fn whole(&self, name: &str) -> Option<Vec<i64>> {
        let constant = || self.constant(name)?.as_whole().map(<[i64]>::to_vec);
        self.whole.get(name).cloned().or_else(constant)
    }

    /// Adds a real tensor that an upgrade made.
    pub(super) fn insert(&mut self, name: &str, shape: Vec<usize>) {
        self.shapes.insert(name.into(), shape);
        self.real.insert(name.into());
    }

    /// Adds a constant that an upgrade made.
    pub(super) fn insert_constant(&mut self, tensor: TensorProto) {
        let name = tensor.name.clone().unwrap_or_default();
        let extent = |d: &i64| usize::try_from(*d).unwrap_or(0);
        self.shapes
            .insert(name.clone(), tensor.dims.iter().map(extent).collect());
        if ElementType::from_number(tensor.data_type.unwrap_or(0)).is_real() {
            self.real.insert(name.clone());
        }
        self.initializers.insert(name, tensor);
    }

    /// Adds a tensor that a run gave.
    pub(super) fn insert_tensor(&mut self, name: String, tensor: Tensor) {
        let whole = match tensor.data {
            Data::F32(_) | Data::U8(_) | Data::I8(_) => {
                self.real.insert(name.clone());
                None
            }
            Data::I64(v) => Some(v),
            Data::I32(v) => Some(v.into_iter().map(i64::from).collect()),
            Data::Bool(v) => Some(v.into_iter().map(i64::from).collect()),
            Data::F64(_) => {
                self.doubles.insert(name.clone());
                None
            }
            Data::Other => {
                self.others.insert(name.clone());
                None
            }
        };
        let fixed = !self.dependence.of_elements(&name);
        if let Some(values) = whole.filter(|v| fixed && v.len() <= SMALL) {
            self.whole.insert(name.clone(), values);
        }
        self.shapes.insert(name, tensor.shape);
    }

    /// A name for a new tensor of the forward half, derived from one that it has.
    pub(super) fn fresh(&self, stem: &str, suffix: &str) -> String {
        let mut name = format!("{stem}__{suffix}");
        while self.shape(&name).is_some() {
            name.push('_');
        }
        name
    }
}
