// SPDX-License-Identifier: MPL-2.0
//! What goes in and what comes out: the template, and the doubled width of `side-by-side`.

use std::cell::Cell;

use gst::glib;
use gst::prelude::*;
use gst_video::VideoFormat;
use steerlens::morph::ColorMode;
use steerlens::render::DisplayMode;
use steerlens::{LensSettings, PixelFormat};

/// The formats of the element with the library's names for them.
const FORMATS: [(VideoFormat, PixelFormat); 13] = [
    (VideoFormat::Rgb, PixelFormat::Rgb),
    (VideoFormat::Bgr, PixelFormat::Bgr),
    (VideoFormat::Rgbx, PixelFormat::Rgbx),
    (VideoFormat::Bgrx, PixelFormat::Bgrx),
    (VideoFormat::Xrgb, PixelFormat::Xrgb),
    (VideoFormat::Xbgr, PixelFormat::Xbgr),
    (VideoFormat::Rgba, PixelFormat::Rgba),
    (VideoFormat::Bgra, PixelFormat::Bgra),
    (VideoFormat::Argb, PixelFormat::Argb),
    (VideoFormat::Abgr, PixelFormat::Abgr),
    (VideoFormat::Gray8, PixelFormat::Gray8),
    (VideoFormat::I420, PixelFormat::I420),
    (VideoFormat::Nv12, PixelFormat::Nv12),
];

/// Both pads' caps: any size, any frame rate (0/1 for pictures), the formats above.
pub(super) fn template() -> gst::Caps {
    gst_video::VideoCapsBuilder::new()
        .format_list(FORMATS.map(|(format, _)| format))
        .build()
}

/// The library's name for a format of the template.
pub(super) fn pixel_format(format: VideoFormat) -> Option<PixelFormat> {
    FORMATS
        .iter()
        .find(|(gst, _)| *gst == format)
        .map(|(_, pixel)| *pixel)
}

/// What decides on caps: two settings, and how far the stream has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Modes {
    pub(super) display: DisplayMode,
    pub(super) color: ColorMode,
    pub(super) phase: Phase,
}

/// How far a stream has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not started. Every format can be linked; the colour mode may still change.
    Stopped,
    /// No caps have come: what does not fit the settings is refused.
    Started,
    /// Caps have come. What goes on as it is now is taken all the same, as the last choice, where it does not fit the
    /// settings: a stream does not end because a property was set. `doubled`: the pictures go out twice as wide;
    /// `luma_only`: their colour differences lie apart.
    Flowing { doubled: bool, luma_only: bool },
}

impl Modes {
    pub(super) fn of(settings: &LensSettings, phase: Phase) -> Self {
        Self {
            display: settings.view.display_mode,
            color: settings.morph.color_mode,
            phase,
        }
    }

    /// Whether pictures are to go out twice as wide.
    pub(super) fn doubles(self) -> bool {
        doubles(self.display)
    }

    /// As these, with nothing but luma to be edited: every format will do.
    pub(super) fn in_luma(self) -> Self {
        Self {
            color: ColorMode::Luma,
            ..self
        }
    }

    /// As these, of a stream that would be negotiated anew: what does not fit is refused.
    pub(super) fn strict(self) -> Self {
        Self {
            phase: Phase::Started,
            ..self
        }
    }

    /// The caps that the other pad can have where the pad of `direction` has `caps`.
    pub(super) fn across(
        self,
        direction: gst::PadDirection,
        caps: &gst::Caps,
        filter: Option<&gst::Caps>,
    ) -> gst::Caps {
        let caps = self.editable(caps);
        let resized = |doubles| match (doubles, direction) {
            (true, gst::PadDirection::Src) => with_width(&caps, Width::Halved),
            (true, _) => with_width(&caps, Width::Doubled),
            (false, _) => caps.clone(),
        };
        let mut other = resized(self.doubles());
        if let Phase::Flowing { doubled, .. } = self.phase
            && (doubled || self.doubles())
        {
            other.merge(resized(!self.doubles()));
        }
        match filter {
            Some(filter) => filter.intersect_with_mode(&other, gst::CapsIntersectMode::First),
            None => other,
        }
    }

    /// The structures of caps, and the formats in them, that can be edited.
    fn editable(self, caps: &gst::Caps) -> gst::Caps {
        if self.phase == Phase::Stopped {
            return caps.clone();
        }
        let editable = editable(caps, self.color);
        match self.phase {
            Phase::Flowing { luma_only: true, .. } if editable.is_empty() => caps.clone(),
            _ => editable,
        }
    }

