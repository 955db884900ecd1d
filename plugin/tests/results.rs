// SPDX-License-Identifier: MPL-2.0
//! What the element tells: messages and metas that agree, the open model, models that are shared.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod common;

use gst::meta::CustomMeta;
use gst::prelude::*;
use gststeerlens::message::{FrameReport, Loaded, Loading, META};

use common::rig::Rig;
use common::{classmorph, messages, model, said, shipped, start_error, with_bus};

fn rig(set: impl FnOnce(&gst::Element)) -> Rig {
    Rig::new(gst_video::VideoFormat::Rgb, 64, 48, set)
}

fn attached(buffer: &gst::BufferRef) -> Vec<FrameReport> {
    buffer
        .iter_meta::<gst::Meta>()
        .filter_map(|meta| {
            let meta = meta.try_as_custom_meta()?;
            meta.has_name(META)
                .then(|| FrameReport::try_from(meta.structure()).unwrap())
        })
        .collect()
}

#[test]
fn message_and_meta_say_the_same() {
    let mut rig = rig(|element| {
        element.set_property("post-messages", true);
        element.set_property("attach-meta", true);
        element.set_property("measure-after", true);
    });
    for number in 0..3 {
        let frame = rig.frame(number);
        let out = rig.push(frame);
        let posted = said(&rig.bus, "classmorph");
        let posted = FrameReport::try_from(posted[0].as_ref()).unwrap();
        assert_eq!(attached(&out), std::slice::from_ref(&posted));
        assert_eq!(posted.frame, number);
        assert_eq!(posted.timestamp, out.pts());
        assert_eq!(posted.labels.len(), posted.classes.len());
        let smile = posted
            .classes
            .iter()
            .position(|class| *class == posted.target_class);
        assert_eq!(posted.labels[smile.unwrap()], "smile");
        assert!(posted.after.unwrap().target_probability > posted.target_probability);
    }
}

#[test]
fn metas_are_attached_only_when_asked_for_and_only_to_what_was_analysed() {
    let mut rig = rig(|element| element.set_property("magnification", 0.0));
    let frame = rig.frame(0);
    let out = rig.push(frame);
    assert!(attached(&out).is_empty());
    assert_eq!(rig.stat("inferences"), 0);

    rig.element.set_property("attach-meta", true);
    let frame = rig.frame(1);
    let out = rig.push(frame.clone());
    assert_eq!(
        attached(&out).len(),
        1,
        "the model is asked although nothing moves"
    );
    assert_eq!(rig.visible(&frame, 64), rig.visible(&out, 64));

    let mut gap = rig.frame(2);
    gap.get_mut().unwrap().set_flags(gst::BufferFlags::GAP);
    let out = rig.push(gap);
    assert!(attached(&out).is_empty(), "no model saw the gap");
}

/// A second element's report takes the place of the first one's: readers ask by name, and get one.
#[test]
fn an_earlier_report_gives_way() {
    let mut rig = rig(|element| element.set_property("attach-meta", true));
    let mut frame = rig.frame(0);
    {
        let mut meta = CustomMeta::add(frame.get_mut().unwrap(), META).unwrap();
        meta.mut_structure().set("frame", 77u64);
    }
    let out = rig.push(frame);
    let reports = attached(&out);
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].frame, 0);
}

#[test]
fn the_meta_survives_the_elements_that_users_put_behind() {
    common::init();
    let line = format!(
        "videotestsrc num-buffers=2 ! video/x-raw,format=RGB,width=64,height=48 \
         ! classmorph model-file={} attach-meta=true ! videoconvert ! videoscale ! video/x-raw,format=I420,width=32,height=24 \
         ! videoflip method=rotate-180 ! queue ! appsink name=out sync=false",
        model()
    );
    let pipeline = gst::parse::launch(&line)
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    let sink = pipeline
        .by_name("out")
        .unwrap()
        .downcast::<gst_app::AppSink>()
        .unwrap();
    pipeline.set_state(gst::State::Playing).expect("run `make setup`");
    for number in 0..2 {
        let sample = sink.pull_sample().unwrap();
        assert_eq!(attached(sample.buffer().unwrap())[0].frame, number);
    }
    pipeline.set_state(gst::State::Null).unwrap();
}

