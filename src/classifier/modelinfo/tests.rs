// SPDX-License-Identifier: MPL-2.0

use proptest::prelude::*;

use super::*;

/// As GStreamer's documentation and tools write it, with a comment and keys of ours.
const IMAGENET: &str = "\
# made by hand
[modelinfo]
version=1.0
group-id=classification-generic-out

[input]
id=input-0
type=float32
dims=-1,3,224,256
dir=input
ranges=-2.1179,2.2489;-2.0357,2.4286;-1.8044,2.6400
channels=bgr
crop=0.875
magnification = 0.1

[output]
id=classification-generic-out
type=float32
dims=-1,1000
dir=output
dims-order=row-major
labels=imagenet.txt
activation=softmax
";

fn parse(text: &str) -> Result<ModelInfo, ModelInfoError> {
    ModelInfo::parse(text, Path::new("/models/m.onnx.modelinfo"))
}

/// A minimal side-car whose input section has these lines.
fn with_input(lines: &str) -> Result<ModelInfo, ModelInfoError> {
    parse(&format!("[modelinfo]\nversion=1.0\n[in:0]\ndir=input\n{lines}\n"))
}

#[test]
fn gstreamers_keys_and_ours_are_read() {
    let info = parse(IMAGENET).unwrap();
    assert_eq!(info.warnings, Vec::<String>::new());
    let range = |min, max| Range { min, max };
    assert_eq!(
        info.inputs,
        [InputInfo {
            name: Some("input".into()),
            element_type: Some("float32".into()),
            size: Some((224, 256)),
            layout: InputLayout::Auto,
            channels: InputFormat::Bgr,
            ranges: vec![
                range(-2.1179, 2.2489),
                range(-2.0357, 2.4286),
                range(-1.8044, 2.64)
            ],
            crop_fraction: Some(0.875),
            magnification: Some(0.1),
        }]
    );
    assert_eq!(
        info.outputs,
        [OutputInfo {
            name: Some("output".into()),
            labels: Some(LabelSource::File("/models/imagenet.txt".into())),
            activation: Some(Activation::Softmax),
        }]
    );
}

#[test]
fn a_plain_generated_side_car_is_read() {
    let info = parse(
        "[modelinfo]\nversion=1.0\ngroup-id=faces-judge\n\n[input]\nid=faces-judge-input\ntype=float32\n\
         dims=-1,1,64,64\ndir=input\nranges=-1,1\n\n[logits]\nid=faces-judge-logits\ntype=float32\n\
         dims=-1,3\ndir=output\n",
    )
    .unwrap();
    let input = info.input("input").unwrap();
    assert_eq!(
        (input.size, &input.ranges[..]),
        (Some((64, 64)), &[Range { min: -1.0, max: 1.0 }][..])
    );
    assert_eq!(info.output("logits").unwrap().labels, None);
}

#[test]
fn the_size_is_read_in_the_order_of_the_axes() {
    let size = |lines: &str| with_input(lines).unwrap().inputs[0].size;
    assert_eq!(size("dims=1,64,48,3"), Some((64, 48)));
    assert_eq!(size("dims=3,64,48"), Some((64, 48)));
    assert_eq!(size("dims=-1,3,3,1\nlayout=nhwc"), Some((3, 3)));
    assert_eq!(size("dims=-1,3,5,1\nlayout=nchw"), Some((5, 1)));
    assert_eq!(size("dims=-1,3,-1,224"), None);
    assert_eq!(size("dims=-1,2048"), None);
    assert_eq!(size("dims=1,7,7,7"), None);
    assert_eq!(size("dims="), None);
}

#[test]
fn a_magnification_has_the_range_of_the_setting() {
    let setting = crate::morph::ReachSettings::MAGNIFICATION;
    for value in [setting.min, setting.max] {
        let (next_down, next_up) = (value.next_down(), value.next_up());
        for value in [next_down, value, next_up] {
            let known = parse_magnification(&value.to_string()).is_some();
            assert_eq!(known, setting.check(&value).is_ok(), "{value}");
        }
    }
}

#[test]
fn what_cannot_be_is_refused_by_section_and_key() {
    for (line, expected) in [
        ("ranges=0", "two different numbers"),
        ("ranges=1,1", "two different numbers"),
        ("ranges=0,1;0", "two different numbers"),
        ("ranges=0,inf", "two different numbers"),
        ("ranges=0,1,2", "two different numbers"),
        ("dims=a,b", "whole numbers"),
        ("layout=chw", "nchw or nhwc"),
        ("channels=yuv", "rgb, bgr or gray"),
        ("crop=0", "a share above 0"),
        ("crop=nan", "a share above 0"),
        ("magnification=65", "from -64 to 64"),
        ("dir=sideways", "input or output"),
    ] {
        let error = with_input(line).unwrap_err().to_string();
        let beginning = format!("/models/m.onnx.modelinfo, section [in:0]: {line} must be ");
        assert!(
            error.starts_with(&beginning) && error.contains(expected),
            "{error}"
        );
    }
    let error = parse("[modelinfo]\nversion=1.0\n[o]\ndir=output\nactivation=relu\n")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("[o]: activation=relu must be logits, softmax or sigmoid"),
        "{error}"
    );
}

