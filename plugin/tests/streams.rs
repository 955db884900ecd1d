// SPDX-License-Identifier: MPL-2.0
//! Streams as applications drive them: controllers, other threads, several elements.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod common;

use std::sync::atomic::{AtomicBool, Ordering};

use gst::prelude::*;
use gst_controller::prelude::*;
use gst_controller::{DirectControlBinding, InterpolationControlSource, InterpolationMode};
use gststeerlens::message::FrameReport;

use common::rig::Rig;
use common::{init, messages, model, said};

fn report(rig: &Rig) -> FrameReport {
    FrameReport::try_from(said(&rig.bus, "classmorph")[0].as_ref()).unwrap()
}

/// A controller's value at the stream time of the frame, not at its timestamp and not at the clock's time.
#[test]
fn a_controller_is_followed_exactly() {
    let mut rig = Rig::new(gst_video::VideoFormat::Rgb, 48, 48, |element| {
        element.set_property("post-messages", true);
    });
    let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
    segment.set_start(gst::ClockTime::from_seconds(10));
    segment.set_time(gst::ClockTime::from_seconds(1));
    rig.harness.push_event(gst::event::Segment::new(&segment));

    let source = InterpolationControlSource::new();
    source.set_mode(InterpolationMode::Linear);
    let source = source.upcast::<gst::ControlSource>();
    let values = source.clone().downcast::<InterpolationControlSource>().unwrap();
    for (second, value) in [(0, -1.0), (2, 3.0), (4, 0.0)] {
        assert!(values.set(gst::ClockTime::from_seconds(second), value));
    }
    let binding = DirectControlBinding::new_absolute(&rig.element, "magnification", &source);
    rig.element.add_control_binding(&binding).unwrap();

    for ms in [0, 1, 333, 999, 1000, 1001, 1777, 2500] {
        let mut frame = rig.frame(0);
        frame
            .get_mut()
            .unwrap()
            .set_pts(gst::ClockTime::from_seconds(10) + gst::ClockTime::from_mseconds(ms));
        rig.push(frame);
        let report = report(&rig);
        let stream_time = gst::ClockTime::from_mseconds(1000 + ms);
        assert_eq!(report.stream_time, Some(stream_time));
        assert_eq!(
            report.magnification,
            ControlSourceExt::value(&source, stream_time).unwrap()
        );
    }
}

