// SPDX-License-Identifier: MPL-2.0
//! Your webcam through a classifier, live, with keys for target and magnification.
//!
//! ```text
//!  camera, or a clip over and over ──► newest frame only ──► classmorph ──► window: source | morph
//!                                                             ▲        └──► terminal: bars
//!                                                            keys
//! ```
//!
//! ```shell
//! webcam                                        # drawn faces without a camera, your own with one
//! webcam models/face_expression.onnx            # another classifier
//! webcam models/faces_robust.onnx --source clip.webm
//! ```

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyModifiers};
use crossterm::terminal;
use gst::prelude::*;
use gststeerlens::message::FrameReport;

const USAGE: &str = "usage: webcam [MODEL.onnx] [--source DEVICE|FILE] [--sink ELEMENT]";
const KEYS: &str =
    "left right  target    up down  magnification    0  the frame itself    s  sweep    q  quit";

/// One press of an arrow: four of them double the magnification.
const STEP: f64 = 1.189_207_115;

struct Choice {
    model: String,
    source: Option<String>,
    sink: String,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "webcam: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let choice = arguments(std::env::args().skip(1))?;
    gst::init()?;
    gststeerlens::plugin_desc::plugin_register_static()?;
    let pipeline = gst::parse::launch(&line(&choice))?
        .downcast::<gst::Pipeline>()
        .map_err(|_| anyhow::anyhow!("the line is no pipeline"))?;
    let morph = pipeline.by_name("morph").context("the element is missing")?;
    morph.set_property("model-file", &choice.model);
    if let Some(source) = pipeline.by_name("source") {
        source.set_property_from_str("location", choice.source.as_deref().unwrap_or(CLIP));
    }

    let started = pipeline.set_state(gst::State::Playing);
    let shown = show(&pipeline, &morph);
    pipeline.set_state(gst::State::Null)?;
    shown?;
    started?;
    Ok(())
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Choice> {
    let mut choice = Choice {
        model: String::new(),
        source: None,
        sink: "autovideosink sync=false".into(),
    };
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--source" => choice.source = Some(given.next().context(USAGE)?),
            "--sink" => choice.sink = given.next().context(USAGE)?,
            flag if flag.starts_with('-') => bail!("{flag}?\n{USAGE}\n{KEYS}"),
            _ if choice.model.is_empty() => choice.model = argument,
            _ => bail!(USAGE),
        }
    }
    if choice.model.is_empty() {
        choice.model = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/faces_robust.onnx").into();
    }
    Ok(choice)
}

/// Shown where there is no camera.
const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../media/face.webm");
const CAMERA: &str = "/dev/video0";

/// The pipeline; what the user named is put in as properties, so that no name needs quoting.
fn line(choice: &Choice) -> String {
    let source = choice.source.as_deref().unwrap_or(CAMERA);
    let from = match (Path::new(source).starts_with("/dev"), Path::new(source).exists()) {
        (true, true) => format!("v4l2src device={source}"),
        _ => "filesrc name=source ! decodebin".into(),
    };
    let sink = &choice.sink;
    format!(
        "{from} ! videoconvert ! queue leaky=downstream max-size-buffers=1 \
         ! classmorph name=morph display-mode=side-by-side resolution=model magnification=0.5 \
           post-messages=true measure-after=true \
         ! videoconvert ! videoscale method=nearest-neighbour ! video/x-raw,height=[256,2160] ! videoconvert ! {sink}"
    )
}

/// Draws bars and takes keys until the stream ends, an error comes, or the user has seen enough.
fn show(pipeline: &gst::Pipeline, morph: &gst::Element) -> Result<()> {
    let bus = pipeline.bus().context("the pipeline has no bus")?;
    // Without a terminal there are no keys; the window is live all the same.
    let keys = Keys::take();
    let mut out = io::stderr();
    writeln!(out, "{KEYS}\r")?;
    loop {
        for message in bus.iter() {
            match message.view() {
                gst::MessageView::Error(error) => bail!("{}", error.error().message()),
                gst::MessageView::Eos(_) => {
                    pipeline.seek_simple(gst::SeekFlags::FLUSH, gst::ClockTime::ZERO)?;
                }
                gst::MessageView::Element(said) => {
                    let report = said.structure().map(FrameReport::try_from);
                    if let Some(Ok(report)) = report {
                        write!(out, "\r\x1b[K{}", bars(&report))?;
                        out.flush()?;
                    }
                }
                _ => (),
            }
        }
        let pause = Duration::from_millis(30);
        if keys.is_none() {
            std::thread::sleep(pause);
        } else if event::poll(pause)?
            && let Event::Key(key) = event::read()?
            && press(morph, key)
        {
            writeln!(out, "\r")?;
            return Ok(());
        }
    }
}

