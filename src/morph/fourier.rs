// SPDX-License-Identifier: MPL-2.0
//! The coordinates of fourier-phase (docs/method.md 2.9): of every frequency pair `{f, -f}` one member,
//! `c = sqrt(2/N) X(f)`. Frequencies that are their own mirror image are not edited.

use num_complex::Complex32;

use crate::pyramid::{ImageScratch, ImageTransform};

use super::coordinates::Of;

/// The global Fourier transform of real planes, by pairs.
#[derive(Debug)]
pub(super) struct Fourier {
    transform: ImageTransform,
    scratch: ImageScratch,
    /// Half spectra of picture and gradient, one per channel.
    spectra: [Vec<Vec<Complex32>>; 2],
    /// Of every pair, the index of the member read, in the half spectrum.
    pairs: Vec<u32>,
    /// `(member, mirror image)` of the pairs that the half spectrum holds both of.
    twins: Vec<(u32, u32)>,
    pixels: f32,
    /// Of a vector of coefficients.
    lanes: usize,
}

impl Fourier {
    pub(super) fn new(width: usize, height: usize, channels: usize, lanes: usize) -> Self {
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
        let zeros = vec![Complex32::ZERO; transform.spectrum_len()];
        Self {
            scratch: transform.scratch(),
            spectra: [vec![zeros.clone(); channels], vec![zeros; channels]],
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

    /// A half spectrum, all 0.
    pub(super) fn spectrum(&self) -> Vec<Complex32> {
        vec![Complex32::ZERO; self.transform.spectrum_len()]
    }

    pub(super) fn open(&mut self, of: Of, channel: usize, plane: &[f32]) -> f64 {
        let spectrum = &mut self.spectra[of as usize][channel];
        self.transform.forward(plane, spectrum, &mut self.scratch);
        let energy: f64 = self
            .pairs
            .iter()
            .map(|&f| f64::from(spectrum[f as usize].norm_sqr()))
            .sum();
        2.0 / f64::from(self.pixels) * energy
    }

    pub(super) fn read(&self, of: Of, channel: usize, out: &mut [f32]) {
        let factor = (2.0 / self.pixels).sqrt();
        let spectrum = &self.spectra[of as usize][channel];
        let vectors = out.chunks_exact_mut(2 * self.lanes);
        for (vector, pairs) in vectors.zip(self.pairs.chunks(self.lanes)) {
            let (re, im) = vector.split_at_mut(self.lanes);
            for ((re, im), &f) in re.iter_mut().zip(im).zip(pairs) {
                Complex32 { re: *re, im: *im } = spectrum[f as usize] * factor;
            }
        }
    }

    pub(super) fn add(&self, coefficients: &[f32], change: &mut [Complex32]) {
        // sqrt(N/2) back to X, 1/N of the inverse transform.
        let factor = (0.5 / self.pixels).sqrt();
        let vectors = coefficients.chunks_exact(2 * self.lanes);
        for (vector, pairs) in vectors.zip(self.pairs.chunks(self.lanes)) {
            let (re, im) = vector.split_at(self.lanes);
            for ((re, im), &f) in re.iter().zip(im).zip(pairs) {
                change[f as usize] = Complex32::new(*re, *im) * factor;
            }
        }
        self.twins
            .iter()
            .for_each(|&(f, mirror)| change[mirror as usize] = change[f as usize].conj());
    }

    pub(super) fn finish(&mut self, change: &[Complex32], plane: &mut [f32]) {
        self.transform.inverse(change, plane, &mut self.scratch);
    }
}
