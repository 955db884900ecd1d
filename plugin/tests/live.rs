// SPDX-License-Identifier: MPL-2.0
//! Frames in a row, from outside: smoothing in time, stills, gradients that are held.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod common;

use std::time::Duration;

use gst::prelude::*;
use gst_check::Harness;

use common::{classmorph, messages, model, said, with_bus};

const SIDE: u32 = 64;
const FRAME: gst::ClockTime = gst::ClockTime::from_mseconds(40);

/// An element that takes grey faces from neutral to smile, playing in a harness.
struct Rig {
    harness: Harness,
    element: gst::Element,
    bus: gst::Bus,
}

impl Rig {
    fn new(set: &[(&str, &str)]) -> Self {
        let element = classmorph();
        element.set_property("model-file", model());
        element.set_property("source-label", "neutral");
        element.set_property("target-label", "smile");
        element.set_property("post-messages", true);
        for (name, value) in set {
            element.set_property_from_str(name, value);
        }
        let bus = with_bus(&element);
        let mut harness = Harness::with_element(&element, Some("sink"), Some("src"));
        harness.play();
        let errors = messages(&bus, gst::MessageType::Error);
        assert!(errors.is_empty(), "run `make setup`: {errors:?}");
        harness.set_src_caps(caps(SIDE));
        Self {
            harness,
            element,
            bus,
        }
    }

    /// What becomes of a picture, shown as frame `number`.
    fn morph(&mut self, number: u64, picture: &[u8]) -> Vec<u8> {
        self.push(number, picture, gst::BufferFlags::empty())
    }

    fn push(&mut self, number: u64, picture: &[u8], flags: gst::BufferFlags) -> Vec<u8> {
        let mut buffer = gst::Buffer::from_mut_slice(picture.to_vec());
        {
            let buffer = buffer.get_mut().unwrap();
            buffer.set_pts(FRAME * number);
            buffer.set_duration(FRAME);
            buffer.set_flags(flags);
        }
        let out = self.harness.push_and_pull(buffer).unwrap();
        out.map_readable().unwrap().to_vec()
    }

    fn segment(&mut self, change: impl FnOnce(&mut gst::FormattedSegment<gst::ClockTime>)) {
        let mut segment = gst::FormattedSegment::new();
        change(&mut segment);
        assert!(self.harness.push_event(gst::event::Segment::new(&segment)));
    }

    fn flush(&mut self) {
        assert!(self.harness.push_event(gst::event::FlushStart::new()));
        assert!(self.harness.push_event(gst::event::FlushStop::new(true)));
        self.segment(|_| ());
    }

    fn stat(&self, name: &str) -> u64 {
        let stats: gst::Structure = self.element.property("stats");
        stats.get(name).unwrap()
    }

    /// A field of every message since the last call.
    fn told<T: for<'a> gst::glib::value::FromValue<'a> + 'static>(&self, field: &str) -> Vec<T> {
        said(&self.bus, "classmorph")
            .iter()
            .map(|message| message.get(field).unwrap())
            .collect()
    }
}

fn caps(side: u32) -> gst::Caps {
    let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Gray8, side, side);
    info.fps((25, 1)).build().unwrap().to_caps().unwrap()
}

/// A picture whose structure moves a little from one number to the next, and whose mean is `light`.
fn picture(number: u32, light: f64) -> Vec<u8> {
    let shift = f64::from(number) * 0.7;
    let value = |x: f64, y: f64| light + 45.0 * ((x + shift) * 0.21).sin() * (y * 0.17).cos();
    let side = SIDE as usize;
    (0..side * side)
        .map(|i| value((i % side) as f64, (i / side) as f64) as u8)
        .collect()
}

fn mean(bytes: impl Iterator<Item = u8> + Clone) -> f64 {
    bytes.clone().map(f64::from).sum::<f64>() / bytes.count() as f64
}

const CALM: [(&str, &str); 1] = [("temporal-smoothing", "100000000")];

