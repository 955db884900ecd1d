// SPDX-License-Identifier: MPL-2.0
//! Runs a launch line and records what `classmorph` says of each frame.
//!
//! ```text
//!  LAUNCH LINE ──► pipeline ──► bus ──► element messages ──► one JSON object per line
//!                                  └──► an error ends it, exit 1
//! ```
//!
//! ```shell
//! record 'videotestsrc num-buffers=30 ! videoconvert
//!         ! classmorph model-file=models/faces_robust.onnx target-label=smile post-messages=true
//!         ! fakesink' -o messages.jsonl
//! ```
//!
//! The keys of an object are the names of the message's fields. Numbers stay numbers, arrays arrays; what JSON
//! cannot say (a number that is none, a time that is not known) is `null`. Ctrl-C ends the stream properly, so that
//! files are finished; a second one ends the program.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use gst::glib;
use gst::prelude::*;
use serde_json::{Map, Value};

/// Runs a launch line and records what `classmorph` says of each frame, one JSON object per line.
#[derive(Debug, Parser)]
#[command(version, override_usage = "record 'LAUNCH LINE' [-o OUT.jsonl]")]
struct Arguments {
    /// Launch line, as one argument in quotes
    line: String,
    /// File to write [default: standard output]
    #[arg(short, long, value_name = "OUT.jsonl")]
    output: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed pipe (`record … | head`) leaves nobody to complain to.
            let _ = writeln!(io::stderr(), "record: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let mut out: Box<dyn Write> = match &arguments.output {
        Some(path) => Box::new(BufWriter::new(
            File::create(path).with_context(|| path.display().to_string())?,
        )),
        None => Box::new(io::stdout()),
    };

    gst::init()?;
    let pipeline = gst::parse::launch(&arguments.line).context("the launch line cannot be built")?;
    let bus = pipeline
        .bus()
        .context("the launch line is a single element; it needs a source and a sink")?;
    finish_on_interrupt(&pipeline)?;

    // A start that fails has its reason on the bus.
    let started = pipeline.set_state(gst::State::Playing);
    let recorded = record(&bus, &mut out);
    pipeline.set_state(gst::State::Null)?;
    recorded?;
    started?;
    Ok(out.flush()?)
}

/// Writes the messages until the stream ends.
fn record(bus: &gst::Bus, out: &mut dyn Write) -> Result<()> {
    for message in bus.iter_timed(gst::ClockTime::NONE) {
        match message.view() {
            gst::MessageView::Element(element) => {
                if let Some(structure) = element.structure().filter(|s| s.name().starts_with("classmorph")) {
                    writeln!(out, "{}", object(structure))?;
                }
            }
            gst::MessageView::Error(error) => {
                let source = error
                    .src()
                    .map_or_else(|| "pipeline".into(), |source| source.path_string());
                bail!("{source}: {}", error.error().message());
            }
            gst::MessageView::Eos(_) => break,
            _ => (),
        }
    }
    Ok(())
}

fn object(structure: &gst::StructureRef) -> Value {
    let fields: Map<_, _> = structure
        .iter()
        .map(|(name, value)| (name.to_string(), json(value)))
        .collect();
    Value::Object(fields)
}

/// A field as JSON keeps it.
fn json(value: &glib::Value) -> Value {
    match value.type_() {
        glib::Type::BOOL => value.get::<bool>().ok().into(),
        glib::Type::I32 => value.get::<i32>().ok().into(),
        glib::Type::U32 => value.get::<u32>().ok().into(),
        glib::Type::I64 => value.get::<i64>().ok().into(),
        // The largest number stands for a time that is not known (GST_CLOCK_TIME_NONE).
        glib::Type::U64 => value
            .get::<u64>()
            .ok()
            .filter(|number| *number != u64::MAX)
            .into(),
        glib::Type::F32 => value.get::<f32>().ok().into(),
        glib::Type::F64 => value.get::<f64>().ok().into(),
        glib::Type::STRING => value.get::<Option<String>>().ok().flatten().into(),
        _ => {
            if let Ok(array) = value.get::<gst::ArrayRef<'_>>() {
                array.iter().map(|value| json(value)).collect()
            } else if let Ok(list) = value.get::<gst::ListRef<'_>>() {
                list.iter().map(|value| json(value)).collect()
            } else if let Ok(structure) = value.get::<gst::Structure>() {
                object(&structure)
            } else {
                value.serialize().ok().map(|text| text.to_string()).into()
            }
        }
    }
}

/// Ctrl-C ends the stream, so that muxers finish their files.
fn finish_on_interrupt(pipeline: &gst::Element) -> Result<()> {
    let pipeline = pipeline.downgrade();
    let mut asked = false;
    ctrlc::set_handler(move || match pipeline.upgrade() {
        Some(pipeline) if !std::mem::replace(&mut asked, true) => {
            pipeline.send_event(gst::event::Eos::new());
        }
        _ => std::process::exit(130),
    })
    .context("Ctrl-C cannot be taken")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_come_in_any_order() {
        let words = |text: &str| {
            let words = ["record"].into_iter().chain(text.split_whitespace());
            Arguments::try_parse_from(words).map(|given| (given.line, given.output))
        };
        assert_eq!(words("line -o out").unwrap(), ("line".into(), Some("out".into())));
        assert_eq!(words("-o out line").unwrap(), ("line".into(), Some("out".into())));
        assert_eq!(words("line").unwrap(), ("line".into(), None));
        assert!(
            words("two words")
                .unwrap_err()
                .to_string()
                .contains("LAUNCH LINE")
        );
        assert!(words("").is_err() && words("line -o").is_err());
    }

    #[test]
    fn fields_keep_their_types() {
        gst::init().unwrap();
        let structure = gst::Structure::builder("classmorph")
            .field("frame", 7u64)
            .field("duration", gst::ClockTime::NONE)
            .field("target-class", -1i32)
            .field("margin", -0.5f64)
            .field("gradient-norm", f64::NAN)
            .field("attained", true)
            .field("target-label", "tiger \"cat\"")
            .field("classes", gst::Array::new([3i32, 1]))
            .field("probabilities", gst::Array::new([0.75f64, 0.25]))
            .build();
        assert_eq!(
            object(&structure).to_string(),
            r#"{"frame":7,"duration":null,"target-class":-1,"margin":-0.5,"gradient-norm":null,"attained":true,"#
                .to_owned()
                + r#""target-label":"tiger \"cat\"","classes":[3,1],"probabilities":[0.75,0.25]}"#
        );
    }

    #[test]
    fn messages_are_written_until_the_stream_ends() {
        gst::init().unwrap();
        let bus = gst::Bus::new();
        let post = |message: gst::Message| bus.post(message).unwrap();
        let element =
            |name: &str| gst::message::Element::new(gst::Structure::builder(name).field("n", 1u64).build());
        [
            element("classmorph"),
            element("level"),
            element("classmorph-loaded"),
            gst::message::Eos::new(),
        ]
        .into_iter()
        .for_each(post);
        let mut out = Vec::new();
        record(&bus, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "{\"n\":1}\n{\"n\":1}\n");
    }

    #[test]
    fn an_error_ends_it_with_its_sentence() {
        gst::init().unwrap();
        let bus = gst::Bus::new();
        bus.post(gst::message::Error::new(
            gst::ResourceError::NotFound,
            "no such model",
        ))
        .unwrap();
        let error = record(&bus, &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "pipeline: no such model");
    }
}
