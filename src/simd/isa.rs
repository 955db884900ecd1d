// SPDX-License-Identifier: MPL-2.0
//! What the loops ask of an instruction set beyond `pulp`.

use pulp::bytemuck::{cast_slice, cast_slice_mut};
use pulp::{Scalar128b, Simd, cast, f32x4};

/// Lanes of the widest vectors.
pub(crate) const MOST_LANES: usize = 16;

/// Complex numbers, one per lane: the real parts, the imaginary parts.
pub(crate) type Complex<S> = [<S as Simd>::f32s; 2];

/// Which rows of a slice are those of a square of `lanes` of them.
pub(crate) trait RowOrder: Copy {
    /// They are the first `lanes` rows of the slice, in some order: what the compiler knows it need not check.
    const FIRST: bool;

    /// The row of the slice that is row `i` of the square.
    fn of(self, i: usize, lanes: usize) -> usize;

    /// Rows of a slice of `len` that need to be looked at.
    #[inline(always)]
    fn span(lanes: usize, len: usize) -> usize {
        if Self::FIRST { lanes } else { len }
    }
}

/// The first rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ascending;

impl RowOrder for Ascending {
    const FIRST: bool = true;

    #[inline(always)]
    fn of(self, i: usize, _: usize) -> usize {
        i
    }
}

/// The first rows, the last of them first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Descending;

impl RowOrder for Descending {
    const FIRST: bool = true;

    #[inline(always)]
    fn of(self, i: usize, lanes: usize) -> usize {
        lanes - 1 - i
    }
}

/// Those of a table.
impl RowOrder for &[u32] {
    const FIRST: bool = false;

    #[inline(always)]
    fn of(self, i: usize, _: usize) -> usize {
        self[i] as usize
    }
}

/// An instruction set. `L` is its number of lanes.
pub(crate) trait Isa: Simd {
    /// Exchanges rows and lanes of a square of `L x L` complex numbers: lane `j` of row `from.of(i)` of `source` goes
    /// to lane `i` of row `to.of(j)` of `target`.
    fn transpose<F: RowOrder, T: RowOrder>(
        self,
        source: &[Complex<Self>],
        from: F,
        target: &mut [Complex<Self>],
        to: T,
    );

    /// `2 L` floats `re im re im ...` to real and imaginary parts.
    fn split(self, pairs: Complex<Self>) -> Complex<Self>;

    /// The reverse of [`Isa::split`].
    fn join(self, parts: Complex<Self>) -> Complex<Self>;

    /// `a b + c`, rounded once where the processor can.
    #[inline(always)]
    fn add_product(self, a: Self::f32s, b: Self::f32s, c: Self::f32s) -> Self::f32s {
        self.mul_add_e_f32s(a, b, c)
    }

    /// `c - a b`, rounded once where the processor can.
    #[inline(always)]
    fn sub_product(self, a: Self::f32s, b: Self::f32s, c: Self::f32s) -> Self::f32s {
        self.negate_mul_add_e_f32s(a, b, c)
    }

    /// `1 / sqrt(a)` to 3e-7 of it, for normal positive `a`.
    fn inverse_sqrt(self, a: Self::f32s) -> Self::f32s;

    /// `a / b` to 2e-7 of it, for normal `b` whose inverse is normal.
    fn divide(self, a: Self::f32s, b: Self::f32s) -> Self::f32s;

    /// The vectors of a slice that is a whole number of them.
    #[inline(always)]
    fn vectors(values: &[f32]) -> &[Self::f32s] {
        cast_slice(values)
    }

    /// As [`Isa::vectors`], to be written.
    #[inline(always)]
    fn vectors_mut(values: &mut [f32]) -> &mut [Self::f32s] {
        cast_slice_mut(values)
    }

    /// The complex vectors of a slice that is a whole number of them.
    #[inline(always)]
    fn complex(values: &[f32]) -> &[Complex<Self>] {
        cast_slice(values)
    }

    /// As [`Isa::complex`], to be written.
    #[inline(always)]
    fn complex_mut(values: &mut [f32]) -> &mut [Complex<Self>] {
        cast_slice_mut(values)
    }

    /// Up to `L` values, and 0 in the other lanes.
    #[inline(always)]
    fn load(self, values: &[f32]) -> Self::f32s {
        match Self::as_simd_f32s(values) {
            ([vector, ..], _) => *vector,
            ([], rest) => self.partial_load_f32s(rest),
        }
    }

    /// Writes the first lanes of a vector, as many as fit.
    #[inline(always)]
    fn store(self, values: &mut [f32], vector: Self::f32s) {
        match Self::as_mut_simd_f32s(values) {
            ([first, ..], _) => *first = vector,
            ([], rest) => self.partial_store_f32s(rest, vector),
        }
    }

    /// Up to `L` complex numbers, and 0 in the other lanes.
    #[inline(always)]
    fn load_complex(self, values: &[f32]) -> Complex<Self> {
        let (low, high) = values.split_at(values.len().min(Self::F32_LANES));
        self.split([self.load(low), self.load(high)])
    }

    /// Writes the first lanes of a complex vector, as many as fit.
    #[inline(always)]
    fn store_complex(self, values: &mut [f32], parts: Complex<Self>) {
        let [low, high] = self.join(parts);
        let (low_values, high_values) = values.split_at_mut(values.len().min(Self::F32_LANES));
        self.store(low_values, low);
        self.store(high_values, high);
    }
}

/// Four lanes that the compiler maps to what every processor of the platform has.
impl Isa for Scalar128b {
    #[inline(always)]
    fn transpose<F: RowOrder, T: RowOrder>(
        self,
        source: &[Complex<Self>],
        from: F,
        target: &mut [Complex<Self>],
        to: T,
    ) {
        let mut rows = [[[0.0f32; 4]; 2]; 4];
        for i in 0..4 {
            let [re, im] = source[from.of(i, 4)];
            rows[i] = [cast(re), cast(im)];
        }
        for lane in 0..4 {
            for part in 0..2 {
                let [a, b, c, d] = rows;
                let column = [a[part][lane], b[part][lane], c[part][lane], d[part][lane]];
                target[to.of(lane, 4)][part] = cast(column);
            }
        }
    }

    #[inline(always)]
    fn split(self, [low, high]: Complex<Self>) -> Complex<Self> {
        [
            f32x4(low.0, low.2, high.0, high.2),
            f32x4(low.1, low.3, high.1, high.3),
        ]
    }

    #[inline(always)]
    fn join(self, [re, im]: Complex<Self>) -> Complex<Self> {
        [f32x4(re.0, im.0, re.1, im.1), f32x4(re.2, im.2, re.3, im.3)]
    }

    /// Without an instruction for it, a fused product is a call of the C library.
    #[inline(always)]
    fn add_product(self, a: f32x4, b: f32x4, c: f32x4) -> f32x4 {
        self.add_f32s(c, self.mul_f32s(a, b))
    }

    #[inline(always)]
    fn sub_product(self, a: f32x4, b: f32x4, c: f32x4) -> f32x4 {
        self.sub_f32s(c, self.mul_f32s(a, b))
    }

    #[inline(always)]
    fn inverse_sqrt(self, a: f32x4) -> f32x4 {
        self.divide(self.splat_f32s(1.0), self.sqrt_f32s(a))
    }

    #[inline(always)]
    fn divide(self, a: f32x4, b: f32x4) -> f32x4 {
        f32x4(a.0 / b.0, a.1 / b.1, a.2 / b.2, a.3 / b.3)
    }
}
