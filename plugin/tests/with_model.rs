// SPDX-License-Identifier: MPL-2.0
//! The element with a real model and ONNX Runtime: frames through a harness, from outside.

mod common;

use gst::prelude::*;

use common::rig::Rig;
use common::{classmorph, init, messages, model, said, shipped, start_error, with_bus};

#[test]
fn a_frame_is_changed_and_its_times_are_kept() {
    let mut rig = Rig::rgb(63, 47);
    for number in 0..3 {
        let frame = rig.frame(number);
        let out = rig.push(frame.clone());
        assert_eq!((out.pts(), out.duration()), (frame.pts(), frame.duration()));
        assert_eq!(out.offset(), frame.offset());
        let (before, after) = (rig.visible(&frame, 63), rig.visible(&out, 63));
        assert_ne!(before, after);
    }
    assert!(messages(&rig.bus, gst::MessageType::Warning).is_empty());
    assert_eq!(
        [
            rig.stat("frames-in"),
            rig.stat("frames-morphed"),
            rig.stat("errors")
        ],
        [3, 3, 0]
    );
    assert!(rig.stat("last-inference-time") > 0 && rig.stat("load-time") > 0);
}

#[test]
fn every_format_goes_through_and_alpha_stays() {
    init();
    let template = classmorph().static_pad("sink").unwrap().pad_template_caps();
    let formats = template.structure(0).unwrap().get::<gst::List>("format").unwrap();
    assert_eq!(formats.len(), 13);
    for format in formats.iter() {
        let format: gst_video::VideoFormat = format.get::<&str>().unwrap().parse().unwrap();
        let mut rig = Rig::new(format, 40, 32, |_| ());
        let frame = rig.frame(0);
        let out = rig.push(frame.clone());
        let (before, after) = (rig.visible(&frame, 40), rig.visible(&out, 40));
        assert_ne!(before, after, "{format}");
        if rig.info.has_alpha() {
            let alpha = rig.info.comp_poffset(3) as usize;
            let of = |rows: &[Vec<u8>]| -> Vec<u8> {
                rows.iter()
                    .flat_map(|row| row.iter().skip(alpha).step_by(4).copied())
                    .collect()
            };
            assert_eq!(of(&before), of(&after), "{format}");
        }
    }
}

#[test]
fn every_size_goes_through() {
    for (width, height) in [
        (1, 1),
        (1, 16),
        (2, 3),
        (7, 5),
        (16, 1),
        (33, 65),
        (320, 240),
        (801, 603),
    ] {
        let mut rig = Rig::rgb(width, height);
        let frame = rig.frame(0);
        let out = rig.push(frame);
        assert_eq!(out.size(), rig.info.size(), "{width}x{height}");
        assert!(
            messages(&rig.bus, gst::MessageType::Error).is_empty(),
            "{width}x{height}"
        );
    }
}

#[test]
fn a_frame_too_small_is_passed_on_with_one_warning() {
    let mut rig = Rig::rgb(1, 1);
    for number in 0..3 {
        let frame = rig.frame(number);
        let out = rig.push(frame.clone());
        assert_eq!(rig.visible(&frame, 1), rig.visible(&out, 1));
    }
    assert_eq!(messages(&rig.bus, gst::MessageType::Warning).len(), 1);
}

#[test]
fn magnification_zero_is_the_frame_bit_for_bit() {
    for post in [false, true] {
        let mut rig = Rig::new(gst_video::VideoFormat::Rgba, 63, 47, |element| {
            element.set_property("magnification", 0.0);
            element.set_property("post-messages", post);
        });
        let frame = rig.frame(0);
        let out = rig.push(frame.clone());
        assert_eq!(rig.visible(&frame, 63), rig.visible(&out, 63));
        // The model is asked only where somebody listens.
        assert_eq!(rig.stat("inferences"), u64::from(post));
        assert_eq!(said(&rig.bus, "classmorph").len(), usize::from(post));
    }
}

