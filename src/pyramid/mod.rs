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
mod fft;
mod grid;
mod kernel;
mod layout;
mod masks;
mod plan;
mod portable;
mod residual;
mod runs;
mod workspace;

pub use bands::{Band, Bands};
pub use num_complex::Complex32;
pub use plan::Plan;
pub use residual::Residuals;
pub use workspace::Workspace;

pub use crate::simd::Simd;

use crate::settings::{choice, group};

pub(crate) use coordinates::Coordinates;
pub(crate) use fft::{ImageScratch, ImageTransform};
pub(crate) use layout::BandLayout;
pub(crate) use plan::{Transforms, default_octaves};
pub(crate) use workspace::PlaneTransforms;

choice! {
    /// docs/method.md 1.5. Both grids have the same masks and perfect reconstruction.
    pub enum Grid = "grid", Fast, "The sampling grid of the pyramid's bands" {
        /// Octave grid: band `(j,k)` has `ceil(W/2^o) x ceil(H/2^o)` samples.
        Exact = "exact": "Octave grid, comparable with the published method",
        Fast = "fast": "Fewer samples, same masks; the picture is the same to the eye",
    }
}

group! {
    /// Which pyramid (docs/method.md 1.1, 1.6).
    pub struct Spec {
        orientations: count(ORIENTATIONS, "orientations", 4, 2, 8, "Orientations of the pyramid"),
        octaves: count(OCTAVES, "octaves", 0, 0, 12, "Octaves of the pyramid; 0: from the size"),
        grid: choice(Grid),
        bands_per_octave: plain(usize, 1, "Radial bands per octave, 1 or 2."),
        simd: plain(Simd, Simd::best(),
            "The widest vectors that may be used; what the machine does not have, or `STEERLENS_SIMD` rules out, is lowered to what there is."),
    }
}

/// The largest area a plan is made for: 2^28 pixels, so that every index fits 32 bits.
pub const MAX_PIXELS: usize = 1 << 28;

/// What no pyramid can be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The plane is empty or too large.
    #[error(
        "a picture of {width}x{height} pixels has no pyramid: both sides must be at least 1 and the area at most {MAX_PIXELS} pixels"
    )]
    Size {
        /// Columns asked for.
        width: usize,
        /// Rows asked for.
        height: usize,
    },
    /// The number of orientations is out of range.
    #[error("the pyramid has 2 to 8 orientations, not {orientations}")]
    Orientations {
        /// The number asked for.
        orientations: u32,
    },
    /// The number of radial bands per octave is out of range.
    #[error("the pyramid has 1 or 2 bands per octave, not {bands_per_octave}")]
    BandsPerOctave {
        /// The number asked for.
        bands_per_octave: usize,
    },
}
