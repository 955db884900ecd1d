// SPDX-License-Identifier: MPL-2.0
//! Regions of interest that come with buffers, and what is said of them: GstVideoRegionOfInterestMeta, and with the
//! feature `v1_24` GstAnalyticsODMtd.

use std::time::Duration;

use gst::glib;
#[cfg(feature = "v1_24")]
use gst_analytics::{AnalyticsODMtd, AnalyticsRelationMeta, RelTypes};
use gst_video::VideoRegionOfInterestMeta;
use steerlens::frame::Rect;

use crate::message::nanoseconds;

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

/// Where something is: x, y, width and height in pixels, as it was written down.
pub(super) type Place = [i64; 4];

/// The rectangle of a place. What lies beyond the upper left corner is cut off, and sides below 0 leave nothing.
pub(super) fn rect([x, y, width, height]: Place) -> Rect {
    let span = |start: i64, length: i64| {
        let (first, end) = (start.max(0), start.saturating_add(length.max(0)).max(0));
        let number = |value: i64| usize::try_from(value).unwrap_or(usize::MAX);
        (number(first), number((end - first).max(0)))
    };
    let ((x, width), (y, height)) = (span(x, width), span(y, height));
    Rect { x, y, width, height }
}

/// A region that somebody upstream found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// The part of it inside the frame.
    pub(super) rect: Rect,
    place: Place,
}

/// The largest region on a buffer for frames of this size, counting only what lies inside; the first of several.
pub(super) fn largest(buffer: &gst::BufferRef, frame: (usize, usize)) -> Option<Found> {
    let mut largest: Option<(usize, Found)> = None;
    let mut consider = |place| {
        let Some(rect) = rect(place).clipped(frame) else {
            return;
        };
        let area = rect.width.saturating_mul(rect.height);
        if largest.as_ref().is_none_or(|(most, _)| area > *most) {
            largest = Some((area, Found { rect, place }));
        }
    };
    for meta in buffer.iter_meta::<VideoRegionOfInterestMeta>() {
        consider(place(meta.rect()));
    }
    #[cfg(feature = "v1_24")]
    detections(buffer, |_, place| consider(place));
    largest.map(|(_, found)| found)
}

fn place(rect: (u32, u32, u32, u32)) -> Place {
    <[u32; 4]>::from(rect).map(i64::from)
}

/// Every detected object on a buffer, by its number there.
#[cfg(feature = "v1_24")]
fn detections(buffer: &gst::BufferRef, mut found: impl FnMut(u32, Place)) {
    use gst_analytics::prelude::*;
    if let Some(meta) = buffer.meta::<AnalyticsRelationMeta>() {
        for object in meta.iter::<AnalyticsODMtd>() {
            if let Ok(at) = object.location() {
                found(object.id(), [at.x, at.y, at.w, at.h].map(i64::from));
            }
        }
    }
}

/// What the classifier says of a region.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Classification {
    pub(super) of: Found,
    /// The most probable class, and its probability.
    pub(super) label: String,
    pub(super) confidence: f64,
    /// How much older than this frame the one is that the classifier read, where it is not this one.
    pub(super) age: Option<Duration>,
}

/// Adds the classification to everything on a buffer that marks the place: to regions a parameter `classmorph` with label and
/// confidence, and whether and since when they are an earlier frame's; to detected objects a classification, which can
/// tell no age and is therefore of this frame or not there. Many detectors leave a region's number at 0, and some attach
/// the same place in both ways.
pub(super) fn annotate(
    buffer: &mut gst::BufferRef,
    classification: &Classification,
) -> Result<(), glib::BoolError> {
    for mut region in buffer.iter_meta_mut::<VideoRegionOfInterestMeta>() {
        if place(region.rect()) == classification.of.place && region.param("classmorph").is_none() {
            let param = gst::Structure::builder("classmorph")
                .field("label", classification.label.as_str())
                .field("confidence", classification.confidence)
                .field("held", classification.age.is_some())
                .field(
                    "gradient-age",
                    nanoseconds(classification.age.unwrap_or_default()),
                )
                .build();
            region.add_param(param);
        }
    }
    #[cfg(feature = "v1_24")]
    if classification.age.is_none() {
        classify(buffer, classification)?;
    }
    Ok(())
}

/// A classification is part of the object that it is of.
#[cfg(feature = "v1_24")]
fn classify(buffer: &mut gst::BufferRef, classification: &Classification) -> Result<(), glib::BoolError> {
    use gst_analytics::prelude::*;
    let mut objects = Vec::new();
    detections(buffer, |object, place| {
        if place == classification.of.place {
            objects.push(object);
        }
    });
    if objects.is_empty() {
        return Ok(());
    }
    let Some(mut meta) = buffer.meta_mut::<AnalyticsRelationMeta>() else {
        return Ok(());
    };
    #[expect(clippy::cast_possible_truncation, reason = "a probability, rounded")]
    let confidence = classification.confidence as f32;
    let class = meta
        .add_one_cls_mtd(confidence, glib::Quark::from_str(&classification.label))?
        .id();
    for object in objects {
        meta.set_relation(RelTypes::CONTAIN, object, class)?;
        meta.set_relation(RelTypes::IS_PART_OF, class, object)?;
    }
    Ok(())
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

    /// None of the regions has a number of its own.
    fn buffer(regions: &[(u32, u32, u32, u32)]) -> gst::Buffer {
        gst::init().unwrap();
        let mut buffer = gst::Buffer::new();
        for rect in regions {
            VideoRegionOfInterestMeta::add(buffer.get_mut().unwrap(), "face", *rect);
        }
        buffer
    }

    #[test]
    fn the_largest_region_inside_the_frame_is_taken() {
        let found = |regions: &[_]| {
            let found = largest(&buffer(regions), (64, 48))?;
            regions.iter().position(|rect| place(*rect) == found.place)
        };
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
        let classification = Classification {
            of,
            label: "smile".into(),
            confidence: 0.75,
            age: Some(Duration::from_millis(40)),
        };
        annotate(buffer.get_mut().unwrap(), &classification).unwrap();
        let params: Vec<_> = buffer
            .iter_meta::<VideoRegionOfInterestMeta>()
            .map(|meta| {
                meta.param("classmorph").map(|s| {
                    let age = (s.get("held").unwrap(), s.get("gradient-age").unwrap());
                    (s.get::<String>("label").unwrap(), age)
                })
            })
            .collect();
        assert_eq!(params, [None, Some(("smile".to_owned(), (true, 40_000_000u64)))]);
    }
}
