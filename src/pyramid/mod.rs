// SPDX-License-Identifier: MPL-2.0
//! The Parseval complex steerable pyramid (docs/method.md 1; Simoncelli & Freeman 1995; Portilla & Simoncelli 2000).
//!
//! A real plane becomes complex bands `(j, k)`: radial band `j` (0 is the finest) and orientation `k`, each
//! analytic, so that a coefficient's angle is the local phase of a structure of that scale and orientation and a
//! shift of the structure turns it. Analysis `A` and synthesis `S` are adjoint to each other, and with the two
//! residuals `S A x = x` for every size.
//!
//! [`Plan`] holds what a size needs and is made once; [`Workspace`] analyses and synthesises planes, with the buffers
//! of one thread; [`Bands`] are the coefficients of one plane. Residuals are never edited, so the way back that matters adds a *change* of bands
//! to the picture: `x' = x + Re S(c' - c)` (docs/method.md 1.7).
//!
//! Conventions: planes are row major, `y` points down, the transform is periodic. The Fourier transform has no
//! factor, its inverse has `1/N`. Band `k` keeps the frequencies on the side of `(cos pi k/K, sin pi k/K)`. A
//! cosine of amplitude `a` that one band alone sees has `|c| = a/sqrt(2)` there.

mod bands;
mod coordinates;
mod error;
mod fft;
mod grid;
mod kernel;
mod layout;
mod masks;
mod plan;
mod portable;
mod residual;
mod runs;
mod spec;
mod workspace;

pub use bands::{Band, Bands};
pub use error::{Error, MAX_PIXELS};
pub use num_complex::Complex32;
pub use plan::Plan;
pub use residual::Residuals;
pub use spec::{Grid, Spec};
pub use workspace::Workspace;

pub use crate::simd::Simd;

pub(crate) use coordinates::Coordinates;
pub(crate) use fft::{ImageScratch, ImageTransform};
pub(crate) use layout::BandLayout;
pub(crate) use plan::{Transforms, default_octaves};
pub(crate) use workspace::PlaneTransforms;
