// SPDX-License-Identifier: MPL-2.0
//! Complex numbers one by one, and in vectors: the real parts of a vector's lanes, then the imaginary parts.

use num_complex::Complex32;
use pulp::bytemuck::{cast_slice, cast_slice_mut};

use super::{Isa, Simd, Task};

/// To vectors, the last one filled up with zeros.
///
/// # Panics
/// When `vectors` is not a whole number of them.
pub(crate) fn split(simd: Simd, numbers: &[Complex32], vectors: &mut [f32]) {
    simd.run(Split {
        numbers: cast_slice(numbers),
        vectors,
    });
}

/// The reverse of [`split`].
///
/// # Panics
/// When `vectors` is not a whole number of them.
pub(crate) fn join(simd: Simd, vectors: &[f32], numbers: &mut [Complex32]) {
    simd.run(Join {
        vectors,
        numbers: cast_slice_mut(numbers),
    });
}

struct Split<'a> {
    numbers: &'a [f32],
    vectors: &'a mut [f32],
}

impl Task for Split<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let vectors = S::complex_mut(self.vectors).iter_mut();
        for (vector, numbers) in vectors.zip(self.numbers.chunks(2 * S::F32_LANES)) {
            *vector = simd.load_complex(numbers);
        }
    }
}

struct Join<'a> {
    vectors: &'a [f32],
    numbers: &'a mut [f32],
}

impl Task for Join<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let vectors = S::complex(self.vectors).iter();
        for (vector, numbers) in vectors.zip(self.numbers.chunks_mut(2 * S::F32_LANES)) {
            simd.store_complex(numbers, *vector);
        }
    }
}