    /// Answers a query by these modes, whatever becomes of the settings meanwhile: the base class comes to
    /// [`Self::across`] twice, there and back, and a mode that changed between would leave nothing of the caps, so
    /// that upstream would fail to negotiate.
    pub(super) fn throughout<T>(self, answer: impl FnOnce() -> T) -> T {
        let outer = ANSWER.replace(Some(self));
        let answered = answer();
        ANSWER.set(outer);
        answered
    }

    /// The modes of the query that this thread is answering.
    pub(super) fn of_query() -> Option<Self> {
        ANSWER.get()
    }
}

/// Whether pictures are shown twice as wide.
pub(super) fn doubles(display: DisplayMode) -> bool {
    display == DisplayMode::SideBySide
}

thread_local! {
    /// Queries are nested where elements are in a row.
    static ANSWER: Cell<Option<Modes>> = const { Cell::new(None) };
}

/// The structures of caps, and the formats in them, that can be edited in this colour mode: where colour differences
/// lie apart, only luma can. A structure without any is left out.
fn editable(caps: &gst::Caps, color_mode: ColorMode) -> gst::Caps {
    if color_mode == ColorMode::Luma {
        return caps.clone();
    }
    let formats = FORMATS.into_iter().filter(|(_, pixel)| !pixel.is_yuv());
    let rgb = gst::Structure::builder("video/x-raw")
        .field(
            "format",
            gst::List::new(formats.map(|(format, _)| format.to_str())),
        )
        .build();
    let rgb: gst::Caps = [(rgb, gst::CapsFeatures::new_any())].into_iter().collect();
    caps.intersect_with_mode(&rgb, gst::CapsIntersectMode::First)
}

/// Whether frames of these fixed caps can be edited in this colour mode.
pub(super) fn fits(caps: &gst::Caps, color_mode: ColorMode) -> bool {
    !editable(caps, color_mode).is_empty()
}

/// Whether nothing but luma can be edited in frames of these fixed caps.
pub(super) fn is_luma_only(caps: &gst::Caps) -> bool {
    !fits(caps, ColorMode::Joint)
}

/// The formats that caps name, as they are written in a launch line.
pub(super) fn formats(caps: &gst::CapsRef) -> String {
    let format = caps
        .structure(0)
        .and_then(|structure| structure.value("format").ok());
    match format {
        Some(value) => match value.get::<String>() {
            Ok(name) => name,
            Err(_) => value
                .serialize()
                .map_or_else(|_| caps.to_string(), |text| text.to_string()),
        },
        None => caps.to_string(),
    }
}

/// How the width changes from one pad to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    /// From the sink pad's caps to the source pad's.
    Doubled,
    /// From the source pad's caps to the sink pad's.
    Halved,
}

/// Caps with every width doubled or halved; a structure none of whose widths can be halved is left out.
/// The pixel aspect ratio stays: each half keeps its shape.
fn with_width(caps: &gst::CapsRef, width: Width) -> gst::Caps {
    caps.iter_with_features()
        .filter_map(|(structure, features)| {
            let mut structure = structure.to_owned();
            if let Ok(value) = structure.value("width") {
                let value = change(value, width)?;
                structure.set_value("width", value);
            }
            Some((structure, features.to_owned()))
        })
        .collect()
}

fn change(value: &glib::Value, width: Width) -> Option<glib::SendValue> {
    if let Ok(pixels) = value.get::<i32>() {
        return match width {
            Width::Doubled => Some(pixels.saturating_mul(2).to_send_value()),
            Width::Halved => (pixels > 0 && pixels % 2 == 0).then(|| (pixels / 2).to_send_value()),
        };
    }
    if let Ok(range) = value.get::<gst::IntRange<i32>>() {
        let (min, max) = match width {
            Width::Doubled => (range.min().saturating_mul(2), range.max().saturating_mul(2)),
            Width::Halved => (range.min() / 2 + range.min() % 2, range.max() / 2),
        };
        return match min.cmp(&max) {
            std::cmp::Ordering::Less => Some(gst::IntRange::new(min, max).to_send_value()),
            std::cmp::Ordering::Equal => Some(min.to_send_value()),
            std::cmp::Ordering::Greater => None,
        };
    }
    let list = value.get::<gst::List>().ok()?;
    let values: Vec<_> = list.iter().filter_map(|value| change(value, width)).collect();
    (!values.is_empty()).then(|| gst::List::new(values).to_send_value())
}

