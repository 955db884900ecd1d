// SPDX-License-Identifier: MPL-2.0
//! What every coordinate system of a morph can do: bands of complex coefficients, and the way between them and planes.

use std::fmt::Debug;
use std::ops::AddAssign;

use aligned_vec::{AVec, avec};

use super::layout::BandLayout;

/// A linear way from real planes to bands of complex coefficients, and back.
///
/// A plane becomes a spectrum ([`Coordinates::transform`]), of which bands are taken. A band lies strip by strip, as its
/// [`BandLayout`] says, so that each strip can be worked on while it is in the cache. The analysis of a band is one call
/// for the band and one for each of its strips; the synthesis is one call for each strip, and one for the band.
///
/// Plans are immutable and shared between threads. Each thread has a scratch, which carries nothing from call to call
/// but from the strips of a band's synthesis to its end.
pub(crate) trait Coordinates: Debug + Send + Sync + 'static {
    /// What spectra are made of.
    type Value: Copy + Default + AddAssign + Debug + Send + Sync;
    /// What one thread needs.
    type Scratch: Debug + Send + Sync;

    /// Values of a spectrum.
    fn spectrum_len(&self) -> usize;

    /// Scratch for one thread.
    fn scratch(&self) -> Self::Scratch;

    /// How a band's coefficients lie.
    fn layout(&self, band: usize) -> BandLayout;

    /// Writes the spectrum of a plane.
    fn transform(&self, plane: &[f32], spectrum: &mut [Self::Value], scratch: &mut Self::Scratch);

    /// `sum_b w_b sum |c_b|^2` of a spectrum, by Parseval's theorem (docs/method.md 2.3).
    fn energy(&self, spectrum: &[Self::Value]) -> f64;

    /// Begins the analysis of a band: writes all of its strips, twice [`BandLayout::len`] numbers.
    fn analyse_band(
        &self,
        band: usize,
        spectrum: &[Self::Value],
        strips: &mut [f32],
        scratch: &mut Self::Scratch,
    );

    /// Ends the analysis of one strip of a band, in place; once for each.
    fn analyse_strip(&self, band: usize, strip: &mut [f32]);

    /// Takes in the coefficients of one strip of a band; they may be used up.
    fn synthesise_strip(
        &self,
        band: usize,
        strip: usize,
        coefficients: &mut [f32],
        spectrum: &mut [Self::Value],
        scratch: &mut Self::Scratch,
    );

    /// Ends the synthesis of a band whose strips are all taken in: the spectrum now holds it too.
    fn synthesise_band(&self, band: usize, spectrum: &mut [Self::Value], scratch: &mut Self::Scratch);

    /// Writes the plane of a spectrum that bands were added to: `Re S c`. The spectrum may be used up.
    fn inverse(&self, spectrum: &mut [Self::Value], plane: &mut [f32], scratch: &mut Self::Scratch);

    /// The spectrum of the zero plane.
    fn spectrum(&self) -> AVec<Self::Value> {
        avec![Self::Value::default(); self.spectrum_len()]
    }
}
