// SPDX-License-Identifier: MPL-2.0
//! The bands of a coordinate system as a path edits them, strip by strip.

use std::ops::Range;

use crate::pyramid::{BandLayout, Coordinates, Plan};

use super::Settings;
use super::smooth::Gaussian;

/// One band.
#[derive(Debug)]
pub(super) struct EditedBand {
    /// Which band of its coordinates it is.
    pub(super) index: usize,
    /// Where its fields lie among those of its partition. Its coefficients, of two numbers each, lie at twice that.
    pub(super) range: Range<usize>,
    /// How they lie there.
    pub(super) layout: BandLayout,
    /// `w_b`.
    pub(super) weight: f64,
    /// `s_j` of docs/method.md 2.3.
    pub(super) gain: f32,
    /// Smoothing in space, if there is any.
    pub(super) smoothing: Option<Gaussian>,
}

impl EditedBand {
    /// The bands of a plan, in the coordinates that transform them. They share one range until they are distributed.
    pub(super) fn of_plan(plan: &Plan, coordinates: &impl Coordinates, settings: &Settings) -> Vec<Self> {
        let bands = plan.bands().iter().enumerate().map(|(index, band)| {
            let layout = coordinates.layout(index);
            let octaves = band.scale as f64 / settings.pyramid.bands_per_octave as f64;
            let sigma = settings.phase_smooth * 2f64.powi(band.octave as i32);
            let smoothing = (sigma > 0.0).then(|| {
                let (sigma_x, sigma_y) = (
                    sigma * band.width as f64 / plan.width() as f64,
                    sigma * band.height as f64 / plan.height() as f64,
                );
                Gaussian::new(layout.clone(), sigma_x, sigma_y)
            });
            Self {
                index,
                range: 0..layout.len(),
                layout,
                weight: band.weight,
                gain: 2f64.powf(2.0 * octaves * settings.scale_weight) as f32,
                smoothing,
            }
        });
        bands.collect()
    }

    /// Where the fields of the band's strips lie among those of the partition, without the rows to spare.
    pub(super) fn strips(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (start, stride, len) = (self.range.start, self.layout.stride(), self.layout.strip_len());
        (0..self.layout.strips()).map(move |index| {
            let first = start + index * stride;
            first..first + len
        })
    }

    /// Numbers of a strip's coefficients, those of the row to spare too.
    pub(super) fn strip_numbers(&self) -> usize {
        2 * self.layout.stride()
    }
}

/// Where the coefficients of a range lie: two numbers for each of a field.
pub(super) fn pairs(range: &Range<usize>) -> Range<usize> {
    2 * range.start..2 * range.end
}
