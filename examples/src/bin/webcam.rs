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
//! webcam                                        # your face through the face expression network; a clip without a camera
//! webcam models/faces_robust.onnx --magnification 0.5
//! webcam --source clip.webm
//! ```

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyModifiers};
use crossterm::terminal;
use gst::prelude::*;
use gststeerlens::message::FrameReport;

const KEYS: &str =
    "left right  target    up down  magnification    0  the frame itself    s  sweep    q  quit";

const HELP: &str = "Keys, in the terminal:
  left right  target
  up down     magnification
  0           the frame itself
  s           sweep
  q           quit";

/// One press of an arrow: four of them double the magnification.
const STEP: f64 = 1.189_207_115;

/// Reads real faces, and is what a camera sees first.
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/face_expression.onnx");
/// Shown where there is no camera.
const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../media/face.webm");
const CAMERA: &str = "/dev/video0";

/// Your webcam through a classifier, live: the camera on the left, its morph on the right.
#[derive(Debug, Parser)]
#[command(version, after_help = HELP)]
struct Choice {
    /// ONNX classifier
    #[arg(default_value = MODEL, hide_default_value = true)]
    model: PathBuf,
    /// Camera device, or a clip to play over and over [default: /dev/video0; where there is none, a clip of a face]
    #[arg(long, value_name = "DEVICE|FILE")]
    source: Option<PathBuf>,
    /// Class to move towards [default: the one after the class that is seen]
    #[arg(long, value_name = "LABEL")]
    target: Option<String>,
    /// How far, in radians RMS of phase
    #[arg(long, value_name = "X", default_value_t = 0.5, allow_negative_numbers = true)]
    magnification: f64,
    /// Where the picture goes, as a launch line has it
    #[arg(long, value_name = "ELEMENT", default_value = "autovideosink sync=false")]
    sink: String,
}

