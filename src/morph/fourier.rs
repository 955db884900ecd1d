// SPDX-License-Identifier: MPL-2.0
//! The coordinates of fourier-phase (docs/method.md 2.9): of every frequency pair `{f, -f}` one member,
//! `c = sqrt(2/N) X(f)`. Frequencies that are their own mirror image are not edited.

use num_complex::Complex32;

use crate::pyramid::{BandLayout, Coordinates, ImageScratch, ImageTransform};

use super::band::EditedBand;

/// The global Fourier transform of real planes, by pairs: one "band" of one strip.
#[derive(Debug)]
pub(super) struct Fourier {
    transform: ImageTransform,
    /// Of every pair, the index of the member read, in the half spectrum.
    pairs: Vec<u32>,
    /// `(member, mirror image)` of the pairs that the half spectrum holds both of.
    twins: Vec<(u32, u32)>,
    pixels: f32,
    /// Of a vector of coefficients.
    lanes: usize,
}

impl Fourier {
    pub(super) fn new(width: usize, height: usize, lanes: usize) -> Self {
        let transform = ImageTransform::new(width, height);
        let (mut pairs, mut twins) = (Vec::new(), Vec::new());
        for u in 0..transform.half_width() {
            let column = |v: usize| (u * height + v) as u32;
            if u == 0 || 2 * u == width {
                // The column is its own mirror image.
                let upper = 1..height.div_ceil(2);
                pairs.extend(upper.clone().map(column));
                twins.extend(upper.map(|v| (column(v), column(height - v))));
            } else {
                pairs.extend((0..height).map(column));
            }
        }
        Self {
            pairs,
            twins,
            pixels: (width * height) as f32,
            lanes,
            transform,
        }
    }

    pub(super) fn samples(&self) -> usize {
        self.pairs.len()
    }

    /// All frequencies.
    pub(super) fn band(&self) -> EditedBand {
        let layout = self.layout(0);
        EditedBand {
            index: 0,
            range: 0..layout.len(),
            layout,
            weight: 1.0,
            gain: 1.0,
            smoothing: None,
        }
    }
}

impl Coordinates for Fourier {
    type Value = Complex32;
    type Scratch = ImageScratch;

    fn spectrum_len(&self) -> usize {
        self.transform.spectrum_len()
    }

    fn scratch(&self) -> ImageScratch {
        self.transform.scratch()
    }

    fn layout(&self, _: usize) -> BandLayout {
        BandLayout::row_by_row(self.samples(), 1, self.lanes)
    }

    fn transform(&self, plane: &[f32], spectrum: &mut [Complex32], scratch: &mut ImageScratch) {
        self.transform.forward(plane, spectrum, scratch);
    }

    fn energy(&self, spectrum: &[Complex32]) -> f64 {
        let squares = self
            .pairs
            .iter()
            .map(|&f| f64::from(spectrum[f as usize].norm_sqr()));
        2.0 / f64::from(self.pixels) * squares.sum::<f64>()
    }

    fn analyse_band(&self, _: usize, spectrum: &[Complex32], strips: &mut [f32], _: &mut ImageScratch) {
        let factor = (2.0 / self.pixels).sqrt();
        let vectors = strips.chunks_exact_mut(2 * self.lanes);
        for (vector, pairs) in vectors.zip(self.pairs.chunks(self.lanes)) {
            let (re, im) = vector.split_at_mut(self.lanes);
            for ((re, im), &f) in re.iter_mut().zip(im).zip(pairs) {
                Complex32 { re: *re, im: *im } = spectrum[f as usize] * factor;
            }
        }
    }

    fn analyse_strip(&self, _: usize, _: &mut [f32]) {}

    fn synthesise_strip(
        &self,
        _: usize,
        _: usize,
        coefficients: &mut [f32],
        spectrum: &mut [Complex32],
        _: &mut ImageScratch,
    ) {
        // sqrt(N/2) back to X, 1/N of the inverse transform.
        let factor = (0.5 / self.pixels).sqrt();
        let vectors = coefficients.chunks_exact(2 * self.lanes);
        for (vector, pairs) in vectors.zip(self.pairs.chunks(self.lanes)) {
            let (re, im) = vector.split_at(self.lanes);
            for ((re, im), &f) in re.iter().zip(im).zip(pairs) {
                spectrum[f as usize] = Complex32::new(*re, *im) * factor;
            }
        }
        self.twins
            .iter()
            .for_each(|&(f, mirror)| spectrum[mirror as usize] = spectrum[f as usize].conj());
    }

    fn synthesise_band(&self, _: usize, _: &mut [Complex32], _: &mut ImageScratch) {}

    fn inverse(&self, spectrum: &mut [Complex32], plane: &mut [f32], scratch: &mut ImageScratch) {
        self.transform.inverse(spectrum, plane, scratch);
    }
}
