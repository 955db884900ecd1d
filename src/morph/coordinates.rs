// SPDX-License-Identifier: MPL-2.0
//! What a path rotates: the bands of the pyramid, or the frequencies of the global Fourier transform.

use std::ops::Range;

use num_complex::Complex32;

use crate::pyramid::{Order, Plan, Spec, Spectrum, Workspace};
use crate::simd::Simd;

use super::border::Border;
use super::fourier::Fourier;
use super::smooth::Gaussian;
use super::{Error, Method, Settings};

/// A linear way from planes to complex coefficients and back.
#[derive(Debug)]
pub(super) enum Coordinates {
    /// The complex steerable pyramid (docs/method.md 1).
    Pyramid {
        plan: Plan,
        /// For whole planes.
        workspace: Workspace,
        /// Of picture and gradient, one per channel.
        spectra: [Vec<Spectrum>; 2],
    },
    /// One "band" of all frequencies (docs/method.md 2.9).
    Fourier(Fourier),
}

/// What coefficients are read of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    Picture,
    Gradient,
}

/// What one thread needs to read and write bands.
#[derive(Debug)]
pub(super) struct Desk {
    /// `None` for the Fourier transform, which is read as it lies.
    workspace: Option<Workspace>,
    change: Change,
}

/// The sum of the bands written.
#[derive(Debug)]
enum Change {
    Pyramid(Spectrum),
    Fourier(Vec<Complex32>),
}

/// One band of the coordinates.
#[derive(Debug)]
pub(super) struct Part {
    /// Which band it is.
    pub(super) index: usize,
    /// Where its fields lie among those of its share. Its coefficients, of two numbers each, lie at twice that.
    pub(super) range: Range<usize>,
    /// How they lie there.
    pub(super) order: Order,
    /// `w_b`.
    pub(super) weight: f64,
    /// `s_j` of docs/method.md 2.3.
    pub(super) gain: f32,
    /// Smoothing in space, if there is any.
    pub(super) smoothing: Option<Gaussian>,
}

/// One strip of a part.
#[derive(Debug, Clone)]
pub(super) struct Strip {
    pub(super) index: usize,
    /// Where its fields lie among those of the share.
    pub(super) range: Range<usize>,
    /// Numbers of its coefficients, with the row to spare that the range leaves out.
    pub(super) numbers: usize,
}

impl Part {
    /// The strips of the part.
    pub(super) fn strips(&self) -> impl Iterator<Item = Strip> + use<> {
        let (start, stride, len) = (self.range.start, self.order.stride(), self.order.strip_len());
        (0..self.order.strips()).map(move |index| {
            let first = start + index * stride;
            Strip {
                index,
                range: first..first + len,
                numbers: 2 * stride,
            }
        })
    }
}

/// Where the coefficients of a range lie: two numbers for each of a field.
pub(super) fn pairs(range: &Range<usize>) -> Range<usize> {
    2 * range.start..2 * range.end
}

