// SPDX-License-Identifier: MPL-2.0
//! From a plane to its bands (docs/method.md 1.4): mask the spectrum, fold it onto the band's grid, transform back.

use aligned_vec::avec;
use num_complex::Complex32;

use super::back_end::Values;
use super::order::Order;
use super::{Bands, Plan, Workspace};

/// One half of the spectrum of a real plane (docs/method.md 1.7).
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

    /// Adds another spectrum of the same plan.
    pub(crate) fn add(&mut self, other: &Self) {
        match (&mut self.values, &other.values) {
            (Values::Kernel(sum), Values::Kernel(other)) => {
                sum.iter_mut()
                    .zip(other.iter())
                    .for_each(|(sum, value)| *sum += value);
            }
            (Values::Portable(sum), Values::Portable(other)) => {
                sum.iter_mut().zip(other).for_each(|(sum, value)| *sum += value);
            }
            _ => panic!("both spectra are those of one plan"),
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

    /// Makes the strips of one band of a transformed plane ready to be read, twice [`Order::len`] numbers.
    pub(crate) fn open_band(
        &self,
        band: usize,
        spectrum: &Spectrum,
        strips: &mut [f32],
        workspace: &mut Workspace,
    ) {
        self.back_end
            .open_band(band, &spectrum.values, strips, &mut workspace.room);
    }

    /// Reads one strip of an opened band, in place, once.
    pub(crate) fn read_strip(&self, band: usize, strip: &mut [f32]) {
        self.back_end.read_strip(band, strip);
    }

    /// The order of a band's coefficients.
    pub(crate) fn order(&self, band: usize) -> Order {
        self.back_end.order(band)
    }

    /// All bands of a plane. Allocates: what runs per frame goes strip by strip.
    ///
    /// # Panics
    /// When the plane or the buffers are of another size.
    pub fn analyse(&self, plane: &[f32], bands: &mut Bands, workspace: &mut Workspace) {
        let mut spectrum = self.spectrum();
        self.transform(plane, &mut spectrum, workspace);
        for (index, band) in self.bands.iter().enumerate() {
            let order = self.order(index);
            let mut strips = avec![0.0; 2 * order.len()];
            self.open_band(index, &spectrum, &mut strips, workspace);
            for strip in strips.chunks_exact_mut(2 * order.stride()) {
                self.read_strip(index, strip);
            }
            order.complex_to_rows(&strips, bands.band_mut(band));
        }
    }

    /// `sum_b w_b sum |c_b|^2` of a transformed plane, by Parseval's theorem (docs/method.md 2.3).
    ///
    /// # Panics
    /// When the spectrum is that of another plan.
    pub fn band_energy(&self, spectrum: &Spectrum) -> f64 {
        self.back_end.band_energy(&spectrum.values)
    }
}
