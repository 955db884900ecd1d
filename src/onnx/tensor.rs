// SPDX-License-Identifier: MPL-2.0
//! Values of constant tensors.

use super::Error;
use super::limits::MAX_BYTES;
use super::proto::TensorProto;
use crate::size;

/// Element types by their number in the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the format's own names")]
pub enum ElementType {
    Float,
    Uint8,
    Int8,
    Uint16,
    Int16,
    Int32,
    Int64,
    Bool,
    Float16,
    Double,
    Uint32,
    Uint64,
    Bfloat16,
    /// Strings, complex numbers, 8-bit floats and whatever comes.
    Other(i32),
}

impl ElementType {
    /// From its number in the format.
    pub fn from_number(n: i32) -> Self {
        match n {
            1 => Self::Float,
            2 => Self::Uint8,
            3 => Self::Int8,
            4 => Self::Uint16,
            5 => Self::Int16,
            6 => Self::Int32,
            7 => Self::Int64,
            9 => Self::Bool,
            10 => Self::Float16,
            11 => Self::Double,
            12 => Self::Uint32,
            13 => Self::Uint64,
            16 => Self::Bfloat16,
            n => Self::Other(n),
        }
    }

    /// Its number in the format.
    pub fn number(self) -> i32 {
        match self {
            Self::Float => 1,
            Self::Uint8 => 2,
            Self::Int8 => 3,
            Self::Uint16 => 4,
            Self::Int16 => 5,
            Self::Int32 => 6,
            Self::Int64 => 7,
            Self::Bool => 9,
            Self::Float16 => 10,
            Self::Double => 11,
            Self::Uint32 => 12,
            Self::Uint64 => 13,
            Self::Bfloat16 => 16,
            Self::Other(n) => n,
        }
    }

    /// Bytes of an element; 1 for what is not known.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Uint8 | Self::Int8 | Self::Bool | Self::Other(_) => 1,
            Self::Uint16 | Self::Int16 | Self::Float16 | Self::Bfloat16 => 2,
            Self::Float | Self::Int32 | Self::Uint32 => 4,
            Self::Int64 | Self::Double | Self::Uint64 => 8,
        }
    }

    /// Whether it is a real of 16 bits.
    pub fn is_half(self) -> bool {
        matches!(self, Self::Float16 | Self::Bfloat16)
    }

    /// Whether gradients can flow through it.
    pub fn is_real(self) -> bool {
        matches!(self, Self::Float | Self::Float16 | Self::Double | Self::Bfloat16)
    }
}

impl std::fmt::Display for ElementType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Float => f.write_str("float32"),
            Self::Double => f.write_str("float64"),
            Self::Other(n) => write!(f, "type {n}"),
            other => write!(f, "{}", format!("{other:?}").to_lowercase()),
        }
    }
}

/// Elements of a tensor, widened to one of two types.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Any of the real types (16-bit ones widened exactly, 64-bit ones rounded).
    Real(Vec<f32>),
    /// Any of the whole-number types, and booleans as 0 and 1.
    Whole(Vec<i64>),
}

/// A constant tensor's shape and elements, row major.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Extent of each axis; empty for a scalar.
    pub shape: Vec<usize>,
    /// Its elements.
    pub values: Values,
}

impl Array {
    /// Real elements.
    ///
    /// # Panics
    /// When the shape and the number of elements do not fit.
    pub fn real(shape: impl Into<Vec<usize>>, values: impl Into<Vec<f32>>) -> Self {
        let (shape, values) = (shape.into(), values.into());
        assert_eq!(shape.iter().product::<usize>(), values.len(), "shape {shape:?}");
        Self {
            shape,
            values: Values::Real(values),
        }
    }

    /// A vector of whole numbers.
    pub fn whole(values: impl Into<Vec<i64>>) -> Self {
        let values = values.into();
        Self {
            shape: vec![values.len()],
            values: Values::Whole(values),
        }
    }

    /// The elements, if they are real.
    pub fn as_real(&self) -> Option<&[f32]> {
        match &self.values {
            Values::Real(v) => Some(v),
            Values::Whole(_) => None,
        }
    }

    /// The elements, if they are whole numbers.
    pub fn as_whole(&self) -> Option<&[i64]> {
        match &self.values {
            Values::Whole(v) => Some(v),
            Values::Real(_) => None,
        }
    }