/// The display mode that fits the widths agreed on: a frame may come between a change of the property and the
/// new caps.
pub(super) fn negotiated(wanted: DisplayMode, width: usize, out_width: usize) -> DisplayMode {
    match (wanted, out_width == width) {
        (DisplayMode::SideBySide, true) => DisplayMode::Morph,
        (_, false) => DisplayMode::SideBySide,
        (wanted, true) => wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(text: &str) -> gst::Caps {
        gst::init().unwrap();
        text.parse().unwrap()
    }

    fn changed(width: Width, from: &str) -> String {
        with_width(&caps(&format!("video/x-raw, width={from}")), width)
            .structure(0)
            .map_or("none".into(), |s| {
                s.value("width").unwrap().serialize().unwrap().to_string()
            })
    }

    #[test]
    fn doubles_numbers_ranges_and_lists() {
        assert_eq!(changed(Width::Doubled, "(int)40"), "80");
        assert_eq!(
            changed(Width::Doubled, "(int)[ 1, 2147483647 ]"),
            "[ 2, 2147483647 ]"
        );
        assert_eq!(changed(Width::Doubled, "(int){ 3, 5 }"), "{ (int)6, (int)10 }");
    }

    #[test]
    fn halves_numbers_ranges_and_lists() {
        assert_eq!(changed(Width::Halved, "(int)80"), "40");
        assert_eq!(changed(Width::Halved, "(int)[ 3, 9 ]"), "[ 2, 4 ]");
        assert_eq!(
            changed(Width::Halved, "(int)[ 1, 2147483647 ]"),
            "[ 1, 1073741823 ]"
        );
        assert_eq!(changed(Width::Halved, "(int)[ 3, 5 ]"), "2");
        assert_eq!(changed(Width::Halved, "(int){ 6, 7, 10 }"), "{ (int)3, (int)5 }");
    }

    #[test]
    fn odd_widths_have_no_half() {
        for odd in ["(int)81", "(int){ 7, 9 }"] {
            assert_eq!(changed(Width::Halved, odd), "none");
        }
    }

    #[test]
    fn every_structure_and_feature_is_kept() {
        let both = caps("video/x-raw, format=RGB, width=4; video/x-raw(memory:DMABuf), width=6");
        let expected = caps("video/x-raw, format=RGB, width=8; video/x-raw(memory:DMABuf), width=12");
        assert_eq!(with_width(&both, Width::Doubled), expected);
    }

    #[test]
    fn the_template_lists_every_format_of_the_library() {
        gst::init().unwrap();
        for (gst, pixel) in FORMATS {
            let info = gst_video::VideoInfo::builder(gst, 7, 5).build().unwrap();
            assert_eq!(pixel_format(gst), Some(pixel));
            assert_eq!(usize::try_from(info.comp_pstride(0)), Ok(pixel.bytes()));
            assert!(template().can_intersect(&info.to_caps().unwrap()), "{gst}");
            let red_green_blue =
                [0, 1, 2].map(|c| info.comp_poffset(if pixel.bytes() == 1 { 0 } else { c }) as usize);
            assert_eq!(red_green_blue, pixel.offsets(), "{gst}");
            assert_eq!(info.n_planes() as usize, pixel.planes(), "{gst}");
            for plane in 0..pixel.planes() {
                let (row, rows) = pixel.plane_size(plane, (7, 5));
                let component = u8::try_from(plane).unwrap();
                let pixels = info.comp_width(component) as usize;
                let step = usize::try_from(info.comp_pstride(component)).unwrap();
                assert_eq!(pixels * step, row, "{gst}");
                assert_eq!(info.comp_height(component) as usize, rows, "{gst}");
            }
        }
    }

    #[test]
    fn only_luma_can_be_edited_where_it_lies_apart() {
        let all = caps("video/x-raw, format={ I420, RGB, NV12, GRAY8 }, width=8; video/x-raw, format=NV12");
        assert_eq!(editable(&all, ColorMode::Luma), all);
        for mode in [ColorMode::Joint, ColorMode::Independent] {
            let rest = editable(&all, mode);
            assert_eq!(rest, caps("video/x-raw, format={ RGB, GRAY8 }, width=8"));
            assert!(editable(&caps("video/x-raw, format=I420"), mode).is_empty());
            assert_eq!(editable(&template(), mode).size(), 1);
        }
    }

    #[test]
    fn a_frame_before_the_new_caps_is_shown_in_the_old_layout() {
        use DisplayMode::{Difference, Morph, SideBySide};
        assert_eq!(negotiated(SideBySide, 40, 40), Morph);
        assert_eq!(negotiated(Difference, 40, 80), SideBySide);
        assert_eq!(negotiated(SideBySide, 40, 80), SideBySide);
        assert_eq!(negotiated(Difference, 40, 40), Difference);
    }
}
