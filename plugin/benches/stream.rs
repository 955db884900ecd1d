// SPDX-License-Identifier: MPL-2.0
//! What a stream costs: `cargo bench --package gst-plugin-steerlens [-- memory|still|live]`.
//!
//! `memory`: EfficientNet-Lite0 on moving frames from memory, one thread; what lies outside of ONNX Runtime's run,
//! as a share of that run, by the element's `stats` (averages) and by this program (of single frames, GStreamer's own
//! share included; on a busy machine the minima tell most). `still`: frames per second of a picture that moves against one that stands still and is swept.
//! `live`: a source of 30 frames per second behind a leaky queue, and a sink that drops what is late as a window does;
//! what became of the frames, the latency that the pipeline was told, and how long after its time a frame leaves the
//! element.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "figures are what a bench is for; a bench stops at a surprise"
)]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gst::prelude::*;
use gst_check::Harness;

const SIZES: [(u32, u32); 2] = [(640, 480), (1280, 720)];

fn main() {
    gst::init().unwrap();
    gststeerlens::plugin_desc::plugin_register_static().unwrap();
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let parts: [(&str, fn()); 3] = [("memory", memory), ("still", still), ("live", live)];
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            part();
        }
    }
}

fn model() -> String {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".local/share");
    let path = data
        .unwrap_or_else(home)
        .join("steerlens/models/efficientnet-lite0/efficientnet-lite0.onnx");
    assert!(path.is_file(), "{} is missing: run `make setup`", path.display());
    path.to_str().unwrap().to_owned()
}

/// A playing element in a harness, and frames for it.
struct Rig {
    harness: Harness,
    element: gst::Element,
    info: gst_video::VideoInfo,
    number: u64,
}

impl Rig {
    fn new((width, height): (u32, u32), resolution: &str) -> Self {
        let element = gst::ElementFactory::make("classmorph")
            .property("model-file", model())
            .property("threads", 1u32)
            .property("target-label", "tabby")
            .property("source-label", "Golden Retriever")
            .property_from_str("resolution", resolution)
            .build()
            .unwrap();
        let mut harness = Harness::with_element(&element, Some("sink"), Some("src"));
        harness.play();
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Rgb, width, height);
        let info = info.fps((30, 1)).build().unwrap();
        harness.set_src_caps(info.to_caps().unwrap());
        Self {
            harness,
            element,
            info,
            number: 0,
        }
    }

    /// Waves that move with `number`.
    fn picture(&self, number: u64) -> Vec<u8> {
        let shift = number as f32 * 1.3;
        let row = 3 * self.info.width() as usize;
        (0..row * self.info.height() as usize)
            .map(|i| {
                let (x, y) = ((i % row) as f32 / 3.0, (i / row) as f32);
                (128.0 + 70.0 * ((x + shift) * 0.11).sin() * (y * 0.07).cos()) as u8
            })
            .collect()
    }

    /// Pushes a picture in a buffer of its own; wall time of the element.
    fn push(&mut self, picture: &[u8]) -> Duration {
        let mut buffer = gst::Buffer::from_slice(picture.to_vec());
        let frame = gst::ClockTime::from_nseconds(33_333_333);
        buffer.get_mut().unwrap().set_pts(frame * self.number);
        buffer.get_mut().unwrap().set_duration(frame);
        self.number += 1;
        let start = Instant::now();
        self.harness.push_and_pull(buffer).unwrap();
        start.elapsed()
    }

    fn stat(&self, name: &str) -> u64 {
        let stats: gst::Structure = self.element.property("stats");
        stats.get(name).unwrap()
    }
}

fn memory() {
    const FRAMES: usize = 120;
    println!("EfficientNet-Lite0, RGB frames from memory, one thread; times in ms, of {FRAMES} frames");
    println!(
        "{:>17} | {:>7} {:>7} {:>8} | {:>7} {:>7} {:>8} | {:>7} {:>7} {:>8}",
        "", "run", "frame", "outside", "run", "frame", "outside", "run", "frame", "outside"
    );
    println!(
        "{:>17} | {:^24} | {:^24} | {:^24}",
        "", "stats, averages", "bench, medians", "bench, minima"
    );
    for resolution in ["model", "frame"] {
        for size in SIZES {
            let mut rig = Rig::new(size, resolution);
            let pictures: Vec<_> = (0..8).map(|number| rig.picture(number)).collect();
            pictures.iter().for_each(|picture| {
                rig.push(picture);
            });
            rig.element.emit_by_name::<()>("reset", &[]);
            rig.push(&pictures[7]);
            let (mut runs, mut frames) = (Vec::new(), Vec::new());
            for number in 0..FRAMES {
                frames.push(ms(rig.push(&pictures[number % pictures.len()])));
                runs.push(rig.stat("last-inference-time") as f64 / 1e6);
            }
            let averages =
                ["average-inference-time", "average-frame-time"].map(|name| rig.stat(name) as f64 / 1e6);
            let mut outside: Vec<_> = runs.iter().zip(&frames).map(|(run, frame)| frame - run).collect();
            let [run, rest] = [median(&mut runs), median(&mut outside)];
            let groups = [averages, [run, run + rest], [runs[0], runs[0] + outside[0]]];
            print!("{:>10} {resolution:>6}", format!("{}x{}", size.0, size.1));
            for [run, frame] in groups {
                print!(" | {run:7.2} {frame:7.2} {:7.1}%", 100.0 * (frame - run) / run);
            }
            println!();
        }
    }
}