#[test]
fn the_version_decides() {
    for (text, part) in [
        ("", "no section [modelinfo]"),
        ("[input]\ndir=input\n", "no section [modelinfo]"),
        ("[modelinfo]\nid=1\n", "no section [modelinfo]"),
        ("[modelinfo]\nversion=2.0\n", "is of version 2.0"),
        ("[modelinfo]\nversion=1\n", "is of version 1,"),
        ("[modelinfo]\nversion=one.0\n", "is of version one.0"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    let newer = parse("[modelinfo]\nversion=1.3\n").unwrap();
    assert!(
        newer.warnings[0].contains("version 1.3, newer"),
        "{:?}",
        newer.warnings
    );
}

#[test]
fn key_files_manners_are_kept() {
    // Quotes and backslashes are ordinary, the last value counts, a section may come again, CRLF is fine.
    let info = with_input("channels=rgb\r\nchannels=gray\r\ntype=\"a\\b\"\n[in:0]\nlayout=nhwc").unwrap();
    assert_eq!(info.inputs.len(), 1);
    assert_eq!(info.inputs[0].element_type.as_deref(), Some("\"a\\b\""));
    assert_eq!(
        (info.inputs[0].channels, info.inputs[0].layout),
        (InputFormat::Gray, InputLayout::Nhwc)
    );
    let stray = with_input("[notes]\nauthor=me").unwrap();
    assert!(
        stray.warnings[0].contains("[notes] is left aside"),
        "{:?}",
        stray.warnings
    );
}

#[test]
fn a_line_without_an_equals_sign_is_named() {
    let error = with_input("hello\ncrop=1").unwrap_err().to_string();
    assert!(error.contains("line 5: \"hello\" has no equals sign"), "{error}");
    let error = parse("just some text\n").unwrap_err().to_string();
    assert!(
        error.contains("line 1: \"just some text\" has no equals sign"),
        "{error}"
    );
    for (text, line) in [
        ("[modelinfo\nversion=1.0\n", "line 1: "),
        ("[modelinfo]\n=1.0\n", "line 2:"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("/models/m.onnx.modelinfo, {line}"))
                && error.contains("a side-car has lines"),
            "{error}"
        );
    }
}

#[test]
fn the_appended_name_is_found_before_the_replaced_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert_eq!(ModelInfo::beside(&path("m.onnx")), None);
    std::fs::write(path("m.modelinfo"), "[modelinfo]\nversion=1.7\n").unwrap();
    assert_eq!(ModelInfo::beside(&path("m.onnx")), Some(path("m.modelinfo")));
    std::fs::write(path("m.onnx.modelinfo"), IMAGENET).unwrap();
    assert_eq!(ModelInfo::beside(&path("m.onnx")), Some(path("m.onnx.modelinfo")));
    assert_eq!(
        ModelInfo::read(&path("m.onnx.modelinfo")).unwrap().inputs.len(),
        1
    );
    assert_eq!(ModelInfo::read(&path("m.modelinfo")).unwrap().warnings.len(), 1);
    assert!(matches!(
        ModelInfo::read(folder.path()),
        Err(ModelInfoError::File(_))
    ));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(\\[?[a-z:;#=,\\\\ \n\r\t\u{e9}0-9.-]{0,12}\\]?\n?){0,12}") {
        let _ = parse(&text);
        let _ = with_input(&text);
    }
}

#[test]
fn mean_and_std_are_ranges_on_either_scale() {
    let unit = with_input("mean=0.5,0.5,0.5\nstd=0.5").unwrap();
    assert_eq!(unit.inputs[0].ranges, vec![Range { min: -1.0, max: 1.0 }; 3]);
    assert!(unit.warnings.is_empty());
    let bytes = with_input("mean=127.5\nstd=127.5").unwrap();
    assert_eq!(bytes.inputs[0].ranges, [Range { min: -1.0, max: 1.0 }]);
    assert!(bytes.warnings[0].contains("8-bit"), "{:?}", bytes.warnings);
    for lines in ["mean=127.5\nstd=0.5", "std=0", "mean=1,2\nstd=1,2,3", "mean=a"] {
        assert!(with_input(lines).is_err(), "{lines}");
    }
    let both = with_input("ranges=0,1\nmean=0.5\nstd=0.5").unwrap();
    assert_eq!(
        both.inputs[0].ranges,
        [Range { min: 0.0, max: 1.0 }],
        "GStreamer's key counts"
    );
}
