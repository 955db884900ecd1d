// SPDX-License-Identifier: MPL-2.0
//! The element without any model: what it says of itself, and what it says when the model is no model.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod common;

use gst::glib;
use gst::prelude::*;

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

/// Names, types, defaults and when they may change: R in NULL and READY, P always, C by a controller too. Names
/// and nicks are ABI: a line here changes only on purpose.
const SHEET: &str = "\
model-file gchararray NULL R
label-file gchararray NULL R
model-info gchararray NULL R
output-name gchararray NULL R
onnxruntime-library gchararray NULL R
execution-provider GstClassMorphExecutionProvider cpu R
device gchararray NULL R
optimization-level GstClassMorphOptimizationLevel enable-all R
threads guint 0 R
model-instance-id gchararray NULL R
input-format GstClassMorphInputFormat auto R
input-layout GstClassMorphInputLayout auto R
normalization GstClassMorphNormalization auto R
mean GstValueArray <  > R
std GstValueArray <  > R
input-size gchararray NULL R
crop-fraction gdouble 0 P
fit GstClassMorphFit center-crop P
roi GstValueArray <  > P
roi-source GstClassMorphRoiSource property P
source-class gint -1 P
target-class gint -1 P
source-label gchararray NULL P
target-label gchararray NULL P
class-hold guint 5 P
objective GstClassMorphObjective margin P
method GstClassMorphMethod csp-phase P
magnification gdouble 1 C
amplitude-exponent gdouble 1 C
amplitude-floor gdouble 0.10000000000000001 C
amplitude-gain gdouble 0.5 C
scale-weight gdouble 0 C
phase-smooth gdouble 0 C
phase-limit gdouble 1.5707963267948966 C
magnification-unit GstClassMorphMagnificationUnit rms P
l2-budget gdouble 0 C
padding guint 0 P
steps guint 1 P
step-mode GstClassMorphStepMode reanalyse P
temporal-smoothing guint64 0 C
orientations guint 4 P
octaves guint 0 P
grid GstClassMorphGrid fast P
color-mode GstClassMorphColorMode luma P
resolution GstClassMorphResolution auto P
display-mode GstClassMorphDisplayMode morph P
caption gboolean false P
sweep GstClassMorphSweep none P
sweep-period guint64 2000000000 P
inference-interval guint 1 P
gradient-mode GstClassMorphGradientMode sync P
latency gint64 -1 P
post-messages gboolean false P
attach-meta gboolean false P
measure-after gboolean false P
top-k guint 5 P
stats GstStructure - -
model-description GstStructure NULL -
";

fn line(element: &gst::Element, spec: &glib::ParamSpec) -> String {
    let flags = spec.flags();
    let when = match () {
        () if flags.contains(gst::PARAM_FLAG_CONTROLLABLE) => "C",
        () if flags.contains(gst::PARAM_FLAG_MUTABLE_PLAYING) => "P",
        () if flags.contains(gst::PARAM_FLAG_MUTABLE_READY) => "R",
        () => "-",
    };
    let value = element.property_value(spec.name());
    let default = match glib::EnumValue::from_value(&value) {
        Some((_, value)) => value.nick().to_owned(),
        None if spec.name() == "stats" => "-".to_owned(),
        None if value.get::<Option<&str>>() == Ok(None) => "NULL".to_owned(),
        None if value.get::<Option<gst::Structure>>() == Ok(None) => "NULL".to_owned(),
        None => value.serialize().unwrap().to_string(),
    };
    format!("{} {} {default} {when}\n", spec.name(), spec.value_type())
}

#[test]
fn the_property_sheet_is_the_published_one() {
    let element = classmorph();
    let own = |spec: &&glib::ParamSpec| spec.owner_type() == element.type_();
    let specs = element.list_properties();
    let sheet: String = specs
        .iter()
        .filter(own)
        .map(|spec| line(&element, spec))
        .collect();
    assert_eq!(sheet, SHEET);
    for spec in specs.iter().filter(own) {
        assert!(
            spec.blurb().is_some_and(|blurb| blurb.len() > 10),
            "{}",
            spec.name()
        );
    }
    assert!(element.property::<bool>("qos"));
}

