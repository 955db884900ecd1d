// SPDX-License-Identifier: MPL-2.0
//! One pass of a transform over its columns.

use crate::simd::{Complex, Isa, Task, vectorize};

use super::butterfly::{MOST_ODD, odd, transform, turn};

/// One factor of a length, and what its pass multiplies by.
#[derive(Debug, Clone)]
pub(super) struct RadixPass {
    pub(super) radix: usize,
    /// Length of the blocks that the pass works on, in vectors.
    pub(super) block: usize,
    /// `(cos, sin)` of `2 pi j q / block`: for every `j` below `block / radix`, those of `q = 1..radix`.
    twiddles: Vec<[f32; 2]>,
    /// `(cos, sin)` of `2 pi k / radix`.
    roots: Vec<[f32; 2]>,
}

impl RadixPass {
    pub(super) fn new(radix: usize, block: usize) -> Self {
        let root = |numerator: usize, n: usize| {
            let (sin, cos) = (std::f64::consts::TAU * (numerator % n) as f64 / n as f64).sin_cos();
            [cos as f32, sin as f32]
        };
        let columns = 0..block / radix;
        Self {
            radix,
            block,
            twiddles: columns
                .flat_map(|j| (1..radix).map(move |q| root(j * q, block)))
                .collect(),
            roots: (0..radix).map(|k| root(k, radix)).collect(),
        }
    }

    /// From frequencies towards samples: transform across the parts of each block, then turn.
    pub(super) fn inverse<S: Isa>(&self, simd: S, columns: &mut [f32]) {
        self.pass::<S, true>(simd, columns);
    }

    /// From samples towards frequencies: turn, then transform.
    pub(super) fn forward<S: Isa>(&self, simd: S, columns: &mut [f32]) {
        self.pass::<S, false>(simd, columns);
    }

    fn pass<S: Isa, const INVERSE: bool>(&self, simd: S, columns: &mut [f32]) {
        let pass = self;
        match self.radix {
            2 => vectorize(simd, SmallRadix::<2, INVERSE> { pass, columns }),
            3 => vectorize(simd, SmallRadix::<3, INVERSE> { pass, columns }),
            4 => vectorize(simd, SmallRadix::<4, INVERSE> { pass, columns }),
            5 => vectorize(simd, SmallRadix::<5, INVERSE> { pass, columns }),
            7 => vectorize(simd, SmallRadix::<7, INVERSE> { pass, columns }),
            8 => vectorize(simd, SmallRadix::<8, INVERSE> { pass, columns }),
            _ => vectorize(simd, PrimeRadix::<INVERSE> { pass, columns }),
        }
    }
}

/// A pass of a small radix: the vectors stay in registers.
struct SmallRadix<'a, const R: usize, const INVERSE: bool> {
    pass: &'a RadixPass,
    columns: &'a mut [f32],
}

impl<const R: usize, const INVERSE: bool> Task for SmallRadix<'_, R, INVERSE> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let (columns, roots) = (S::complex_mut(self.columns), &self.pass.roots[..R]);
        let part = self.pass.block / R;
        if part == 1 {
            // Nothing turns.
            for block in columns.as_chunks_mut::<R>().0 {
                let mut a = *block;
                orient::<S, INVERSE>(&mut a);
                a = transform(simd, a, roots);
                orient::<S, INVERSE>(&mut a);
                *block = a;
            }
            return;
        }
        for block in columns.chunks_exact_mut(self.pass.block) {
            let mut parts = block.chunks_exact_mut(part);
            let rows: [&mut [Complex<S>]; R] = std::array::from_fn(|_| parts.next().unwrap_or_default());
            for (j, twiddles) in (0..part).zip(self.pass.twiddles.chunks_exact(R - 1)) {
                let mut a = [rows[0][j]; R];
                for q in 1..R {
                    a[q] = rows[q][j];
                }
                orient::<S, INVERSE>(&mut a);
                if INVERSE {
                    a = transform(simd, a, roots);
                }
                for q in 1..R {
                    a[q] = turn(simd, a[q], twiddles[q - 1]);
                }
                if !INVERSE {
                    a = transform(simd, a, roots);
                }
                orient::<S, INVERSE>(&mut a);
                for q in 0..R {
                    rows[q][j] = a[q];
                }
            }
        }
    }
}

/// A pass of any other prime radix.
struct PrimeRadix<'a, const INVERSE: bool> {
    pass: &'a RadixPass,
    columns: &'a mut [f32],
}

impl<const INVERSE: bool> Task for PrimeRadix<'_, INVERSE> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let RadixPass {
            radix,
            block,
            twiddles,
            roots,
        } = self.pass;
        let part = block / radix;
        let mut buffer = [[simd.splat_f32s(0.0); 2]; MOST_ODD];
        let a = &mut buffer[..*radix];
        for block in S::complex_mut(self.columns).chunks_exact_mut(*block) {
            for (j, twiddles) in (0..part).zip(twiddles.chunks_exact(radix - 1)) {
                for q in 0..*radix {
                    a[q] = block[j + q * part];
                }
                orient::<S, INVERSE>(a);
                if INVERSE {
                    odd(simd, a, roots);
                }
                for q in 1..*radix {
                    a[q] = turn(simd, a[q], twiddles[q - 1]);
                }
                if !INVERSE {
                    odd(simd, a, roots);
                }
                orient::<S, INVERSE>(a);
                for q in 0..*radix {
                    block[j + q * part] = a[q];
                }
            }
        }
    }
}

/// Exchanges real and imaginary parts where that makes an inverse of a forward transform.
#[inline(always)]
fn orient<S: Isa, const INVERSE: bool>(a: &mut [Complex<S>]) {
    if INVERSE {
        for [re, im] in a {
            std::mem::swap(re, im);
        }
    }
}