impl Coordinates {
    /// For padded planes. Every part lies at the beginning.
    pub(super) fn new(
        border: &Border,
        channels: usize,
        settings: &Settings,
    ) -> Result<(Self, Vec<Part>), Error> {
        let (width, height) = border.padded_size();
        if settings.method == Method::FourierPhase {
            let lanes = settings.pyramid.simd.min(Simd::best()).lanes();
            let fourier = Fourier::new(width, height, channels, lanes);
            let order = Order::row_by_row(fourier.samples(), 1, lanes);
            let whole = Part {
                index: 0,
                range: 0..order.len(),
                order,
                weight: 1.0,
                gain: 1.0,
                smoothing: None,
            };
            return Ok((Self::Fourier(fourier), vec![whole]));
        }
        let spec = Spec {
            octaves: match settings.pyramid.octaves {
                // The border counts for none.
                0 => border.default_octaves(),
                asked => asked,
            },
            ..settings.pyramid.clone()
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
                Gaussian::new(order.clone(), sigma_x, sigma_y)
            });
            let gain = 2f64.powf(2.0 * octaves * settings.scale_weight) as f32;
            Part {
                index,
                range: 0..order.len(),
                order,
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
                spectra: [spectra.clone(), spectra],
                plan,
            },
            parts,
        ))
    }

    /// What another thread needs.
    pub(super) fn desk(&self) -> Desk {
        match self {
            Self::Pyramid { plan, .. } => Desk {
                workspace: Some(plan.workspace()),
                change: Change::Pyramid(plan.spectrum()),
            },
            Self::Fourier(fourier) => Desk {
                workspace: None,
                change: Change::Fourier(fourier.spectrum()),
            },
        }
    }

    /// Over how many samples the floor's RMS amplitude is taken (docs/method.md 2.3, 2.9).
    pub(super) fn nominal_samples(&self) -> usize {
        match self {
            Self::Pyramid { plan, .. } => plan.nominal_bands() * plan.width() * plan.height(),
            Self::Fourier(fourier) => fourier.samples(),
        }
    }

    /// Takes in a channel's plane; gives its energy, `sum_b w_b sum |c_b|^2`.
    pub(super) fn open(&mut self, of: Of, channel: usize, plane: &[f32]) -> f64 {
        match self {
            Self::Pyramid {
                plan,
                workspace,
                spectra,
            } => {
                let spectrum = &mut spectra[of as usize][channel];
                plan.transform(plane, spectrum, workspace);
                plan.band_energy(spectrum)
            }
            Self::Fourier(fourier) => fourier.open(of, channel, plane),
        }
    }

    /// Makes the strips of one part of an opened channel ready to be read.
    pub(super) fn open_part(
        &self,
        (of, channel): (Of, usize),
        part: usize,
        strips: &mut [f32],
        desk: &mut Desk,
    ) {
        match (self, &mut desk.workspace) {
            (Self::Pyramid { plan, spectra, .. }, Some(workspace)) => {
                plan.open_band(part, &spectra[of as usize][channel], strips, workspace);
            }
            (Self::Fourier(fourier), _) => fourier.read(of, channel, strips),
            _ => panic!("{FOREIGN}"),
        }
    }

    /// Reads one strip of an opened part, in place, once.
    pub(super) fn read(&self, part: usize, strip: &mut [f32]) {
        if let Self::Pyramid { plan, .. } = self {
            plan.read_strip(part, strip);
        }
    }

    /// Takes in the change of one strip of a part's coefficients, and uses them up.
    pub(super) fn add(&self, (part, strip): (usize, usize), coefficients: &mut [f32], desk: &mut Desk) {
        match (self, &mut desk.workspace, &mut desk.change) {
            (Self::Pyramid { plan, .. }, Some(workspace), Change::Pyramid(change)) => {
                plan.write_strip((part, strip), coefficients, change, workspace);
            }
            (Self::Fourier(fourier), _, Change::Fourier(change)) => fourier.add(coefficients, change),
            _ => panic!("{FOREIGN}"),
        }
    }

    /// Adds the part whose strips have been taken in to the change.
    pub(super) fn close_part(&self, part: usize, desk: &mut Desk) {
        if let (Self::Pyramid { plan, .. }, Some(workspace), Change::Pyramid(change)) =
            (self, &mut desk.workspace, &mut desk.change)
        {
            plan.close_band(part, change, workspace);
        }
    }

    /// The plane of what all desks have written, summed in their order.
    pub(super) fn finish<'a>(
        &mut self,
        first: &mut Desk,
        rest: impl Iterator<Item = &'a Desk>,
        plane: &mut [f32],
    ) {
        for desk in rest {
            first.change.add(&desk.change);
        }
        match (self, &mut first.change) {
            (Self::Pyramid { plan, workspace, .. }, Change::Pyramid(change)) => {
                plan.render(change, plane, workspace);
            }
            (Self::Fourier(fourier), Change::Fourier(change)) => fourier.finish(change, plane),
            _ => panic!("{FOREIGN}"),
        }
    }
}

/// What a caller mixed up.
const FOREIGN: &str = "a desk is that of these coordinates";

impl Desk {
    /// Starts a change of a plane at 0.
    pub(super) fn begin(&mut self) {
        match &mut self.change {
            Change::Pyramid(change) => change.clear(),
            Change::Fourier(change) => change.fill(Complex32::ZERO),
        }
    }
}

impl Change {
    fn add(&mut self, other: &Self) {
        match (self, other) {
            (Self::Pyramid(sum), Self::Pyramid(other)) => sum.add(other),
            (Self::Fourier(sum), Self::Fourier(other)) => {
                sum.iter_mut().zip(other).for_each(|(sum, value)| *sum += value);
            }
            _ => panic!("{FOREIGN}"),
        }
    }
}
