// SPDX-License-Identifier: MPL-2.0
//! Every launch line that README.md, docs/ and the element's own documentation show is run, so that none rots.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed test panics, and says which line it is at"
)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use gst::prelude::*;

/// What stands in for a thing that a test machine does not have: the beginning of a word of the line, and the words
/// in its place. `ROOT` is the repository. This is the only place where a line is changed.
const STAND_INS: [(&str, &str); 9] = [
    // A window, and the clock that paces it.
    ("autovideosink", "fakesink"),
    // A camera.
    (
        "v4l2src",
        "videotestsrc is-live=true num-buffers=9 ! video/x-raw,width=160,height=120",
    ),
    // Streams of a network.
    ("uri=rtsp://", "uri=file://ROOT/media/face.webm"),
    ("uri=https://", "uri=file://ROOT/media/face.webm"),
    // A detector that finds nothing.
    ("gvadetect", "identity"),
    ("model=face-detection", ""),
    // "Your model".
    ("model-file=m.onnx", "model-file=models/faces_robust.onnx"),
    // A picture stands still for ever; a few frames show that it does.
    ("imagefreeze", "imagefreeze num-buffers=5"),
    ("num-buffers=50", ""),
];

struct Line {
    place: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// The lines of every fenced block of shell that starts `gst-launch-1.0`, continued lines joined.
fn lines(page: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(page).unwrap();
    let name = page.strip_prefix(root()).unwrap().display().to_string();
    let mut found = Vec::new();
    let (mut shell, mut joined, mut start) = (false, String::new(), 0);
    for (number, line) in text.lines().enumerate() {
        // In a comment of the source.
        let line = line.strip_prefix(" * ").unwrap_or(line);
        if let Some(language) = line.trim_start().strip_prefix("```") {
            shell = matches!(language, "sh" | "shell") && !shell;
            continue;
        }
        if !shell {
            continue;
        }
        if joined.is_empty() {
            start = number + 1;
        }
        match line.trim_end().strip_suffix('\\') {
            Some(part) => joined.push_str(part),
            None => {
                joined.push_str(line);
                let text = std::mem::take(&mut joined);
                if text.contains("gst-launch-1.0 ") && !text.trim_start().starts_with('#') {
                    let place = format!("{name}:{start}");
                    found.push(Line { place, text });
                }
            }
        }
    }
    found
}

/// The words after `gst-launch-1.0` as a shell splits them, its own flags left out, stand-ins put in.
fn words(text: &str) -> Vec<String> {
    let (_, line) = text.split_once("gst-launch-1.0 ").unwrap();
    let split = Command::new("sh")
        .arg("-c")
        .arg(format!("printf '%s\\0' {}", line.replace(" ! ", " '!' ")))
        .output()
        .unwrap();
    assert!(split.status.success(), "{line}");
    let root = root().display().to_string();
    let mut words = Vec::new();
    for word in String::from_utf8(split.stdout).unwrap().split_terminator('\0') {
        if word.starts_with('-') {
            continue;
        }
        match STAND_INS
            .iter()
            .find(|(beginning, _)| word.starts_with(beginning))
        {
            Some((_, stand_in)) => {
                words.extend(
                    stand_in
                        .replace("ROOT", &root)
                        .split_whitespace()
                        .map(str::to_owned),
                );
            }
            None => words.push(word.to_owned()),
        }
    }
    words
}

/// Runs a line to its end; whatever is wrong with it, as a sentence.
fn run(words: &[String]) -> Result<(), String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let pipeline = gst::parse::launchv(&words).map_err(|error| error.to_string())?;
    let bus = pipeline.bus().unwrap();
    let begun = Instant::now();
    let started = pipeline.set_state(gst::State::Playing);
    let ended = loop {
        if begun.elapsed() > Duration::from_secs(120) {
            break Err("it does not end".to_owned());
        }
        let Some(message) = bus.timed_pop(gst::ClockTime::from_seconds(1)) else {
            continue;
        };
        match message.view() {
            gst::MessageView::Eos(_) => break Ok(()),
            gst::MessageView::Error(error) => break Err(error.error().to_string()),
            gst::MessageView::Warning(warning) => break Err(warning.error().to_string()),
            _ => (),
        }
    };
    pipeline.set_state(gst::State::Null).unwrap();
    ended.and_then(|()| started.map(drop).map_err(|error| error.to_string()))
}

#[test]
fn every_line_of_the_pages_runs_to_its_end() {
    common::init();
    let root = root();
    let mut pages: Vec<PathBuf> = std::fs::read_dir(root.join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    pages.extend(["README.md", "plugin/src/classmorph/mod.rs"].map(|page| root.join(page)));
    pages.sort();

    // Lines write where they are run; what they read is beside them.
    let folder = tempfile::tempdir().unwrap();
    for name in ["media", "models"] {
        std::os::unix::fs::symlink(root.join(name), folder.path().join(name)).unwrap();
    }
    std::env::set_current_dir(folder.path()).unwrap();

    let lines: Vec<Line> = pages.iter().flat_map(|page| lines(page)).collect();
    assert!(lines.len() > 12, "only {} lines were found", lines.len());
    let mut wrong = Vec::new();
    for line in &lines {
        println!("{}", line.place);
        let words = words(&line.text);
        if let Err(why) = run(&words) {
            wrong.push(format!("{}: {why}\n    {}", line.place, words.join(" ")));
        }
        for file in words.iter().filter_map(|word| word.strip_prefix("location=")) {
            let written = Path::new(&file.replace("%d", "0"))
                .metadata()
                .is_ok_and(|found| found.len() > 0);
            let read = file.starts_with("media/");
            if !(written || read) {
                wrong.push(format!("{}: {file} is missing or empty", line.place));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
