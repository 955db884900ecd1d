// SPDX-License-Identifier: MPL-2.0
//! Where in scale and orientation a picture's energy lies, or an edit's.

use crate::pyramid::{Plan, Workspace};

/// The energy of one band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BandEnergy {
    /// Radial band, 0 is the finest.
    pub scale: usize,
    /// Orientation `k` of `K`; see [`crate::pyramid::Band::orientation`].
    pub orientation: usize,
    /// `w_b sum |c_b|^2`: its share of the plane's sum of squares (docs/method.md 1.4).
    pub energy: f64,
}

/// The energy of a plane in every band of a pyramid; what is missing to its sum of squares lies in the residuals.
///
/// # Panics
/// When plane or workspace are not of the plan's size.
pub fn band_energies(plan: &Plan, plane: &[f32], workspace: &mut Workspace) -> Vec<BandEnergy> {
    let mut bands = plan.coefficients();
    workspace.analyse(plane, &mut bands);
    plan.bands()
        .iter()
        .map(|band| {
            let sum: f64 = bands.band(band).iter().map(|c| f64::from(c.norm_sqr())).sum();
            BandEnergy {
                scale: band.scale,
                orientation: band.orientation,
                energy: band.weight * sum,
            }
        })
        .collect()
}

/// The share of a plane's sum of squares in every band of a pyramid, `[scale, orientation]` from the finest scale, where the
/// plan has so many orientations; what is missing to 1 lies in the residuals. All are 0 where the plane is, and where a
/// band was left out for want of frequencies.
///
/// # Panics
/// When plane or workspace are not of the plan's size.
pub fn band_shares(plan: &Plan, plane: &[f32], orientations: usize, workspace: &mut Workspace) -> Vec<f32> {
    let all: f64 = plane.iter().map(|value| f64::from(*value).powi(2)).sum();
    let mut shares = vec![0.0; plan.nominal_bands()];
    for band in band_energies(plan, plane, workspace) {
        if let Some(share) = shares.get_mut(band.scale * orientations + band.orientation)
            && all > 0.0
        {
            *share = (band.energy / all) as f32;
        }
    }
    shares
}
