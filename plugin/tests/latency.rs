// SPDX-License-Identifier: MPL-2.0
//! What live pipelines are told of the element's time, and what a window makes of it.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod common;

use std::time::Duration;

use gst::prelude::*;

use common::rig::Rig;
use common::{init, model};

fn told(rig: &mut Rig) -> u64 {
    rig.harness.query_latency().unwrap().nseconds()
}

/// Latency messages on the bus of a rig.
fn news(rig: &Rig) -> usize {
    common::messages(&rig.bus, gst::MessageType::Latency).len()
}

/// The harness answers as a live source does.
#[test]
fn a_live_pipeline_is_told_before_the_first_frame() {
    let mut rig = Rig::rgb(48, 48);
    assert!(told(&mut rig) > 0);
    assert_eq!([rig.stat("inferences"), rig.stat("frames-morphed")], [0, 0]);
    let still = rig.frame(0);
    let expected = Rig::rgb(48, 48).push(still.clone());
    let out = rig.push(still);
    assert_eq!(rig.visible(&out, 48), rig.visible(&expected, 48));
}

#[test]
fn upstream_s_own_latency_stays_in_the_sum() {
    let mut rig = Rig::new(gst_video::VideoFormat::Rgb, 48, 48, |element| {
        element.set_property("latency", 70_000_000i64);
    });
    assert_eq!(told(&mut rig), 70_000_000);
    rig.harness
        .set_upstream_latency(gst::ClockTime::from_mseconds(30));
    assert_eq!(told(&mut rig), 100_000_000);
}

#[test]
fn a_fixed_latency_is_told_as_it_is_and_a_change_is_news() {
    let mut rig = Rig::rgb(48, 48);
    told(&mut rig);
    let before = news(&rig);
    rig.element.set_property("latency", 0i64);
    assert_eq!(told(&mut rig), 0);
    rig.element.set_property("latency", 123_456_789i64);
    assert_eq!(told(&mut rig), 123_456_789);
    assert_eq!(news(&rig), before + 2);
    for number in 0..3 {
        let frame = rig.frame(number);
        rig.push(frame);
    }
    assert_eq!(news(&rig), 0, "what is fixed is not measured");
    rig.element.set_property("latency", -1i64);
    assert!(told(&mut rig) > 0);
}

/// Nobody has asked before: upstream says that it is live when there is something to tell.
#[test]
fn who_never_asked_is_told_when_upstream_is_live() {
    for (live, expected) in [(true, 1), (false, 0)] {
        let mut rig = Rig::rgb(48, 48);
        rig.harness.set_live(live);
        let frame = rig.frame(0);
        rig.push(frame);
        assert_eq!(news(&rig), expected, "live: {live}");
    }
}

/// Held, frames do not wait for the model: nothing is known before the first one.
#[test]
fn a_held_frame_s_time_is_the_morph_s() {
    let mut rig = Rig::new(gst_video::VideoFormat::Rgb, 48, 48, |element| {
        element.set_property_from_str("gradient-mode", "held");
    });
    assert_eq!(told(&mut rig), 0);
    let frame = rig.frame(0);
    rig.push(frame);
    assert_eq!(
        told(&mut rig),
        0,
        "it waited for the first gradient, as none after it will"
    );
    let frame = rig.frame(1);
    rig.push(frame);
    assert!(told(&mut rig) > 0);
    assert_eq!(news(&rig), 1);
}

#[test]
fn who_is_not_live_is_told_nothing() {
    init();
    let line = format!(
        "videotestsrc num-buffers=3 ! video/x-raw,format=GRAY8,width=64,height=64 \
         ! classmorph name=morph model-file={} ! fakesink sync=true",
        model()
    );
    let pipeline = pipeline(&line);
    pipeline.set_state(gst::State::Playing).expect("run `make setup`");
    let bus = pipeline.bus().unwrap();
    let kinds = [
        gst::MessageType::Eos,
        gst::MessageType::Error,
        gst::MessageType::Latency,
    ];
    let mut seen = 0;
    let end = bus.iter_timed_filtered(gst::ClockTime::from_seconds(60), &kinds);
    for message in end {
        match message.type_() {
            gst::MessageType::Latency if message.src().unwrap().name().starts_with("morph") => seen += 1,
            gst::MessageType::Latency => (),
            kind => {
                assert_eq!(kind, gst::MessageType::Eos);
                break;
            }
        }
    }
    // Nothing is added to what upstream says.
    let sink = pipeline.by_name("morph").unwrap().static_pad("sink").unwrap();
    let source = pipeline.by_name("morph").unwrap().static_pad("src").unwrap();
    let [before, after] = [sink.peer().unwrap(), source].map(|pad| {
        let mut query = gst::query::Latency::new();
        assert!(pad.query(&mut query));
        query.result()
    });
    assert!(!before.0);
    assert_eq!(before, after);
    assert_eq!(seen, 0);
}

/// Ends the pipeline whatever becomes of the test.
struct Ending(gst::Pipeline);

impl std::ops::Deref for Ending {
    type Target = gst::Pipeline;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.set_state(gst::State::Null);
    }
}

fn pipeline(line: &str) -> Ending {
    Ending(gst::parse::launch(line).unwrap().downcast().unwrap())
}

/// A sink that drops what is late as windows do, behind an element that takes 200 ms for a frame (whoever listens to its
/// messages does): it renders what was morphed. Frames are 100 ms long, and 25 ms more are forgiven: without the element's
/// answer every one of them would be late.
#[test]
fn a_window_renders_what_was_morphed() {
    const SLOW: Duration = Duration::from_millis(200);
    init();
    let line = format!(
        "videotestsrc is-live=true pattern=ball num-buffers=100 \
         ! video/x-raw,format=GRAY8,width=64,height=64,framerate=10/1 \
         ! queue leaky=downstream max-size-buffers=1 \
         ! classmorph name=morph model-file={} target-label=smile post-messages=true \
         ! fakesink name=sink sync=true qos=true max-lateness=5000000 processing-deadline=20000000",
        model()
    );
    let pipeline = pipeline(&line);
    let bus = pipeline.bus().unwrap();
    bus.set_sync_handler(|_, message| {
        if message.structure().is_some_and(|s| s.name() == "classmorph") {
            std::thread::sleep(SLOW);
        }
        gst::BusSyncReply::Pass
    });
    pipeline.set_state(gst::State::Playing).expect("run `make setup`");
    for message in bus.iter_timed(gst::ClockTime::from_seconds(60)) {
        match message.view() {
            gst::MessageView::Latency(_) => drop(pipeline.recalculate_latency()),
            gst::MessageView::Eos(_) => break,
            gst::MessageView::Error(error) => panic!("{}", error.error()),
            _ => (),
        }
    }
    let morph: gst::Structure = pipeline.by_name("morph").unwrap().property("stats");
    let sink: gst::Structure = pipeline.by_name("sink").unwrap().property("stats");
    let (morphed, rendered) = (
        morph.get::<u64>("frames-morphed").unwrap(),
        sink.get::<u64>("rendered").unwrap(),
    );
    assert!(morphed >= 20, "{morphed}");
    assert!(
        rendered as f64 >= 0.95 * morphed as f64,
        "{rendered} of {morphed}: {sink}"
    );
}
