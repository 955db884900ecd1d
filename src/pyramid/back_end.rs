// SPDX-License-Identifier: MPL-2.0
//! The two ways to transform, and which of them a size takes.

use aligned_vec::AVec;
use num_complex::Complex32;

use crate::simd::Simd;

use super::fft::Planner;
use super::kernel::{self, Kernel};
use super::masks::{Masks, Sample};
use super::order::Order;
use super::portable::{self, Portable};

/// What does the transforms of a plan.
#[derive(Clone)]
pub(super) enum BackEnd {
    /// Own transforms of columns.
    Kernel(Box<Kernel>),
    /// `rustfft`.
    Portable(Box<Portable>),
}

/// A spectrum as its back end lays it out.
#[derive(Debug, Clone)]
pub(super) enum Values {
    Kernel(AVec<f32>),
    Portable(Vec<Complex32>),
}

/// Scratch of a back end.
#[derive(Debug, Clone)]
pub(super) enum Room {
    Kernel(kernel::Room),
    Portable(portable::Room),
}

/// Makes a back end, band by band.
pub(super) struct Builder {
    back_end: BackEnd,
    planner: Planner,
}

impl Builder {
    /// The own transforms where there are vectors for them and all `lengths` suit; else `rustfft`.
    pub(super) fn new(
        simd: Simd,
        width: usize,
        height: usize,
        masks: &Masks,
        mut lengths: impl Iterator<Item = usize>,
    ) -> Self {
        let mut planner = Planner::new();
        let back_end = if simd > Simd::Scalar && lengths.all(kernel::suits) {
            BackEnd::Kernel(Box::new(Kernel::new(simd, width, height, masks)))
        } else {
            BackEnd::Portable(Box::new(Portable::new(simd, width, height, masks, &mut planner)))
        };
        Self { back_end, planner }
    }

    /// Takes in a band of `nx x ny` samples with its support.
    pub(super) fn push(&mut self, support: &[Sample], nx: usize, ny: usize) {
        match &mut self.back_end {
            BackEnd::Kernel(kernel) => kernel.push(support, nx, ny),
            BackEnd::Portable(portable) => portable.push(support, nx, ny, &mut self.planner),
        }
    }

    pub(super) fn finish(self) -> BackEnd {
        self.back_end
    }
}

/// What a caller mixed up.
const FOREIGN: &str = "spectrum and workspace are those of this plan";

impl BackEnd {
    /// The vectors of the own transforms.
    pub(super) fn kernel(&self) -> Option<Simd> {
        match self {
            Self::Kernel(kernel) => Some(kernel.simd()),
            Self::Portable(_) => None,
        }
    }

    pub(super) fn spectrum(&self) -> Values {
        match self {
            Self::Kernel(kernel) => Values::Kernel(kernel.spectrum()),
            Self::Portable(portable) => Values::Portable(portable.spectrum()),
        }
    }

    pub(super) fn room(&self) -> Room {
        match self {
            Self::Kernel(kernel) => Room::Kernel(kernel.room()),
            Self::Portable(portable) => Room::Portable(portable.room()),
        }
    }

    pub(super) fn transform(&self, plane: &[f32], spectrum: &mut Values, room: &mut Room) {
        match (self, spectrum, room) {
            (Self::Kernel(kernel), Values::Kernel(values), Room::Kernel(room)) => {
                kernel.transform(plane, values, room);
            }
            (Self::Portable(portable), Values::Portable(values), Room::Portable(room)) => {
                portable.transform(plane, values, room);
            }
            _ => panic!("{FOREIGN}"),
        }
    }

    pub(super) fn render(&self, spectrum: &mut Values, plane: &mut [f32], room: &mut Room) {
        match (self, spectrum, room) {
            (Self::Kernel(kernel), Values::Kernel(values), Room::Kernel(room)) => {
                kernel.render(values, plane, room);
            }
            (Self::Portable(portable), Values::Portable(values), Room::Portable(room)) => {
                portable.render(values, plane, room);
            }
            _ => panic!("{FOREIGN}"),
        }
    }

    pub(super) fn order(&self, band: usize) -> Order {
        match self {
            Self::Kernel(kernel) => kernel.order(band),
            Self::Portable(portable) => portable.order(band),
        }
    }

    pub(super) fn open_band(&self, band: usize, spectrum: &Values, strips: &mut [f32], room: &mut Room) {
        match (self, spectrum, room) {
            (Self::Kernel(kernel), Values::Kernel(values), Room::Kernel(room)) => {
                kernel.open_band(band, values, strips, room);
            }
            (Self::Portable(portable), Values::Portable(values), Room::Portable(room)) => {
                portable.analyse_band(band, values, strips, room);
            }
            _ => panic!("{FOREIGN}"),
        }
    }

    pub(super) fn read_strip(&self, band: usize, strip: &mut [f32]) {
        match self {
            Self::Kernel(kernel) => kernel.read_strip(band, strip),
            // The only strip was read as a whole.
            Self::Portable(_) => (),
        }
    }

    pub(super) fn write_strip(
        &self,
        (band, strip): (usize, usize),
        coefficients: &mut [f32],
        spectrum: &mut Values,
        room: &mut Room,
    ) {
        match (self, spectrum, room) {
            (Self::Kernel(kernel), Values::Kernel(_), Room::Kernel(room)) => {
                kernel.write_strip((band, strip), coefficients, room);
            }
            (Self::Portable(portable), Values::Portable(values), Room::Portable(room)) => {
                portable.synthesise_band(band, coefficients, values, room);
            }
            _ => panic!("{FOREIGN}"),
        }
    }

    pub(super) fn close_band(&self, band: usize, spectrum: &mut Values, room: &mut Room) {
        match (self, spectrum, room) {
            (Self::Kernel(kernel), Values::Kernel(values), Room::Kernel(room)) => {
                kernel.close_band(band, values, room);
            }
            // The only strip was added as a whole.
            (Self::Portable(_), Values::Portable(_), Room::Portable(_)) => (),
            _ => panic!("{FOREIGN}"),
        }
    }

    pub(super) fn transforms_alone(&self, room: &mut Room) -> bool {
        match (self, room) {
            (Self::Kernel(kernel), Room::Kernel(room)) => kernel.transforms_alone(room),
            _ => return false,
        }
        true
    }

    pub(super) fn band_energy(&self, spectrum: &Values) -> f64 {
        match (self, spectrum) {
            (Self::Kernel(kernel), Values::Kernel(values)) => kernel.band_energy(values),
            (Self::Portable(portable), Values::Portable(values)) => portable.band_energy(values),
            _ => panic!("{FOREIGN}"),
        }
    }
}
