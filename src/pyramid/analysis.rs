// SPDX-License-Identifier: MPL-2.0
//! From a plane to its bands (METHOD.md 1.4): mask the spectrum, fold it onto the band's grid, transform back.

use num_complex::Complex32;

use super::fft::{TILE, store_columns};
use super::{Bands, Plan, Workspace};

/// The half spectrum of a real plane: `u = 0..=width/2`, column after column (METHOD.md 1.7).
#[derive(Debug, Clone)]
pub struct Spectrum {
    pub(super) values: Vec<Complex32>,
}

impl Spectrum {
    /// Makes it the spectrum of the zero plane.
    pub fn clear(&mut self) {
        self.values.fill(Complex32::ZERO);
    }
}

impl Plan {
    /// A spectrum for this plan's size, all 0.
    pub fn spectrum(&self) -> Spectrum {
        Spectrum {
            values: vec![Complex32::ZERO; self.image.spectrum_len()],
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
        self.image
            .forward(plane, &mut spectrum.values, &mut workspace.image);
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
        let (band, filter) = (&self.bands[band], &self.filters[band]);
        assert_eq!(
            out.len(),
            band.width * band.height,
            "the coefficients have the band's size"
        );
        let factor = 1.0 / (self.width * self.height) as f32;
        for tile in 0..filter.runs.tiles() {
            let first = tile * TILE;
            let columns = &mut workspace.tile[..TILE.min(band.width - first) * band.height];
            filter.runs.read(tile, &spectrum.values, factor, columns);
            if !filter.runs.is_empty(tile) {
                filter.columns.inverse(columns, &mut workspace.fft);
            }
            store_columns(columns, band.height, out, band.width, first);
        }
        filter.rows.inverse(out, &mut workspace.fft);
    }

    /// All bands of a plane.
    ///
    /// # Panics
    /// When the plane or the buffers are of another size.
    pub fn analyse(&self, plane: &[f32], bands: &mut Bands, workspace: &mut Workspace) {
        let mut spectrum = std::mem::replace(&mut workspace.spectrum, Spectrum { values: Vec::new() });
        self.transform(plane, &mut spectrum, workspace);
        for (index, band) in self.bands.iter().enumerate() {
            self.analyse_band(index, &spectrum, bands.band_mut(band), workspace);
        }
        workspace.spectrum = spectrum;
    }

    /// `sum_b w_b sum |c_b|^2` of a transformed plane, by Parseval's theorem (METHOD.md 2.3).
    pub fn band_energy(&self, spectrum: &Spectrum) -> f64 {
        let mut sums = [0.0f64; 8];
        let (values, shares) = (spectrum.values.chunks(8), self.band_share.chunks(8));
        for (values, shares) in values.zip(shares) {
            for ((sum, value), share) in sums.iter_mut().zip(values).zip(shares) {
                *sum += f64::from(value.norm_sqr() * share);
            }
        }
        sums.iter().sum::<f64>() / (self.width * self.height) as f64
    }
}