#[test]
fn ranges_and_blurbs_are_the_librarys() {
    use steerlens::settings::{self, Count, Real};
    let element = classmorph();
    let reals: [Real; 9] = [
        settings::CROP_FRACTION,
        settings::MAGNIFICATION,
        settings::AMPLITUDE_EXPONENT,
        settings::AMPLITUDE_FLOOR,
        settings::AMPLITUDE_GAIN,
        settings::SCALE_WEIGHT,
        settings::PHASE_SMOOTH,
        settings::PHASE_LIMIT,
        settings::L2_BUDGET,
    ];
    for real in reals {
        let spec = element.find_property(real.name).unwrap();
        assert_eq!(spec.blurb(), Some(real.blurb));
        let spec = spec.downcast::<glib::ParamSpecDouble>().unwrap();
        assert_eq!(
            (spec.minimum(), spec.maximum()),
            (real.min, real.max),
            "{}",
            real.name
        );
    }
    let counts: [Count; 7] = [
        settings::THREADS,
        settings::CLASS_HOLD,
        settings::PADDING,
        settings::STEPS,
        settings::ORIENTATIONS,
        settings::OCTAVES,
        settings::TOP_K,
    ];
    for count in counts {
        let spec = element.find_property(count.name).unwrap();
        assert_eq!(spec.blurb(), Some(count.blurb));
        let spec = spec.downcast::<glib::ParamSpecUInt>().unwrap();
        assert_eq!(
            (spec.minimum(), spec.maximum()),
            (count.min, count.max),
            "{}",
            count.name
        );
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
    assert_eq!(&names[..3], &shipped[..], "before any that users save");
    assert_eq!(shipped, ["paper", "readable", "calm"]);
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
    let value = |name: &str| line(&element, &element.find_property(name).unwrap());
    let look = || steerlens::Preset::SETTINGS.map(value).concat();
    presets.load_preset("readable").unwrap();
    assert_eq!(
        look(),
        "method GstClassMorphMethod csp-joint P\n\
         color-mode GstClassMorphColorMode joint P\n\
         amplitude-exponent gdouble 1 C\n\
         scale-weight gdouble 0 C\n\
         phase-smooth gdouble 0 C\n\
         phase-limit gdouble 1.5707963267948966 C\n\
         grid GstClassMorphGrid fast P\n\
         steps guint 4 P\n\
         step-mode GstClassMorphStepMode reanalyse P\n\
         temporal-smoothing guint64 0 C\n\
         padding guint 0 P\n"
    );
    assert_eq!(*told.lock().unwrap(), steerlens::Preset::SETTINGS);
    presets.load_preset("calm").unwrap();
    assert_eq!(
        look(),
        "method GstClassMorphMethod csp-phase P\n\
         color-mode GstClassMorphColorMode luma P\n\
         amplitude-exponent gdouble 1 C\n\
         scale-weight gdouble 0 C\n\
         phase-smooth gdouble 0 C\n\
         phase-limit gdouble 1.5707963267948966 C\n\
         grid GstClassMorphGrid fast P\n\
         steps guint 1 P\n\
         step-mode GstClassMorphStepMode reanalyse P\n\
         temporal-smoothing guint64 100000000 C\n\
         padding guint 16 P\n"
    );
    presets.load_preset("paper").unwrap();
    for (name, literal) in [
        ("method", "csp-phase"),
        ("amplitude-exponent", " 0 "),
        ("scale-weight", " 1 "),
        ("phase-limit", " 0 "),
        ("grid", "exact"),
        ("steps", " 1 "),
    ] {
        assert!(value(name).contains(literal), "{}", value(name));
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
