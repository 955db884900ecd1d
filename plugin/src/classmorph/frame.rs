// SPDX-License-Identifier: MPL-2.0
//! GStreamer's mapped frames as the library's views, and the plain copy.

use gst_video::{VideoColorRange, VideoFrameRef, VideoInfo, prelude::*};
use steerlens::frame::{Bytes, Colorimetry, View};
use steerlens::{FrameView, FrameViewMut, Shape, render};

use super::{caps, errors};

/// The frame, to read.
pub(super) fn view<'a>(
    frame: &'a VideoFrameRef<&gst::BufferRef>,
) -> Result<FrameView<'a>, gst::ErrorMessage> {
    of_planes(frame.info(), frame.planes_data())
}

/// The frame, to write.
pub(super) fn view_mut<'a>(
    frame: &'a mut VideoFrameRef<&mut gst::BufferRef>,
) -> Result<FrameViewMut<'a>, gst::ErrorMessage> {
    let info = frame.info().clone();
    of_planes(&info, frame.planes_data_mut())
}

fn of_planes<B: Bytes>(info: &VideoInfo, planes: [B; 4]) -> Result<View<B>, gst::ErrorMessage> {
    let (shape, stride) = (shape(info)?, strides(info));
    let [first, second, third, _] = planes;
    match shape.format.planes() {
        1 => View::with_planes(shape, [(stride(0), first)]),
        2 => View::with_planes(shape, [(stride(0), first), (stride(1), second)]),
        _ => View::with_planes(
            shape,
            [(stride(0), first), (stride(1), second), (stride(2), third)],
        ),
    }
    .map_err(|error| errors::bus_error(&error.into()))
}

/// Writes `frame` as it is, side by side with itself where `out` is that much wider. Padding is not touched.
pub(super) fn copy(frame: &FrameView<'_>, out: &mut FrameViewMut<'_>) -> Result<(), gst::ErrorMessage> {
    render::pass_on(frame, out).map_err(|error| errors::bus_error(&error.into()))
}

/// The bytes from row to row of each plane.
fn strides(info: &VideoInfo) -> impl Fn(usize) -> usize {
    let strides = info.stride();
    move |plane| {
        let stride = strides.get(plane).copied().unwrap_or(0);
        usize::try_from(stride).unwrap_or(0)
    }
}

/// What a frame's description means to the library.
pub(super) fn shape(info: &VideoInfo) -> Result<Shape, gst::ErrorMessage> {
    let found = || {
        let format = caps::pixel_format(info.format())?;
        let size = |pixels: u32| usize::try_from(pixels).ok();
        let part = |number: i32| u32::try_from(number).ok();
        Some(Shape {
            colorimetry: colorimetry(info),
            pixel_aspect: (part(info.par().numer())?, part(info.par().denom())?),
            ..Shape::new(format, (size(info.width())?, size(info.height())?))
        })
    };
    found().ok_or_else(|| {
        gst::error_msg!(
            gst::CoreError::Negotiation,
            ("a {} frame came, which classmorph does not take", info.format())
        )
    })
}

/// Caps that say nothing have been given GStreamer's own default by size; a matrix without weights counts as BT.601.
fn colorimetry(info: &VideoInfo) -> Colorimetry {
    let described = info.colorimetry();
    let weights = described.matrix().kr_kb();
    let coded = weights.map_or(Colorimetry::BT601, |(kr, kb)| Colorimetry::of_weights(kr, kb));
    match described.range() {
        VideoColorRange::Range0_255 => coded.full(),
        _ => coded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gst_video::VideoFormat;

    fn info(colorimetry: &str, size: (u32, u32)) -> VideoInfo {
        gst::init().unwrap();
        let mut caps = VideoInfo::builder(VideoFormat::I420, size.0, size.1)
            .par(gst::Fraction::new(16, 15))
            .build()
            .unwrap()
            .to_caps()
            .unwrap();
        if colorimetry.is_empty() {
            caps.make_mut()
                .structure_mut(0)
                .unwrap()
                .remove_field("colorimetry");
        } else {
            caps.make_mut().set("colorimetry", colorimetry);
        }
        VideoInfo::from_caps(&caps).unwrap()
    }

    #[test]
    fn what_caps_say_of_colours_is_kept() {
        let of = |text, size| shape(&info(text, size)).unwrap().colorimetry;
        assert_eq!(of("bt601", (720, 576)), Colorimetry::BT601);
        assert_eq!(of("bt709", (720, 576)), Colorimetry::BT709);
        assert_eq!(of("bt2020", (720, 576)), Colorimetry::BT2020);
        // Full range, BT.601's matrix: what JPEG decoders say.
        assert_eq!(of("1:4:0:0", (720, 576)), Colorimetry::BT601.full());
        // Without a word GStreamer goes by size.
        assert_eq!(of("", (720, 576)), Colorimetry::BT601);
        assert_eq!(of("", (1280, 720)), Colorimetry::BT709);
        assert_eq!(shape(&info("bt601", (720, 576))).unwrap().pixel_aspect, (16, 15));
    }
}
