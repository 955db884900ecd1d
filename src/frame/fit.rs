// SPDX-License-Identifier: MPL-2.0
//! How a frame is laid into the model's input.

/// How a frame is laid into the model's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// A centred cut of the input's shape.
    CenterCrop,
    /// The whole frame, stretched.
    Stretch,
    /// The whole frame, with bars.
    Letterbox,
}

/// A rectangle of whole pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the usual names")]
pub struct Rect {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

/// Which part of the frame goes to which part of the model's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// The part of the frame that the model sees.
    pub frame: Rect,
    /// Where in the model's input it lies.
    pub input: Rect,
}

impl Fit {
    /// Lays a frame of `frame` (width, height) into an input of `input` (width, height). `crop_fraction` (0..1] is
    /// the share of the largest centred cut that center-crop keeps.
    pub fn place(self, frame: (usize, usize), input: (usize, usize), crop_fraction: f64) -> Placement {
        let _ = (frame, input, crop_fraction);
        unimplemented!()
    }
}
