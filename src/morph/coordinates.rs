// SPDX-License-Identifier: MPL-2.0
//! What a path rotates: the bands of the pyramid, or the frequencies of the global Fourier transform.

use std::ops::Range;

use num_complex::Complex32;

use crate::pyramid::{Order, Plan, Spec, Spectrum, Workspace};

use super::border::Border;
use super::fourier::Fourier;
use super::smooth::Gaussian;
use super::{Error, Method, Settings};

/// A linear way from planes to complex coefficients and back, and the scratch for it.
#[derive(Debug)]
pub(super) enum Coordinates {
    /// The complex steerable pyramid (METHOD.md 1).
    Pyramid {
        plan: Plan,
        workspace: Workspace,
        /// One per channel.
        spectra: Vec<Spectrum>,
        change: Spectrum,
    },
    /// One "band" of all frequencies (METHOD.md 2.9).
    Fourier(Fourier),
}

/// One band of the coordinates.
#[derive(Debug)]
pub(super) struct Part {
    /// Which band it is.
    pub(super) index: usize,
    /// Where its coefficients lie, strip by strip.
    pub(super) range: Range<usize>,
    /// How they lie; `None` for one strip of no order.
    pub(super) order: Option<Order>,
    /// `w_b`.
    pub(super) weight: f64,
    /// `s_j` of METHOD.md 2.3.
    pub(super) gain: f32,
    /// Smoothing in space, if there is any.
    pub(super) smoothing: Option<Gaussian>,
}

impl Part {
    /// The strips of the part: number, and where its coefficients lie.
    pub(super) fn strips(&self) -> impl Iterator<Item = (usize, Range<usize>)> + use<> {
        let Range { start, end } = self.range;
        let len = self.order.map_or(end - start, |order| order.strip_len());
        let first = (start..end).step_by(len.max(1));
        first.map(move |first| first..end.min(first + len)).enumerate()
    }
}

impl Coordinates {
    /// For padded planes.
    pub(super) fn new(
        border: &Border,
        channels: usize,
        settings: &Settings,
    ) -> Result<(Self, Vec<Part>), Error> {
        let (width, height) = border.padded_size();
        if settings.method == Method::FourierPhase {
            let fourier = Fourier::new(width, height, channels);
            let whole = Part {
                index: 0,
                range: 0..fourier.samples(),
                order: None,
                weight: 1.0,
                gain: 1.0,
                smoothing: None,
            };
            return Ok((Self::Fourier(fourier), vec![whole]));
        }
        let octaves = settings
            .pyramid
            .octaves
            .unwrap_or_else(|| border.default_octaves());
        let spec = Spec {
            octaves: Some(octaves),
            ..settings.pyramid
        };
        let plan = Plan::new(width, height, &spec)?;
        let parts = plan.bands().iter().enumerate().map(|(index, band)| {
            let order = plan.order(index);
            let octaves = band.scale as f64 / settings.pyramid.bands_per_octave as f64;
            let sigma = settings.phase_smooth * 2f64.powi(band.octave as i32);
            let smoothing = (sigma > 0.0).then(|| {
                let (sigma_x, sigma_y) = (
                    sigma * band.width as f64 / width as f64,
                    sigma * band.height as f64 / height as f64,
                );
                Gaussian::new(order, band.width, sigma_x, sigma_y)
            });
            let gain = 2f64.powf(2.0 * octaves * settings.scale_weight) as f32;
            Part {
                index,
                range: band.range(),
                order: Some(order),
                weight: band.weight,
                gain,
                smoothing,
            }
        });
        let parts = parts.collect();
        let spectra = vec![plan.spectrum(); channels];
        Ok((
            Self::Pyramid {
                workspace: plan.workspace(),
                change: plan.spectrum(),
                spectra,
                plan,
            },
            parts,
        ))
    }

    /// Coefficients of one channel.
    pub(super) fn samples(&self) -> usize {
        match self {
            Self::Pyramid { plan, .. } => plan.samples(),
            Self::Fourier(fourier) => fourier.samples(),
        }
    }

    /// Over how many samples the floor's RMS amplitude is taken (METHOD.md 2.3, 2.9).
    pub(super) fn nominal_samples(&self) -> usize {
        match self {
            Self::Pyramid { plan, .. } => plan.nominal_bands() * plan.width() * plan.height(),
            Self::Fourier(fourier) => fourier.samples(),
        }
    }

    /// Takes in a channel's plane; gives its energy, `sum_b w_b sum |c_b|^2`.
    pub(super) fn open(&mut self, channel: usize, plane: &[f32]) -> f64 {
        match self {
            Self::Pyramid {
                plan,
                workspace,
                spectra,
                ..
            } => {
                plan.transform(plane, &mut spectra[channel], workspace);
                plan.band_energy(&spectra[channel])
            }
            Self::Fourier(fourier) => fourier.open(channel, plane),
        }
    }

    /// Makes one part of an opened channel ready to be read.
    pub(super) fn open_part(&mut self, channel: usize, part: usize) {
        if let Self::Pyramid {
            plan,
            workspace,
            spectra,
            ..
        } = self
        {
            plan.open_band(part, &spectra[channel], workspace);
        }
    }

    /// One strip of the coefficients of the part just opened, once.
    pub(super) fn read(&mut self, channel: usize, part: usize, strip: usize, out: &mut [Complex32]) {
        match self {
            Self::Pyramid {
                plan,
                workspace,
                spectra,
                ..
            } => {
                plan.read_strip((part, strip), &spectra[channel], out, workspace);
            }
            Self::Fourier(fourier) => fourier.read(channel, out),
        }
    }

    /// Starts a change of a plane at 0.
    pub(super) fn begin(&mut self) {
        match self {
            Self::Pyramid { change, .. } => change.clear(),
            Self::Fourier(fourier) => fourier.begin(),
        }
    }

    /// Takes in the change of one strip of a part's coefficients, and uses them up.
    pub(super) fn add(&mut self, part: usize, strip: usize, coefficients: &mut [Complex32]) {
        match self {
            Self::Pyramid {
                plan,
                workspace,
                change,
                ..
            } => {
                plan.write_strip((part, strip), coefficients, change, workspace);
            }
            Self::Fourier(fourier) => fourier.add(coefficients),
        }
    }

    /// Adds the part whose strips have been taken in to the change.
    pub(super) fn close_part(&mut self, part: usize) {
        if let Self::Pyramid {
            plan,
            workspace,
            change,
            ..
        } = self
        {
            plan.close_band(part, change, workspace);
        }
    }

    /// The change of the plane.
    pub(super) fn finish(&mut self, plane: &mut [f32]) {
        match self {
            Self::Pyramid {
                plan,
                workspace,
                change,
                ..
            } => plan.render(change, plane, workspace),
            Self::Fourier(fourier) => fourier.finish(plane),
        }
    }
}
