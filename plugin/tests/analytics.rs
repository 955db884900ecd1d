// SPDX-License-Identifier: MPL-2.0
//! With the feature `v1_24`: the classes as GStreamer's own analytics meta, beside the element's.
#![cfg(feature = "v1_24")]
#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod common;

use gst::prelude::*;
use gst_analytics::prelude::*;
use gst_analytics::{AnalyticsClassificationMtd, AnalyticsODMtd, AnalyticsRelationMeta, RelTypes};
use gst_video::VideoRegionOfInterestMeta;
use gststeerlens::message::{FrameReport, META};

use common::rig::Rig;

type Classes = Vec<(String, f32)>;

/// Every classification on a buffer, with its id.
fn classifications(buffer: &gst::BufferRef) -> Vec<(u32, Classes)> {
    let Some(meta) = buffer.meta::<AnalyticsRelationMeta>() else {
        return Vec::new();
    };
    meta.iter::<AnalyticsClassificationMtd>()
        .map(|mtd| {
            let classes = mtd
                .iterate()
                .map(|(label, level)| (label.as_str().to_string(), level));
            (mtd.id(), classes.collect())
        })
        .collect()
}

fn report(buffer: &gst::BufferRef) -> FrameReport {
    let meta = gst::meta::CustomMeta::from_buffer(buffer, META).unwrap();
    FrameReport::try_from(meta.structure()).unwrap()
}

#[test]
fn the_frame_is_classified_as_the_report_says() {
    let mut rig = Rig::new(gst_video::VideoFormat::Rgb, 64, 48, |element| {
        element.set_property("attach-meta", true);
        element.set_property("top-k", 3u32);
    });
    for number in 0..2 {
        let frame = rig.frame(number);
        let out = rig.push(frame);
        let report = report(&out);
        let levels = report.probabilities.iter().map(|p| *p as f32);
        let expected: Classes = report.labels.iter().cloned().zip(levels).collect();
        assert_eq!(expected.len(), 3);
        let found = classifications(&out);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1, expected);
    }
}

#[test]
fn the_morph_is_classified_too_and_related_to_the_frame() {
    let mut rig = Rig::new(gst_video::VideoFormat::Rgb, 64, 48, |element| {
        element.set_property("attach-meta", true);
        element.set_property("measure-after", true);
    });
    let frame = rig.frame(0);
    let out = rig.push(frame);
    let after = report(&out).after.unwrap();
    let found = classifications(&out);
    let [(before_id, _), (after_id, classes)] = &found[..] else {
        panic!("{found:?}")
    };
    let expected = [
        ("neutral".to_owned(), after.source_probability as f32),
        ("smile".to_owned(), after.target_probability as f32),
    ];
    assert_eq!(classes[..], expected);
    let meta = out.meta::<AnalyticsRelationMeta>().unwrap();
    assert_eq!(meta.relation(*after_id, *before_id), RelTypes::RELATE_TO);
}

/// A detector in front has its own results on the buffer; they stay.
#[test]
fn what_lies_on_the_buffer_already_stays() {
    let mut rig = Rig::new(gst_video::VideoFormat::Rgb, 64, 48, |element| {
        element.set_property("attach-meta", true);
    });
    let mut frame = rig.frame(0);
    {
        let mut meta = AnalyticsRelationMeta::add(frame.get_mut().unwrap());
        meta.add_one_cls_mtd(0.5, gst::glib::Quark::from_str("a face"))
            .unwrap();
    }
    let out = rig.push(frame);
    let found = classifications(&out);
    let labels: Vec<&str> = found.iter().map(|(_, classes)| classes[0].0.as_str()).collect();
    assert_eq!(labels.len(), 2, "{found:?}");
    assert_eq!(labels[0], "a face");
}

#[test]
fn nothing_is_attached_unasked() {
    let mut rig = Rig::rgb(64, 48);
    let frame = rig.frame(0);
    let out = rig.push(frame);
    assert!(classifications(&out).is_empty());
}

