// SPDX-License-Identifier: MPL-2.0
//! What happened to the picture: distances, explained energy, energy per band (docs/method.md 3).
//!
//! Planes are row major, values 0..1; sums run in f64. No measure says that a person sees the target.

mod cholesky;
mod distance;
mod energy;
mod ssim;
mod warp;

pub use distance::{l2, norm, psnr};
pub use energy::{BandEnergy, band_energies, band_shares};
pub use ssim::ssim;
pub use warp::{Fit, SmoothWarp};
