// SPDX-License-Identifier: MPL-2.0
//! What the server answers, and to whom.

use gst::prelude::*;
use image::{GenericImageView, RgbImage};
use serde_json::json;

use steerlens::{ClassifierSettings, FrameView, LensSettings, PixelFormat, Reader};
use steerlens_live::{Session, Settings};

use crate::client::{Pictures, ROOT, get, parts, post, raw, session, settings, state, still};

const FACE: &str = "media/faces/neutral-2.png";

/// Mean difference of frame and morph per byte, in a picture that has them side by side.
fn moved(both: &RgbImage) -> f64 {
    let half = both.width() / 2;
    let left = both.view(0, 0, half, both.height());
    let sum: u64 = left
        .pixels()
        .flat_map(|(x, y, pixel)| {
            let other = both.get_pixel(x + half, y).0;
            [0, 1, 2].map(|channel| u64::from(pixel.0[channel].abs_diff(other[channel])))
        })
        .sum();
    sum as f64 / (3.0 * f64::from(half) * f64::from(both.height()))
}

#[test]
fn nobody_is_let_in_without_the_token_or_by_another_name() {
    let session = session(FACE);
    let (host, path) = parts(&session);
    let ask = |path: &str, headers: &str| raw(&host, &format!("GET {path} HTTP/1.0\r\n{headers}\r\n")).status;
    let own = format!("Host: {host}\r\n");
    assert_eq!(ask(&path, &own), 200);
    let last = path.trim_end_matches('/').chars().last().unwrap();
    let other = if last == '0' { '1' } else { '0' };
    let wrong = format!(
        "{}{other}/",
        path.trim_end_matches('/').strip_suffix(last).unwrap()
    );
    for name in ["", "picture", "events", "labels", "still.png", "recording.webm"] {
        assert_eq!(ask(&format!("/{name}"), &own), 404, "{name}");
        assert_eq!(ask(&format!("{wrong}{name}"), &own), 404, "{name}");
        assert_eq!(
            ask(&format!("{path}{name}"), "Host: example.org\r\n"),
            421,
            "{name}"
        );
        let foreign = format!("{own}Origin: http://example.org\r\n");
        assert_eq!(ask(&format!("{path}{name}"), &foreign), 403, "{name}");
    }
    let sent = "{\"magnification\": 1}";
    let length = sent.len();
    let refused = raw(
        &host,
        &format!("POST {wrong}settings HTTP/1.0\r\n{own}Content-Length: {length}\r\n\r\n{sent}"),
    );
    assert_eq!(refused.status, 404);
    assert_eq!(state(&session, |_| true)["settings"]["magnification"], 0.0);

    let page = get(&session, "");
    assert!(
        page.head.contains("content-security-policy: default-src 'none'"),
        "{}",
        page.head
    );
    assert!(
        page.head.contains("referrer-policy: no-referrer"),
        "{}",
        page.head
    );
}

#[test]
fn a_change_of_settings_is_seen_in_the_pixels_of_every_viewer() {
    let session = session(FACE);
    let mut tabs = [Pictures::of(&session), Pictures::of(&session)];
    // The halves are one frame; what differs is the JPEG's own.
    for tab in &mut tabs {
        let apart = moved(&tab.next());
        assert!(apart < 1.0, "{apart}");
    }
    let answer = post(
        &session,
        "settings",
        r#"{"magnification": 1.5, "target-label": "smile"}"#,
    );
    assert_eq!(answer.status, 200, "{}", answer.head);
    assert_eq!(answer.json()["magnification"], 1.5);
    assert_eq!(answer.json()["target-label"], "smile");
    let shown = state(&session, |state| {
        state["target"] == "smile" && state["l2"].as_f64() > Some(0.5)
    });
    assert!(
        shown["classes"][1]["after"].as_f64() > shown["classes"][1]["before"].as_f64(),
        "{shown}"
    );
    for tab in &mut tabs {
        // Frames from before the change may still be on their way.
        let apart = (0..100).map(|_| moved(&tab.next())).find(|apart| *apart > 2.0);
        assert!(apart.is_some());
    }
}

