// SPDX-License-Identifier: MPL-2.0
//! From a plane to its bands (METHOD.md 1.4): mask the spectrum, fold it onto the band's grid, transform back.

use num_complex::Complex32;

use super::back_end::Values;
use super::{Bands, Plan, Workspace};

/// One half of the spectrum of a real plane (METHOD.md 1.7).
#[derive(Debug, Clone)]
pub struct Spectrum {
    pub(super) values: Values,
}

impl Spectrum {
    /// Makes it the spectrum of the zero plane.
    pub fn clear(&mut self) {
        match &mut self.values {
            Values::Kernel(values) => values.fill(0.0),
            Values::Portable(values) => values.fill(Complex32::ZERO),
        }
    }
}

impl Plan {
    /// A spectrum for this plan's size, all 0.
    pub fn spectrum(&self) -> Spectrum {
        Spectrum {
            values: self.back_end.spectrum(),
        }
    }

    /// Transforms a plane of `height * width` samples.
    ///
    /// # Panics
    /// When the plane or the buffers are of another size.
    pub fn transform(&self, plane: &[f32], spectrum: &mut Spectrum, workspace: &mut Workspace) {
        assert_eq!(
            plane.len(),
            self.width * self.height,
            "the plane has the plan's size"
        );
        self.back_end
            .transform(plane, &mut spectrum.values, &mut workspace.room);
    }

    /// One band of a transformed plane, `[height, width]` of the band.
    ///
    /// # Panics
    /// When there is no such band or a buffer is of another size.
    pub fn analyse_band(
        &self,
        band: usize,
        spectrum: &Spectrum,
        out: &mut [Complex32],
        workspace: &mut Workspace,
    ) {
        self.check_len(band, out);
        self.back_end
            .analyse_band(band, &spectrum.values, out, &mut workspace.room);
    }

    /// All bands of a plane. Allocates a spectrum.
    ///
    /// # Panics
    /// When the plane or the buffers are of another size.
    pub fn analyse(&self, plane: &[f32], bands: &mut Bands, workspace: &mut Workspace) {
        let mut spectrum = self.spectrum();
        self.transform(plane, &mut spectrum, workspace);
        for (index, band) in self.bands.iter().enumerate() {
            self.analyse_band(index, &spectrum, bands.band_mut(band), workspace);
        }
    }

    /// `sum_b w_b sum |c_b|^2` of a transformed plane, by Parseval's theorem (METHOD.md 2.3).
    ///
    /// # Panics
    /// When the spectrum is that of another plan.
    pub fn band_energy(&self, spectrum: &Spectrum) -> f64 {
        self.back_end.band_energy(&spectrum.values)
    }

    pub(super) fn check_len(&self, band: usize, coefficients: &[Complex32]) {
        assert_eq!(
            coefficients.len(),
            self.bands[band].range().len(),
            "the coefficients have the band's size"
        );
    }
}
