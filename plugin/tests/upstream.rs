// SPDX-License-Identifier: MPL-2.0
//! What the tests of GStreamer's own onnxinference ask of it, asked of this element: models of every layout and type,
//! every way from bytes to the model's input, and what must be refused. The models are means over a channel, so that
//! the expected scores are one line of arithmetic.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod common;

use gst::prelude::*;
use gst_video::VideoFormat;
use gststeerlens::message::FrameReport;
use steerlens::onnx::ElementType;

use common::rig::Rig;
use common::tiny::Means;
use common::{classmorph, messages, said, start_error, with_bus};

const COLOUR: [u8; 3] = [200, 120, 40];

/// An element with this model, playing; frames of one colour.
fn rig(format: VideoFormat, model: &Means, set: impl FnOnce(&gst::Element)) -> (Rig, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = model.write(folder.path());
    let rig = Rig::new(format, 24, 16, |element| {
        element.set_property("model-file", &file);
        for label in ["source-label", "target-label"] {
            element.set_property(label, None::<&str>);
        }
        element.set_property("post-messages", true);
        set(element);
    });
    (rig, folder)
}

fn plain(rig: &Rig, number: u64) -> gst::Buffer {
    let mut frame = rig.frame(number);
    let step = usize::try_from(rig.info.comp_pstride(0)).unwrap();
    let places = (0..u8::try_from(rig.info.n_components()).unwrap())
        .map(|c| usize::try_from(rig.info.comp_poffset(c)).unwrap());
    let places: Vec<usize> = places.collect();
    let row = rig.row();
    let mut map = frame.get_mut().unwrap().map_writable().unwrap();
    for line in map.chunks_mut(rig.stride()) {
        for pixel in line[..row].chunks_exact_mut(step) {
            for (channel, place) in places.iter().enumerate() {
                pixel[*place] = *COLOUR.get(channel).unwrap_or(&255);
            }
        }
    }
    drop(map);
    frame
}

/// The scores of the first classes, each as the margin against the last class, whose score is 0.
fn scores(rig: &mut Rig, classes: usize) -> Vec<f64> {
    (0..classes)
        .map(|class| {
            rig.element
                .set_property("source-class", Means::CLASSES as i32 - 1);
            rig.element.set_property("target-class", class as i32);
            let frame = plain(rig, class as u64);
            rig.push(frame);
            let said = said(&rig.bus, "classmorph");
            FrameReport::try_from(said[0].as_ref()).unwrap().margin
        })
        .collect()
}

fn close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        // Means of 64 equal f32.
        assert!(
            (found - expected).abs() <= 1e-5 * expected.abs().max(1.0),
            "{what}: {found}, expected {expected}"
        );
    }
}

fn unit() -> [f64; 3] {
    COLOUR.map(|value| f64::from(value) / 255.0)
}

/// (v - mean) / std for each channel.
fn standard(mean: [f64; 3], std: [f64; 3]) -> [f64; 3] {
    let unit = unit();
    [0, 1, 2].map(|c| (unit[c] - mean[c]) / std[c])
}

