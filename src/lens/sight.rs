// SPDX-License-Identifier: MPL-2.0
//! What a classifier sees of a frame.

use crate::classifier::Classifier;
use crate::frame::{Fit, FrameView, Sampling, Shape};

use super::InputSettings;

/// How a classifier looks at frames: what of them it takes, and into what input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Framing {
    pub(super) fit: Fit,
    /// Width and height of the input.
    pub(super) input: (usize, usize),
    /// Planes of the input: 1 or 3.
    pub(super) channels: usize,
    crop_fraction: f64,
    /// The crop that the model's description advises.
    advised_crop: f64,
    /// Threads that the pyramid may use.
    pub(super) threads: usize,
}

impl Framing {
    pub(super) fn of(classifier: &Classifier, settings: &InputSettings) -> Self {
        let signature = classifier.signature();
        Self {
            fit: settings.fit,
            input: signature.size(),
            channels: signature.channels(),
            crop_fraction: signature.crop_fraction,
            advised_crop: signature.crop_fraction,
            threads: classifier.threads(),
        }
        .with(settings)
    }

    /// The same with the fit and the crop of other settings.
    pub(super) fn with(self, settings: &InputSettings) -> Self {
        let crop = settings.crop_fraction;
        Self {
            fit: settings.fit,
            crop_fraction: if crop > 0.0 { crop } else { self.advised_crop },
            ..self
        }
    }

    /// The map from frames of this shape to the input, and back.
    pub(super) fn sampling(&self, frame: &Shape) -> Sampling {
        Sampling::new(self.fit, frame, self.input, self.crop_fraction)
    }

    pub(super) fn input_pixels(&self) -> usize {
        self.input.0 * self.input.1
    }
}

/// The input picture of frames of one shape.
#[derive(Debug)]
pub(super) struct Sight {
    framing: Framing,
    shape: Shape,
    sampling: Sampling,
    /// The input picture: luma, or R, G and B.
    planes: Vec<f32>,
}

impl Sight {
    /// The sight of this frame: the one there is, or a new one when shape or framing have changed.
    pub(super) fn of<'a>(
        slot: &'a mut Option<Self>,
        frame: &FrameView<'_>,
        framing: Framing,
    ) -> &'a mut Self {
        let shape = *frame.shape();
        let kept = slot.take().filter(|s| s.framing == framing && s.shape == shape);
        slot.insert(kept.unwrap_or_else(|| Self {
            framing,
            shape,
            sampling: framing.sampling(&shape),
            planes: vec![0.0; framing.channels * framing.input_pixels()],
        }))
    }

    /// The input picture of a frame of this shape.
    pub(super) fn see(&mut self, frame: &FrameView<'_>) -> &[f32] {
        if self.framing.channels == 1 {
            self.sampling.read_luma(frame, &mut self.planes);
        } else {
            self.sampling.read_rgb(frame, &mut self.planes);
        }
        &self.planes
    }

    /// The input picture of a plane for each of its channels, all of the frame's size, or all of the input's.
    pub(super) fn see_planes(&mut self, planes: &[&[f32]], at_frame: bool) -> &[f32] {
        let pixels = self.framing.input_pixels();
        for (plane, input) in planes.iter().zip(self.planes.chunks_exact_mut(pixels)) {
            if at_frame {
                self.sampling.apply(plane, input);
            } else {
                input.copy_from_slice(plane);
            }
        }
        &self.planes
    }
}
