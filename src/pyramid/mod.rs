// SPDX-License-Identifier: MPL-2.0
//! The Parseval complex steerable pyramid (METHOD.md 1): masks, plans, analysis and synthesis.

/// The sampling grid of the bands (METHOD.md 1.5). Both grids have the same masks and perfect reconstruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grid {
    /// Octave grid: band `(j,k)` has `ceil(W/2^o) x ceil(H/2^o)` samples.
    Exact,
    /// Row-span grid: as few samples as keep the band's frequencies apart.
    Fast,
}