#[test]
fn every_normalisation_is_what_it_says() {
    // The published constants, independent of the library's.
    let imagenet = standard([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    let clip = standard(
        [0.481_454_66, 0.457_827_5, 0.408_210_73],
        [0.268_629_54, 0.261_302_58, 0.275_777_11],
    );
    for (nick, expected) in [
        ("unit", unit()),
        ("byte", COLOUR.map(f64::from)),
        ("signed", unit().map(|v| 2.0 * v - 1.0)),
        ("imagenet", imagenet),
        ("clip", clip),
    ] {
        let (mut rig, _folder) = rig(VideoFormat::Rgb, &Means::default(), |element| {
            element.set_property_from_str("normalization", nick);
        });
        close(&scores(&mut rig, 3), &expected, nick);
    }
    let (mut rig, _folder) = rig(VideoFormat::Rgb, &Means::default(), |element| {
        element.set_property_from_str("mean", "<0.5,0.25,0.125>");
        element.set_property_from_str("std", "<0.5>");
    });
    close(
        &scores(&mut rig, 3),
        &standard([0.5, 0.25, 0.125], [0.5; 3]),
        "mean and std",
    );
}

#[test]
fn a_guess_is_made_and_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let element = classmorph();
    element.set_property("model-file", Means::default().write(folder.path()));
    let bus = with_bus(&element);
    element.set_state(gst::State::Paused).expect("run `make setup`");
    element.set_state(gst::State::Null).unwrap();
    let warnings = messages(&bus, gst::MessageType::Warning);
    let texts: Vec<String> = warnings
        .iter()
        .filter_map(|message| match message.view() {
            gst::MessageView::Warning(warning) => Some(warning.error().message().to_owned()),
            _ => None,
        })
        .collect();
    let guesses = texts.iter().filter(|text| text.contains("normalization")).count();
    assert_eq!(guesses, 1, "{texts:?}");

    let (mut rig, _folder) = rig(VideoFormat::Rgb, &Means::default(), |_| ());
    let imagenet = standard([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    close(&scores(&mut rig, 3), &imagenet, "auto");
}

#[test]
fn every_layout_and_type_is_read() {
    let bytes = COLOUR.map(f64::from);
    for (what, model, expected) in [
        ("planar", Means::default(), unit()),
        (
            "interleaved",
            Means {
                shape: vec![1, 8, 8, 3],
                channels_last: true,
                ..Means::default()
            },
            unit(),
        ),
        (
            "dynamic batch",
            Means {
                shape: vec![0, 3, 8, 8],
                ..Means::default()
            },
            unit(),
        ),
        (
            "half precision",
            Means {
                element: ElementType::Float16,
                ..Means::default()
            },
            unit(),
        ),
        (
            "bytes",
            Means {
                element: ElementType::Uint8,
                ..Means::default()
            },
            bytes,
        ),
    ] {
        let (mut rig, _folder) = rig(VideoFormat::Rgb, &model, |element| {
            if what != "bytes" {
                element.set_property_from_str("normalization", "unit");
            }
        });
        close(&scores(&mut rig, 3), &expected, what);
    }
}

#[test]
fn channels_are_put_in_the_models_order() {
    for format in [
        VideoFormat::Rgb,
        VideoFormat::Bgr,
        VideoFormat::Argb,
        VideoFormat::Rgbx,
    ] {
        for (order, expected) in [("rgb", [0, 1, 2]), ("bgr", [2, 1, 0])] {
            let (mut rig, _folder) = rig(format, &Means::default(), |element| {
                element.set_property_from_str("normalization", "unit");
                element.set_property_from_str("input-format", order);
            });
            let expected = expected.map(|channel: usize| unit()[channel]);
            close(&scores(&mut rig, 3), &expected, order);
        }
    }
}

#[test]
fn a_grey_model_sees_luma_and_a_grey_frame_is_seen_in_colour() {
    let gray = Means {
        shape: vec![1, 1, 8, 8],
        ..Means::default()
    };
    let (mut rig_gray, _one) = rig(VideoFormat::Gray8, &gray, |_| ());
    close(&scores(&mut rig_gray, 1), &unit()[..1], "grey on grey");
    let (mut rig_colour, _two) = rig(VideoFormat::Rgb, &gray, |_| ());
    // BT.601.
    let luma = 0.299 * unit()[0] + 0.587 * unit()[1] + 0.114 * unit()[2];
    close(&scores(&mut rig_colour, 1), &[luma], "grey on colour");
    let (mut rig_wide, _three) = rig(VideoFormat::Gray8, &Means::default(), |element| {
        element.set_property_from_str("normalization", "unit");
    });
    close(&scores(&mut rig_wide, 3), &[unit()[0]; 3], "colour on grey");
}

/// Any size of frame fits any size of input: no scaler is needed in front.
#[test]
fn a_frame_of_another_size_is_fitted() {
    for side in [1, 8, 40] {
        let model = Means {
            shape: vec![1, 3, side, side],
            ..Means::default()
        };
        let (mut rig, _folder) = rig(VideoFormat::Rgb, &model, |element| {
            element.set_property_from_str("normalization", "unit");
        });
        close(&scores(&mut rig, 3), &unit(), &format!("{side}x{side}"));
    }
}

#[test]
fn what_is_no_picture_classifier_is_one_error() {
    let refused = |model: Means, part: &str| {
        let folder = tempfile::tempdir().unwrap();
        let element = classmorph();
        element.set_property("model-file", model.write(folder.path()));
        let error = start_error(&element);
        assert!(error.message().contains(part), "{:?}: {error}", model.shape);
    };
    let shaped = |shape: &[usize]| Means {
        shape: shape.to_vec(),
        ..Means::default()
    };
    refused(shaped(&[3, 8, 8]), "no axis of pictures in a batch");
    refused(shaped(&[1, 1, 3, 8, 8]), "clips of several frames");
    refused(shaped(&[2, 3, 8, 8]), "batch");
    refused(shaped(&[1, 0, 8, 8]), "channels");
    refused(shaped(&[1, 3, 0, 8]), "input-size");
    refused(shaped(&[1, 2, 8, 8]), "2 channels");
    for element in [ElementType::Int32, ElementType::Double] {
        let model = Means {
            element,
            ..Means::default()
        };
        refused(model, "elements");
    }
}

#[test]
fn an_open_size_is_given_by_a_property() {
    let model = Means {
        shape: vec![1, 3, 0, 0],
        ..Means::default()
    };
    let (mut rig, _folder) = rig(VideoFormat::Rgb, &model, |element| {
        element.set_property("input-size", "6x10");
        element.set_property_from_str("normalization", "unit");
    });
    close(&scores(&mut rig, 3), &unit(), "6x10");
}

/// A damaged file is refused wherever it is cut, and the element can be used again.
#[test]
fn a_corrupt_file_is_one_error_and_then_all_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let file = Means::default().write(folder.path());
    let whole = std::fs::read(&file).unwrap();
    let element = classmorph();
    element.set_property("model-file", &file);
    for length in (0..whole.len()).step_by(17) {
        std::fs::write(&file, &whole[..length]).unwrap();
        let error = start_error(&element);
        assert!(!error.message().is_empty());
    }
    std::fs::write(&file, &whole).unwrap();
    with_bus(&element);
    element.set_state(gst::State::Paused).unwrap();
    element.set_state(gst::State::Null).unwrap();
}

#[test]
fn caps_are_accepted_as_the_template_says() {
    let (rig, _folder) = rig(VideoFormat::Rgb, &Means::default(), |_| ());
    let pad = rig.element.static_pad("sink").unwrap();
    let accepts = |text: &str| pad.query_accept_caps(&text.parse::<gst::Caps>().unwrap());
    for format in ["RGB", "BGRx", "GRAY8"] {
        assert!(
            accepts(&format!(
                "video/x-raw,format={format},width=5,height=7,framerate=0/1"
            )),
            "{format}"
        );
    }
    for none in [
        "video/x-raw,format=v210,width=64,height=64,framerate=25/1",
        "audio/x-raw",
        "video/x-raw,format=RGB,width=0,height=4,framerate=25/1",
    ] {
        assert!(!accepts(none), "{none}");
    }
}
