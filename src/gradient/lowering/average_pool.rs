// SPDX-License-Identifier: MPL-2.0
//! The gradient of averages in the blocked layout (docs/reverse-mode.md 2).

use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::signed;
use crate::gradient::window::Window;

/// The cotangent of `x`, lazily broadcast, of an average `y` over the whole picture; `None` where `x` is not blocked.
pub(in crate::gradient) fn over_all(
    e: &mut Emit<'_>,
    ct: &Value,
    (x, y): (&Value, &Value),
    share: f32,
) -> Option<Value> {
    if !e.is_blocked(x) {
        return None;
    }
    let ct = e.full(ct, &y.shape);
    Some(e.per_channel(&ct, &vec![share; x.shape[1]]))
}

/// The cotangent of `x` of an average over windows: those that tile the picture repeat their share, those at every place
/// average it again. `None` where neither is so, or `x` is not blocked.
pub(in crate::gradient) fn by_mean(
    e: &mut Emit<'_>,
    ct: &Value,
    x: &Value,
    window: &Window,
    share: &[f32],
) -> Option<Value> {
    if !e.is_blocked(x) {
        return None;
    }
    let (xs, ys) = (signed(&x.shape[2..]), signed(&ct.shape[2..]));
    let two = window.kernel.len() == 2;
    if !two || window.dilations != [1, 1] || share.windows(2).any(|w| w[0] != w[1]) {
        return None;
    }
    let tiles = window.kernel == window.strides
        && window.begin == [0, 0]
        && (0..2).all(|i| xs[i] == ys[i] * window.strides[i]);
    if tiles {
        let ct = e.per_channel(ct, &vec![share[0]; x.shape[1]]);
        return Some(e.enlarged(&ct, &x.shape));
    }
    let taps = (window.kernel[0] * window.kernel[1]) as f32;
    let begin: Vec<i64> = (0..2).map(|i| window.reach(i) - window.begin[i]).collect();
    let end: Vec<i64> = (0..2)
        .map(|i| xs[i] + window.reach(i) - begin[i] - ys[i])
        .collect();
    let pads = [begin, end].concat();
    let fits = |(i, p): (usize, &i64)| (0..window.kernel[i % 2]).contains(p);
    // ONNX Runtime up to 1.21 counts the pads of the left at the bottom.
    let even = pads.iter().all(|pad| *pad == pads[0]);
    if window.strides != [1, 1] || !even || !pads.iter().enumerate().all(fits) {
        return None;
    }
    let ct = e.per_channel(ct, &vec![share[0] * taps; x.shape[1]]);
    let attributes = [
        ("kernel_shape", window.kernel.clone().into()),
        ("pads", pads.into()),
        ("count_include_pad", 1.into()),
    ];
    Some(e.op("AveragePool", &[&ct], &attributes, &x.shape))
}
