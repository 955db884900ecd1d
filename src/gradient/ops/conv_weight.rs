// SPDX-License-Identifier: MPL-2.0
//! What a computed weight of a Conv gets, as of networks that mix their kernels for each picture.
//!
//! `ct_W[o, i, k] = sum over n, p of x[n, i, s p + d k - pad] ct[n, o, p]`: a Conv again, of `x` with `ct` as the kernel,
//! pictures in the place of channels, strides and dilations exchanged. Groups stay groups.

use super::indexing::padded;
use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::signed;
use crate::gradient::rule::{Call, Stop};
use crate::gradient::window::Window;

/// The cotangent of the weight. `skipped`: elements of each axis that lie before the first window.
pub(super) fn cotangent(
    e: &mut Emit<'_>,
    c: &Call<'_>,
    window: &Window,
    skipped: &[usize],
) -> Result<Value, Stop> {
    let (x, w, y) = (c.input(0)?.clone(), c.input(1)?.clone(), c.y()?.clone());
    let none = vec![0; x.rank()];
    let before: Vec<i64> = signed(skipped).iter().map(|s| -s).collect();
    let x = padded(e, &x, &[&[0, 0], &before[..]].concat(), &none);
    let group = usize::try_from(c.node.int("group", 1)).unwrap_or(1).max(1);
    let (pictures, made, each) = (x.shape[0], y.shape[1], x.shape[1] / group);
    let (from, to) = (&x.shape[2..], &y.shape[2..]);
    let later = |first: &[usize], rest: usize| -> Vec<usize> {
        let count = first.len();
        first.iter().copied().chain(count..count + rest).collect()
    };

    // [N, G I, ..] -> [I, G N, ..]
    let split = e.reshape(&x, &[&[pictures, group, each], from].concat());
    let turned = e.transpose(&split, &later(&[2, 1, 0], from.len()));
    let turned = e.reshape(&turned, &[&[each, group * pictures], from].concat());
    // [N, O, ..] -> [O, N, ..]
    let ct = e.full(&c.ct, &y.shape);
    let kernel = e.transpose(&ct, &later(&[1, 0], to.len()));

    // The end pads with which just the weight's extents come out; less than none cuts what no window used.
    let (xs, ys) = (signed(from), signed(to));
    let end: Vec<i64> = (0..from.len())
        .map(|i| window.reach(i) + window.strides[i] * (ys[i] - 1) + 1 - xs[i] - window.begin[i])
        .collect();
    let cut: Vec<i64> = end.iter().map(|p| *p.min(&0)).collect();
    let turned = padded(e, &turned, &none, &[&[0, 0], &cut[..]].concat());
    let end: Vec<i64> = end.iter().map(|p| *p.max(&0)).collect();

    let attributes = [
        ("group", signed(&[group])[0].into()),
        ("kernel_shape", ys.into()),
        ("strides", window.dilations.clone().into()),
        ("dilations", window.strides.clone().into()),
        ("pads", [window.begin.clone(), end].concat().into()),
    ];
    let shape = [&[each, made], &w.shape[2..]].concat();
    let summed = e.op("Conv", &[&turned, &kernel], &attributes, &shape);
    Ok(e.transpose(&summed, &later(&[1, 0], to.len())))
}
