// SPDX-License-Identifier: MPL-2.0
//! Whole planes to bands and back (docs/method.md 1.4, 1.7), behind one type for every plan.

use std::fmt::Debug;
use std::sync::Arc;

use aligned_vec::{AVec, avec};
use num_complex::Complex32;

use super::bands::{Band, Bands};
use super::coordinates::Coordinates;

/// Analysis and synthesis of planes by one plan, with the buffers of one thread. What it holds carries nothing from call
/// to call.
#[derive(Debug)]
pub struct Workspace {
    pub(super) transforms: Box<dyn PlaneTransforms>,
    pub(super) bands: Arc<[Band]>,
}

impl Workspace {
    /// All bands of a plane of `[height, width]`: `c = A x`.
    ///
    /// # Panics
    /// When plane or bands are of another size than the plan's.
    pub fn analyse(&mut self, plane: &[f32], bands: &mut Bands) {
        self.transforms.transform(0, plane);
        for (index, band) in self.bands.iter().enumerate() {
            self.transforms.analyse(0, index, bands.band_mut(band));
        }
    }

    /// The plane of all bands, without the residuals: `Re S c`, the adjoint of the analysis. Of the change of bands this
    /// is the change of the plane.
    ///
    /// # Panics
    /// When plane or bands are of another size than the plan's.
    pub fn synthesise(&mut self, bands: &Bands, plane: &mut [f32]) {
        self.transforms.clear();
        for (index, band) in self.bands.iter().enumerate() {
            self.transforms.synthesise(index, bands.band(band));
        }
        self.transforms.inverse(plane);
    }

    /// `sum_b w_b sum |c_b|^2` of a plane, by Parseval's theorem (docs/method.md 2.3).
    ///
    /// # Panics
    /// When the plane is of another size than the plan's.
    pub fn band_energy(&mut self, plane: &[f32]) -> f64 {
        self.transforms.transform(0, plane);
        self.transforms.energy(0)
    }
}

/// What a plan does with whole bands, row by row. Several spectra are held at a time.
pub(crate) trait PlaneTransforms: Debug + Send + Sync {
    /// Writes a plane's spectrum.
    fn transform(&mut self, spectrum: usize, plane: &[f32]);

    /// The energy of a spectrum's bands.
    fn energy(&self, spectrum: usize) -> f64;

    /// Writes a band of a spectrum, `[height, width]`.
    fn analyse(&mut self, spectrum: usize, band: usize, coefficients: &mut [Complex32]);

    /// Makes the first spectrum that of the zero plane.
    fn clear(&mut self);

    /// Adds a band, `[height, width]`, to the first spectrum.
    fn synthesise(&mut self, band: usize, coefficients: &[Complex32]);

    /// Writes the plane of the first spectrum, and uses it up.
    fn inverse(&mut self, plane: &mut [f32]);
}

/// The buffers of [`PlaneTransforms`] in one coordinate system.
#[derive(Debug)]
pub(super) struct PlaneBuffers<C: Coordinates> {
    coordinates: Arc<C>,
    /// Samples of a plane.
    pixels: usize,
    spectra: Vec<AVec<C::Value>>,
    /// One band, strip by strip.
    strips: AVec<f32>,
    scratch: C::Scratch,
}

impl<C: Coordinates> PlaneBuffers<C> {
    /// For planes of `pixels` samples, `bands` bands, and so many `spectra` at a time, at least 1.
    pub(super) fn new(coordinates: Arc<C>, pixels: usize, bands: usize, spectra: usize) -> Self {
        let longest = (0..bands).map(|band| coordinates.layout(band).len()).max();
        Self {
            pixels,
            spectra: vec![coordinates.spectrum(); spectra],
            strips: avec![0.0; 2 * longest.unwrap_or(0)],
            scratch: coordinates.scratch(),
            coordinates,
        }
    }
}

impl<C: Coordinates> PlaneTransforms for PlaneBuffers<C> {
    fn transform(&mut self, spectrum: usize, plane: &[f32]) {
        assert_eq!(plane.len(), self.pixels, "the plane has the plan's size");
        self.coordinates
            .transform(plane, &mut self.spectra[spectrum], &mut self.scratch);
    }

    fn energy(&self, spectrum: usize) -> f64 {
        self.coordinates.energy(&self.spectra[spectrum])
    }

    fn analyse(&mut self, spectrum: usize, band: usize, coefficients: &mut [Complex32]) {
        let layout = self.coordinates.layout(band);
        let strips = &mut self.strips[..2 * layout.len()];
        let spectrum = &self.spectra[spectrum];
        self.coordinates
            .analyse_band(band, spectrum, strips, &mut self.scratch);
        for strip in strips.chunks_exact_mut(2 * layout.stride()) {
            self.coordinates.analyse_strip(band, strip);
        }
        layout.complex_to_rows(strips, coefficients);
    }

    fn clear(&mut self) {
        self.spectra[0].fill(C::Value::default());
    }

    fn synthesise(&mut self, band: usize, coefficients: &[Complex32]) {
        let layout = self.coordinates.layout(band);
        let (spectrum, scratch) = (&mut self.spectra[0], &mut self.scratch);
        let strips = &mut self.strips[..2 * layout.len()];
        // Numbers that are no coefficients.
        strips.fill(0.0);
        layout.complex_to_vectors(coefficients, strips);
        for (index, strip) in strips.chunks_exact_mut(2 * layout.stride()).enumerate() {
            self.coordinates
                .synthesise_strip(band, index, strip, spectrum, scratch);
        }
        self.coordinates.synthesise_band(band, spectrum, scratch);
    }

    fn inverse(&mut self, plane: &mut [f32]) {
        assert_eq!(plane.len(), self.pixels, "the plane has the plan's size");
        self.coordinates
            .inverse(&mut self.spectra[0], plane, &mut self.scratch);
    }
}