#[test]
fn smoothing_follows_the_stream_and_every_break_ends_it() {
    let (first, second) = (picture(0, 128.0), picture(4, 128.0));
    let none = gst::BufferFlags::empty();
    let sharp = Rig::new(&[]).morph(1, &second);
    let fresh = Rig::new(&CALM).morph(1, &second);
    assert_eq!(fresh, sharp, "the first frame has nothing to be averaged with");
    type Break = fn(&mut Rig);
    let breaks: [(&str, Break, gst::BufferFlags, bool); 7] = [
        ("none", |_| (), none, false),
        (
            "a buffer marked as discontinuous",
            |_| (),
            gst::BufferFlags::DISCONT,
            false,
        ),
        ("a flush", Rig::flush, none, true),
        (
            "a seek",
            |rig| rig.segment(|s| s.set_base(gst::ClockTime::from_seconds(9))),
            none,
            true,
        ),
        (
            "another stream",
            |rig| {
                rig.harness.push_event(gst::event::StreamStart::new("other"));
                rig.harness.set_src_caps(caps(SIDE));
                rig.segment(|_| ());
            },
            none,
            true,
        ),
        (
            "the signal",
            |rig| rig.element.emit_by_name("reset", &[]),
            none,
            true,
        ),
        (
            "the property",
            |rig| rig.element.set_property("temporal-smoothing", 0u64),
            none,
            true,
        ),
    ];
    for (name, change, flags, breaks) in breaks {
        let mut rig = Rig::new(&CALM);
        rig.morph(0, &first);
        change(&mut rig);
        assert_eq!(rig.push(1, &second, flags) == fresh, breaks, "{name}");
    }
    let mut rig = Rig::new(&CALM);
    rig.morph(0, &first);
    assert_eq!(rig.morph(30, &second), fresh, "more than a second later");
    assert_eq!(
        rig.morph(29, &first),
        Rig::new(&[]).morph(0, &first),
        "back in time"
    );
}

#[test]
fn nothing_is_smoothed_backwards() {
    let mut rig = Rig::new(&CALM);
    rig.segment(|segment| {
        segment.set_rate(-1.0);
        segment.set_stop(gst::ClockTime::from_seconds(1));
    });
    for number in (1u32..=3).rev() {
        let picture = picture(number, 128.0);
        let sharp = Rig::new(&[]).morph(0, &picture);
        assert_eq!(rig.morph(number.into(), &picture), sharp, "frame {number}");
    }
}

#[test]
fn a_still_is_read_once_however_it_is_moved() {
    let mut rig = Rig::new(&[("sweep", "triangle"), ("sweep-period", "320000000")]);
    let still = picture(0, 128.0);
    let swept: Vec<_> = (0..=8).map(|number| rig.morph(number, &still)).collect();
    assert_eq!(rig.stat("inferences"), 1);
    assert_eq!(rig.stat("frames-held"), 0, "it is the picture's own gradient");
    assert_eq!(swept[0], still);
    assert_eq!(swept[2], swept[6], "there and back");
    assert_eq!(rig.told::<f64>("magnification")[4], 1.0);
    assert_eq!(swept[4], Rig::new(&[]).morph(0, &still), "as without a sweep");

    rig.morph(9, &picture(1, 128.0));
    assert_eq!(rig.stat("inferences"), 2);
    rig.flush();
    rig.morph(0, &picture(1, 128.0));
    assert_eq!(rig.stat("inferences"), 3, "a flush forgets");
}

#[test]
fn every_nth_frame_is_read() {
    let mut rig = Rig::new(&[("inference-interval", "3")]);
    for number in 0..7u32 {
        rig.morph(number.into(), &picture(number, 128.0));
    }
    assert_eq!([rig.stat("inferences"), rig.stat("frames-held")], [3, 4]);
    let messages = said(&rig.bus, "classmorph");
    let ages: Vec<u64> = messages.iter().map(|m| m.get("gradient-age").unwrap()).collect();
    assert_eq!(ages, [0, 40, 80, 0, 40, 80, 0].map(|ms| ms * 1_000_000));
    let held: Vec<bool> = messages.iter().map(|m| m.get("held").unwrap()).collect();
    assert_eq!(held, ages.iter().map(|age| *age > 0).collect::<Vec<_>>());

    rig.element.set_property("target-label", "frown");
    rig.morph(7, &picture(7, 128.0));
    assert_eq!(
        rig.told::<String>("target-label"),
        ["frown"],
        "other classes do not wait"
    );
    rig.flush();
    rig.morph(8, &picture(8, 128.0));
    assert_eq!(rig.told::<bool>("held"), [false], "nor does what follows a break");
}

/// A leaky queue marks the buffer after each one that it drops: that is a frame like any other.
#[test]
fn a_discontinuity_alone_does_not_run_the_model() {
    for mode in ["sync", "held"] {
        let mut rig = Rig::new(&[("inference-interval", "10"), ("gradient-mode", mode)]);
        for number in 0..50u32 {
            rig.push(number.into(), &picture(number, 128.0), gst::BufferFlags::DISCONT);
        }
        let read = rig.stat("inferences");
        // Held, a frame whose turn it is may be replaced in the slot by the next one's, and the last may still be read.
        assert!(
            if mode == "sync" {
                read == 5
            } else {
                (1..=5).contains(&read)
            },
            "{read}"
        );
    }
}