#[test]
fn a_gap_is_copied_unseen_and_stays_a_gap() {
    let mut rig = Rig::rgb(40, 30);
    let mut frame = rig.frame(0);
    frame
        .get_mut()
        .unwrap()
        .set_flags(gst::BufferFlags::GAP | gst::BufferFlags::DISCONT);
    let out = rig.push(frame.clone());
    assert!(
        out.flags()
            .contains(gst::BufferFlags::GAP | gst::BufferFlags::DISCONT)
    );
    assert_eq!(rig.visible(&frame, 40), rig.visible(&out, 40));
    assert_eq!([rig.stat("inferences"), rig.stat("frames-bypassed")], [0, 1]);
}

#[test]
fn the_size_may_change_in_mid_stream() {
    let mut rig = Rig::rgb(32, 24);
    for (number, (width, height)) in [(32, 24), (40, 30), (7, 9), (32, 24)].into_iter().enumerate() {
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Rgb, width, height);
        rig.info = info.fps((25, 1)).build().unwrap();
        rig.harness.set_src_caps(rig.info.to_caps().unwrap());
        let frame = rig.frame(number as u64);
        assert_eq!(rig.push(frame).size(), rig.info.size());
        assert_eq!(rig.caps_width(), width as i32);
    }
}

#[test]
fn stills_have_no_frame_rate() {
    let mut rig = Rig::rgb(48, 48);
    rig.info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Rgb, 48, 48)
        .fps((0, 1))
        .build()
        .unwrap();
    rig.harness.set_src_caps(rig.info.to_caps().unwrap());
    let mut frame = rig.frame(0);
    frame.get_mut().unwrap().set_pts(gst::ClockTime::NONE);
    frame.get_mut().unwrap().set_duration(gst::ClockTime::NONE);
    let out = rig.push(frame.clone());
    assert_eq!(out.pts(), None);
    assert_ne!(rig.visible(&frame, 48), rig.visible(&out, 48));
}

#[test]
fn side_by_side_comes_and_goes_in_mid_stream() {
    let mut rig = Rig::rgb(40, 30);
    let show = |rig: &Rig, mode| rig.element.set_property_from_str("display-mode", mode);

    let frame = rig.frame(0);
    let morph = rig.push(frame);
    let morph = rig.visible(&morph, 40);
    assert_eq!(rig.caps_width(), 40);

    show(&rig, "side-by-side");
    let frame = rig.frame(1);
    let both = rig.push(frame.clone());
    assert_eq!(rig.caps_width(), 80);
    let (both, frame) = (rig.visible(&both, 80), rig.visible(&frame, 40));
    for (y, row) in both.iter().enumerate() {
        assert_eq!(row[..120], frame[y], "the left half is the frame");
        assert_eq!(row[120..], morph[y], "the right half is the morph");
    }

    // A gap is copied in the layout agreed on.
    let mut gap = rig.frame(2);
    gap.get_mut().unwrap().set_flags(gst::BufferFlags::GAP);
    let copy = rig.push(gap);
    for (y, row) in rig.visible(&copy, 80).iter().enumerate() {
        assert_eq!([&row[..120], &row[120..]], [&frame[y][..]; 2]);
    }

    show(&rig, "morph");
    let frame = rig.frame(3);
    rig.push(frame);
    assert_eq!(rig.caps_width(), 40);
}

#[test]
fn fifty_cycles_and_the_model_is_kept_until_null() {
    let element = classmorph();
    element.set_property("model-file", model());
    let bus = with_bus(&element);
    let loads = |expected: usize| {
        let mut names: Vec<_> = messages(&bus, gst::MessageType::Element)
            .iter()
            .map(|message| message.structure().unwrap().name().to_string())
            .collect();
        names.dedup();
        assert_eq!(names.len(), 2 * expected, "{names:?}");
    };
    let cycle = |low| {
        element.set_state(gst::State::Paused).expect("run `make setup`");
        element.set_state(low).unwrap();
    };
    (0..25).for_each(|_| cycle(gst::State::Ready));
    loads(1);
    element.set_property("threads", 2u32);
    cycle(gst::State::Ready);
    loads(1);
    cycle(gst::State::Null);
    loads(0);
    (0..25).for_each(|_| cycle(gst::State::Null));
    loads(25);
}

