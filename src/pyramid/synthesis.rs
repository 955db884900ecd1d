// SPDX-License-Identifier: MPL-2.0
//! From bands to a plane (METHOD.md 1.4, 1.7): the adjoint of the analysis, without the residuals.
//!
//! Coefficients of a change go in, the change of the plane comes out: `Re S(c' - c)`.

use num_complex::Complex32;

use super::fft::{TILE, load_columns};
use super::{Bands, Plan, Spectrum, Workspace};

impl Plan {
    /// Adds one band's part to a spectrum that [`Plan::render`] will turn into a plane. The coefficients are used
    /// up: they hold their row transforms afterwards.
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
        let (band, filter) = (&self.bands[band], &self.filters[band]);
        assert_eq!(
            coefficients.len(),
            band.width * band.height,
            "the coefficients have the band's size"
        );
        // N/N_b of the synthesis, 1/N of the inverse transform, 1/2 of the Hermitian part.
        let factor = 0.5 / coefficients.len() as f32;
        filter.rows.forward(coefficients, &mut workspace.fft);
        for tile in (0..filter.runs.tiles()).filter(|tile| !filter.runs.is_empty(*tile)) {
            let first = tile * TILE;
            let columns = &mut workspace.tile[..TILE.min(band.width - first) * band.height];
            load_columns(coefficients, band.width, first, columns, band.height);
            filter.columns.forward(columns, &mut workspace.fft);
            filter.runs.add(tile, columns, factor, &mut spectrum.values);
        }
    }

    /// The plane of a spectrum gathered by [`Plan::synthesise_band`], `[height, width]`.
    ///
    /// # Panics
    /// When the plane or the buffers are of another size.
    pub fn render(&self, spectrum: &mut Spectrum, plane: &mut [f32], workspace: &mut Workspace) {
        assert_eq!(
            plane.len(),
            self.width * self.height,
            "the plane has the plan's size"
        );
        self.complete_axis(spectrum);
        self.image.inverse(&spectrum.values, plane, &mut workspace.image);
    }

    /// The plane of all bands: `Re S c`.
    ///
    /// # Panics
    /// When the plane or the buffers are of another size.
    pub fn synthesise(&self, bands: &Bands, plane: &mut [f32], workspace: &mut Workspace) {
        let mut spectrum = std::mem::replace(&mut workspace.spectrum, Spectrum { values: Vec::new() });
        self.gather(bands, &mut spectrum, workspace);
        self.render(&mut spectrum, plane, workspace);
        workspace.spectrum = spectrum;
    }

    /// The bands' parts of a spectrum, column `u = 0` not yet complete.
    pub(super) fn gather(&self, bands: &Bands, spectrum: &mut Spectrum, workspace: &mut Workspace) {
        let mut scratch = std::mem::take(&mut workspace.band);
        spectrum.clear();
        for (index, band) in self.bands.iter().enumerate() {
            let coefficients = &mut scratch[..band.width * band.height];
            coefficients.copy_from_slice(bands.band(band));
            self.synthesise_band(index, coefficients, spectrum, workspace);
        }
        workspace.band = scratch;
    }

    /// Column `u = 0` is its own mirror image: what a band has at `(0, v)` belongs at `(0, -v)` as well. Every
    /// band lies on the side `v > 0` of it, because `sin(pi k/K) >= 0`.
    pub(super) fn complete_axis(&self, spectrum: &mut Spectrum) {
        let axis = &mut spectrum.values[..self.height];
        for v in 1..self.height.div_ceil(2) {
            axis[self.height - v] = axis[v].conj();
        }
    }
}
