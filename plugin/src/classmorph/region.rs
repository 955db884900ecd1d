// SPDX-License-Identifier: MPL-2.0
//! Regions of interest that come with buffers, and what is said of them (GstVideoRegionOfInterestMeta).

use gst::glib;
use gst_video::VideoRegionOfInterestMeta;
use steerlens::frame::Rect;

/// Where the region of interest comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstClassMorphRoiSource")]
pub enum RoiSource {
    /// The property `roi`.
    #[default]
    #[enum_value(
        name = "The property roi; all of the frame where that is empty",
        nick = "property"
    )]
    Property,
    /// The largest region on the buffer.
    #[enum_value(
        name = "The largest region of interest on the buffer; none: no morph",
        nick = "meta"
    )]
    Meta,
}

/// A region that somebody upstream found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) rect: Rect,
    id: i32,
}

/// The largest region on a buffer for frames of this size, counting only what lies inside; the first of several.
pub(super) fn largest(buffer: &gst::BufferRef, frame: (usize, usize)) -> Option<Found> {
    let mut largest: Option<(usize, Found)> = None;
    for meta in buffer.iter_meta::<VideoRegionOfInterestMeta>() {
        let [x, y, width, height] =
            <[u32; 4]>::from(meta.rect()).map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        let Some(rect) = (Rect { x, y, width, height }).clipped(frame) else {
            continue;
        };
        let area = rect.width.saturating_mul(rect.height);
        if largest.as_ref().is_none_or(|(most, _)| area > *most) {
            largest = Some((area, Found { rect, id: meta.id() }));
        }
    }
    largest.map(|(_, found)| found)
}

/// What the classifier says of a region.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    pub(super) of: Found,
    /// The most probable class, and its probability.
    pub(super) label: String,
    pub(super) confidence: f64,
}

/// Adds what is said to the region on a buffer that has it: a parameter `classmorph` with label and confidence.
pub(super) fn annotate(buffer: &mut gst::BufferRef, said: &Said) {
    for mut region in buffer.iter_meta_mut::<VideoRegionOfInterestMeta>() {
        if region.id() == said.of.id && region.param("classmorph").is_none() {
            let param = gst::Structure::builder("classmorph")
                .field("label", said.label.as_str())
                .field("confidence", said.confidence)
                .build();
            region.add_param(param);
            return;
        }
    }
}

/// Whether a meta is passed on, where that is not left to the base class. Nothing moves from its place, so that what is
/// said of places stays true; where the picture is twice as wide, with the frame itself at the left, a region of interest
/// still means that half, and whatever else knows of sizes would be wrong.
pub(super) fn passes(meta: &gst::MetaRef<'_, gst::Meta>, doubled: bool) -> Option<bool> {
    const PLACES: [&str; 3] = ["video", "size", "orientation"];
    if meta.downcast_ref::<VideoRegionOfInterestMeta>().is_some() {
        return Some(true);
    }
    match doubled {
        true => meta
            .has_tag::<gst_video::video_meta::tags::Size>()
            .then_some(false),
        false => (meta.has_tag::<gst_video::video_meta::tags::Video>() && meta.tags_contain_only(&PLACES))
            .then_some(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(regions: &[(u32, u32, u32, u32)]) -> gst::Buffer {
        gst::init().unwrap();
        let mut buffer = gst::Buffer::new();
        for (id, rect) in (0..).zip(regions) {
            let buffer = buffer.get_mut().unwrap();
            VideoRegionOfInterestMeta::add(buffer, "face", *rect).set_id(id);
        }
        buffer
    }

    #[test]
    fn the_largest_region_inside_the_frame_is_taken() {
        let found = |regions: &[_]| largest(&buffer(regions), (64, 48)).map(|found| found.id);
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[(0, 0, 4, 4), (8, 8, 10, 9), (1, 1, 9, 10)]), Some(1));
        // Large, but hardly any of it in the picture.
        assert_eq!(found(&[(60, 40, 500, 500), (0, 0, 8, 8)]), Some(1));
        assert_eq!(found(&[(64, 0, 5, 5), (0, 0, 0, 9)]), None);
        let rect = largest(&buffer(&[(60, 40, u32::MAX, u32::MAX)]), (64, 48))
            .unwrap()
            .rect;
        assert_eq!((rect.x, rect.y, rect.width, rect.height), (60, 40, 4, 8));
    }

    #[test]
    fn only_the_region_meant_is_annotated() {
        let mut buffer = buffer(&[(0, 0, 4, 4), (8, 8, 10, 9)]);
        let of = largest(&buffer, (64, 48)).unwrap();
        let said = Said {
            of,
            label: "smile".into(),
            confidence: 0.75,
        };
        annotate(buffer.get_mut().unwrap(), &said);
        let params: Vec<_> = buffer
            .iter_meta::<VideoRegionOfInterestMeta>()
            .map(|meta| {
                meta.param("classmorph")
                    .map(|s| s.get::<String>("label").unwrap())
            })
            .collect();
        assert_eq!(params, [None, Some("smile".to_owned())]);
    }
}