/// Every property, every value that it takes, from another thread and at full speed: no error, no warning but those
/// about settings that do not fit each other, and the stream ends as it should.
#[test]
fn properties_are_hammered_from_another_thread() {
    init();
    let line = format!(
        "videotestsrc num-buffers=60 ! video/x-raw,format=RGB,width=64,height=48 \
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
    let done = AtomicBool::new(false);
    let (set, ended) = std::thread::scope(|scope| {
        let hammer = scope.spawn(|| {
            let mut set = 0u64;
            while !done.load(Ordering::Relaxed) {
                set += hammer(&element, set);
            }
            set
        });
        let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
        let ended = bus.timed_pop_filtered(gst::ClockTime::from_seconds(120), &kinds);
        done.store(true, Ordering::Relaxed);
        (hammer.join().unwrap(), ended)
    });
    pipeline.set_state(gst::State::Null).unwrap();
    let ended = ended.expect("the stream must end");
    assert_eq!(ended.type_(), gst::MessageType::Eos, "{ended:?}");
    assert!(set > 100, "{set} values were set");
}

/// Sets each property that may change while playing, to a value that depends on the turn.
fn hammer(element: &gst::Element, turn: u64) -> u64 {
    let mut set = 0;
    for (number, spec) in element.list_properties().iter().enumerate() {
        if spec.owner_type() != element.type_() || !spec.flags().contains(gst::PARAM_FLAG_MUTABLE_PLAYING) {
            continue;
        }
        let name = spec.name();
        let pick = turn.wrapping_mul(2_654_435_761).wrapping_add(number as u64 * 97);
        let share = (pick % 101) as f64 / 100.0;
        if let Some(class) = gst::glib::EnumClass::with_type(spec.value_type()) {
            let values = class.values();
            element.set_property_from_str(name, values[pick as usize % values.len()].nick());
        } else if let Some(spec) = spec.downcast_ref::<gst::glib::ParamSpecDouble>() {
            element.set_property(name, spec.minimum() + share * (spec.maximum() - spec.minimum()));
        } else if let Some(spec) = spec.downcast_ref::<gst::glib::ParamSpecUInt>() {
            // The largest values are many steps of work; they are other tests'.
            let most = spec.maximum().min(spec.minimum().saturating_add(4));
            element.set_property(
                name,
                spec.minimum() + (pick % u64::from(most - spec.minimum() + 1)) as u32,
            );
        } else if spec.value_type() == gst::glib::Type::BOOL {
            element.set_property(name, pick.is_multiple_of(2));
        } else if spec.value_type() == gst::glib::Type::STRING {
            element.set_property(
                name,
                [None, Some("smile"), Some("no such label")][pick as usize % 3],
            );
        } else if spec.value_type() == gst::glib::Type::I32 {
            element.set_property(name, (pick % 7) as i32 - 1);
        }
        set += 1;
    }
    let _ = element.property::<gst::Structure>("stats");
    let _ = element.property::<Option<gst::Structure>>("model-description");
    set
}

/// One after the other, with models and targets of their own.
#[test]
fn two_elements_work_in_one_pipeline() {
    init();
    let faces = model();
    let plain = common::shipped("faces_plain.onnx");
    let line = format!(
        "videotestsrc num-buffers=5 ! video/x-raw,format=GRAY8,width=64,height=64 \
         ! classmorph name=first model-file={faces} source-label=neutral target-label=smile post-messages=true \
         ! queue ! classmorph name=second model-file={plain} source-label=neutral target-label=frown post-messages=true \
         ! fakesink"
    );
    let pipeline = gst::parse::launch(&line)
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    pipeline.set_state(gst::State::Playing).expect("run `make setup`");
    let bus = pipeline.bus().unwrap();
    let mut seen = [0, 0];
    for message in bus.iter_timed(gst::ClockTime::from_seconds(60)) {
        match message.view() {
            gst::MessageView::Eos(_) => break,
            gst::MessageView::Error(error) => panic!("{}", error.error()),
            gst::MessageView::Element(said) => {
                if let Ok(report) = FrameReport::try_from(said.structure().unwrap()) {
                    let first = message.src().unwrap().name() == "first";
                    seen[usize::from(!first)] += 1;
                    assert_eq!(report.target_label, if first { "smile" } else { "frown" });
                }
            }
            _ => (),
        }
    }
    pipeline.set_state(gst::State::Null).unwrap();
    assert_eq!(seen, [5, 5]);
}

/// A source that jumps, flushes and begins again: each stretch is morphed, nothing is an error.
#[test]
fn a_stream_that_begins_again_goes_on() {
    let mut rig = Rig::rgb(48, 48);
    for turn in 0..4 {
        rig.harness.push_event(gst::event::FlushStart::new());
        rig.harness.push_event(gst::event::FlushStop::new(true));
        let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
        segment.set_start(gst::ClockTime::from_seconds(turn));
        rig.harness.push_event(gst::event::Segment::new(&segment));
        for number in 0..2 {
            let mut frame = rig.frame(number + 25 * turn);
            frame.get_mut().unwrap().set_flags(gst::BufferFlags::DISCONT);
            let out = rig.push(frame.clone());
            assert_eq!(out.pts(), frame.pts());
            assert!(out.flags().contains(gst::BufferFlags::DISCONT));
        }
    }
    assert_eq!(rig.stat("frames-morphed"), 8);
    assert!(messages(&rig.bus, gst::MessageType::Error).is_empty());
}
