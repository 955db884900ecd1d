// SPDX-License-Identifier: MPL-2.0
//! Settings that change while frames flow, and what is said where they, or the frames, are not what people take them
//! for.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod common;

use std::time::Duration;

use gst::prelude::*;
use gst_video::VideoFormat;

use common::rig::Rig;
use common::{classmorph, init, messages, model, start_error, with_bus};

/// A pipeline that plays.
struct Playing {
    pipeline: gst::Pipeline,
    morph: gst::Element,
    bus: gst::Bus,
    warnings: Vec<String>,
}

impl Playing {
    fn new(source: &str, sink: &str) -> Self {
        init();
        let line = format!(
            "videotestsrc pattern=ball ! {source} ! classmorph name=morph model-file={} target-label=smile ! {sink}",
            model()
        );
        let pipeline: gst::Pipeline = gst::parse::launch(&line).unwrap().downcast().unwrap();
        let mut playing = Self {
            morph: pipeline.by_name("morph").unwrap(),
            bus: pipeline.bus().unwrap(),
            pipeline,
            warnings: Vec::new(),
        };
        playing
            .pipeline
            .set_state(gst::State::Playing)
            .expect("run `make setup`");
        playing.see(3);
        playing
    }

    fn frames(&self) -> u64 {
        let stats: gst::Structure = self.morph.property("stats");
        stats.get("frames-morphed").unwrap()
    }