    /// Decodes a constant.
    ///
    /// # Errors
    /// When the element type is not numeric, or the elements do not fit the shape.
    pub fn decode(tensor: &TensorProto) -> Result<Self, Error> {
        check(tensor)?;
        let (shape, _) = shape(tensor)?;
        let element = ElementType::from_number(tensor.data_type.unwrap_or(0));
        let values = elements(tensor, element).ok_or_else(|| Error::Tensor {
            name: tensor.name.clone().unwrap_or_default(),
            reason: format!("{element} elements are not numeric"),
        })?;
        Ok(Self { shape, values })
    }

    /// The constant, as float32 or int64.
    pub fn encode(&self, name: &str) -> TensorProto {
        let (element, raw): (_, Vec<u8>) = match &self.values {
            Values::Real(v) => (
                ElementType::Float,
                v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            ),
            Values::Whole(v) => (
                ElementType::Int64,
                v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            ),
        };
        TensorProto {
            name: Some(name.into()),
            dims: self
                .shape
                .iter()
                .map(|d| i64::try_from(*d).unwrap_or(i64::MAX))
                .collect(),
            data_type: Some(element.number()),
            raw_data: Some(raw.into()),
            ..Default::default()
        }
    }
}

/// The shape of a constant, and its number of elements.
fn shape(tensor: &TensorProto) -> Result<(Vec<usize>, usize), Error> {
    let refuse = |reason: String| Error::Tensor {
        name: tensor.name.clone().unwrap_or_default(),
        reason,
    };
    let extent = |d: &i64| usize::try_from(*d).map_err(|_| refuse(format!("it has an axis of {d} elements")));
    let shape = tensor.dims.iter().map(extent).collect::<Result<Vec<_>, _>>()?;
    // An element has half a byte or more.
    let limit = usize::try_from(2 * MAX_BYTES).unwrap_or(usize::MAX);
    let count = size::check(&shape, limit);
    let count =
        count.ok_or_else(|| refuse(format!("its shape {:?} is larger than any file", tensor.dims)))?;
    Ok((shape, count))
}

/// Refuses a constant that does not hold as many elements as its shape says, without looking at them.
pub(crate) fn check(tensor: &TensorProto) -> Result<(), Error> {
    let refuse = |reason: String| Error::Tensor {
        name: tensor.name.clone().unwrap_or_default(),
        reason,
    };
    if tensor.data_location.unwrap_or(0) != 0 {
        return Err(refuse("its data is in another file".into()));
    }
    let (shape, count) = shape(tensor)?;
    let element = ElementType::from_number(tensor.data_type.unwrap_or(0));
    let found = match (&tensor.raw_data, element) {
        // Strings, packed and complex numbers: ONNX Runtime knows.
        (_, ElementType::Other(_)) => return Ok(()),
        (Some(raw), _) if raw.len() % element.bytes() != 0 => {
            return Err(refuse(format!(
                "its {} bytes are no {element} elements",
                raw.len()
            )));
        }
        (Some(raw), _) => raw.len() / element.bytes(),
        (None, ElementType::Float) => tensor.float_data.len(),
        (None, ElementType::Double) => tensor.double_data.len(),
        (None, ElementType::Int64) => tensor.int64_data.len(),
        (None, ElementType::Uint32 | ElementType::Uint64) => tensor.uint64_data.len(),
        (None, _) => tensor.int32_data.len(),
    };
    if found == count {
        return Ok(());
    }
    Err(refuse(format!(
        "its shape {shape:?} needs {count} elements, it has {found}"
    )))
}

