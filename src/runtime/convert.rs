// SPDX-License-Identifier: MPL-2.0
//! Plain tensors to ONNX Runtime's, and back.

use ort::value::{DynValue, PrimitiveTensorElementType, TensorElementType, ValueType};

use super::{Data, Error, Tensor};

/// Copies a plain tensor into one of ONNX Runtime's. `name` is for the error.
pub(super) fn to_value(name: &str, tensor: &Tensor) -> Result<DynValue, Error> {
    match &tensor.data {
        Data::F32(v) => value(name, &tensor.shape, v),
        Data::F64(v) => value(name, &tensor.shape, v),
        Data::I64(v) => value(name, &tensor.shape, v),
        Data::I32(v) => value(name, &tensor.shape, v),
        Data::I8(v) => value(name, &tensor.shape, v),
        Data::U8(v) => value(name, &tensor.shape, v),
        Data::Bool(v) => value(name, &tensor.shape, v),
        Data::Other => Err(Error::ElementType {
            name: name.to_owned(),
            expected: "f32, f64, i64, i32, i8, u8 or bool",
            found: "another".to_owned(),
        }),
    }
}

fn value<T>(name: &str, shape: &[usize], elements: &[T]) -> Result<DynValue, Error>
where
    T: PrimitiveTensorElementType + Clone + std::fmt::Debug + 'static,
{
    let shape_error = |reason| Error::Shape {
        name: name.to_owned(),
        reason,
    };
    let wanted = shape
        .iter()
        .try_fold(1_usize, |product, extent| product.checked_mul(*extent));
    if wanted != Some(elements.len()) {
        return Err(shape_error(format!(
            "the shape {shape:?} does not hold {} elements",
            elements.len()
        )));
    }
    ort::value::Tensor::from_array((shape, elements.to_vec()))
        .map(ort::value::Tensor::into_dyn)
        .map_err(|e| shape_error(e.to_string()))
}

/// Copies one of ONNX Runtime's values. What is no tensor, or of another element type, becomes [`Data::Other`].
pub(super) fn from_value(value: &DynValue) -> ort::Result<Tensor> {
    let ValueType::Tensor { ty, shape, .. } = value.dtype() else {
        return Ok(Tensor {
            shape: Vec::new(),
            data: Data::Other,
        });
    };
    let data = match ty {
        TensorElementType::Float32 => Data::F32(elements(value)?),
        TensorElementType::Float64 => Data::F64(elements(value)?),
        TensorElementType::Int64 => Data::I64(elements(value)?),
        TensorElementType::Int32 => Data::I32(elements(value)?),
        TensorElementType::Int8 => Data::I8(elements(value)?),
        TensorElementType::Uint8 => Data::U8(elements(value)?),
        TensorElementType::Bool => Data::Bool(elements(value)?),
        _ => Data::Other,
    };
    // A tensor that exists has no negative extents.
    let shape = shape
        .iter()
        .map(|extent| usize::try_from(*extent).unwrap_or(0))
        .collect();
    Ok(Tensor { shape, data })
}

fn elements<T: PrimitiveTensorElementType + Clone>(value: &DynValue) -> ort::Result<Vec<T>> {
    value
        .try_extract_tensor::<T>()
        .map(|(_, elements)| elements.to_vec())
}
