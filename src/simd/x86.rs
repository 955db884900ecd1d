// SPDX-License-Identifier: MPL-2.0
//! AVX2 and AVX-512.

use pulp::x86::{V3, V4};
use pulp::{cast, f32x8, f32x16, u32x16};

use super::{Complex, Isa, RowOrder};

/// A quotient from an estimate of `1 / b` of 12 bits or more: one step of Newton's method makes 23 of them, and the
/// remainder of the quotient corrects the last.
#[inline(always)]
fn divide<S: Isa>(simd: S, a: S::f32s, b: S::f32s, estimate: S::f32s) -> S::f32s {
    let error = simd.sub_product(b, estimate, simd.splat_f32s(1.0));
    let inverse = simd.add_product(estimate, error, estimate);
    let quotient = simd.mul_f32s(a, inverse);
    let rest = simd.sub_product(b, quotient, a);
    simd.add_product(rest, inverse, quotient)
}

/// One step of Newton's method from an estimate `y` of `1 / sqrt(a)`: `y + y/2 (1 - a y^2)`.
#[inline(always)]
fn inverse_sqrt<S: Isa>(simd: S, a: S::f32s, estimate: S::f32s) -> S::f32s {
    let error = simd.sub_product(simd.mul_f32s(a, estimate), estimate, simd.splat_f32s(1.0));
    let half = simd.mul_f32s(estimate, simd.splat_f32s(0.5));
    simd.add_product(half, error, estimate)
}

impl Isa for V3 {
    #[inline(always)]
    fn transpose<F: RowOrder, T: RowOrder>(
        self,
        source: &[Complex<Self>],
        from: F,
        target: &mut [Complex<Self>],
        to: T,
    ) {
        let source = &source[..F::span(8, source.len())];
        let span = T::span(8, target.len());
        let target = &mut target[..span];
        let avx = self.avx;
        for part in 0..2 {
            let mut rows = [avx._mm256_setzero_ps(); 8];
            for i in 0..8 {
                rows[i] = cast(source[from.of(i, 8)][part]);
            }
            let mut pairs = rows;
            for i in 0..4 {
                pairs[2 * i] = avx._mm256_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
                pairs[2 * i + 1] = avx._mm256_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
            }
            // Four rows: rows[4 i + c] holds lanes c, 4 + c of rows 4 i to 4 i + 3.
            for i in 0..2 {
                for k in 0..2 {
                    let (low, high) = (pairs[4 * i + k], pairs[4 * i + k + 2]);
                    rows[4 * i + 2 * k] = avx._mm256_shuffle_ps::<0x44>(low, high);
                    rows[4 * i + 2 * k + 1] = avx._mm256_shuffle_ps::<0xee>(low, high);
                }
            }
            for i in 0..4 {
                let low = avx._mm256_permute2f128_ps::<0x20>(rows[i], rows[i + 4]);
                let high = avx._mm256_permute2f128_ps::<0x31>(rows[i], rows[i + 4]);
                target[to.of(i, 8)][part] = cast(low);
                target[to.of(i + 4, 8)][part] = cast(high);
            }
        }
    }

    #[inline(always)]
    fn split(self, [low, high]: Complex<Self>) -> Complex<Self> {
        let (even, odd) = (
            self.avx._mm256_shuffle_ps::<0x88>(cast(low), cast(high)),
            self.avx._mm256_shuffle_ps::<0xdd>(cast(low), cast(high)),
        );
        // The halves are interleaved still, by two floats.
        [
            cast(self.avx2._mm256_permute4x64_pd::<0xd8>(cast(even))),
            cast(self.avx2._mm256_permute4x64_pd::<0xd8>(cast(odd))),
        ]
    }

    #[inline(always)]
    fn join(self, [re, im]: Complex<Self>) -> Complex<Self> {
        let (low, high) = (
            self.avx._mm256_unpacklo_ps(cast(re), cast(im)),
            self.avx._mm256_unpackhi_ps(cast(re), cast(im)),
        );
        [
            cast(self.avx._mm256_permute2f128_ps::<0x20>(low, high)),
            cast(self.avx._mm256_permute2f128_ps::<0x31>(low, high)),
        ]
    }

    #[inline(always)]
    fn inverse_sqrt(self, a: f32x8) -> f32x8 {
        inverse_sqrt(self, a, cast(self.avx._mm256_rsqrt_ps(cast(a))))
    }

