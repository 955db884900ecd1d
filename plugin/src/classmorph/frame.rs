// SPDX-License-Identifier: MPL-2.0
//! GStreamer's mapped frames as the library's views, and the plain copy.

use gst_video::{VideoFrameRef, prelude::*};
use steerlens::{FrameView, FrameViewMut, PixelFormat};

use super::{caps, errors};

/// The frame, to read.
pub(super) fn view<'a>(
    frame: &'a VideoFrameRef<&gst::BufferRef>,
) -> Result<FrameView<'a>, gst::ErrorMessage> {
    let Shape {
        format,
        width,
        height,
        stride,
    } = Shape::of(frame)?;
    let data = frame.plane_data(0).map_err(|_| unmapped())?;
    FrameView::new(format, width, height, stride, data).map_err(|error| errors::bus_error(&error.into()))
}

/// The frame, to write.
pub(super) fn view_mut<'a>(
    frame: &'a mut VideoFrameRef<&mut gst::BufferRef>,
) -> Result<FrameViewMut<'a>, gst::ErrorMessage> {
    let Shape {
        format,
        width,
        height,
        stride,
    } = Shape::of(frame)?;
    let data = frame.plane_data_mut(0).map_err(|_| unmapped())?;
    FrameViewMut::new(format, width, height, stride, data).map_err(|error| errors::bus_error(&error.into()))
}

/// Writes `frame` as it is, side by side with itself where `out` is that much wider. Padding is not touched.
pub(super) fn copy(frame: &FrameView<'_>, out: &mut FrameViewMut<'_>) {
    let height = frame.height().min(out.as_view().height());
    for y in 0..height {
        let row = frame.row(y);
        for half in out.row_mut(y).chunks_exact_mut(row.len()) {
            half.copy_from_slice(row);
        }
    }
}

struct Shape {
    format: PixelFormat,
    width: usize,
    height: usize,
    stride: usize,
}

impl Shape {
    fn of<T>(frame: &VideoFrameRef<T>) -> Result<Self, gst::ErrorMessage>
    where
        VideoFrameRef<T>: VideoFrameExt,
    {
        let found = || {
            Some((
                caps::pixel_format(frame.format())?,
                *frame.plane_stride().first()?,
            ))
        };
        let size = |pixels: u32| usize::try_from(pixels).ok();
        let shape = || {
            let (format, stride) = found()?;
            let stride = usize::try_from(stride).ok()?;
            Some(Self {
                format,
                width: size(frame.width())?,
                height: size(frame.height())?,
                stride,
            })
        };
        shape().ok_or_else(|| {
            gst::error_msg!(
                gst::CoreError::Negotiation,
                ("a {} frame came, which classmorph does not take", frame.format())
            )
        })
    }
}

fn unmapped() -> gst::ErrorMessage {
    gst::error_msg!(
        gst::StreamError::Format,
        ("the frame has no pixels that can be reached")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_to_the_picture_and_repeats_it_side_by_side() {
        let (stride_in, stride_out) = (8, 16);
        let input: Vec<u8> = (0..16).collect();
        let mut output = vec![99u8; 32];
        let frame = FrameView::new(PixelFormat::Rgb, 2, 2, stride_in, &input).unwrap();
        let mut out = FrameViewMut::new(PixelFormat::Rgb, 4, 2, stride_out, &mut output).unwrap();
        copy(&frame, &mut out);
        assert_eq!(output[..12], [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]);
        assert_eq!(output[12..16], [99; 4]);
        assert_eq!(output[16..28], [8, 9, 10, 11, 12, 13, 8, 9, 10, 11, 12, 13]);
        assert_eq!(output[28..], [99; 4]);
    }
}