fn main() -> ExitCode {
    match run(&Choice::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "webcam: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(choice: &Choice) -> Result<()> {
    register()?;
    let source = source(choice)?;
    let pipeline = gst::parse::launch(&line(source, &choice.sink))
        .context("the pipeline cannot be built; is --sink an element?")?
        .downcast::<gst::Pipeline>()
        .map_err(|_| anyhow::anyhow!("the line is no pipeline"))?;
    let morph = pipeline.by_name("morph").context("the element is missing")?;
    let range = |property: &str| {
        let spec = morph.find_property(property)?;
        let spec = spec.downcast_ref::<gst::glib::ParamSpecDouble>()?;
        Some((spec.minimum(), spec.maximum()))
    };
    if let Some((least, most)) = range("magnification")
        && !(least..=most).contains(&choice.magnification)
    {
        bail!("--magnification must be between {least} and {most}");
    }
    // One step a frame, kept from frame to frame: a face follows within a quarter of a second.
    if let Some(presets) = morph.dynamic_cast_ref::<gst::Preset>() {
        presets.load_preset("live")?;
    }
    morph.set_property("magnification", choice.magnification);
    morph.set_property("model-file", choice.model.display().to_string());
    morph.set_property("target-label", &choice.target);
    if let Some(element) = pipeline.by_name("source") {
        let place = if is_device(source) { "device" } else { "location" };
        element.set_property_from_str(place, &source.to_string_lossy());
    }

    let started = pipeline.set_state(gst::State::Playing);
    let shown = show(&pipeline, &morph, source);
    pipeline.set_state(gst::State::Null)?;
    shown?;
    started?;
    Ok(())
}

/// Makes the element known, once in a process.
fn register() -> Result<()> {
    static REGISTERED: Mutex<bool> = Mutex::new(false);
    gst::init()?;
    let mut registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*registered {
        gststeerlens::plugin_desc::plugin_register_static()?;
        *registered = true;
    }
    Ok(())
}

/// What is looked at: what the user named, else the camera, else a clip.
fn source(choice: &Choice) -> Result<&Path> {
    match &choice.source {
        Some(source) if !source.exists() => bail!("the source {} is not there", source.display()),
        Some(source) => Ok(source),
        None if Path::new(CAMERA).exists() => Ok(Path::new(CAMERA)),
        None => {
            let _ = writeln!(
                io::stderr(),
                "webcam: there is no camera at {CAMERA}; this is a clip (name another with --source)"
            );
            Ok(Path::new(CLIP))
        }
    }
}

fn is_device(source: &Path) -> bool {
    source.starts_with("/dev")
}

/// The pipeline; what the user named is put in as properties, so that no name needs quoting.
fn line(source: &Path, sink: &str) -> String {
    let from = if is_device(source) {
        "v4l2src name=source"
    } else {
        "filesrc name=source ! decodebin"
    };
    format!(
        "{from} ! videoconvert ! queue leaky=downstream max-size-buffers=1 \
         ! classmorph name=morph display-mode=side-by-side caption=true \
           post-messages=true measure-after=true \
         ! videoconvert ! videoscale method=nearest-neighbour ! video/x-raw,height=[256,2160] ! videoconvert ! {sink}"
    )
}

/// Draws bars and takes keys until the stream ends, an error comes, or the user has seen enough.
fn show(pipeline: &gst::Pipeline, morph: &gst::Element, source: &Path) -> Result<()> {
    let bus = pipeline.bus().context("the pipeline has no bus")?;
    // Without a terminal there are no keys; the window is live all the same.
    let keys = Keys::take();
    let mut out = io::stderr();
    writeln!(out, "{KEYS}\r")?;
    loop {
        for message in bus.iter() {
            match message.view() {
                gst::MessageView::Error(error) => return Err(sentence(error, morph, source)),
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

/// An error of the pipeline, with the source where it is not the morph's own, whose sentences name the model.
fn sentence(error: &gst::message::Error, morph: &gst::Element, source: &Path) -> anyhow::Error {
    let text = anyhow::anyhow!("{}", error.error().message());
    if error.src() == Some(morph.upcast_ref()) {
        text
    } else {
        text.context(format!("showing {}", source.display()))
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

    fn words(text: &str) -> Result<Choice, clap::Error> {
        Choice::try_parse_from(["webcam"].into_iter().chain(text.split_whitespace()))
    }

    #[test]
    fn arguments_have_defaults() {
        let choice = words("").unwrap();
        assert!(choice.model.ends_with("face_expression.onnx") && choice.model.exists());
        assert_eq!((choice.source, choice.magnification), (None, 0.5));
        let choice = words("m.onnx --source clip.webm --sink fakesink --magnification -1").unwrap();
        assert_eq!(
            (choice.model, choice.sink.as_str()),
            ("m.onnx".into(), "fakesink")
        );
        for wrong in ["--source", "--unknown", "a b", "--magnification far"] {
            assert!(words(wrong).is_err(), "{wrong}");
        }
        let help = words("--help").unwrap_err();
        assert_eq!(help.exit_code(), 0);
        assert!(help.to_string().contains("Keys, in the terminal"), "{help}");
    }

    #[test]
    fn the_line_that_the_documentation_shows_is_taken() {
        let page = include_str!("../../../docs/pipelines.md");
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix("target/release/webcam "));
        let choice = words(line.expect("the page shows how to start it")).unwrap();
        assert!(Path::new("..").join(&choice.model).exists(), "{choice:?}");
    }

    #[test]
    fn a_source_that_is_not_there_is_named() {
        for missing in ["/dev/video77", "/nowhere/clip.webm"] {
            let choice = words(&format!("--source {missing} --sink fakesink")).unwrap();
            let error = run(&choice).unwrap_err();
            assert!(error.to_string().contains(missing), "{error}");
        }
    }

    #[test]
    fn a_source_that_is_no_clip_is_named() {
        let choice = words("--sink fakesink --source Cargo.toml").unwrap();
        let error = format!("{:#}", run(&choice).unwrap_err());
        assert!(error.contains("Cargo.toml: "), "{error}");
    }

    #[test]
    fn bars_are_as_long_as_probabilities() {
        assert_eq!(bar(0.0), "░░░░░░░░   0%");
        assert_eq!(bar(0.5), "████░░░░  50%");
        assert_eq!(bar(1.0), "████████ 100%");
    }

    #[test]
    fn keys_change_the_element() {
        register().unwrap();
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
