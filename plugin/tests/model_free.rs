// SPDX-License-Identifier: MPL-2.0
//! The element without any model: what it says of itself, and what it says when the model is no model.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod common;

use std::path::PathBuf;
use std::time::Duration;

use gst::glib;
use gst::prelude::*;
use steerlens::settings::{AnyChoice, Count, Group, Real, Span, Switch, Text, Visitor, Whole};
use steerlens::{ClassifierSettings, LensSettings};

use common::{classmorph, fifo, init, start_error};

#[test]
fn it_is_registered_and_never_plugged_in_by_itself() {
    init();
    let factory = gst::ElementFactory::find("classmorph").unwrap();
    assert_eq!(factory.rank(), gst::Rank::NONE);
    assert_eq!(factory.metadata("klass"), Some("Filter/Effect/Video"));
    for key in ["long-name", "description", "author"] {
        assert!(
            factory.metadata(key).is_some_and(|text| !text.is_empty()),
            "{key}"
        );
    }
    start_error(&classmorph());
    for category in ["classmorph", "steerlens", "steerlens-ort"] {
        assert!(gst::DebugCategory::get(category).is_some(), "{category}");
    }
}

#[test]
fn every_property_is_explained() {
    let element = classmorph();
    for spec in element.list_properties().iter() {
        if spec.owner_type() == element.type_() {
            let explained = spec.blurb().is_some_and(|blurb| blurb.len() > 10);
            assert!(explained, "{}", spec.name());
        }
    }
    assert!(element.property::<bool>("qos"));
}

/// Each setting of the library has a property of its name, with its words, range and default.
#[test]
fn settings_are_properties() {
    let mut rows = Rows(classmorph(), 0);
    LensSettings::default().visit(&mut rows);
    ClassifierSettings::default().visit(&mut rows);
    assert!(rows.1 > 40, "{} settings", rows.1);
}

struct Rows(gst::Element, usize);

impl Rows {
    fn spec<T: glib::ParamSpecType>(&mut self, name: &str, blurb: &str) -> T {
        self.1 += 1;
        let spec = self.0.find_property(name).unwrap_or_else(|| panic!("no {name}"));
        let words = spec.blurb().unwrap().to_lowercase();
        assert!(words.ends_with(&blurb.to_lowercase()), "{name}: {words}");
        spec.downcast().unwrap_or_else(|spec| panic!("{spec:?}"))
    }
}

impl Visitor for Rows {
    fn real(&mut self, fact: &'static Real, _: &mut f64) {
        let spec: glib::ParamSpecDouble = self.spec(fact.name, fact.blurb);
        let limits = (spec.minimum(), spec.default_value(), spec.maximum());
        assert_eq!(limits, (fact.min, fact.default, fact.max), "{}", fact.name);
    }

    fn count(&mut self, fact: &'static Count, _: &mut u32) {
        let spec: glib::ParamSpecUInt = self.spec(fact.name, fact.blurb);
        let limits = (spec.minimum(), spec.default_value(), spec.maximum());
        assert_eq!(limits, (fact.min, fact.default, fact.max), "{}", fact.name);
    }

    fn whole(&mut self, fact: &'static Whole, _: &mut u64) {
        let spec: glib::ParamSpecUInt64 = self.spec(fact.name, fact.blurb);
        let limits = (spec.minimum(), spec.default_value(), spec.maximum());
        assert_eq!(limits, (fact.min, fact.default, fact.max), "{}", fact.name);
    }

    fn span(&mut self, fact: &'static Span, _: &mut Duration) {
        let spec: glib::ParamSpecUInt64 = self.spec(fact.name, fact.blurb);
        let limits = [spec.minimum(), spec.default_value(), spec.maximum()];
        let facts = [fact.min, fact.default, fact.max];
        assert_eq!(limits.map(Duration::from_nanos), facts, "{}", fact.name);
    }