fn still() {
    const FRAMES: usize = 60;
    println!("\nEfficientNet-Lite0, one thread; frames per second, medians of {FRAMES} frames, taking turns");
    for size in [(224, 224), (640, 480)] {
        let [mut moving, mut standing] = [(); 2].map(|()| Rig::new(size, "auto"));
        standing.element.set_property_from_str("sweep", "triangle");
        moving.element.set_property_from_str("sweep", "triangle");
        let pictures: Vec<_> = (0..8).map(|number| moving.picture(number)).collect();
        let (mut moved, mut stood) = (Vec::new(), Vec::new());
        for number in 0..FRAMES + 8 {
            let picture = &pictures[number % pictures.len()];
            moved.push(ms(moving.push(picture)));
            stood.push(ms(standing.push(&pictures[0])));
        }
        assert_eq!(standing.stat("inferences"), 1);
        let [moved, stood] = [moved, stood].map(|mut series| 1e3 / median(&mut series[8..]));
        println!(
            "{:>10}: moving {moved:6.1}, still {stood:7.1}, ratio {:5.1}",
            format!("{}x{}", size.0, size.1),
            stood / moved
        );
    }
}

fn live() {
    const FRAMES: u64 = 300;
    println!(
        "\nEfficientNet-Lite0 on a live source of 30 frames per second, {FRAMES} frames, all cores but one"
    );
    println!(
        "{:>10} {:>6} {:>5} {:>8} {:>8} {:>7} {:>7} | in ms: told {:>6} {:>6} {:>6} {:>6}",
        "", "", "mode", "morphed", "rendered", "read", "held", "", "p50", "p99", "most"
    );
    for resolution in ["model", "frame"] {
        for size in SIZES {
            for mode in ["sync", "held"] {
                stream(size, resolution, mode, FRAMES);
            }
        }
    }
}

fn stream((width, height): (u32, u32), resolution: &str, mode: &str, frames: u64) {
    let line = format!(
        "videotestsrc is-live=true pattern=ball num-buffers={frames} \
         ! video/x-raw,format=RGB,width={width},height={height},framerate=30/1 \
         ! queue leaky=downstream max-size-buffers=1 \
         ! classmorph name=morph model-file={} target-label=tabby resolution={resolution} gradient-mode={mode} \
         ! queue ! fakesink name=sink sync=true qos=true max-lateness=5000000 processing-deadline=20000000",
        model()
    );
    let pipeline = gst::parse::launch(&line)
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    let element = pipeline.by_name("morph").unwrap();
    let late = Arc::new(Mutex::new(Vec::new()));
    let sees = late.clone();
    let probed = element.clone();
    element
        .static_pad("src")
        .unwrap()
        .add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let now = probed.current_running_time();
            if let (Some(now), Some(pts)) = (now, info.buffer().and_then(|buffer| buffer.pts())) {
                sees.lock()
                    .unwrap()
                    .push(now.saturating_sub(pts).nseconds() as f64 / 1e6);
            }
            gst::PadProbeReturn::Ok
        });
    pipeline.set_state(gst::State::Playing).unwrap();
    let bus = pipeline.bus().unwrap();
    for message in bus.iter_timed(gst::ClockTime::from_seconds(60)) {
        match message.view() {
            gst::MessageView::Latency(_) => pipeline.recalculate_latency().unwrap(),
            gst::MessageView::Eos(_) => break,
            gst::MessageView::Error(error) => panic!("{}", error.error()),
            _ => (),
        }
    }
    let stats: gst::Structure = element.property("stats");
    let rendered: u64 = {
        let sink: gst::Structure = pipeline.by_name("sink").unwrap().property("stats");
        sink.get("rendered").unwrap()
    };
    pipeline.set_state(gst::State::Null).unwrap();
    let mut late = late.lock().unwrap();
    late.sort_by(f64::total_cmp);
    let at = |share: f64| late[((late.len() - 1) as f64 * share) as usize];
    let stat = |name: &str| stats.get::<u64>(name).unwrap();
    println!(
        "{:>10} {resolution:>6} {mode:>5} {:>8} {rendered:>8} {:>7} {:>7} | {:18.0} {:6.1} {:6.1} {:6.1}",
        format!("{width}x{height}"),
        stat("frames-morphed"),
        stat("inferences"),
        stat("frames-held"),
        stat("latency") as f64 / 1e6,
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn median(series: &mut [f64]) -> f64 {
    series.sort_by(f64::total_cmp);
    series[series.len() / 2]
}