#[test]
fn a_message_says_everything_that_is_promised() {
    let mut rig = Rig::new(gst_video::VideoFormat::Rgb, 64, 64, |element| {
        element.set_property("post-messages", true);
        element.set_property("measure-after", true);
        element.set_property("top-k", 3u32);
    });
    let loading = said(&rig.bus, "classmorph-loading");
    assert!(loading.is_empty() || loading[0].get::<&str>("model-file").is_ok());
    for number in 0..2 {
        let frame = rig.frame(number);
        rig.push(frame);
    }
    let said = said(&rig.bus, "classmorph");
    let [_, second] = &said[..] else {
        panic!("one message for each frame: {said:?}")
    };
    let types = [
        ("frame", "guint64"),
        ("timestamp", "guint64"),
        ("stream-time", "guint64"),
        ("running-time", "guint64"),
        ("duration", "guint64"),
        ("source-class", "gint"),
        ("target-class", "gint"),
        ("source-label", "gchararray"),
        ("target-label", "gchararray"),
        ("source-logit", "gdouble"),
        ("target-logit", "gdouble"),
        ("source-probability", "gdouble"),
        ("target-probability", "gdouble"),
        ("margin", "gdouble"),
        ("gradient-norm", "gdouble"),
        ("change-norm", "gdouble"),
        ("phase-rms", "gdouble"),
        ("magnification", "gdouble"),
        ("held", "gboolean"),
        ("gradient-age", "guint64"),
        ("inference-time", "guint64"),
        ("morph-time", "guint64"),
        ("classes", "GstValueArray"),
        ("labels", "GstValueArray"),
        ("probabilities", "GstValueArray"),
        ("l2", "gdouble"),
        ("attained", "gboolean"),
        ("pair-changed", "gboolean"),
        ("source-probability-after", "gdouble"),
        ("target-probability-after", "gdouble"),
        ("top-class-after", "gint"),
        ("after-time", "guint64"),
    ];
    let found: Vec<_> = second
        .iter()
        .map(|(name, value)| (name.as_str(), value.type_().name()))
        .collect();
    assert_eq!(found, types);

    let real = |name| second.get::<f64>(name).unwrap();
    assert_eq!(second.get("frame"), Ok(1u64));
    assert_eq!(second.get("timestamp"), Ok(40_000_000u64));
    assert_eq!(second.get("source-label"), Ok("neutral"));
    assert_eq!(second.get("target-label"), Ok("smile"));
    assert_eq!(real("magnification"), 1.0);
    // The logits are f32: their difference is rounded once more than the margin's two terms.
    assert!(
        (real("margin") - (real("target-logit") - real("source-logit"))).abs()
            <= 1e-5 * real("target-logit").abs().max(1.0)
    );
    assert!(real("gradient-norm") > 0.0);
    assert!(real("l2") > 0.0);
    assert!(
        real("target-probability-after") > real("target-probability"),
        "towards the target: {second}"
    );
    let list: Vec<f64> = second
        .get::<gst::Array>("probabilities")
        .unwrap()
        .iter()
        .map(|p| p.get().unwrap())
        .collect();
    assert_eq!(list.len(), 3);
    assert!(list.is_sorted_by(|a, b| a >= b));
}

/// Cargo runs tests in the package's folder.
#[test]
fn a_relative_path_finds_model_and_labels() {
    let element = classmorph();
    element.set_property("model-file", "../models/faces_robust.onnx");
    element.set_property("target-label", "smile");
    let bus = with_bus(&element);
    let started = element.set_state(gst::State::Paused);
    element.set_state(gst::State::Null).unwrap();
    assert!(started.is_ok(), "{:?}", messages(&bus, gst::MessageType::Error));
}

#[test]
fn an_unknown_label_stops_the_start() {
    let element = classmorph();
    element.set_property("model-file", model());
    element.set_property("target-label", "unicorn");
    let error = start_error(&element);
    assert!(error.matches(gst::ResourceError::Settings), "{error:?}");
    assert!(error.message().contains("unicorn"), "{error}");
}