    fn switch(&mut self, fact: &'static Switch, _: &mut bool) {
        let spec: glib::ParamSpecBoolean = self.spec(fact.name, fact.blurb);
        assert_eq!(spec.default_value(), fact.default, "{}", fact.name);
    }

    fn choice(&mut self, value: &mut dyn AnyChoice) {
        let spec: glib::ParamSpecEnum = self.spec(value.name(), value.blurb());
        let class = spec.enum_class();
        let values: Vec<_> = class.values().iter().map(|v| (v.nick(), v.name())).collect();
        assert_eq!(values, value.values(), "{}", value.name());
    }

    fn text(&mut self, fact: &'static Text, _: &mut Option<String>) {
        let _: glib::ParamSpecString = self.spec(fact.name, fact.blurb);
    }

    fn path(&mut self, fact: &'static Text, _: &mut Option<PathBuf>) {
        let _: glib::ParamSpecString = self.spec(fact.name, fact.blurb);
    }

    fn list(&mut self, fact: &'static Text, _: &mut Vec<f64>) {
        let _: gst::ParamSpecArray = self.spec(fact.name, fact.blurb);
    }
}

#[test]
fn setters_take_everything_and_open_nothing() {
    let element = classmorph();
    for (name, text) in [
        ("model-file", "/nowhere/m.onnx"),
        ("input-size", "nonsense"),
        ("source-label", "?"),
    ] {
        element.set_property(name, text);
        assert_eq!(element.property::<String>(name), text);
    }
    element.set_property_from_str("mean", "<0.485,0.456,0.406>");
    element.set_property_from_str("std", "<1>");
    let values = |name| {
        let array = element.property::<gst::Array>(name);
        array
            .iter()
            .map(|value| value.get::<f64>().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(values("mean"), [0.485, 0.456, 0.406]);
    assert_eq!(values("std"), [1.0]);
}

/// A program in C sets what bytes it has. A file's name keeps them, text has U+FFFD in their place.
#[test]
fn strings_that_are_no_utf8_are_taken() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::{Path, PathBuf};
    let bytes = Path::new(OsStr::from_bytes(b"/nowhere/lat\xe9.onnx"));
    let element = classmorph();
    let mut paths = 0;
    for spec in element.list_properties().iter() {
        if spec.owner_type() != element.type_() || spec.value_type() != glib::Type::STRING {
            continue;
        }
        element.set_property(spec.name(), bytes);
        let back: PathBuf = element.property(spec.name());
        if spec.name().ends_with("-file") || ["model-info", "onnxruntime-library"].contains(&spec.name()) {
            assert_eq!(back, bytes, "{}", spec.name());
            paths += 1;
        } else {
            assert_eq!(
                back.to_str(),
                Some("/nowhere/lat\u{fffd}.onnx"),
                "{}",
                spec.name()
            );
        }
        element.set_property(spec.name(), None::<&str>);
        assert_eq!(element.property::<Option<String>>(spec.name()), None);
    }
    assert_eq!(paths, 4);
    element.set_property("model-file", bytes);
    assert!(start_error(&element).matches(gst::ResourceError::NotFound));
}

/// What the sink pad takes where downstream takes `width`, in any state and without a model.
fn taken(mode: &str, width: &str) -> gst::Caps {
    init();
    let line = format!(
        "classmorph name=morph display-mode={mode} ! capsfilter caps=\"video/x-raw,width={width}\" ! fakesink"
    );
    let pipeline = gst::parse::launch(&line)
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    let sink = pipeline.by_name("morph").unwrap().static_pad("sink").unwrap();
    sink.query_caps(None)
}

#[test]
fn side_by_side_is_twice_as_wide() {
    let fits = |caps: &gst::Caps, width: i32| {
        caps.can_intersect(&gst::Caps::builder("video/x-raw").field("width", width).build())
    };
    for (downstream, fitting, unfitting) in [
        ("(int)80", vec![40], vec![80, 39]),
        ("(int)[41,43]", vec![21], vec![20, 22, 42]),
        (
            "(int)[1,2147483647]",
            vec![1, 2, 1_073_741_823],
            vec![1_073_741_824],
        ),
    ] {
        let caps = taken("side-by-side", downstream);
        assert!(
            fitting.iter().all(|width| fits(&caps, *width)),
            "{downstream}: {caps}"
        );
        assert!(
            !unfitting.iter().any(|width| fits(&caps, *width)),
            "{downstream}: {caps}"
        );
        assert_eq!(
            caps.structure(0)
                .unwrap()
                .get::<gst::List>("format")
                .unwrap()
                .len(),
            13
        );
    }
    assert!(taken("side-by-side", "(int)81").is_empty());
    let same = taken("morph", "(int)81");
    assert!(fits(&same, 81) && !fits(&same, 40));
}

#[test]
fn ready_needs_no_model() {
    let element = classmorph();
    element.set_property("model-file", "/nowhere/m.onnx");
    element.set_state(gst::State::Ready).unwrap();
    element.set_state(gst::State::Null).unwrap();
}

#[test]
fn no_model_is_one_error_that_names_the_property() {
    let error = start_error(&classmorph());
    assert!(error.matches(gst::ResourceError::Settings), "{error}");
    assert!(error.message().contains("model-file"), "{error}");
}

#[test]
fn what_is_no_model_is_one_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.onnx");
    std::fs::write(&text, "This is no model.\n").unwrap();
    let empty = folder.path().join("empty.onnx");
    std::fs::write(&empty, "").unwrap();
    let missing = folder.path().join("missing.onnx");
    let name = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    // One bus error each; the domain tells a program which.
    let check = |file: String, fits: fn(&glib::Error) -> bool, says: &str| {
        let element = classmorph();
        element.set_property("model-file", &file);
        let error = start_error(&element);
        assert!(fits(&error), "{file}: {error:?}");
        assert!(error.message().contains(says), "{file}: {error}");
    };
    check(
        name(&missing),
        |error| error.matches(gst::ResourceError::NotFound),
        &name(&missing),
    );
    check(
        name(folder.path()),
        |error| error.matches(gst::ResourceError::OpenRead),
        &name(folder.path()),
    );
    let fifo = fifo(folder.path());
    check(
        fifo.clone(),
        |error| error.matches(gst::ResourceError::OpenRead),
        &fifo,
    );
    check(
        name(&text),
        |error| error.matches(gst::StreamError::Decode),
        "not an ONNX model",
    );
    check(
        name(&empty),
        |error| error.matches(gst::StreamError::Decode),
        "not an ONNX model",
    );
}