/// The source is faster than what comes after the element, so that the queue drops most of its frames.
#[test]
fn behind_a_leaky_queue_every_fifth_frame_is_read() {
    common::init();
    let line = format!(
        "videotestsrc is-live=true pattern=snow num-buffers=120 ! video/x-raw,format=GRAY8,width={SIDE},height={SIDE},framerate=200/1 \
         ! queue leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0 \
         ! classmorph name=morph model-file={} target-label=smile inference-interval=5 \
         ! identity sleep-time=20000 ! fakesink name=sink sync=false",
        model()
    );
    let pipeline = gst::parse::launch(&line)
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    let marked = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counts = marked.clone();
    let element = pipeline.by_name("morph").unwrap();
    element
        .static_pad("sink")
        .unwrap()
        .add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let discont = |buffer: &gst::Buffer| buffer.flags().contains(gst::BufferFlags::DISCONT);
            let is_marked = info.buffer().is_some_and(discont);
            counts.fetch_add(is_marked.into(), std::sync::atomic::Ordering::Relaxed);
            gst::PadProbeReturn::Ok
        });
    pipeline.set_state(gst::State::Playing).expect("run `make setup`");
    let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
    let end = pipeline
        .bus()
        .unwrap()
        .timed_pop_filtered(gst::ClockTime::from_seconds(60), &kinds);
    let stats: gst::Structure = element.property("stats");
    pipeline.set_state(gst::State::Null).unwrap();
    assert_eq!(end.unwrap().type_(), gst::MessageType::Eos);
    let stat = |name: &str| stats.get::<u64>(name).unwrap();
    let marked = marked.load(std::sync::atomic::Ordering::Relaxed);
    assert!(marked > 2, "the queue must drop frames: {marked}");
    assert_eq!(stat("inferences"), stat("frames-morphed").div_ceil(5), "{stats}");
}

/// What happened in a run is told by the frame that brought it and by no other, so that whoever counts counts right.
#[test]
fn a_run_is_told_once() {
    for (mode, interval) in [("sync", "10"), ("held", "1"), ("held", "1000")] {
        let mut rig = Rig::new(&[("gradient-mode", mode), ("inference-interval", interval)]);
        rig.element.set_property("attach-meta", true);
        rig.element.set_property("source-label", None::<&str>);
        rig.element.set_property("target-label", None::<&str>);
        rig.flush();
        for number in 0..40u32 {
            rig.morph(number.into(), &picture(number, 128.0));
        }
        let stats: gst::Structure = rig.element.property("stats");
        let read = rig.stat("inferences");
        let total = read * rig.stat("average-inference-time");
        let messages = said(&rig.bus, "classmorph");
        let times: Vec<u64> = messages
            .iter()
            .map(|m| m.get("inference-time").unwrap())
            .collect();
        let runs = times.iter().filter(|time| **time > 0).count();
        assert_eq!(runs as u64, read, "{mode} {interval}: {times:?}");
        assert!(times.iter().sum::<u64>().abs_diff(total) <= read, "{stats}");
        let changes = messages.iter().filter(|m| m.get("pair-changed").unwrap());
        assert!(
            (1..=read).contains(&(changes.clone().count() as u64)),
            "{mode} {interval}"
        );
        for change in changes {
            assert!(change.get::<u64>("inference-time").unwrap() > 0);
        }
    }
}

const HELD: (&str, &str) = ("gradient-mode", "held");

#[test]
fn held_frames_are_all_morphed_each_from_its_own_picture() {
    let mut rig = Rig::new(&[HELD, ("display-mode", "side-by-side")]);
    let side = SIDE as usize;
    for number in 0..60u32 {
        let picture = picture(number, 90.0 + f64::from(number));
        let both = rig.morph(number.into(), &picture);
        let rows = both.chunks(2 * side);
        let left: Vec<u8> = rows.clone().flat_map(|row| row[..side].to_vec()).collect();
        assert_eq!(left, picture, "frame {number}");
        let right = rows.flat_map(|row| row[side..].iter().copied());
        assert!(!right.clone().eq(picture.iter().copied()), "frame {number}");
        // A morph keeps the mean (docs/method.md 4.8), up to rounding and a little clipping.
        let light = (mean(right) - mean(picture.iter().copied())).abs();
        assert!(light < 0.5, "frame {number} is {light} off");
    }
    let (read, held) = (rig.stat("inferences"), rig.stat("frames-held"));
    assert_eq!(rig.stat("frames-morphed"), 60);
    assert!(read >= 1 && held > 0, "{read} read, {held} held");
    let messages = said(&rig.bus, "classmorph");
    let own = !messages[0].get::<bool>("held").unwrap();
    assert!(own, "the first frame waits for its gradient");
    for message in &messages {
        let age: u64 = message.get("gradient-age").unwrap();
        assert_eq!(message.get::<bool>("held").unwrap(), age > 0);
        assert_eq!(age % FRAME.nseconds(), 0);
    }
    assert!(messages_of_trouble(&rig).is_empty());
}

