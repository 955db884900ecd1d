// SPDX-License-Identifier: MPL-2.0
//! A model's input picture, and the way there.

use super::{Fit, Sampling, Shape};

/// How a model looks at frames: what of them it takes, and into what input.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct InputGeometry {
    pub(crate) fit: Fit,
    /// Width and height of the input.
    pub(crate) input: (usize, usize),
    /// Planes of the input: 1 or 3.
    pub(crate) channels: usize,
    /// As for [`Fit::place`].
    pub(crate) crop_fraction: f64,
}

impl InputGeometry {
    /// The map from frames of this shape to the input, and back.
    pub(crate) fn sampling(&self, frame: &Shape) -> Sampling {
        Sampling::new(self.fit, frame, self.input, self.crop_fraction)
    }

    /// Pixels of a plane of the input.
    pub(crate) fn pixels(&self) -> usize {
        self.input.0 * self.input.1
    }
}
