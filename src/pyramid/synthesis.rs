// SPDX-License-Identifier: MPL-2.0
//! From bands to a plane (METHOD.md 1.4, 1.7): the adjoint of the analysis, without the residuals.
//!
//! Coefficients of a change go in, the change of the plane comes out: `Re S(c' - c)`.

use num_complex::Complex32;

use super::{Bands, Plan, Spectrum, Workspace};

impl Plan {
    /// Adds one band's part to a spectrum that [`Plan::render`] will turn into a plane. The coefficients may be
    /// used up.
    ///
    /// # Panics
    /// When there is no such band or a buffer is of another size.
    pub fn synthesise_band(
        &self,
        band: usize,
        coefficients: &mut [Complex32],
        spectrum: &mut Spectrum,
        workspace: &mut Workspace,
    ) {
        self.check_len(band, coefficients);
        self.back_end
            .synthesise_band(band, coefficients, &mut spectrum.values, &mut workspace.room);
    }

    /// The plane of a spectrum gathered by [`Plan::synthesise_band`], `[height, width]`. The spectrum may be
    /// used up.
    ///
    /// # Panics
    /// When the plane or the buffers are of another size.
    pub fn render(&self, spectrum: &mut Spectrum, plane: &mut [f32], workspace: &mut Workspace) {
        assert_eq!(
            plane.len(),
            self.width * self.height,
            "the plane has the plan's size"
        );
        self.back_end
            .render(&mut spectrum.values, plane, &mut workspace.room);
    }

    /// The plane of all bands: `Re S c`. Allocates a spectrum and a band.
    ///
    /// # Panics
    /// When the plane or the buffers are of another size.
    pub fn synthesise(&self, bands: &Bands, plane: &mut [f32], workspace: &mut Workspace) {
        let mut spectrum = self.spectrum();
        for (index, band) in self.bands.iter().enumerate() {
            let mut coefficients = bands.band(band).to_vec();
            self.synthesise_band(index, &mut coefficients, &mut spectrum, workspace);
        }
        self.render(&mut spectrum, plane, workspace);
    }
}
