// SPDX-License-Identifier: MPL-2.0
//! From bands to a plane (docs/method.md 1.4, 1.7): the adjoint of the analysis, without the residuals.
//!
//! Coefficients of a change go in, the change of the plane comes out: `Re S(c' - c)`.

use aligned_vec::avec;

use super::{Bands, Plan, Spectrum, Workspace};

impl Plan {
    /// Takes in one strip of a band; its coefficients may be used up. When all are there, [`Plan::close_band`] adds the
    /// band to the spectrum that [`Plan::render`] will turn into a plane.
    pub(crate) fn write_strip(
        &self,
        (band, strip): (usize, usize),
        coefficients: &mut [f32],
        spectrum: &mut Spectrum,
        workspace: &mut Workspace,
    ) {
        self.back_end.write_strip(
            (band, strip),
            coefficients,
            &mut spectrum.values,
            &mut workspace.room,
        );
    }

    /// Adds the band whose strips have been taken in to the spectrum.
    pub(crate) fn close_band(&self, band: usize, spectrum: &mut Spectrum, workspace: &mut Workspace) {
        self.back_end
            .close_band(band, &mut spectrum.values, &mut workspace.room);
    }

    /// The plane of a spectrum that bands were added to, `[height, width]`. The spectrum may be
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

    /// The plane of all bands: `Re S c`. Allocates: what runs per frame goes strip by strip.
    ///
    /// # Panics
    /// When the plane or the buffers are of another size.
    pub fn synthesise(&self, bands: &Bands, plane: &mut [f32], workspace: &mut Workspace) {
        let mut spectrum = self.spectrum();
        for (index, band) in self.bands.iter().enumerate() {
            let order = self.order(index);
            let mut strips = avec![0.0; 2 * order.len()];
            order.complex_to_vectors(bands.band(band), &mut strips);
            for (strip, coefficients) in strips.chunks_exact_mut(2 * order.stride()).enumerate() {
                self.write_strip((index, strip), coefficients, &mut spectrum, workspace);
            }
            self.close_band(index, &mut spectrum, workspace);
        }
        self.render(&mut spectrum, plane, workspace);
    }
}