fn raw<const N: usize, T>(bytes: &[u8], convert: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|c| convert(*c)).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "float64 weights are rounded, 32-bit fields hold narrower types"
)]
#[expect(
    clippy::cast_sign_loss,
    reason = "the bits of 16-bit floats lie in the low half"
)]
fn elements(t: &TensorProto, element: ElementType) -> Option<Values> {
    use ElementType as E;
    let whole = |v: Vec<i64>| Some(Values::Whole(v));
    if let Some(bytes) = &t.raw_data {
        return match element {
            E::Float => Some(Values::Real(raw(bytes, f32::from_le_bytes))),
            E::Double => Some(Values::Real(raw(bytes, |b| f64::from_le_bytes(b) as f32))),
            E::Float16 => Some(Values::Real(raw(bytes, |b| half_to_f32(u16::from_le_bytes(b))))),
            E::Bfloat16 => Some(Values::Real(raw(bytes, |b| bfloat_to_f32(u16::from_le_bytes(b))))),
            E::Int64 => whole(raw(bytes, i64::from_le_bytes)),
            E::Uint64 => whole(raw(bytes, |b| {
                u64::from_le_bytes(b).try_into().unwrap_or(i64::MAX)
            })),
            E::Int32 => whole(raw(bytes, |b| i32::from_le_bytes(b).into())),
            E::Uint32 => whole(raw(bytes, |b| u32::from_le_bytes(b).into())),
            E::Int16 => whole(raw(bytes, |b| i16::from_le_bytes(b).into())),
            E::Uint16 => whole(raw(bytes, |b| u16::from_le_bytes(b).into())),
            E::Int8 => whole(raw(bytes, |b| i8::from_le_bytes(b).into())),
            E::Uint8 | E::Bool => whole(bytes.iter().map(|b| (*b).into()).collect()),
            E::Other(_) => None,
        };
    }
    match element {
        E::Float => Some(Values::Real(t.float_data.clone())),
        E::Double => Some(Values::Real(t.double_data.iter().map(|x| *x as f32).collect())),
        E::Float16 => Some(Values::Real(
            t.int32_data.iter().map(|b| half_to_f32(*b as u16)).collect(),
        )),
        E::Bfloat16 => Some(Values::Real(
            t.int32_data.iter().map(|b| bfloat_to_f32(*b as u16)).collect(),
        )),
        E::Int64 => whole(t.int64_data.clone()),
        E::Uint64 | E::Uint32 => whole(
            t.uint64_data
                .iter()
                .map(|v| (*v).try_into().unwrap_or(i64::MAX))
                .collect(),
        ),
        E::Int32 | E::Int16 | E::Uint16 | E::Int8 | E::Uint8 | E::Bool => {
            whole(t.int32_data.iter().map(|v| (*v).into()).collect())
        }
        E::Other(_) => None,
    }
}

/// IEEE 754 binary16, widened exactly.
fn half_to_f32(h: u16) -> f32 {
    let (sign, exponent, fraction) = (u32::from(h >> 15), u32::from(h >> 10 & 31), u32::from(h & 1023));
    let magnitude = match (exponent, fraction) {
        // Subnormal: fraction * 2^-24, exact in f32.
        (0, f) => f as f32 * f32::from_bits((127 - 24) << 23),
        (31, f) => f32::from_bits(0x7f80_0000 | f << 13),
        (e, f) => f32::from_bits((e + 112) << 23 | f << 13),
    };
    f32::from_bits(magnitude.to_bits() | sign << 31)
}

/// bfloat16: the upper half of a float32.
fn bfloat_to_f32(b: u16) -> f32 {
    f32::from_bits(u32::from(b) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_come_back() {
        let real = Array::real([2, 3], [0.0, -1.5, 2.0, 3.0, f32::MAX, 1e-40]);
        assert_eq!(Array::decode(&real.encode("a")).unwrap(), real);
        let whole = Array::whole([i64::MIN, 0, i64::MAX]);
        assert_eq!(Array::decode(&whole.encode("b")).unwrap(), whole);
    }

    #[test]
    fn halves_are_widened_exactly() {
        let cases = [
            (0x3c00u16, 1.0f32),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
        ];
        for (bits, value) in cases {
            assert_eq!(half_to_f32(bits), value);
        }
        assert!(half_to_f32(0x7e00).is_nan());
        assert_eq!(half_to_f32(0xfc00), f32::NEG_INFINITY);
        assert_eq!(bfloat_to_f32(0xbf80), -1.0);
    }

    #[test]
    fn a_shape_that_does_not_fit_is_refused_before_anything_is_allocated() {
        let mut t = Array::real([4], [0.0; 4]).encode("w");
        for dims in [vec![5], vec![-1], vec![i64::MAX, i64::MAX], vec![1 << 40]] {
            t.dims = dims;
            assert!(matches!(Array::decode(&t), Err(Error::Tensor { .. })));
        }
    }
}
