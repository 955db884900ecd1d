// SPDX-License-Identifier: MPL-2.0
//! The phases of a picture: its elements at one place of a stride, as pictures of their own.

use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::signed;
use crate::onnx::Array;

/// `[N C, s s, h, w]`, the phases of each channel in row-major order, as `[N,C,H,W]` with `H <= h s`, `W <= w s`.
///
/// A ConvTranspose with an identity, several times faster than DepthToSpace.
pub(super) fn interleaved(e: &mut Emit<'_>, phases: &Value, strides: [usize; 2], shape: &[usize]) -> Value {
    let (images, [a, b]) = (phases.shape[0], strides);
    let [h, w] = [phases.shape[2] * a, phases.shape[3] * b];
    let wide = if a * b == 1 {
        phases.clone()
    } else {
        let count = a * b;
        let identity = |k: usize| f32::from(u8::from(k.is_multiple_of(count + 1)));
        let identity: Vec<f32> = (0..count * count).map(identity).collect();
        let identity = e.constant(Array::real([count, 1, a, b], identity));
        let attributes = [
            ("kernel_shape", signed(&strides).into()),
            ("strides", signed(&strides).into()),
        ];
        e.op(
            "ConvTranspose",
            &[phases, &identity],
            &attributes,
            &[images, 1, h, w],
        )
    };
    let wide = e.reshape(&wide, &[shape[0], shape[1], h, w]);
    if *wide.shape == *shape {
        return wide;
    }
    let (zero, to, axes) = (e.ints([0, 0]), e.extents(&shape[2..]), e.ints([2, 3]));
    e.op("Slice", &[&wide, &zero, &to, &axes], &[], shape)
}
