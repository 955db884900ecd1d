// SPDX-License-Identifier: MPL-2.0
//! What a classifier sees of a frame.

use super::InputSettings;
use crate::classifier::Signature;
use crate::frame::{FrameView, InputGeometry, Sampling, Shape, luma_of_planes};

/// A picture as a driver is shown it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shown<'a> {
    /// A frame.
    Frame(&'a FrameView<'a>),
    /// Planes in place of those of a frame of this shape: one for each channel, of the frame's size, or of the input's.
    Planes {
        frame: &'a FrameView<'a>,
        planes: &'a [&'a [f32]],
        at_frame: bool,
    },
    /// A frame to which a change is added: of its luma, or of red, green and blue; planes of the frame's size.
    Changed {
        frame: &'a FrameView<'a>,
        change: &'a [f32],
    },
}

impl<'a> Shown<'a> {
    /// The frame that is shown, or was changed.
    pub(super) fn frame(self) -> &'a FrameView<'a> {
        match self {
            Self::Frame(frame) | Self::Planes { frame, .. } | Self::Changed { frame, .. } => frame,
        }
    }
}

/// How a classifier of this signature looks at frames: its own crop counts where the settings leave it.
pub(super) fn input_geometry(signature: &Signature, settings: &InputSettings) -> InputGeometry {
    let crop = settings.crop_fraction;
    InputGeometry {
        fit: settings.fit,
        input: signature.size(),
        channels: signature.channels(),
        crop_fraction: if crop > 0.0 { crop } else { signature.crop_fraction },
    }
}

/// The input picture of frames of one shape.
#[derive(Debug)]
pub(super) struct InputPlanes {
    geometry: InputGeometry,
    shape: Shape,
    sampling: Sampling,
    /// The input picture: luma, or R, G and B.
    planes: Vec<f32>,
    /// A plane of the frame's size, and one of the input's.
    change: [Vec<f32>; 2],
}

impl InputPlanes {
    /// The input picture of what is shown; what is in `slot` is made anew where shape or geometry have changed.
    pub(super) fn see<'a>(
        slot: &'a mut Option<Self>,
        geometry: InputGeometry,
        shown: Shown<'_>,
    ) -> &'a [f32] {
        let shape = *shown.frame().shape();
        let kept = slot.take().filter(|s| s.geometry == geometry && s.shape == shape);
        let input_planes = slot.insert(kept.unwrap_or_else(|| Self {
            geometry,
            shape,
            sampling: geometry.sampling(&shape),
            planes: vec![0.0; geometry.channels * geometry.pixels()],
            change: [Vec::new(), Vec::new()],
        }));
        match shown {
            Shown::Frame(_) => input_planes.see_frame(shown),
            Shown::Planes { planes, at_frame, .. } => input_planes.see_planes(planes, at_frame),
            Shown::Changed { change, .. } => {
                input_planes.see_frame(shown);
                input_planes.add(change);
            }
        }
        &input_planes.planes
    }

    fn see_frame(&mut self, shown: Shown<'_>) {
        if self.geometry.channels == 1 {
            self.sampling.read_luma(shown.frame(), &mut self.planes);
        } else {
            self.sampling.read_rgb(shown.frame(), &mut self.planes);
        }
    }

    fn see_planes(&mut self, planes: &[&[f32]], at_frame: bool) {
        let pixels = self.geometry.pixels();
        for (plane, input) in planes.iter().zip(self.planes.chunks_exact_mut(pixels)) {
            if at_frame {
                self.sampling.apply(plane, input);
            } else {
                input.copy_from_slice(plane);
            }
        }
    }

    fn add(&mut self, change: &[f32]) {
        let (frame, pixels) = (self.shape.width * self.shape.height, self.geometry.pixels());
        let [luma, small] = &mut self.change;
        small.resize(pixels, 0.0);
        let count = change.len() / frame;
        for (channel, input) in self.planes.chunks_exact_mut(pixels).enumerate() {
            let change = if count > 1 && self.geometry.channels == 1 {
                luma.resize(frame, 0.0);
                luma_of_planes(change, luma);
                &luma[..]
            } else {
                // A change of luma is one of every colour.
                &change[channel.min(count - 1) * frame..][..frame]
            };
            self.sampling.apply(change, small);
            input.iter_mut().zip(&*small).for_each(|(value, c)| *value += c);
        }
    }
}
