// SPDX-License-Identifier: MPL-2.0
//! The processor's vectors: which instruction set is used, and how a loop is run on it.
//!
//! A loop is a [`Task`], written once for any [`Isa`]; [`Simd::run`] compiles it for every instruction set and
//! takes the asked one at run time. All of it is safe code: `pulp`'s tokens prove that the processor has what they
//! stand for.

mod isa;
pub(crate) mod pairs;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

pub(crate) use isa::{Ascending, Complex, Descending, Isa, MOST_LANES, RowOrder};

/// The vectors that own loops use. Fourier transforms of `rustfft` choose for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Simd {
    /// What every processor of the platform has: four lanes.
    Scalar,
    /// AVX2 and FMA: eight lanes.
    Avx2,
    /// AVX-512: sixteen lanes.
    Avx512,
}

/// The variable that lowers the choice: `scalar` or `avx2`. Anything else leaves it as it is.
const VARIABLE: &str = "STEERLENS_SIMD";

impl Simd {
    /// The widest vectors of this machine, or what the variable `STEERLENS_SIMD` (`scalar`, `avx2`) lowers them to.
    pub fn best() -> Self {
        static BEST: OnceLock<Simd> = OnceLock::new();
        *BEST.get_or_init(|| Self::widest().min(Self::wanted(std::env::var(VARIABLE).ok().as_deref())))
    }

    fn wanted(name: Option<&str>) -> Self {
        match name {
            Some("scalar") => Self::Scalar,
            Some("avx2") => Self::Avx2,
            _ => Self::Avx512,
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn widest() -> Self {
        if pulp::x86::V4::try_new().is_some() {
            Self::Avx512
        } else if pulp::x86::V3::try_new().is_some() {
            Self::Avx2
        } else {
            Self::Scalar
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn widest() -> Self {
        Self::Scalar
    }

    /// Lanes of a vector of `f32`.
    pub(crate) fn lanes(self) -> usize {
        match self {
            Self::Scalar => 4,
            Self::Avx2 => 8,
            Self::Avx512 => MOST_LANES,
        }
    }

    /// Runs a task on these vectors; without them, on none.
    pub(crate) fn run<T: Task>(self, task: T) -> T::Output {
        #[cfg(target_arch = "x86_64")]
        match self {
            Self::Avx512 => {
                if let Some(simd) = pulp::x86::V4::try_new() {
                    return vectorize(simd, task);
                }
            }
            Self::Avx2 => {
                if let Some(simd) = pulp::x86::V3::try_new() {
                    return vectorize(simd, task);
                }
            }
            Self::Scalar => (),
        }
        vectorize(pulp::Scalar128b, task)
    }
}

/// A loop over samples, for any vectors.
pub(crate) trait Task {
    /// What comes out.
    type Output;

    /// The loop itself: to be marked `#[inline(always)]`, as everything small that it calls, and free of closures,
    /// so that all of it is compiled for the instruction set.
    fn run<S: Isa>(self, simd: S) -> Self::Output;
}

/// Runs a task as a function of its own, compiled for the instruction set.
#[inline(always)]
pub(crate) fn vectorize<S: Isa, T: Task>(simd: S, task: T) -> T::Output {
    struct With<S, T> {
        simd: S,
        task: T,
    }
    impl<S: Isa, T: Task> pulp::WithSimd for With<S, T> {
        type Output = T::Output;

        #[inline(always)]
        fn with_simd<Same: pulp::Simd>(self, _: Same) -> T::Output {
            self.task.run(self.simd)
        }
    }
    simd.vectorize(With { simd, task })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_only_lowers() {
        assert_eq!(
            [None, Some("avx512"), Some("avx2"), Some("scalar")].map(Simd::wanted),
            [Simd::Avx512, Simd::Avx512, Simd::Avx2, Simd::Scalar]
        );
        assert!(Simd::best() <= Simd::widest());
    }

    #[test]
    fn a_task_runs_on_the_vectors_asked_for() {
        struct Lanes;
        impl Task for Lanes {
            type Output = usize;
            fn run<S: Isa>(self, _: S) -> usize {
                S::F32_LANES
            }
        }
        for simd in [Simd::Scalar, Simd::Avx2, Simd::Avx512] {
            if simd <= Simd::widest() {
                assert_eq!(simd.run(Lanes), simd.lanes());
            }
        }
    }
}