#[test]
fn what_does_not_fit_is_refused_whole_and_with_a_sentence() {
    let session = session(FACE);
    for (sent, sentence) in [
        ("[1]", "what was sent is no JSON object of settings"),
        (r#"{"magnificent": 1}"#, "there is no setting \"magnificent\""),
        (
            r#"{"model-file": "/etc/passwd"}"#,
            "there is no setting \"model-file\"",
        ),
        (r#"{"samples": "many"}"#, "samples does not take \"many\""),
        (
            r#"{"display-mode": "sideways"}"#,
            "display-mode does not take \"sideways\"",
        ),
        (
            r#"{"magnification": 65}"#,
            "magnification is 65, and must be between -64 and 64",
        ),
        (r#"{"target-label": "smiel"}"#, "\"smile\" (1)"),
        (r#"{"roi": [1, 2, 3]}"#, "roi takes x, y, width and height"),
    ] {
        let both = match sent.strip_prefix('{') {
            Some(rest) => format!("{{\"magnification\": 1, {rest}"),
            None => sent.to_owned(),
        };
        let answer = post(&session, "settings", &both);
        assert_eq!(answer.status, 422, "{sent}");
        assert!(answer.error().contains(sentence), "{sent}: {}", answer.error());
    }
    let kept = post(&session, "settings", "{}").json();
    assert_eq!(
        (&kept["magnification"], &kept["target-label"]),
        (&json!(0.0), &json!(null))
    );
    let long = format!("{{\"target-label\": \"{}\"}}", "a".repeat(1 << 17));
    assert_eq!(post(&session, "settings", &long).status, 413);
}

#[test]
fn a_region_alone_moves() {
    let session = session(FACE);
    let frame = state(&session, |_| true)["frame"].clone();
    let (width, height) = (frame[0].as_u64().unwrap(), frame[1].as_u64().unwrap());
    let half = json!({"magnification": 1.5, "roi": [0, 0, width / 2, height]});
    assert_eq!(
        post(&session, "settings", &half.to_string()).json()["roi"],
        half["roi"]
    );
    state(&session, |state| {
        state["settings"]["roi"] == half["roi"] && state["l2"].as_f64() > Some(0.1)
    });
    let still = get(&session, "still.png");
    let both = image::load_from_memory(&still.body).unwrap().into_rgb8();
    let (width, half) = (width as u32, width as u32 / 2);
    let differs = |columns: std::ops::Range<u32>| {
        columns
            .into_iter()
            .any(|x| (0..both.height()).any(|y| both.get_pixel(x, y) != both.get_pixel(x + width, y)))
    };
    assert!(differs(0..half));
    assert!(!differs(half..width), "pixels outside of the region moved");
}

#[test]
fn a_still_says_how_it_was_made() {
    let session = session(FACE);
    post(&session, "settings", r#"{"magnification": 0.5}"#);
    state(&session, |state| state["settings"]["magnification"] == 0.5);
    let still = get(&session, "still.png");
    assert!(still.head.contains("content-type: image/png"), "{}", still.head);
    let mut reader = png::Decoder::new(std::io::Cursor::new(&still.body))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let texts = &reader.info().utf8_text;
    let text = texts.iter().find(|text| text.keyword == "steerlens").unwrap();
    let said: serde_json::Value = serde_json::from_str(&text.get_text().unwrap()).unwrap();
    assert_eq!(said["settings"]["magnification"], 0.5);
    assert_eq!(
        said["frame"][0].as_u64().unwrap() * 2,
        u64::from(reader.info().width)
    );
}

#[test]
fn a_recording_plays() {
    let session = session("test");
    assert_eq!(get(&session, "recording.webm").status, 404);
    assert_eq!(post(&session, "record", "{}").status, 422);
    assert_eq!(
        post(&session, "record", r#"{"on": true}"#).json()["recording"],
        true
    );
    let begun = state(&session, |state| state["recording"] == true)["number"]
        .as_u64()
        .unwrap();
    // Another size midway is brought to that of the first picture.
    post(&session, "settings", r#"{"display-mode": "morph"}"#);
    state(&session, |state| state["number"].as_u64() > Some(begun + 15));
    assert_eq!(
        post(&session, "record", r#"{"on": false}"#).json()["recording"],
        false
    );

    let file = tempfile::NamedTempFile::with_suffix(".webm").unwrap();
    std::fs::write(file.path(), get(&session, "recording.webm").body).unwrap();
    let times = played(file.path());
    // An encoder that cannot keep up leaves frames out.
    assert!(times.len() >= 2, "{times:?}");
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    // Fifteen frames of at most thirty a second.
    assert!(
        times.last() > Some(&gst::ClockTime::from_mseconds(400)),
        "{times:?}"
    );
}

/// The times of a recording's frames, all of 640x240 pixels.
fn played(file: &std::path::Path) -> Vec<gst::ClockTime> {
    let line = "filesrc name=file ! decodebin ! videoconvert ! appsink name=sink sync=false";
    let pipeline = gst::parse::launch(line)
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    pipeline.by_name("file").unwrap().set_property("location", file);
    let sink = pipeline
        .by_name("sink")
        .unwrap()
        .downcast::<gst_app::AppSink>()
        .unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let mut times = Vec::new();
    while let Some(sample) = sink.try_pull_sample(gst::ClockTime::from_seconds(30)) {
        let info = gst_video::VideoInfo::from_caps(sample.caps().unwrap()).unwrap();
        assert_eq!((info.width(), info.height()), (640, 240));
        times.push(sample.buffer().unwrap().pts().unwrap());
    }
    assert!(sink.is_eos());
    pipeline.set_state(gst::State::Null).unwrap();
    times
}

#[test]
fn the_model_may_run_beside_the_stream() {
    let session = session("test");
    post(
        &session,
        "settings",
        r#"{"gradient-mode": "held", "magnification": 0.5}"#,
    );
    let held = state(&session, |state| state["held"] == true);
    assert_eq!(held["settings"]["gradient-mode"], "held");
    assert!(held["age"].as_f64() > Some(0.0), "{held}");
    assert!(held["classes"][1]["after"].is_null(), "nothing was measured");
}

fn model(name: &str) -> ClassifierSettings {
    ClassifierSettings {
        model_file: format!("{ROOT}/models/{name}").into(),
        ..ClassifierSettings::default()
    }
}

#[test]
fn a_judge_looks_at_frame_and_morph_beside_the_stream() {
    let mut judged = still(FACE);
    judged.judge = Some(model("faces_judge.onnx"));
    let session = Session::start(judged).unwrap();
    assert_eq!(get(&session, "labels").json()["judge"], "faces_judge.onnx");
    let sent = r#"{"magnification": 2, "source-label": "neutral", "target-label": "smile"}"#;
    post(&session, "settings", sent);
    let shown = state(&session, |state| {
        let target = &state["classes"][1];
        state["target"] == "smile"
            && target["judge-after"].as_f64() > Some(target["judge-before"].as_f64().unwrap_or(1.0) + 0.1)
    });
    assert!(
        shown["judge"]["age"].as_f64() >= Some(0.0) && shown["judge"]["error"].is_null(),
        "{shown}"
    );

    // The same network alone, on the same picture.
    let mut alone = Reader::open(&model("faces_judge.onnx"), &LensSettings::default()).unwrap();
    let face = image::open(format!("{ROOT}/{FACE}")).unwrap().into_rgb8();
    let (width, height) = (face.width() as usize, face.height() as usize);
    let frame = FrameView::new(PixelFormat::Rgb, width, height, 3 * width, face.as_raw()).unwrap();
    let labels = alone.classifier().labels().clone();
    let expected = alone.score(&frame).unwrap().probabilities.clone();
    for of in shown["classes"].as_array().unwrap() {
        let own = (0..expected.len()).find(|class| labels.name(*class) == of["label"].as_str().unwrap());
        let before = of["judge-before"].as_f64().unwrap();
        // GStreamer's resize of the frame is another than none.
        assert!((before - f64::from(expected[own.unwrap()])).abs() < 0.02, "{of}");
    }
}

#[test]
fn frames_without_time_stamps_are_one_stream_too() {
    let mut settings = settings("faces_robust.onnx", &crate::glass::camera());
    settings.most = (160, 120);
    let session = Session::start(settings).unwrap();
    // What live steps add up to begins with the second frame of a stream.
    let shown = state(&session, |state| state["l2"].as_f64() > Some(0.1));
    assert!(shown["latency-p50"].is_number(), "{shown}");
}

#[test]
fn what_cannot_be_opened_is_said_at_once() {
    let refused = |settings: Settings| Session::start(settings).unwrap_err().to_string();
    let error = refused(settings("no-such.onnx", "test"));
    assert!(error.contains("no-such.onnx"), "{error}");
    let error = refused(settings("faces_robust.onnx", "README.md"));
    assert!(error.contains("README.md cannot be shown: "), "{error}");
    let mut judged = still("test");
    judged.judge = Some(model("digits_judge.onnx"));
    let error = refused(judged);
    assert!(error.contains("have no class in common"), "{error}");
}