    #[inline(always)]
    fn divide(self, a: f32x8, b: f32x8) -> f32x8 {
        divide(self, a, b, cast(self.avx._mm256_rcp_ps(cast(b))))
    }
}

impl Isa for V4 {
    #[inline(always)]
    fn transpose<F: RowOrder, T: RowOrder>(
        self,
        source: &[Complex<Self>],
        from: F,
        target: &mut [Complex<Self>],
        to: T,
    ) {
        let source = &source[..F::span(16, source.len())];
        let span = T::span(16, target.len());
        let target = &mut target[..span];
        let avx = self.avx512f;
        for part in 0..2 {
            let mut rows = [avx._mm512_setzero_ps(); 16];
            for i in 0..16 {
                rows[i] = cast(source[from.of(i, 16)][part]);
            }
            let mut pairs = rows;
            for i in 0..8 {
                pairs[2 * i] = avx._mm512_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
                pairs[2 * i + 1] = avx._mm512_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
            }
            // Four rows: rows[4 i + c] holds lanes c, 4 + c, 8 + c, 12 + c of rows 4 i to 4 i + 3.
            for i in 0..4 {
                for k in 0..2 {
                    let (low, high) = (pairs[4 * i + k], pairs[4 * i + k + 2]);
                    rows[4 * i + 2 * k] = avx._mm512_shuffle_ps::<0x44>(low, high);
                    rows[4 * i + 2 * k + 1] = avx._mm512_shuffle_ps::<0xee>(low, high);
                }
            }
            // The same transpose again, of quarters of vectors.
            for c in 0..4 {
                let upper_even = avx._mm512_shuffle_f32x4::<0x88>(rows[c], rows[4 + c]);
                let upper_odd = avx._mm512_shuffle_f32x4::<0xdd>(rows[c], rows[4 + c]);
                let lower_even = avx._mm512_shuffle_f32x4::<0x88>(rows[8 + c], rows[12 + c]);
                let lower_odd = avx._mm512_shuffle_f32x4::<0xdd>(rows[8 + c], rows[12 + c]);
                target[to.of(c, 16)][part] = cast(avx._mm512_shuffle_f32x4::<0x88>(upper_even, lower_even));
                target[to.of(4 + c, 16)][part] = cast(avx._mm512_shuffle_f32x4::<0x88>(upper_odd, lower_odd));
                target[to.of(8 + c, 16)][part] =
                    cast(avx._mm512_shuffle_f32x4::<0xdd>(upper_even, lower_even));
                target[to.of(12 + c, 16)][part] =
                    cast(avx._mm512_shuffle_f32x4::<0xdd>(upper_odd, lower_odd));
            }
        }
    }

    #[inline(always)]
    fn split(self, [low, high]: Complex<Self>) -> Complex<Self> {
        const EVEN: u32x16 = u32x16(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        const ODD: u32x16 = u32x16(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
        self.pick(low, high, EVEN, ODD)
    }

    #[inline(always)]
    fn join(self, [re, im]: Complex<Self>) -> Complex<Self> {
        const LOW: u32x16 = u32x16(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const HIGH: u32x16 = u32x16(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        self.pick(re, im, LOW, HIGH)
    }

    #[inline(always)]
    fn inverse_sqrt(self, a: f32x16) -> f32x16 {
        inverse_sqrt(self, a, cast(self.avx512f._mm512_rsqrt14_ps(cast(a))))
    }

    #[inline(always)]
    fn divide(self, a: f32x16, b: f32x16) -> f32x16 {
        divide(self, a, b, cast(self.avx512f._mm512_rcp14_ps(cast(b))))
    }
}

/// Two choices of lanes from a pair of vectors.
trait Pick {
    fn pick(self, a: f32x16, b: f32x16, first: u32x16, second: u32x16) -> [f32x16; 2];
}

impl Pick for V4 {
    #[inline(always)]
    fn pick(self, a: f32x16, b: f32x16, first: u32x16, second: u32x16) -> [f32x16; 2] {
        let avx = self.avx512f;
        [
            cast(avx._mm512_permutex2var_ps(cast(a), cast(first), cast(b))),
            cast(avx._mm512_permutex2var_ps(cast(a), cast(second), cast(b))),
        ]
    }
}
