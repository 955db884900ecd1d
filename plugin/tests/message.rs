// SPDX-License-Identifier: MPL-2.0
//! The public types of what the element says: into a structure and back, without a loss.

use std::time::Duration;

use gststeerlens::message::{After, Error, FrameReport, Loaded, Loading, META};
use proptest::prelude::*;

/// Every nanosecond but the one that stands for none.
fn time() -> impl Strategy<Value = Option<gst::ClockTime>> {
    prop::option::of((0..u64::MAX).prop_map(gst::ClockTime::from_nseconds))
}

fn duration() -> impl Strategy<Value = Duration> {
    any::<u64>().prop_map(Duration::from_nanos)
}

/// Any text that a label may be; structures carry no NUL.
fn text() -> impl Strategy<Value = String> {
    "[^\u{0}]{0,12}"
}

fn real() -> impl Strategy<Value = f64> {
    prop_oneof![
        prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO,
        Just(f64::INFINITY)
    ]
}

prop_compose! {
    fn after()(
        source_probability in real(),
        target_probability in real(),
        top_class in any::<i32>(),
        time in duration(),
    ) -> After {
        After { source_probability, target_probability, top_class, time }
    }
}

prop_compose! {
    fn report()(
        (frame, timestamp, stream_time, running_time, duration) in (any::<u64>(), time(), time(), time(), time()),
        (source_class, target_class, source_label, target_label) in (any::<i32>(), any::<i32>(), text(), text()),
        logits in [real(), real(), real(), real(), real()],
        norms in [real(), real(), real(), real(), real()],
        (held, attained, pair_changed) in any::<(bool, bool, bool)>(),
        (gradient_age, inference_time, morph_time) in (self::duration(), self::duration(), self::duration()),
        classes in prop::collection::vec((any::<i32>(), text(), real()), 0..6),
        warning in prop::option::of(text()),
        after in prop::option::of(after()),
        (agreement, drivers_agreement) in (prop::option::of(real()), prop::option::of(real())),
        led in prop::option::of(any::<bool>()),
    ) -> FrameReport {
        FrameReport {
            frame, timestamp, stream_time, running_time, duration,
            source_class, target_class, source_label, target_label,
            source_logit: logits[0],
            target_logit: logits[1],
            source_probability: logits[2],
            target_probability: logits[3],
            margin: logits[4],
            gradient_norm: norms[0],
            agreement, drivers_agreement,
            change_norm: norms[1],
            phase_rms: norms[2],
            magnification: norms[3],
            held, gradient_age, inference_time, morph_time,
            classes: classes.iter().map(|(class, ..)| *class).collect(),
            labels: classes.iter().map(|(_, label, _)| label.clone()).collect(),
            probabilities: classes.iter().map(|(.., p)| *p).collect(),
            l2: norms[4],
            attained, led, pair_changed, warning, after,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_report_comes_back_as_it_went(report in report()) {
        gst::init().unwrap();
        let message = gst::Structure::from(&report);
        prop_assert_eq!(message.name(), "classmorph");
        prop_assert_eq!(FrameReport::try_from(message.as_ref()), Ok(report.clone()));

        let mut meta = gst::Structure::new_empty(META);
        report.write(&mut meta);
        prop_assert_eq!(FrameReport::try_from(meta.as_ref()), Ok(report));
    }

    #[test]
    fn so_do_the_messages_of_loading(
        model_file in text(),
        runtime in prop::option::of(text()),
        time in duration(),
        (nodes, gradient_nodes, shared) in any::<(u64, u64, bool)>(),
        provider in text(),
    ) {
        gst::init().unwrap();
        let loading = Loading { model_file, runtime };
        let structure = gst::Structure::from(&loading);
        prop_assert_eq!(structure.name(), "classmorph-loading");
        prop_assert_eq!(Loading::try_from(structure.as_ref()), Ok(loading));
        let loaded = Loaded { time, nodes, gradient_nodes, provider, shared };
        let structure = gst::Structure::from(&loaded);
        prop_assert_eq!(structure.name(), "classmorph-loaded");
        prop_assert_eq!(Loaded::try_from(structure.as_ref()), Ok(loaded));
    }
}

#[test]
fn what_is_something_else_is_refused_by_name() {
    gst::init().unwrap();
    let level = gst::Structure::new_empty("level");
    let error = FrameReport::try_from(level.as_ref()).unwrap_err();
    assert!(matches!(&error, Error::Name { found, .. } if found == "level"));
    assert!(error.to_string().contains("level"), "{error}");

    let loaded = |nodes: &dyn gst::prelude::ToSendValue| {
        let mut structure = gst::Structure::from(&Loaded {
            time: Duration::ZERO,
            nodes: 1,
            gradient_nodes: 2,
            provider: "cpu".into(),
            shared: false,
        });
        structure.set_value("nodes", nodes.to_send_value());
        Loaded::try_from(structure.as_ref())
    };
    assert_eq!(loaded(&7u64).unwrap().nodes, 7);
    assert!(matches!(loaded(&7i32), Err(Error::Field { name: "nodes", .. })));
    let empty = gst::Structure::new_empty("classmorph-loaded");
    assert!(matches!(
        Loaded::try_from(empty.as_ref()),
        Err(Error::Field { name: "time", .. })
    ));
}
