// SPDX-License-Identifier: MPL-2.0
//! With the feature `v1_24`: the classes as GStreamer's own analytics meta, beside the element's.
#![cfg(feature = "v1_24")]
#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod common;

use gst::prelude::*;
use gst_analytics::prelude::*;
use gst_analytics::{AnalyticsClassificationMtd, AnalyticsRelationMeta, RelTypes};
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