#[test]
fn a_size_that_is_none_is_an_error_that_shows_the_form() {
    let element = classmorph();
    element.set_property("model-file", "/nowhere/m.onnx");
    element.set_property("input-size", "224");
    let error = start_error(&element);
    assert!(error.matches(gst::ResourceError::Settings), "{error}");
    assert!(error.message().contains("HxW"), "{error}");
}

#[test]
fn fifty_failing_starts_leave_fifty_errors() {
    let element = classmorph();
    element.set_property("model-file", "/nowhere/m.onnx");
    for _ in 0..50 {
        assert!(start_error(&element).matches(gst::ResourceError::NotFound));
    }
}

#[test]
fn presets_are_shipped_in_the_binary() {
    let element = classmorph();
    let presets = element.dynamic_cast_ref::<gst::Preset>().unwrap();
    let names = presets.preset_names();
    let shipped: Vec<_> = steerlens::Preset::ALL.iter().map(|preset| preset.name).collect();
    assert_eq!(
        &names[..shipped.len()],
        &shipped[..],
        "before any that users save"
    );
    assert_eq!(shipped, ["paper", "fast", "readable", "live", "calm"]);
    for preset in steerlens::Preset::ALL {
        let comment = presets.meta(preset.name, "comment");
        assert_eq!(comment.as_deref(), Some(preset.about));
        assert_eq!(presets.meta(preset.name, "author"), None);
    }
    assert!(presets.load_preset("no such preset").is_err());

    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let tells = told.clone();
    element.connect_notify(None, move |_, spec| {
        tells.lock().unwrap().push(spec.name().to_owned())
    });
    let value = |name: &str| {
        let value = element.property_value(name);
        let text = match glib::EnumValue::from_value(&value) {
            Some((_, value)) => value.nick().to_owned(),
            None => value.serialize().unwrap().to_string(),
        };
        format!("{name}={text}\n")
    };
    let look = || steerlens::Preset::SETTINGS.map(value).concat();
    presets.load_preset("readable").unwrap();
    assert_eq!(
        look(),
        "method=csp-joint\n\
         color-mode=joint\n\
         objective=log-probability\n\
         amplitude-gain=1\n\
         amplitude-exponent=1\n\
         scale-weight=0.5\n\
         phase-smooth=0\n\
         phase-limit=1.5707963267948966\n\
         grid=fast\n\
         steps=32\n\
         samples=2\n\
         mirror=true\n\
         step-mode=reanalyse\n\
         temporal-smoothing=0\n\
         padding=16\n"
    );
    assert_eq!(*told.lock().unwrap(), steerlens::Preset::SETTINGS);
    presets.load_preset("calm").unwrap();
    assert_eq!(
        look(),
        "method=csp-phase\n\
         color-mode=luma\n\
         objective=margin\n\
         amplitude-gain=0.5\n\
         amplitude-exponent=1\n\
         scale-weight=0\n\
         phase-smooth=0\n\
         phase-limit=1.5707963267948966\n\
         grid=fast\n\
         steps=1\n\
         samples=1\n\
         mirror=false\n\
         step-mode=reanalyse\n\
         temporal-smoothing=100000000\n\
         padding=16\n"
    );
    presets.load_preset("paper").unwrap();
    for (name, literal) in [
        ("method", "csp-phase"),
        ("amplitude-exponent", "0"),
        ("scale-weight", "1"),
        ("phase-limit", "0"),
        ("grid", "exact"),
        ("steps", "1"),
    ] {
        assert_eq!(value(name), format!("{name}={literal}\n"));
    }
}

