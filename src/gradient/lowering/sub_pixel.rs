// SPDX-License-Identifier: MPL-2.0
//! The gradient of a strided Conv of few channels, the first of a network, by phases.
//!
//! Element `s u + a` of the picture is reached by tap `t = a + pad - s d` of window `u + d`. So each phase a is a
//! stride-1 Conv of the cotangent, all of them one Conv in the blocked layout, which ConvTranspose never is; a few
//! channels interleave cheaply. With more channels ConvTranspose wins (docs/reverse-mode.md 3.2).

use super::phases::interleaved;
use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::signed;
use crate::gradient::window::Window;
use crate::onnx::Array;

/// Pictures have up to four channels.
const MAX_CHANNELS: usize = 4;
/// Interleaving takes a kernel of the stride to the fourth power.
const MAX_STRIDE: i64 = 8;

/// Windows and taps of one axis.
struct Axis {
    stride: i64,
    pad: i64,
    /// The least and the greatest d, so that the Conv has `last - first + 1` taps.
    first: i64,
    last: i64,
    /// Pads of the Conv at the end.
    end: i64,
    /// Extent of a phase.
    extent: i64,
}

impl Axis {
    fn of(window: &Window, axis: usize, x: i64, y: i64) -> Self {
        let (kernel, stride, pad) = (window.kernel[axis], window.strides[axis], window.begin[axis]);
        // From phase 0 and the last tap, rounded up, to the last phase and tap 0, rounded down.
        let first = (pad - kernel + 1 + stride - 1).div_euclid(stride);
        let last = (stride - 1 + pad).div_euclid(stride);
        let extent = (x + stride - 1) / stride;
        Self {
            stride,
            pad,
            first,
            last,
            end: extent + last - y,
            extent,
        }
    }

    fn taps(&self) -> i64 {
        self.last - self.first + 1
    }

    /// The forward tap that a phase takes with tap `k` of the new Conv.
    fn forward_tap(&self, phase: i64, k: i64) -> i64 {
        phase + self.pad - self.stride * (self.first + k)
    }
}

/// The cotangent of `x`; `None` where the form does not apply.
pub(in crate::gradient) fn by_phases(
    e: &mut Emit<'_>,
    ct: &Value,
    (x, y): (&Value, &Value),
    weight: &Array,
    window: &Window,
) -> Option<Value> {
    let ([1, channels, ..], [out, per_group, ..]) = (&x.shape[..], &weight.shape[..]) else {
        return None;
    };
    let (channels, out) = (*channels, *out);
    let applies = e.is_blocked(y)
        && window.kernel.len() == 2
        && channels == *per_group
        && channels <= MAX_CHANNELS
        && window.dilations == [1, 1]
        && window.strides.iter().any(|s| *s > 1)
        && window.strides.iter().all(|s| *s <= MAX_STRIDE);
    if !applies {
        return None;
    }
    let axes = [0, 1].map(|i| Axis::of(window, i, signed(&x.shape[2..])[i], signed(&y.shape[2..])[i]));
    if axes.iter().any(|a| a.first > 0 || a.end < 0) {
        return None;
    }
    let [rows, columns] = &axes;
    let values = weight.as_real()?;
    let forward = |o: usize, c: usize, i: i64, j: i64| {
        let [kh, kw] = [window.kernel[0], window.kernel[1]];
        let inside = (0..kh).contains(&i) && (0..kw).contains(&j);
        let at = usize::try_from(i * kw + j).ok().filter(|_| inside)?;
        let taps = usize::try_from(kh * kw).ok()?;
        values.get((o * channels + c) * taps + at).copied()
    };
    // [c s s, out, k, k]
    let mut turned = Vec::new();
    for c in 0..channels {
        for (a, b) in pairs(rows.stride, columns.stride) {
            for o in 0..out {
                turned.extend(pairs(rows.taps(), columns.taps()).map(|(i, j)| {
                    forward(o, c, rows.forward_tap(a, i), columns.forward_tap(b, j)).unwrap_or(0.0)
                }));
            }
        }
    }
    let size = |v: i64| usize::try_from(v).unwrap_or(0);
    let strides = [size(rows.stride), size(columns.stride)];
    let phases = strides[0] * strides[1];
    let kernel = [size(rows.taps()), size(columns.taps())];
    let extent = [size(rows.extent), size(columns.extent)];
    let weight = e.constant(Array::real(
        [channels * phases, out, kernel[0], kernel[1]],
        turned,
    ));
    let attributes = [
        ("kernel_shape", signed(&kernel).into()),
        (
            "pads",
            vec![-rows.first, -columns.first, rows.end, columns.end].into(),
        ),
    ];
    let made = e.op(
        "Conv",
        &[ct, &weight],
        &attributes,
        &[1, channels * phases, extent[0], extent[1]],
    );
    let made = e.reshape(&made, &[channels, phases, extent[0], extent[1]]);
    Some(interleaved(e, &made, strides, &x.shape))
}

fn pairs(rows: i64, columns: i64) -> impl Iterator<Item = (i64, i64)> {
    (0..rows).flat_map(move |i| (0..columns).map(move |j| (i, j)))
}
