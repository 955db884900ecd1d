// SPDX-License-Identifier: MPL-2.0
//! What the loops ask of an instruction set beyond `pulp`.

use pulp::bytemuck::{cast_slice, cast_slice_mut};
use pulp::{Scalar, Simd};

/// Lanes of the widest vectors.
pub(crate) const MOST_LANES: usize = 16;

/// Complex numbers, one per lane: the real parts, the imaginary parts.
pub(crate) type Complex<S> = [<S as Simd>::f32s; 2];

/// An instruction set. `L` is its number of lanes.
pub(crate) trait Isa: Simd {
    /// Exchanges rows and lanes of a square of `L x L` complex numbers: lane `j` of row `from[i]` of `source` goes to
    /// lane `i` of row `to[j]` of `target`. Both tables have `L` entries at least.
    fn transpose(self, source: &[Complex<Self>], from: &[u32], target: &mut [Complex<Self>], to: &[u32]);

    /// `2 L` floats `re im re im ...` to real and imaginary parts.
    fn split(self, pairs: Complex<Self>) -> Complex<Self>;

    /// The reverse of [`Isa::split`].
    fn join(self, parts: Complex<Self>) -> Complex<Self>;

    /// `1 / sqrt(a)` to 3e-7 of it, for normal positive `a`.
    fn inverse_sqrt(self, a: Self::f32s) -> Self::f32s;

    /// `a / b` to 2e-7 of it, for normal `b` whose inverse is normal.
    fn divide(self, a: Self::f32s, b: Self::f32s) -> Self::f32s;

    /// The vectors of a slice that is a whole number of them.
    #[inline(always)]
    fn vectors(values: &[f32]) -> &[Self::f32s] {
        cast_slice(values)
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

    /// Writes the first lanes of a vector, as many as there is room for.
    #[inline(always)]
    fn store(self, values: &mut [f32], vector: Self::f32s) {
        match Self::as_mut_simd_f32s(values) {
            ([room, ..], _) => *room = vector,
            ([], rest) => self.partial_store_f32s(rest, vector),
        }
    }

    /// Up to `L` complex numbers, and 0 in the other lanes.
    #[inline(always)]
    fn load_complex(self, values: &[f32]) -> Complex<Self> {
        let (low, high) = values.split_at(values.len().min(Self::F32_LANES));
        self.split([self.load(low), self.load(high)])
    }

    /// Writes the first lanes of a complex vector, as many as there is room for.
    #[inline(always)]
    fn store_complex(self, values: &mut [f32], parts: Complex<Self>) {
        let [low, high] = self.join(parts);
        let (low_room, high_room) = values.split_at_mut(values.len().min(Self::F32_LANES));
        self.store(low_room, low);
        self.store(high_room, high);
    }
}

impl Isa for Scalar {
    #[inline(always)]
    fn transpose(self, source: &[Complex<Self>], from: &[u32], target: &mut [Complex<Self>], to: &[u32]) {
        target[to[0] as usize] = source[from[0] as usize];
    }

    #[inline(always)]
    fn split(self, pairs: Complex<Self>) -> Complex<Self> {
        pairs
    }

    #[inline(always)]
    fn join(self, parts: Complex<Self>) -> Complex<Self> {
        parts
    }

    #[inline(always)]
    fn inverse_sqrt(self, a: f32) -> f32 {
        1.0 / a.sqrt()
    }

    #[inline(always)]
    fn divide(self, a: f32, b: f32) -> f32 {
        a / b
    }
}
