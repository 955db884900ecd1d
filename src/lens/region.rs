// SPDX-License-Identifier: MPL-2.0
//! The part of a frame that is read and edited.

use crate::frame::{FrameView, Rect, Shape};

/// The part of frames of this shape that a region of interest means: clipped to the frame, all of it where none is
/// set, `None` where nothing is left. Where colour differences have half the size it grows to whole pairs of pixels.
pub(super) fn part(roi: Option<Rect>, shape: &Shape) -> Option<Rect> {
    let Some(roi) = roi else {
        return Some(Rect::whole(shape.size()));
    };
    let part = roi.clipped(shape.size())?;
    if !shape.format.is_yuv() {
        return Some(part);
    }
    let (x, y) = (part.x & !1, part.y & !1);
    let even = Rect {
        x,
        y,
        width: (part.x + part.width - x).next_multiple_of(2),
        height: (part.y + part.height - y).next_multiple_of(2),
    };
    even.clipped(shape.size())
}

/// That part of a frame; all of it where nothing is left, so that there is something to be read.
pub(super) fn seen<'a>(roi: Option<Rect>, frame: &FrameView<'a>) -> FrameView<'a> {
    part(roi, frame.shape())
        .and_then(|part| frame.crop(part))
        .unwrap_or(*frame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::PixelFormat;

    fn rect(x: usize, y: usize, width: usize, height: usize) -> Rect {
        Rect { x, y, width, height }
    }

    #[test]
    fn regions_are_clipped_and_keep_to_pairs() {
        let rgb = Shape::new(PixelFormat::Rgb, (33, 21));
        assert_eq!(part(None, &rgb), Some(rect(0, 0, 33, 21)));
        assert_eq!(part(Some(rect(3, 5, 7, 9)), &rgb), Some(rect(3, 5, 7, 9)));
        assert_eq!(part(Some(rect(30, 5, 7, 90)), &rgb), Some(rect(30, 5, 3, 16)));
        assert_eq!(part(Some(rect(33, 5, 7, 9)), &rgb), None);
        for format in [PixelFormat::I420, PixelFormat::Nv12] {
            let yuv = Shape { format, ..rgb };
            assert_eq!(part(None, &yuv), Some(rect(0, 0, 33, 21)));
            assert_eq!(part(Some(rect(3, 5, 7, 9)), &yuv), Some(rect(2, 4, 8, 10)));
            assert_eq!(part(Some(rect(31, 19, 9, 9)), &yuv), Some(rect(30, 18, 3, 3)));
        }
    }
}