/// The keyboard, key by key; the terminal is given back whatever happens.
struct Keys;

impl Keys {
    fn take() -> Option<Self> {
        terminal::enable_raw_mode().is_ok().then_some(Self)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = terminal::disable_raw_mode();
    }
}

/// Does what a key says, from the next frame on; true when it says to end.
fn press(morph: &gst::Element, key: KeyEvent) -> bool {
    match key.code {
        KeyCode::Char('q') | KeyCode::Esc => return true,
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return true,
        KeyCode::Right => turn(morph, 1),
        KeyCode::Left => turn(morph, -1),
        KeyCode::Up => magnify(morph, STEP),
        KeyCode::Down => magnify(morph, 1.0 / STEP),
        KeyCode::Char('0') => morph.set_property("magnification", 0.0),
        KeyCode::Char('s') => {
            let sweep = morph.property_value("sweep");
            let still =
                gst::glib::EnumValue::from_value(&sweep).is_some_and(|(_, value)| value.nick() == "none");
            morph.set_property_from_str("sweep", if still { "triangle" } else { "none" });
        }
        _ => (),
    }
    false
}

/// The next class as target, in the order of the model.
fn turn(morph: &gst::Element, by: i32) {
    let description = morph.property::<Option<gst::Structure>>("model-description");
    let classes = description
        .and_then(|model| model.get::<u64>("classes").ok())
        .unwrap_or(1);
    let classes = i32::try_from(classes).unwrap_or(i32::MAX);
    let target = morph.property::<i32>("target-class").max(0);
    morph.set_property("target-class", (target + by).rem_euclid(classes));
}

fn magnify(morph: &gst::Element, factor: f64) {
    let now: f64 = morph.property("magnification");
    let next = if now == 0.0 { 0.05 } else { now * factor };
    morph.set_property("magnification", next.clamp(-64.0, 64.0));
}

/// One line: both classes with a bar each, of the frame and of its morph.
fn bars(report: &FrameReport) -> String {
    let after = report.after.as_ref();
    let class = |label: &str, before: f64, after: Option<f64>| {
        let label: String = label.chars().take(18).collect();
        format!("{label} {} > {}", bar(before), after.map_or("?".into(), bar))
    };
    format!(
        "{}    {}    magnification {:.2}",
        class(
            &report.source_label,
            report.source_probability,
            after.map(|a| a.source_probability)
        ),
        class(
            &report.target_label,
            report.target_probability,
            after.map(|a| a.target_probability)
        ),
        report.magnification
    )
}

/// A probability as eight cells and two digits.
fn bar(probability: f64) -> String {
    let filled = (probability.clamp(0.0, 1.0) * 8.0).round() as usize;
    format!(
        "{}{} {:3.0}%",
        "█".repeat(filled),
        "░".repeat(8 - filled),
        probability * 100.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Result<Choice> {
        arguments(text.split_whitespace().map(Into::into))
    }

    #[test]
    fn arguments_have_defaults() {
        let choice = words("").unwrap();
        assert!(choice.model.ends_with("faces_robust.onnx") && choice.source.is_none());
        let choice = words("m.onnx --source clip.webm --sink fakesink").unwrap();
        assert_eq!(
            (choice.model.as_str(), choice.sink.as_str()),
            ("m.onnx", "fakesink")
        );
        assert!(line(&choice).starts_with("filesrc"));
        for wrong in ["--source", "--unknown", "a b"] {
            assert!(words(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn bars_are_as_long_as_probabilities() {
        assert_eq!(bar(0.0), "░░░░░░░░   0%");
        assert_eq!(bar(0.5), "████░░░░  50%");
        assert_eq!(bar(1.0), "████████ 100%");
    }

    #[test]
    fn keys_change_the_element() {
        gst::init().unwrap();
        gststeerlens::plugin_desc::plugin_register_static().unwrap();
        let morph = gst::ElementFactory::make("classmorph").build().unwrap();
        let hit = |code| press(&morph, KeyEvent::new(code, KeyModifiers::NONE));
        for _ in 0..4 {
            assert!(!hit(KeyCode::Up));
        }
        assert!(hit(KeyCode::Char('q')));
        assert!((morph.property::<f64>("magnification") - 2.0).abs() < 1e-6);
        press(&morph, KeyEvent::new(KeyCode::Char('s'), KeyModifiers::NONE));
        let value = morph.property_value("sweep");
        let (_, sweep) = gst::glib::EnumValue::from_value(&value).unwrap();
        assert_eq!(sweep.nick(), "triangle");
    }
}
