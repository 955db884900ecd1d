// SPDX-License-Identifier: MPL-2.0
//! QuantizeLinear and DequantizeLinear (ONNX 10, 13, 19, 21), straight through: rounding counts as the identity.
//!
//! Saturation does not: quantisers delete a Relu and let the code's range cut instead, so the cotangent passes only
//! where the code needs no clamping, half a step beyond the range included, as in PyTorch's fake quantisation. The true gradient of rounding is zero almost everywhere; this one is an
//! estimate, and experimental.

use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::axis_of;
use crate::gradient::rule::{Call, Contributions, Rule, Stop, rule_for};
use crate::onnx::{Array, ElementType};

pub(super) const RULES: &[Rule] = &[
    rule_for(
        "QuantizeLinear",
        quantize,
        "straight-through; codes of 8 or 16 bits; constant scale and zero point; not blocked",
    )
    .since(10),
    rule_for(
        "DequantizeLinear",
        |_, c| Ok(vec![(0, c.ct.clone())]),
        "straight-through",
    )
    .since(10),
];

/// The type of the codes: the zero point's, or the one that is stated, or else uint8.
fn code_of(c: &Call<'_>) -> Result<ElementType, Stop> {
    let stated = i32::try_from(c.node.int("output_dtype", 0)).unwrap_or(-1);
    match c.node.input(2) {
        Some(zero) => c
            .forward
            .facts
            .element(zero)
            .ok_or_else(|| Stop::refuse("its zero point is computed; only constant ones are supported")),
        None if stated == 0 => Ok(ElementType::Uint8),
        None => Ok(ElementType::from_number(stated)),
    }
}

/// Half a step below the least code, and above the greatest.
fn range(code: ElementType) -> Result<(f32, f32), Stop> {
    match code {
        ElementType::Uint8 => Ok((-0.5, 255.5)),
        ElementType::Int8 => Ok((-128.5, 127.5)),
        ElementType::Uint16 => Ok((-0.5, 65_535.5)),
        ElementType::Int16 => Ok((-32_768.5, 32_767.5)),
        other => Err(Stop::refuse(format!(
            "its codes are of {other}; only whole numbers of 8 and 16 bits are supported"
        ))),
    }
}

fn quantize(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (least, most) = range(code_of(c)?)?;
    let scale = c
        .real_constant(1)
        .ok_or_else(|| Stop::refuse("its scale is computed; only constant ones are supported"))?;
    let scales = scale.as_real().unwrap_or_default();
    let zero = match c.node.input(2) {
        Some(_) => c
            .whole_constant(2)
            .ok_or_else(|| Stop::refuse("its zero point is computed"))?,
        None => vec![0; scales.len()],
    };
    let x = c.input(0)?.clone();
    let shape = match scales.len() {
        1 => Vec::new(),
        n => {
            let axis = axis_of(c.node.int("axis", 1), x.rank()).filter(|a| x.shape[*a] == n);
            let axis = axis.ok_or_else(|| {
                Stop::refuse("its scale does not fit its axis; blocked scales are not supported")
            })?;
            (0..x.rank()).map(|k| if k == axis { n } else { 1 }).collect()
        }
    };
    if zero.len() != scales.len() {
        return Err(Stop::refuse("its zero point does not fit its scale"));
    }
    let edge = |code: f32| -> Vec<f32> {
        scales
            .iter()
            .zip(&zero)
            .map(|(s, z)| (code - *z as f32) * s)
            .collect()
    };

    let bound = |e: &mut Emit<'_>, comparison: &str, code: f32| -> Value {
        let limit = e.constant(Array::real(shape.clone(), edge(code)));
        let holds = e.op(comparison, &[&x, &limit], &[], &x.shape);
        e.real_of(&holds)
    };
    let (above, below) = (bound(e, "Greater", least), bound(e, "Less", most));
    let ct = e.mul(&c.ct, &above);
    Ok(vec![(0, e.mul(&ct, &below))])
}
