// SPDX-License-Identifier: MPL-2.0
//! How a frame is laid into the model's input.

use crate::settings::choice;

choice! {
    pub enum Fit = "fit", CenterCrop, "How a frame is laid into the model's input" {
        CenterCrop = "center-crop": "The centred square (or the input's shape) is cut out",
        Stretch = "stretch": "The whole frame is stretched to the input's shape",
        Letterbox = "letterbox": "The whole frame fits inside, with bars",
    }
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

impl Rect {
    /// All of a picture of `size` (width, height).
    pub fn whole(size: (usize, usize)) -> Self {
        Self {
            x: 0,
            y: 0,
            width: size.0,
            height: size.1,
        }
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The part of it that lies in a picture of `outer` (width, height), if any does.
    pub fn clipped(&self, outer: (usize, usize)) -> Option<Self> {
        let side = |start: usize, length: usize, limit: usize| {
            let length = start.saturating_add(length).min(limit).saturating_sub(start);
            (length > 0).then_some(length)
        };
        Some(Self {
            width: side(self.x, self.width, outer.0)?,
            height: side(self.y, self.height, outer.1)?,
            ..*self
        })
    }

    /// The centred rectangle of `size` in a picture of `outer`; an odd remainder leaves the wider margin at the
    /// right and at the bottom.
    fn centred(size: (usize, usize), outer: (usize, usize)) -> Self {
        Self {
            x: outer.0.saturating_sub(size.0) / 2,
            y: outer.1.saturating_sub(size.1) / 2,
            width: size.0,
            height: size.1,
        }
    }
}

impl Fit {
    /// Lays a frame of `frame` (width, height) into an input of `input` (width, height), neither of them empty.
    /// `aspect` is the width of a frame's pixel over its height; the input's pixels are square.
    /// `crop_fraction` (0..1] is the share of the largest centred cut that center-crop keeps; anything else counts
    /// as 1. Sides are rounded to whole pixels, at least one (docs/method.md 2.11).
    pub fn place(
        self,
        frame: (usize, usize),
        aspect: f64,
        input: (usize, usize),
        crop_fraction: f64,
    ) -> Placement {
        let sides = |(width, height): (usize, usize)| (width as f64, height as f64);
        // Sides in pixels of the frame that look as long as the input's, and the reverse.
        let (input_in_frame, frame_in_input) = {
            let ((width, height), (frame_width, frame_height)) = (sides(input), sides(frame));
            ((width / aspect, height), (frame_width * aspect, frame_height))
        };
        let (whole_frame, whole_input) = (Rect::whole(frame), Rect::whole(input));
        match self {
            Self::Stretch => Placement {
                frame: whole_frame,
                input: whole_input,
            },
            Self::CenterCrop => {
                let share = if crop_fraction > 0.0 && crop_fraction < 1.0 {
                    crop_fraction
                } else {
                    1.0
                };
                Placement {
                    frame: Rect::centred(inscribed(input_in_frame, frame, share), frame),
                    input: whole_input,
                }
            }
            Self::Letterbox => Placement {
                frame: whole_frame,
                input: Rect::centred(inscribed(frame_in_input, input, 1.0), input),
            },
        }
    }
}

/// Size of the largest rectangle shaped like `shape` inside `outer`, scaled by `share`.
fn inscribed(shape: (f64, f64), outer: (usize, usize), share: f64) -> (usize, usize) {
    let scale = share * (outer.0 as f64 / shape.0).min(outer.1 as f64 / shape.1);
    let side = |shape: f64, outer: usize| ((shape * scale).round() as usize).min(outer).max(1);
    (side(shape.0, outer.0), side(shape.1, outer.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: usize, y: usize, width: usize, height: usize) -> Rect {
        Rect { x, y, width, height }
    }

    #[test]
    fn center_crop_cuts_the_square_of_the_short_side() {
        let place = |frame, fraction| Fit::CenterCrop.place(frame, 1.0, (224, 224), fraction).frame;
        assert_eq!(place((640, 480), 1.0), rect(80, 0, 480, 480));
        assert_eq!(place((480, 640), 1.0), rect(0, 80, 480, 480));
        // .875 of 256 is the 224 of ImageNet's usual evaluation.
        assert_eq!(place((341, 256), 0.875), rect(58, 16, 224, 224));
        assert_eq!(place((1, 9), 0.01), rect(0, 4, 1, 1));
        for outside in [0.0, -1.0, 2.0, f64::NAN] {
            assert_eq!(place((64, 64), outside), rect(0, 0, 64, 64));
        }
    }

    #[test]
    fn center_crop_follows_the_inputs_shape() {
        assert_eq!(
            Fit::CenterCrop.place((640, 480), 1.0, (200, 100), 1.0).frame,
            rect(0, 80, 640, 320)
        );
        assert_eq!(
            Fit::CenterCrop.place((640, 480), 1.0, (200, 100), 1.0).input,
            rect(0, 0, 200, 100)
        );
    }

    #[test]
    fn letterbox_leaves_bars_in_the_input() {
        let placement = Fit::Letterbox.place((640, 480), 1.0, (224, 224), 0.5);
        assert_eq!(
            placement,
            Placement {
                frame: rect(0, 0, 640, 480),
                input: rect(0, 28, 224, 168)
            }
        );
        assert_eq!(
            Fit::Letterbox.place((1000, 1), 1.0, (8, 8), 1.0).input,
            rect(0, 3, 8, 1)
        );
    }

    #[test]
    fn stretch_takes_all_of_both() {
        let placement = Fit::Stretch.place((3, 5), 1.0, (7, 2), 0.5);
        assert_eq!(
            placement,
            Placement {
                frame: rect(0, 0, 3, 5),
                input: rect(0, 0, 7, 2)
            }
        );
    }

    #[test]
    fn wide_pixels_are_seen_as_wide() {
        // PAL's 720x576 on a 4:3 screen: pixels of 16:15, 768 square ones wide.
        let placement = |fit: Fit, input| fit.place((720, 576), 16.0 / 15.0, input, 1.0);
        assert_eq!(
            placement(Fit::CenterCrop, (224, 224)).frame,
            rect(90, 0, 540, 576)
        );
        assert_eq!(placement(Fit::Letterbox, (224, 224)).input, rect(0, 28, 224, 168));
        assert_eq!(placement(Fit::Stretch, (224, 224)).frame, rect(0, 0, 720, 576));
        // Pixels twice as high as wide.
        assert_eq!(
            Fit::CenterCrop.place((640, 240), 0.5, (100, 100), 1.0).frame,
            rect(80, 0, 480, 240)
        );
    }

    #[test]
    fn a_region_is_clipped_to_the_picture() {
        assert_eq!(rect(2, 3, 4, 5).clipped((10, 10)), Some(rect(2, 3, 4, 5)));
        assert_eq!(rect(8, 3, 4, 5).clipped((10, 6)), Some(rect(8, 3, 2, 3)));
        assert_eq!(
            rect(0, 0, usize::MAX, 1).clipped((10, 6)),
            Some(rect(0, 0, 10, 1))
        );
        assert_eq!(rect(10, 0, 4, 5).clipped((10, 6)), None);
        assert_eq!(rect(usize::MAX, 0, usize::MAX, 5).clipped((10, 6)), None);
        assert_eq!(rect(1, 1, 0, 5).clipped((10, 6)), None);
    }
}