/// Errors and warnings; taking them off the bus one kind at a time would throw the other away.
fn messages_of_trouble(rig: &Rig) -> Vec<gst::Message> {
    let trouble = [gst::MessageType::Error, gst::MessageType::Warning];
    std::iter::from_fn(|| rig.bus.pop_filtered(&trouble)).collect()
}

#[test]
fn a_held_still_is_as_in_step_and_new_classes_arrive() {
    let mut rig = Rig::new(&[HELD]);
    let still = picture(0, 128.0);
    let expected = Rig::new(&[]).morph(0, &still);
    for number in 0..4 {
        assert_eq!(rig.morph(number, &still), expected);
    }
    assert_eq!([rig.stat("inferences"), rig.stat("frames-held")], [1, 0]);

    rig.element.set_property("target-label", "frown");
    let arrived = (4..4000).any(|number| {
        rig.morph(number, &still);
        rig.told::<String>("target-label") == ["frown"]
    });
    assert!(arrived);
    assert_eq!(rig.stat("inferences"), 2);
}

#[test]
fn the_mode_may_change_while_frames_flow() {
    let mut rig = Rig::new(&[]);
    for number in 0..30u32 {
        let mode = ["sync", "held"][number as usize / 3 % 2];
        rig.element.set_property_from_str("gradient-mode", mode);
        let picture = picture(number, 128.0);
        assert_ne!(rig.morph(number.into(), &picture), picture);
    }
    assert_eq!([rig.stat("frames-morphed"), rig.stat("errors")], [30, 0]);
    assert!(messages_of_trouble(&rig).is_empty());
}

#[test]
fn an_unknown_label_while_held_is_one_warning_and_the_frame_as_it_came() {
    let mut rig = Rig::new(&[HELD]);
    rig.morph(0, &picture(0, 128.0));
    rig.element.set_property("target-label", "unicorn");
    // The frame after the one that was offered with the label knows.
    let passed = (1..4000u32).any(|number| {
        let picture = picture(number, 128.0);
        rig.morph(number.into(), &picture) == picture
    });
    assert!(passed);
    let still = picture(1, 128.0);
    assert!((4000..4003).all(|number| rig.morph(number, &still) == still));
    assert_eq!(messages_of_trouble(&rig).len(), 1, "one warning a second");
    rig.element.set_property("target-label", "smile");
    assert_ne!(rig.morph(4003, &still), still, "the stream goes on");
}

#[test]
fn held_streams_flush_stop_and_start_at_any_time() {
    let mut rig = Rig::new(&[HELD]);
    for number in 0..40u32 {
        rig.morph(0, &picture(number, 128.0));
        rig.flush();
        assert_ne!(
            rig.morph(0, &picture(number + 1, 128.0)),
            picture(number + 1, 128.0)
        );
        if number % 4 == 0 {
            // Away in the middle of a run, and back.
            rig.element.set_state(gst::State::Ready).unwrap();
            rig.element.set_state(gst::State::Playing).unwrap();
            rig.harness.push_event(gst::event::StreamStart::new("again"));
            rig.harness.set_src_caps(caps(SIDE));
            rig.segment(|_| ());
        }
    }
    assert!(messages_of_trouble(&rig).is_empty());
}

#[test]
fn a_held_stream_may_end_at_once() {
    let mut rig = Rig::new(&[HELD]);
    rig.morph(0, &picture(0, 128.0));
    rig.morph(1, &picture(1, 128.0));
    assert!(rig.harness.push_event(gst::event::Eos::new()));
    assert!(messages_of_trouble(&rig).is_empty());
}

/// The run that was under way when the stream ended may have met a value that does not fit the model.
#[test]
fn an_unknown_label_at_the_end_is_a_warning_too() {
    let mut rig = Rig::new(&[HELD]);
    rig.morph(0, &picture(0, 128.0));
    rig.element.set_property("target-label", "unicorn");
    rig.morph(1, &picture(1, 128.0));
    std::thread::sleep(Duration::from_millis(500));
    assert!(rig.harness.push_event(gst::event::Eos::new()));
    let trouble = messages_of_trouble(&rig);
    let warnings = trouble.iter().filter(|m| m.type_() == gst::MessageType::Warning);
    // None where the run took longer than that.
    assert!(
        warnings.count() == trouble.len() && trouble.len() < 2,
        "{trouble:?}"
    );
}