#[test]
fn the_open_model_is_described() {
    let element = classmorph();
    element.set_property("model-file", model());
    let bus = with_bus(&element);
    let description = || element.property::<Option<gst::Structure>>("model-description");
    assert_eq!(description(), None);
    element.set_state(gst::State::Paused).expect("run `make setup`");
    let found = description().unwrap();
    assert_eq!(found.get("model-file"), Ok(model().as_str()));
    assert_eq!(found.get("provider"), Ok("cpu"));
    assert_eq!(found.get("classes"), Ok(4u64));
    assert!(found.get::<i64>("opset").unwrap() >= 7);
    let runtime = steerlens::Runtime::open(None).unwrap();
    assert_eq!(found.get("runtime"), Ok(runtime.version()));
    let texts = |name| -> Vec<String> {
        let array = found.get::<gst::Array>(name).unwrap();
        array.iter().map(|text| text.get().unwrap()).collect()
    };
    assert_eq!(texts("inputs").len(), 1);
    assert!(texts("inputs")[0].contains("float32 [N,1,64,64]"), "{found}");
    assert!(texts("outputs")[0].ends_with("float32 [N,4]"), "{found}");
    let facts = texts("facts");
    assert!(
        facts.iter().any(|fact| fact.starts_with("size: 64x64 (")),
        "{facts:?}"
    );
    assert!(
        facts
            .iter()
            .all(|fact| fact.contains(": ") && fact.ends_with(')')),
        "{facts:?}"
    );

    let all = messages(&bus, gst::MessageType::Element);
    let [loading, loaded] = &all[..] else {
        panic!("{all:?}")
    };
    let loading = Loading::try_from(loading.structure().unwrap()).unwrap();
    assert_eq!((loading.model_file, loading.runtime), (model(), None));
    let loaded = Loaded::try_from(loaded.structure().unwrap()).unwrap();
    assert_eq!((loaded.provider.as_str(), loaded.shared), ("cpu", false));
    assert_eq!(found.get("nodes"), Ok(loaded.nodes));
    assert_eq!(found.get("gradient-nodes"), Ok(loaded.gradient_nodes));
    assert!(loaded.nodes > 0 && loaded.gradient_nodes > 0 && !loaded.time.is_zero());

    element.set_state(gst::State::Null).unwrap();
    assert_eq!(description(), None);
}

#[test]
fn a_provider_that_is_not_there_is_one_error_that_names_everything() {
    let element = classmorph();
    element.set_property("model-file", model());
    element.set_property_from_str("execution-provider", "cuda");
    let error = start_error(&element);
    assert!(error.matches(gst::LibraryError::Init), "{error:?}");
    let runtime = steerlens::Runtime::open(None).unwrap();
    for part in [
        "execution-provider=cuda",
        runtime.version(),
        runtime.path().to_str().unwrap(),
    ] {
        assert!(error.message().contains(part), "{error}");
    }
}

fn named(name: &str, file: &str) -> gst::Element {
    let element = classmorph();
    element.set_property("model-file", shipped(file));
    element.set_property("model-instance-id", name);
    element
}

/// How a start found its model: opened, or shared.
fn start(element: &gst::Element) -> bool {
    let bus = with_bus(element);
    element.set_state(gst::State::Paused).expect("run `make setup`");
    let loaded = said(&bus, "classmorph-loaded");
    Loaded::try_from(loaded[0].as_ref()).unwrap().shared
}

#[test]
fn elements_with_one_name_open_one_model() {
    let [first, second] = ["one"; 2].map(|name| named(name, "faces_robust.onnx"));
    assert!(!start(&first));
    assert!(start(&second));
    // The model outlives the element that opened it, and no one element keeps it for ever.
    first.set_state(gst::State::Null).unwrap();
    assert!(start(&first));
    for element in [&first, &second] {
        element.set_state(gst::State::Null).unwrap();
    }
    assert!(!start(&first));
    first.set_state(gst::State::Null).unwrap();
}

