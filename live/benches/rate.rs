// SPDX-License-Identifier: MPL-2.0
//! Frames a second and latency of a live page with one viewer that only reads.
//!
//! ```shell
//! cargo bench -p steerlens-live
//! ```
//!
//! The input is the clip of a face, brought to 640x480 at 30 frames a second; decoding it, the JPEGs and the viewer's
//! reading are in the figures, no browser is. Latency is from a frame's time stamp to its JPEG, of the last 300 frames.
//! CPU time is the whole program's for each frame that the viewer got, and in parentheses that of its busiest threads:
//! unlike the rate, it changes little where the machine does other things too.
#![expect(clippy::print_stdout, reason = "the figures go there")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use gst::prelude::*;
use serde_json::Value;
use steerlens::GradientMode;
use steerlens_live::{Input, Session, Settings};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// Before figures are taken, and while they are.
const SPANS: [Duration; 2] = [Duration::from_secs(4), Duration::from_secs(12)];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    gst::init()?;
    let folder = tempfile::tempdir()?;
    let clip = folder.path().join("face.webm");
    enlarge(&clip)?;
    let face = format!("{ROOT}/models/face_expression.onnx");
    measure("face_expression, in step, 2 samples", &face, &clip, |settings| {
        settings.lens.gradient.samples = 2;
    })?;
    measure(
        "face_expression, in step, 2 samples, not measured after",
        &face,
        &clip,
        |settings| {
            settings.lens.gradient.samples = 2;
            settings.lens.view.measure_after = false;
        },
    )?;
    let large = data().join("models/efficientnet-lite0/efficientnet-lite0.onnx");
    if large.is_file() {
        measure(
            "efficientnet-lite0, held",
            &large.to_string_lossy(),
            &clip,
            |settings| {
                settings.pace.gradient_mode = GradientMode::Held;
            },
        )?;
    }
    Ok(())
}

fn data() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".local/share");
    std::env::var_os("XDG_DATA_HOME")
        .map_or_else(home, PathBuf::from)
        .join("steerlens")
}

/// The clip at the size and rate of a camera.
fn enlarge(to: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let line = format!(
        "filesrc location={ROOT}/media/face.webm ! decodebin ! videoconvert ! videoscale ! videorate \
         ! video/x-raw,width=640,height=480,framerate=30/1 ! vp8enc deadline=1 cpu-used=8 target-bitrate=3000000 \
         ! webmmux ! filesink name=file"
    );
    let pipeline = gst::parse::launch(&line)?
        .downcast::<gst::Pipeline>()
        .map_err(|_| "no pipeline")?;
    pipeline
        .by_name("file")
        .ok_or("no file")?
        .set_property("location", to);
    pipeline.set_state(gst::State::Playing)?;
    let wanted = [gst::MessageType::Eos, gst::MessageType::Error];
    pipeline
        .bus()
        .ok_or("no bus")?
        .timed_pop_filtered(gst::ClockTime::from_seconds(60), &wanted);
    pipeline.set_state(gst::State::Null)?;
    Ok(())
}

fn measure(
    name: &str,
    model: &str,
    clip: &Path,
    change: impl FnOnce(&mut Settings),
) -> Result<(), Box<dyn std::error::Error>> {
    let mut settings = Settings::new(model);
    settings.input = Input::Clip(clip.to_owned());
    change(&mut settings);
    let session = Session::start(settings)?;
    let seen = Arc::new(AtomicU64::new(0));
    let mut pictures = ask(&session, "picture")?;
    let counter = Arc::clone(&seen);
    let viewer = thread::spawn(move || -> std::io::Result<()> {
        let mut line = String::new();
        let mut jpeg = Vec::new();
        while pictures.read_line(&mut line)? > 0 {
            if let Some(length) = line.to_lowercase().strip_prefix("content-length:") {
                jpeg.resize(length.trim().parse().unwrap_or(0), 0);
                pictures.read_exact(&mut [0; 2])?;
                pictures.read_exact(&mut jpeg)?;
                counter.fetch_add(1, Ordering::Relaxed);
            }
            line.clear();
        }
        Ok(())
    });
    thread::sleep(SPANS[0]);
    let (begin, before, work) = (Instant::now(), seen.load(Ordering::Relaxed), cpu()?);
    thread::sleep(SPANS[1]);
    let (frames, span) = (seen.load(Ordering::Relaxed) - before, begin.elapsed());
    let rate = frames as f64 / span.as_secs_f64();
    let mut threads: Vec<_> = cpu()?
        .into_iter()
        .map(|(name, ms)| (ms - work.get(&name).unwrap_or(&0.0), name))
        .map(|(ms, name)| (ms / frames as f64, name))
        .collect();
    threads.sort_by(|a, b| b.0.total_cmp(&a.0));
    let all: f64 = threads.iter().map(|(ms, _)| ms).sum();
    let busiest: Vec<_> = threads
        .iter()
        .take(5)
        .map(|(ms, name)| format!("{name} {ms:.1}"))
        .collect();
    let state = state(&session)?;
    let of = |key: &str| state[key].as_f64().unwrap_or(f64::NAN);
    println!(
        "{name}: {rate:.1} frames a second, latency p50 {:.0} ms, p95 {:.0} ms, dropped {} of {}",
        of("latency-p50"),
        of("latency-p95"),
        of("dropped"),
        of("dropped") + of("number"),
    );
    println!(
        "    reading {:.0} ms old, runs {:.1} ms, morph and all {:.1} ms",
        of("age"),
        of("inference"),
        of("time")
    );
    println!("    CPU time a frame {all:.1} ms ({})", busiest.join(", "));
    drop(session);
    let _ = viewer.join();
    Ok(())
}

/// CPU time of this program's threads so far, by their names, in milliseconds.
fn cpu() -> Result<BTreeMap<String, f64>, Box<dyn std::error::Error>> {
    let mut all = BTreeMap::new();
    for task in std::fs::read_dir("/proc/self/task")? {
        let of = |file: &str| {
            std::fs::read_to_string(
                task.as_ref()
                    .map(|task| task.path().join(file))
                    .unwrap_or_default(),
            )
        };
        // A thread may end meanwhile.
        let (Ok(name), Ok(times)) = (of("comm"), of("schedstat")) else {
            continue;
        };
        let ns: f64 = times.split(' ').next().unwrap_or_default().parse()?;
        *all.entry(name.trim().to_owned()).or_insert(0.0) += ns / 1e6;
    }
    Ok(all)
}

fn ask(session: &Session, name: &str) -> Result<BufReader<TcpStream>, Box<dyn std::error::Error>> {
    let (host, path) = session
        .address()
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .ok_or("no address")?;
    let mut stream = TcpStream::connect(host)?;
    write!(stream, "GET /{path}{name} HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
    Ok(BufReader::new(stream))
}

fn state(session: &Session) -> Result<Value, Box<dyn std::error::Error>> {
    for line in ask(session, "events")?.lines() {
        if let Some(text) = line?.strip_prefix("data: ") {
            return Ok(serde_json::from_str(text)?);
        }
    }
    Err("no state came".into())
}
