// SPDX-License-Identifier: MPL-2.0
//! The gradient of a Conv of stride 1: a Conv by the weight with its in and out channels swapped per group and every spatial
//! axis flipped.

use crate::gradient::emit::{Emit, Value};
use crate::gradient::window::Window;
use crate::onnx::Array;

/// The Conv of a cotangent by the turned weight.
pub(in crate::gradient) fn turned_conv(
    e: &mut Emit<'_>,
    ct: &Value,
    weight: &Array,
    group: i64,
    window: &Window,
    pads: Vec<i64>,
    shape: &[usize],
) -> Value {
    let turned = e.constant(turned(weight, usize::try_from(group).unwrap_or(1)));
    let attributes = [
        ("group", group.into()),
        ("kernel_shape", window.kernel.clone().into()),
        ("dilations", window.dilations.clone().into()),
        ("pads", pads.into()),
    ];
    e.op("Conv", &[ct, &turned], &attributes, shape)
}

/// `W [G*o, i, k..]` as `W' [G*i, o, k flipped..]`.
fn turned(weight: &Array, groups: usize) -> Array {
    let values = weight.as_real().unwrap_or_default();
    let (out, inner) = (weight.shape[0] / groups, weight.shape[1]);
    let taps: usize = weight.shape[2..].iter().product();
    let mut shape = vec![groups * inner, out];
    shape.extend(&weight.shape[2..]);
    let mut turned = Vec::with_capacity(values.len());
    for g in 0..groups {
        for i in 0..inner {
            for o in 0..out {
                // Reversing the row-major order of the taps flips every spatial axis.
                let start = ((g * out + o) * inner + i) * taps;
                turned.extend(values[start..start + taps].iter().rev());
            }
        }
    }
    Array::real(shape, turned)
}
