// SPDX-License-Identifier: MPL-2.0
//! The gradient of MaxPool in the blocked layout (docs/reverse-mode.md 3.4).
//!
//! MaxPool with indices is not vectorised and leaves the layout. Instead every tap t of the window, in row-major
//! order, asks whether it holds the maximum: with `r_0 = ct` and `r_{t+1} = r_t [x_t < y]`, tap t gets the share
//! `r_t - r_{t+1}`, which is `r_t` where it is the first that equals y, else 0. `x_t` is a strided depthwise Conv
//! with a single one. Shares of taps that fall on the same phase of the stride are shifted and added, and a
//! ConvTranspose with an identity interleaves the phases.
//!
//! A Conv pads with zeros, MaxPool with nothing: where a window leaves the picture, at a pad or because `ceil_mode` has
//! it hang over, x must be positive ([`Hints::is_positive`](crate::gradient::rule::Hints::is_positive)).

use super::phases::interleaved;
use super::thresholds::HUGE;
use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::signed;
use crate::gradient::window::Window;
use crate::onnx::Array;

/// Larger windows cost more taps than indices cost.
const MAX_TAPS: i64 = 9;

/// The cotangent of `x`; `None` where the form does not apply.
pub(in crate::gradient) fn by_taps(
    e: &mut Emit<'_>,
    ct: &Value,
    (x, y): (&Value, &Value),
    window: &Window,
    is_positive: bool,
) -> Option<Value> {
    let [n, channels, height, width] = x.shape[..] else {
        return None;
    };
    let (kernel, strides) = (&window.kernel, &window.strides);
    let outside = |axis: usize| window.leaves(axis, x.shape[axis + 2], y.shape[axis + 2]);
    let padded = (0..kernel.len()).any(outside);
    let applies = e.is_blocked(x)
        && channels % 16 == 0
        && window.dilations == [1, 1]
        && kernel.iter().product::<i64>() <= MAX_TAPS
        && kernel.iter().zip(strides).all(|(k, s)| k >= s)
        && (!padded || is_positive);
    if !applies {
        return None;
    }
    let taps: Vec<[i64; 2]> = (0..kernel[0])
        .flat_map(|i| (0..kernel[1]).map(move |j| [i, j]))
        .collect();
    let offset = |tap: &[i64; 2], i: usize| tap[i] - window.begin[i];
    let pooled = [y.shape[2], y.shape[3]];
    let phase = [0, 1].map(|i| [height, width][i].div_ceil(usize::try_from(strides[i]).unwrap_or(1)));

    let shares = shares(e, ct, x, y, &taps, |tap| Picked {
        offset: [offset(tap, 0), offset(tap, 1)],
        strides: [strides[0], strides[1]],
        extent: pooled,
        weight: -1.0,
    });
    let mut phases = Vec::new();
    for row in 0..strides[0] {
        for column in 0..strides[1] {
            let mut sum: Option<Value> = None;
            for (tap, share) in taps.iter().zip(&shares) {
                let (a, b) = (offset(tap, 0), offset(tap, 1));
                if (a.rem_euclid(strides[0]), b.rem_euclid(strides[1])) != (row, column) {
                    continue;
                }
                // The tap of window o lies at s o + offset = s q + phase: o = q - floor(offset/s).
                let back = [-a.div_euclid(strides[0]), -b.div_euclid(strides[1])];
                let moved = if back == [0, 0] && pooled == phase {
                    share.clone()
                } else {
                    Picked {
                        offset: back,
                        strides: [1, 1],
                        extent: phase,
                        weight: 1.0,
                    }
                    .of(e, share)
                };
                sum = Some(match sum {
                    // The Conv that moves takes the sum along.
                    Some(sum) => e.binary("Add", &moved, &sum),
                    None => moved,
                });
            }
            phases.push(sum?);
        }
    }
    let images = n * channels;
    let flat: Vec<Value> = phases
        .iter()
        .map(|p| e.reshape(p, &[images, 1, phase[0], phase[1]]))
        .collect();
    let flat: Vec<&Value> = flat.iter().collect();
    let stacked = [images, phases.len(), phase[0], phase[1]];
    let stacked = e.op("Concat", &flat, &[("axis", 1.into())], &stacked);
    let strides = [0, 1].map(|i| usize::try_from(strides[i]).unwrap_or(1));
    Some(interleaved(e, &stacked, strides, &x.shape))
}

/// What each tap gets of the cotangent.
fn shares(
    e: &mut Emit<'_>,
    ct: &Value,
    x: &Value,
    y: &Value,
    taps: &[[i64; 2]],
    at: impl Fn(&[i64; 2]) -> Picked,
) -> Vec<Value> {
    let channels = x.shape[1];
    let mut rest = e.in_layout_of(ct, y);
    let mut shares = Vec::with_capacity(taps.len());
    for tap in &taps[..taps.len() - 1] {
        // y - x_t: Conv and Add fuse. Its smallest nonzero value, times 2^125, is above 1.
        let negative = at(tap).of(e, x);
        let below = e.binary("Add", &negative, y);
        let mask = e.clamped(&below, HUGE, 0.0);
        let left = e.mul(&rest, &mask);
        let taken = e.per_channel(&left, &vec![-1.0; channels]);
        shares.push(e.binary("Add", &taken, &rest));
        rest = left;
    }
    shares.push(rest);
    shares
}

/// One element of a picture for each of `extent` windows: element `strides * o + offset` times `weight`, 0 outside.
struct Picked {
    offset: [i64; 2],
    strides: [i64; 2],
    extent: [usize; 2],
    weight: f32,
}

impl Picked {
    /// As a depthwise Conv with a single weight that is not 0.
    fn of(&self, e: &mut Emit<'_>, v: &Value) -> Value {
        let channels = v.shape[1];
        let (mut kernel, mut hot, mut pads) = ([0usize; 2], [0usize; 2], vec![0i64; 4]);
        for i in 0..2 {
            let (from, to) = (signed(&v.shape[2..])[i], signed(&self.extent)[i]);
            let begin = (-self.offset[i]).max(0);
            let at = self.offset[i].max(0);
            // Zeros after it, until no more windows fit than are wanted; then pads, until as many do.
            let taps = (at + 1).max(from + begin - to * self.strides[i] + 1);
            let end = ((to - 1) * self.strides[i] + taps - from - begin).max(0);
            (pads[i], pads[i + 2]) = (begin, end);
            kernel[i] = usize::try_from(taps).unwrap_or(1);
            hot[i] = usize::try_from(at).unwrap_or(0);
        }
        let mut one = vec![0.0; kernel[0] * kernel[1]];
        one[hot[0] * kernel[1] + hot[1]] = self.weight;
        let weight = e.constant(Array::real(
            [channels, 1, kernel[0], kernel[1]],
            one.repeat(channels),
        ));
        let attributes = [
            ("group", signed(&[channels])[0].into()),
            ("kernel_shape", signed(&kernel).into()),
            ("strides", self.strides.to_vec().into()),
            ("pads", pads.into()),
        ];
        let shape = [v.shape[0], channels, self.extent[0], self.extent[1]];
        e.op("Conv", &[v, &weight], &attributes, &shape)
    }
}