#[test]
fn an_unknown_label_while_playing_is_one_warning_and_the_frame_as_it_came() {
    let mut rig = Rig::rgb(48, 48);
    let frame = rig.frame(0);
    let morph = rig.push(frame.clone());
    let (frame_bytes, morph) = (rig.visible(&frame, 48), rig.visible(&morph, 48));
    assert_ne!(frame_bytes, morph);

    rig.element.set_property("target-label", "unicorn");
    for number in 1..4 {
        let out = rig.frame(number);
        let out = rig.push(out);
        assert_eq!(rig.visible(&out, 48), frame_bytes);
    }
    let warnings = messages(&rig.bus, gst::MessageType::Warning);
    let [warning] = &warnings[..] else {
        panic!("one warning a second: {warnings:?}")
    };
    let gst::MessageView::Warning(warning) = warning.view() else {
        unreachable!()
    };
    assert!(warning.error().message().contains("unicorn"));

    rig.element.set_property("target-label", "smile");
    let out = rig.frame(4);
    let out = rig.push(out);
    assert_eq!(rig.visible(&out, 48), morph, "the stream goes on");
}

#[test]
fn a_sweep_follows_the_stream_time() {
    let mut rig = Rig::new(gst_video::VideoFormat::Rgb, 48, 48, |element| {
        element.set_property("post-messages", true);
        element.set_property("magnification", 2.0);
        element.set_property_from_str("sweep", "triangle");
        element.set_property("sweep-period", 160_000_000u64);
    });
    for number in 0..5 {
        let frame = rig.frame(number);
        rig.push(frame);
    }
    let used: Vec<f64> = said(&rig.bus, "classmorph")
        .iter()
        .map(|s| s.get("magnification").unwrap())
        .collect();
    assert_eq!(used, [0.0, 1.0, 2.0, 1.0, 0.0]);
}

#[test]
fn a_flush_interrupts_nothing_that_comes_after() {
    let mut rig = Rig::rgb(48, 48);
    for number in 0..3 {
        let frame = rig.frame(number);
        rig.push(frame);
        assert!(rig.harness.push_event(gst::event::FlushStart::new()));
        assert!(rig.harness.push_event(gst::event::FlushStop::new(true)));
        let segment = gst::FormattedSegment::<gst::ClockTime>::new();
        assert!(rig.harness.push_event(gst::event::Segment::new(&segment)));
    }
    assert_eq!(rig.stat("frames-morphed"), 3);
    assert!(messages(&rig.bus, gst::MessageType::Error).is_empty());
}

#[test]
fn a_break_in_the_stream_has_the_classes_chosen_anew() {
    let mut rig = Rig::new(gst_video::VideoFormat::Rgb, 48, 48, |element| {
        element.set_property("post-messages", true);
        element.set_property("source-label", None::<&str>);
        element.set_property("target-label", None::<&str>);
    });
    let mut number = 0;
    let mut chosen = |rig: &mut Rig, flags| {
        let mut frame = rig.frame(number);
        frame.get_mut().unwrap().set_flags(flags);
        number += 1;
        rig.push(frame);
        said(&rig.bus, "classmorph")[0]
            .get::<bool>("pair-changed")
            .unwrap()
    };
    let none = gst::BufferFlags::empty();
    assert!(chosen(&mut rig, none), "the first frame");
    assert!(!chosen(&mut rig, none));
    assert!(
        !chosen(&mut rig, gst::BufferFlags::DISCONT),
        "a dropped frame is no break"
    );

    let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
    rig.harness.push_event(gst::event::Segment::new(&segment));
    assert!(!chosen(&mut rig, none), "the same segment again");
    segment.set_base(gst::ClockTime::from_seconds(9));
    rig.harness.push_event(gst::event::Segment::new(&segment));
    assert!(chosen(&mut rig, none), "another base");

    rig.harness.push_event(gst::event::FlushStart::new());
    rig.harness.push_event(gst::event::FlushStop::new(true));
    rig.harness.push_event(gst::event::Segment::new(&segment));
    assert!(chosen(&mut rig, none), "a flush");

    rig.element.emit_by_name::<()>("reset", &[]);
    assert!(chosen(&mut rig, none), "the signal");

    rig.info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Rgb, 64, 48)
        .build()
        .unwrap();
    rig.harness.set_src_caps(rig.info.to_caps().unwrap());
    assert!(chosen(&mut rig, none), "other caps");
    assert!(!chosen(&mut rig, none));
}