#[test]
fn another_model_under_a_name_is_an_error_that_says_what_differs() {
    let first = named("two", "faces_robust.onnx");
    start(&first);
    let other = named("two", "faces_plain.onnx");
    let error = start_error(&other);
    assert!(error.matches(gst::ResourceError::Settings), "{error:?}");
    for part in ["model-instance-id=two", "faces_robust.onnx", "model-file"] {
        assert!(error.message().contains(part), "{error}");
    }
    let threads = named("two", "faces_robust.onnx");
    threads.set_property("threads", 2u32);
    assert!(start_error(&threads).message().contains("threads"));
    // Another name is another model; no name at all neither.
    for free in [named("three", "faces_plain.onnx"), named("", "faces_plain.onnx")] {
        assert!(!start(&free));
        free.set_state(gst::State::Null).unwrap();
    }
    first.set_state(gst::State::Null).unwrap();
}

/// A property that may be set in READY may be set in READY of all who share.
#[test]
fn a_shared_model_may_be_changed_in_ready() {
    let [first, second] = ["ready"; 2].map(|name| named(name, "faces_robust.onnx"));
    let both = [&first, &second];
    assert_eq!(both.map(start), [false, true]);
    for file in ["faces_plain.onnx", "faces_robust.onnx"] {
        for element in both {
            element.set_state(gst::State::Ready).unwrap();
            element.set_property("model-file", shipped(file));
        }
        assert_eq!(both.map(start), [false, true], "{file}");
        for element in both {
            let about: gst::Structure = element.property("model-description");
            assert!(about.get::<String>("model-file").unwrap().ends_with(file));
        }
    }
    // What is kept in READY is taken up again, without being opened.
    let bus = with_bus(&second);
    second.set_state(gst::State::Ready).unwrap();
    second.set_state(gst::State::Paused).unwrap();
    assert!(said(&bus, "classmorph-loading").is_empty());

    // One that plays holds the name; and whoever starts first has it.
    second.set_state(gst::State::Ready).unwrap();
    second.set_property("model-file", shipped("faces_plain.onnx"));
    let bus = with_bus(&second);
    assert!(second.set_state(gst::State::Paused).is_err());
    assert_eq!(messages(&bus, gst::MessageType::Error).len(), 1);
    first.set_state(gst::State::Ready).unwrap();
    assert!(!start(&second));
    let bus = with_bus(&first);
    assert!(
        first.set_state(gst::State::Paused).is_err(),
        "its own model is no longer the one of that name"
    );
    let errors = messages(&bus, gst::MessageType::Error);
    let [error] = &errors[..] else {
        panic!("{errors:?}")
    };
    let gst::MessageView::Error(error) = error.view() else {
        unreachable!()
    };
    assert!(error.error().message().contains("model-file"), "{error:?}");
    for element in both {
        element.set_state(gst::State::Null).unwrap();
    }
}

/// Eight elements start in eight threads: the model is opened once, and seven share it.
#[test]
fn a_race_of_starts_opens_one_model() {
    let elements: Vec<_> = (0..8).map(|_| named("race", "faces_robust.onnx")).collect();
    let shared = std::thread::scope(|scope| {
        let starts: Vec<_> = elements
            .iter()
            .map(|element| scope.spawn(|| start(element)))
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .filter(|shared| *shared)
            .count()
    });
    assert_eq!(shared, 7);
    for element in &elements {
        element.set_state(gst::State::Null).unwrap();
    }
}

/// Two branches of one pipeline, one model, other targets; the one that stops does not end the other.
#[test]
fn elements_that_share_morph_as_if_they_were_alone() {
    let rig_of = |label: &str, name: &str| {
        rig(|element| {
            element.set_property("target-label", label);
            element.set_property("model-instance-id", name);
        })
    };
    let mut alone = ["smile", "frown"].map(|label| rig_of(label, ""));
    let mut shared = ["smile", "frown"].map(|label| rig_of(label, "four"));
    for number in 0..3 {
        for (alone, shared) in alone.iter_mut().zip(&mut shared) {
            let frame = alone.frame(number);
            let (one, two) = (alone.push(frame.clone()), shared.push(frame));
            assert_eq!(alone.visible(&one, 64), shared.visible(&two, 64));
        }
    }
    let [stopped, running] = &mut shared;
    stopped.element.set_state(gst::State::Null).unwrap();
    let frame = running.frame(9);
    running.push(frame);
    assert!(messages(&running.bus, gst::MessageType::Error).is_empty());
}
