// SPDX-License-Identifier: MPL-2.0
//! Fourier transforms of a few complex vectors, `X_q = sum_k a_k e^(-2 pi i q k / R)`, every lane its own.
//!
//! The inverse needs no code: it is the same with real and imaginary parts exchanged, before and after.

use std::f32::consts::FRAC_1_SQRT_2;

use crate::simd::{Complex, Isa};

/// The transform of `R` vectors: 2, 4, 8, or an odd number. `roots` are `(cos, sin)` of `2 pi k / R`.
#[inline(always)]
pub(super) fn transform<S: Isa, const R: usize>(
    simd: S,
    a: [Complex<S>; R],
    roots: &[[f32; 2]],
) -> [Complex<S>; R] {
    let mut out = a;
    match R {
        2 => (out[0], out[1]) = (add(simd, a[0], a[1]), sub(simd, a[0], a[1])),
        4 => [out[0], out[1], out[2], out[3]] = four(simd, a[0], a[1], a[2], a[3]),
        8 => {
            let even = four(simd, a[0], a[2], a[4], a[6]);
            let odd = four(simd, a[1], a[3], a[5], a[7]);
            let diagonal = simd.splat_f32s(FRAC_1_SQRT_2);
            // odd[1] (1 - i) / sqrt 2 and odd[3] (-1 - i) / sqrt 2, before the factor.
            let first = sub_i(simd, odd[1], odd[1]);
            let third = add_i(simd, odd[3], odd[3]);
            (out[0], out[4]) = (add(simd, even[0], odd[0]), sub(simd, even[0], odd[0]));
            (out[2], out[6]) = (sub_i(simd, even[2], odd[2]), add_i(simd, even[2], odd[2]));
            for part in 0..2 {
                out[1][part] = simd.add_product(first[part], diagonal, even[1][part]);
                out[5][part] = simd.sub_product(first[part], diagonal, even[1][part]);
                out[3][part] = simd.sub_product(third[part], diagonal, even[3][part]);
                out[7][part] = simd.add_product(third[part], diagonal, even[3][part]);
            }
        }
        _ => odd(simd, &mut out, roots),
    }
    out
}

#[inline(always)]
fn four<S: Isa>(simd: S, a: Complex<S>, b: Complex<S>, c: Complex<S>, d: Complex<S>) -> [Complex<S>; 4] {
    let (even_sum, even_difference) = (add(simd, a, c), sub(simd, a, c));
    let (odd_sum, odd_difference) = (add(simd, b, d), sub(simd, b, d));
    [
        add(simd, even_sum, odd_sum),
        sub_i(simd, even_difference, odd_difference),
        sub(simd, even_sum, odd_sum),
        add_i(simd, even_difference, odd_difference),
    ]
}

/// An odd number of vectors in place, at most [`MOST_ODD`]. With sums `s_k` and differences `d_k` of `a_k` and
/// `a_(R-k)`: `X_q = a_0 + sum cos(q k) s_k - i sum sin(q k) d_k`, and `X_(R-q)` with the other sign.
#[inline(always)]
pub(super) fn odd<S: Isa>(simd: S, a: &mut [Complex<S>], roots: &[[f32; 2]]) {
    let (radix, half) = (a.len(), a.len() / 2);
    let mut sums = [a[0]; MOST_ODD / 2];
    let mut differences = sums;
    let first = a[0];
    for k in 1..=half {
        sums[k - 1] = add(simd, a[k], a[radix - k]);
        differences[k - 1] = sub(simd, a[k], a[radix - k]);
        a[0] = add(simd, a[0], sums[k - 1]);
    }
    for q in 1..=half {
        let (mut even, mut odd) = (first, [simd.splat_f32s(0.0); 2]);
        for k in 1..=half {
            let [cos, sin] = roots[q * k % radix];
            let (cos, sin) = (simd.splat_f32s(cos), simd.splat_f32s(sin));
            for part in 0..2 {
                even[part] = simd.add_product(sums[k - 1][part], cos, even[part]);
                odd[part] = simd.add_product(differences[k - 1][part], sin, odd[part]);
            }
        }
        a[q] = sub_i(simd, even, odd);
        a[radix - q] = add_i(simd, even, odd);
    }
}

/// The largest prime that is transformed by its definition: beyond, `rustfft` is quicker.
pub(super) const MOST_ODD: usize = 31;

#[inline(always)]
fn add<S: Isa>(simd: S, a: Complex<S>, b: Complex<S>) -> Complex<S> {
    [simd.add_f32s(a[0], b[0]), simd.add_f32s(a[1], b[1])]
}

#[inline(always)]
fn sub<S: Isa>(simd: S, a: Complex<S>, b: Complex<S>) -> Complex<S> {
    [simd.sub_f32s(a[0], b[0]), simd.sub_f32s(a[1], b[1])]
}

/// `a + i b`.
#[inline(always)]
fn add_i<S: Isa>(simd: S, a: Complex<S>, b: Complex<S>) -> Complex<S> {
    [simd.sub_f32s(a[0], b[1]), simd.add_f32s(a[1], b[0])]
}

/// `a - i b`.
#[inline(always)]
fn sub_i<S: Isa>(simd: S, a: Complex<S>, b: Complex<S>) -> Complex<S> {
    [simd.add_f32s(a[0], b[1]), simd.sub_f32s(a[1], b[0])]
}

/// `a e^(-i angle)` for a twiddle factor `(cos, sin)` of the angle.
#[inline(always)]
pub(super) fn turn<S: Isa>(simd: S, a: Complex<S>, [cos, sin]: [f32; 2]) -> Complex<S> {
    let (cos, sin) = (simd.splat_f32s(cos), simd.splat_f32s(sin));
    [
        simd.add_product(a[1], sin, simd.mul_f32s(a[0], cos)),
        simd.sub_product(a[0], sin, simd.mul_f32s(a[1], cos)),
    ]
}