#[test]
fn late_frames_are_dropped_and_counted() {
    let mut rig = Rig::rgb(48, 48);
    let frame = rig.frame(0);
    rig.push(frame);
    let late = gst::event::Qos::builder(gst::QOSType::Underflow, 2.0, 1_000_000_000)
        .timestamp(gst::ClockTime::from_seconds(1))
        .build();
    assert!(rig.harness.push_upstream_event(late));
    let frame = rig.frame(1);
    rig.harness.push(frame).unwrap();
    assert_eq!(rig.harness.buffers_in_queue(), 0);
    assert_eq!(
        [
            rig.stat("frames-in"),
            rig.stat("frames-dropped-qos"),
            rig.stat("frames-morphed")
        ],
        [2, 1, 1]
    );
}

#[test]
fn reset_starts_the_counters_again() {
    let mut rig = Rig::rgb(48, 48);
    let frame = rig.frame(0);
    rig.push(frame);
    rig.element.emit_by_name::<()>("reset", &[]);
    assert_eq!([rig.stat("frames-in"), rig.stat("frames-morphed")], [0, 0]);
    assert!(rig.stat("load-time") > 0);
    let frame = rig.frame(1);
    rig.push(frame);
    assert_eq!(rig.stat("frames-in"), 1);
}

#[test]
fn properties_may_change_while_frames_flow() {
    init();
    let line = format!(
        "videotestsrc num-buffers=40 ! video/x-raw,width=64,height=48 ! videoconvert \
         ! classmorph name=morph model-file={} ! fakesink",
        model()
    );
    let pipeline = gst::parse::launch(&line)
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    let element = pipeline.by_name("morph").unwrap();
    pipeline.set_state(gst::State::Playing).expect("run `make setup`");
    let bus = pipeline.bus().unwrap();
    let modes = ["side-by-side", "difference", "source", "morph"];
    let ended = std::iter::repeat_with(|| bus.timed_pop(gst::ClockTime::from_mseconds(2)))
        .enumerate()
        .find_map(|(turn, message)| {
            element.set_property_from_str("display-mode", modes[turn % modes.len()]);
            element.set_property("magnification", (turn % 5) as f64 / 2.0);
            element.set_property("target-class", (turn % 4) as i32 - 1);
            message.filter(|m| matches!(m.type_(), gst::MessageType::Eos | gst::MessageType::Error))
        });
    pipeline.set_state(gst::State::Null).unwrap();
    assert_eq!(ended.unwrap().type_(), gst::MessageType::Eos);
}

/// A further model moves the picture elsewhere, and one that does not know the target is an error of the start.
#[test]
fn further_models_drive_too() {
    let picture = |also: Option<&str>| {
        let mut rig = Rig::new(gst_video::VideoFormat::Rgb, 64, 64, |element| {
            element.set_property("model-file", shipped("faces_robust.onnx"));
            element.set_property("target-label", "smile");
            if let Some(file) = also {
                element.set_property("also-model-files", gst::Array::new([shipped(file)]));
            }
        });
        let frame = rig.frame(0);
        let out = rig.push(frame);
        rig.visible(&out, 64)
    };
    assert_ne!(picture(None), picture(Some("faces_plain.onnx")));

    let element = classmorph();
    element.set_property("model-file", shipped("faces_robust.onnx"));
    element.set_property("target-label", "smile");
    element.set_property(
        "also-model-files",
        gst::Array::new([shipped("shapes_robust.onnx")]),
    );
    let text = start_error(&element).to_string();
    assert!(text.contains("has no class \"smile\""), "{text}");
}
