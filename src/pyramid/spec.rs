// SPDX-License-Identifier: MPL-2.0
//! Which pyramid.

use crate::settings::{choice, group};
use crate::simd::Simd;

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