    /// Waits for so many more frames; an error is one of the test.
    fn see(&mut self, more: u64) {
        let wanted = self.frames() + more;
        // Generous: only a hang runs into it.
        for _ in 0..3000 {
            // In this order: what was said before a frame is heard when the frame has been seen.
            let is_enough = self.frames() >= wanted;
            self.hear();
            if is_enough {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("no frames came");
    }

    fn hear(&mut self) {
        let kinds = [gst::MessageType::Error, gst::MessageType::Warning];
        while let Some(message) = self.bus.pop_filtered(&kinds) {
            match message.view() {
                gst::MessageView::Warning(warning) => {
                    self.warnings.push(warning.error().message().to_owned());
                }
                gst::MessageView::Error(error) => {
                    panic!("{} {:?}", error.error(), error.debug())
                }
                _ => (),
            }
        }
    }

    /// A field of the caps of one of the pads.
    fn caps<T: for<'a> gst::glib::value::FromValue<'a> + 'static>(&self, pad: &str, field: &str) -> T {
        let caps = self.morph.static_pad(pad).unwrap().current_caps().unwrap();
        caps.structure(0).unwrap().get(field).unwrap()
    }

    /// Waits until upstream has taken another format.
    fn until_format(&mut self, fits: fn(&str) -> bool) {
        for _ in 0..300 {
            self.see(1);
            if fits(&self.caps::<String>("sink", "format")) {
                return;
            }
        }
        panic!("the format stays {}", self.caps::<String>("sink", "format"));
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

const I420: &str = "video/x-raw,format=I420,width=64,height=48,framerate=100/1";
const SINK: &str = "fakesink sync=true";

fn readable(element: &gst::Element) {
    let presets = element.dynamic_cast_ref::<gst::Preset>().unwrap();
    presets.load_preset("readable").unwrap();
}

/// By the property, and by a preset that holds it.
#[test]
fn colours_that_upstream_cannot_give_are_no_end_of_the_stream() {
    let ways: [fn(&gst::Element); 2] = [
        |element| element.set_property_from_str("color-mode", "joint"),
        readable,
    ];
    for set in ways {
        let mut playing = Playing::new(I420, SINK);
        set(&playing.morph);
        playing.see(40);
        let [warning] = &playing.warnings[..] else {
            panic!("{:?}", playing.warnings)
        };
        for part in ["color-mode=joint", "I420", "videoconvert"] {
            assert!(warning.contains(part), "{warning}");
        }
        // Back and forth: each change speaks once.
        playing.morph.set_property_from_str("color-mode", "luma");
        playing.see(2);
        playing.morph.set_property_from_str("color-mode", "joint");
        playing.see(2);
        assert_eq!(playing.warnings.len(), 2, "{:?}", playing.warnings);
    }
}

#[test]
fn colours_that_upstream_can_give_are_asked_for_however_they_were_set() {
    let ways: [fn(&gst::Element); 2] = [
        |element| element.set_property_from_str("color-mode", "joint"),
        readable,
    ];
    for set in ways {
        let mut playing = Playing::new(&format!("{I420} ! videoconvert"), SINK);
        assert_eq!(playing.caps::<String>("sink", "format"), "I420");
        set(&playing.morph);
        playing.until_format(|format| format.contains("RGB") || format.contains("BGR"));
        assert!(playing.warnings.is_empty(), "{:?}", playing.warnings);
    }
}

#[test]
fn a_width_that_downstream_does_not_take_is_no_end_of_the_stream() {
    let fixed = "video/x-raw,width=64 ! fakesink sync=true";
    let mut playing = Playing::new(I420, fixed);
    playing
        .morph
        .set_property_from_str("display-mode", "side-by-side");
    playing.see(40);
    assert_eq!(playing.caps::<i32>("src", "width"), 64);
    let [warning] = &playing.warnings[..] else {
        panic!("{:?}", playing.warnings)
    };
    assert!(warning.contains("display-mode=side-by-side"), "{warning}");

    // And where downstream takes it.
    let mut playing = Playing::new(I420, SINK);
    playing
        .morph
        .set_property_from_str("display-mode", "side-by-side");
    playing.see(10);
    assert_eq!(playing.caps::<i32>("src", "width"), 128);
    playing.morph.set_property_from_str("display-mode", "difference");
    playing.see(10);
    assert_eq!(playing.caps::<i32>("src", "width"), 64);
    assert!(playing.warnings.is_empty(), "{:?}", playing.warnings);
}

/// Caps that come later are taken as they are, too: a stream does not end of a property.
#[test]
fn a_stream_that_stays_in_luma_may_change_its_size() {
    let mut rig = Rig::new(VideoFormat::I420, 64, 48, |_| ());
    let frame = rig.frame(0);
    rig.push(frame);
    rig.element.set_property_from_str("color-mode", "joint");
    rig.element.set_property_from_str("display-mode", "difference");
    rig.info = gst_video::VideoInfo::builder(VideoFormat::I420, 48, 48)
        .build()
        .unwrap();
    rig.harness.set_src_caps(rig.info.to_caps().unwrap());
    let frame = gst::Buffer::with_size(rig.info.size()).unwrap();
    rig.push(frame);
    assert!(messages(&rig.bus, gst::MessageType::Error).is_empty());
}

/// What is wrong from the start is said by the element, with its property, before the source says its "Internal data
/// stream error".
#[test]
fn a_line_without_colours_is_told_which_property_wants_them() {
    init();
    let line = format!(
        "videotestsrc ! {I420} ! classmorph model-file={} color-mode=joint ! fakesink",
        model()
    );
    let pipeline: gst::Pipeline = gst::parse::launch(&line).unwrap().downcast().unwrap();
    let _ = pipeline.set_state(gst::State::Playing);
    let bus = pipeline.bus().unwrap();
    let kinds = [gst::MessageType::Warning, gst::MessageType::Error];
    let first = bus
        .timed_pop_filtered(gst::ClockTime::from_seconds(60), &kinds)
        .unwrap();
    pipeline.set_state(gst::State::Null).unwrap();
    let gst::MessageView::Warning(warning) = first.view() else {
        panic!("{first:?}")
    };
    let warning = warning.error();
    assert!(warning.message().contains("color-mode=joint"), "{warning}");
    assert!(warning.message().contains("videoconvert"), "{warning}");
}

/// A decoder asks nobody, and comes with its caps.
#[test]
fn caps_without_colours_are_told_which_property_wants_them() {
    let element = classmorph();
    element.set_property("model-file", model());
    element.set_property_from_str("color-mode", "joint");
    let bus = with_bus(&element);
    let mut harness = gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
    harness.play();
    assert!(harness.push_event(gst::event::StreamStart::new("decoded")));
    let caps: gst::Caps = I420.parse().unwrap();
    harness.push_event(gst::event::Caps::new(&caps));
    let segment = gst::FormattedSegment::<gst::ClockTime>::new();
    harness.push_event(gst::event::Segment::new(&segment));
    let frame = gst::Buffer::with_size(64 * 48 * 3 / 2).unwrap();
    assert_eq!(harness.push(frame), Err(gst::FlowError::NotNegotiated));
    let [warning] = &warnings(&bus)[..] else {
        panic!("one warning expected")
    };
    assert!(warning.contains("color-mode=joint"), "{warning}");
}

fn warnings(bus: &gst::Bus) -> Vec<String> {
    messages(bus, gst::MessageType::Warning)
        .iter()
        .map(|message| match message.view() {
            gst::MessageView::Warning(warning) => warning.error().message().to_owned(),
            _ => unreachable!(),
        })
        .collect()
}

#[test]
fn what_is_set_in_vain_is_said_once() {
    type Set<'a> = &'a [(&'a str, &'a str)];
    let vain: [(Set<'_>, &[&str]); 2] = [
        (&[("roi", "<1,2,3>")], &["roi", "four"]),
        (
            &[
                ("gradient-mode", "held"),
                ("steps", "4"),
                ("measure-after", "true"),
            ],
            &["gradient-mode=held", "steps", "measure-after"],
        ),
    ];
    for (set, parts) in vain {
        let mut rig = Rig::new(VideoFormat::Rgb, 48, 48, |element| {
            for (name, value) in set {
                element.set_property_from_str(name, value);
            }
        });
        for number in 0..3 {
            let frame = rig.frame(number);
            rig.push(frame);
        }
        let warnings = warnings(&rig.bus);
        let [warning] = &warnings[..] else {
            panic!("{set:?}: {warnings:?}")
        };
        assert!(parts.iter().all(|part| warning.contains(part)), "{warning}");
    }
}

#[test]
fn a_stream_that_is_shown_turned_is_told_what_turns_it() {
    let mut rig = Rig::rgb(48, 48);
    let mut say = |orientation: &str| {
        let mut tags = gst::TagList::new();
        tags.get_mut()
            .unwrap()
            .add::<gst::tags::ImageOrientation>(&orientation, gst::TagMergeMode::Append);
        assert!(rig.harness.push_event(gst::event::Tag::new(tags)));
        warnings(&rig.bus)
    };
    assert!(say("rotate-0").is_empty());
    let [warning] = &say("rotate-90")[..] else {
        panic!("one warning expected")
    };
    for part in ["rotate-90", "videoflip video-direction=auto"] {
        assert!(warning.contains(part), "{warning}");
    }
    assert!(say("rotate-90").is_empty(), "once");
}

#[test]
fn frames_of_two_moments_are_told_what_parts_them() {
    let of = |mode: &str, flags: u32| {
        let mut rig = Rig::rgb(48, 48);
        let mut caps = rig.info.to_caps().unwrap();
        caps.make_mut().set("interlace-mode", mode);
        rig.harness.set_src_caps(caps);
        for number in 0..2 {
            let mut frame = rig.frame(number);
            let buffer = frame.get_mut().unwrap();
            buffer.set_flags(gst::BufferFlags::from_bits_retain(flags));
            rig.push(frame);
        }
        warnings(&rig.bus)
    };
    let interlaced = gst_video::VideoBufferFlags::INTERLACED.bits();
    assert!(of("progressive", 0).is_empty());
    assert!(of("mixed", 0).is_empty());
    for (mode, flags) in [("interleaved", 0), ("mixed", interlaced)] {
        let [warning] = &of(mode, flags)[..] else {
            panic!("{mode}: one warning expected")
        };
        assert!(
            warning.contains(mode) && warning.contains("deinterlace"),
            "{warning}"
        );
    }
}

#[test]
fn several_views_in_one_stream_are_told() {
    let mut rig = Rig::rgb(48, 48);
    let mut caps = rig.info.to_caps().unwrap();
    caps.make_mut().set("multiview-mode", "side-by-side");
    rig.harness.set_src_caps(caps);
    let [warning] = &warnings(&rig.bus)[..] else {
        panic!("one warning expected")
    };
    let mono =
        "glupload ! glcolorconvert ! glviewconvert output-mode-override=mono ! glcolorconvert ! gldownload";
    for part in ["side-by-side", mono] {
        assert!(warning.contains(part), "{warning}");
    }
}

/// The debug text names the place where the element found the trouble, and not where messages are made.
#[test]
fn an_error_s_place_is_the_caller_s() {
    let element = classmorph();
    element.set_property("model-file", "/nowhere/m.onnx");
    start_error(&element);
    let bus = with_bus(&element);
    assert!(element.set_state(gst::State::Paused).is_err());
    let errors = messages(&bus, gst::MessageType::Error);
    element.set_state(gst::State::Null).unwrap();
    let gst::MessageView::Error(error) = errors[0].view() else {
        unreachable!()
    };
    let debug = error.debug().unwrap();
    assert!(
        debug.contains("open.rs") && !debug.contains("errors.rs"),
        "{debug}"
    );
}