/// Saving writes into the user's own folder: in a process that has another one.
#[test]
fn a_preset_that_the_user_saves_wins_over_a_shipped_one() {
    let home = tempfile::tempdir().unwrap();
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "a_saved_preset_in_a_folder_of_its_own"])
        .env("XDG_DATA_HOME", home.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
#[ignore = "the test above runs it"]
fn a_saved_preset_in_a_folder_of_its_own() {
    let element = classmorph();
    let presets = element.dynamic_cast_ref::<gst::Preset>().unwrap();
    element.set_property("padding", 33u32);
    presets.save_preset("calm").unwrap();
    element.set_property("padding", 0u32);
    presets.load_preset("calm").unwrap();
    assert_eq!(element.property::<u32>("padding"), 33);
    let names = presets.preset_names();
    assert_eq!(names.iter().filter(|name| *name == "calm").count(), 1);
    assert!(presets.delete_preset("calm").is_ok());
    presets.load_preset("calm").unwrap();
    assert_eq!(element.property::<u32>("padding"), 16, "the shipped one is back");
}

/// What `gst-hotdoc-plugins-scanner` lists is what is marked so.
#[cfg(feature = "doc")]
#[test]
fn every_enumeration_is_marked_for_the_documentation() {
    let element = classmorph();
    let mut marked = 0;
    for spec in element.list_properties().iter() {
        let of = spec.value_type();
        if spec.owner_type() == element.type_() && glib::EnumClass::with_type(of).is_some() {
            assert!(of.plugin_api_flags().is_some(), "{of}");
            marked += 1;
        }
    }
    assert_eq!(marked, 17);
}