/// Objects that a detector found: x, y, width and height.
fn with_objects(mut frame: gst::Buffer, places: &[[i32; 4]]) -> gst::Buffer {
    {
        let mut meta = AnalyticsRelationMeta::add(frame.get_mut().unwrap());
        for [x, y, width, height] in places {
            let face = gst::glib::Quark::from_str("face");
            meta.add_od_mtd(face, *x, *y, *width, *height, 0.9).unwrap();
        }
    }
    frame
}

/// The classifications that are part of each detected object.
fn classes_of_objects(buffer: &gst::BufferRef) -> Vec<Vec<u32>> {
    let meta = buffer.meta::<AnalyticsRelationMeta>().unwrap();
    meta.iter::<AnalyticsODMtd>()
        .map(|object| {
            let related =
                meta.iter_direct_related::<AnalyticsClassificationMtd>(object.id(), RelTypes::CONTAIN);
            related
                .map(|class| {
                    assert_eq!(meta.relation(class.id(), object.id()), RelTypes::IS_PART_OF);
                    class.id()
                })
                .collect()
        })
        .collect()
}

fn by_region() -> Rig {
    Rig::new(gst_video::VideoFormat::Rgb, 64, 48, |element| {
        element.set_property_from_str("roi-source", "meta");
    })
}

#[test]
fn the_largest_detected_object_is_morphed_and_classified() {
    let mut rig = by_region();
    let places = [[0, 0, 8, 8], [16, 8, 32, 24], [-90, -90, 100, 100]];
    let source = with_objects(rig.frame(0), &places);
    let out = rig.push(source.clone());
    let (before, after) = (rig.visible(&source, 64), rig.visible(&out, 64));
    for (row, (before, after)) in before.iter().zip(&after).enumerate() {
        assert_eq!(before != after, (8..32).contains(&row), "row {row}");
        assert_eq!(before[..48], after[..48]);
        assert_eq!(before[144..], after[144..]);
    }
    let classes = classifications(&out);
    let [(id, class)] = &classes[..] else {
        panic!("{classes:?}")
    };
    let [(label, confidence)] = &class[..] else {
        panic!("{class:?}")
    };
    assert!(["neutral", "smile", "frown", "surprise"].contains(&label.as_str()));
    assert!((0.25..=1.0).contains(confidence));
    assert_eq!(classes_of_objects(&out), [vec![], vec![*id], vec![]]);
    assert!(
        classifications(&source).is_empty(),
        "what came in is not ours to write on"
    );
}

/// Beyond the upper left corner an object is what of it is in the picture.
#[test]
fn an_object_half_outside_is_morphed_inside() {
    let mut rig = by_region();
    let source = with_objects(rig.frame(0), &[[-8, -4, 40, 36]]);
    let out = rig.push(source.clone());
    let (before, after) = (rig.visible(&source, 64), rig.visible(&out, 64));
    assert_ne!(before[..32], after[..32]);
    assert_eq!(before[32..], after[32..]);
    assert!(before.iter().zip(&after).all(|(b, a)| b[96..] == a[96..]));
}

/// Some detectors attach what they found in both ways.
#[test]
fn a_region_and_an_object_in_one_place_are_both_told() {
    let mut rig = by_region();
    let mut source = with_objects(rig.frame(0), &[[16, 8, 32, 24]]);
    VideoRegionOfInterestMeta::add(source.get_mut().unwrap(), "face", (16, 8, 32, 24));
    let out = rig.push(source);
    let region = out.meta::<VideoRegionOfInterestMeta>().unwrap();
    let param = region.param("classmorph").unwrap();
    let [(_, class)] = &classifications(&out)[..] else {
        panic!("one classification")
    };
    assert_eq!(param.get::<&str>("label").unwrap(), class[0].0);
    assert_eq!(classes_of_objects(&out)[0].len(), 1);
}

#[test]
fn where_nothing_was_detected_nothing_is_morphed() {
    let mut rig = by_region();
    let source = with_objects(rig.frame(0), &[]);
    let out = rig.push(source.clone());
    assert_eq!(rig.visible(&source, 64), rig.visible(&out, 64));
    assert_eq!(rig.stat("inferences"), 0);
}
