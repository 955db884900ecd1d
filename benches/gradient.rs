// SPDX-License-Identifier: MPL-2.0
//! What the gradient costs over the forward run: `cargo bench --bench gradient [-- NETWORK..]`.
//!
//! CPU time of one thread at 224x224, forward alone and forward + backward interleaved in one process, minimum and
//! median. Ratios depend on the processor (slower arithmetic makes them smaller); the limits are those of a machine
//! with AVX-512. `estimate` is the ratio that `steerlens inspect` tells from shapes alone. Each network has a process of its own. Rewriting and start are those of the gradient; MB are resident
//! after two runs, the model in memory twice.
#![expect(clippy::print_stdout, reason = "figures are what a bench is for")]

#[path = "../tests/networks/mod.rs"]
mod networks;

use std::process::Command;
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use networks::NETWORKS;
use steerlens::Runtime;
use steerlens::gradient::{COTANGENT, Differentiated, INPUT_GRADIENT, Options, Profile, differentiate};
use steerlens::onnx::{self, ModelProto};
use steerlens::runtime::{BoundSession, Session, SessionOptions, Tensor};

const SIZE: usize = 224;
/// Time spent on each network, and the least number of rounds.
const SPAN: Duration = Duration::from_secs(8);
const ROUNDS: usize = 10;

/// What (forward + backward) / forward must not exceed on an AVX-512 machine.
const LIMITS: &[(&str, f64)] = &[
    ("ResNet-50", 2.35),
    ("ResNet-18", 2.4),
    ("ConvNeXt-tiny", 2.4),
    ("ViT-tiny", 2.55),
    ("EfficientNet-Lite0", 2.9),
    ("MobileNetV2", 3.1),
    ("EfficientNet-B0", 3.55),
    ("MobileNetV3-small", 3.5),
    ("SqueezeNet", 3.7),
];

/// Set for the process that measures one network, so that no other network's memory is in its figures.
const ONE: &str = "STEERLENS_BENCH_NETWORK";

fn main() {
    let runtime = Runtime::open(None).unwrap_or_else(|e| panic!("{e}\nRun `make setup` first."));
    if let Ok(one) = std::env::var(ONE) {
        let network = NETWORKS.iter().find(|n| n.name == one);
        let network = network.unwrap_or_else(|| panic!("there is no {one}"));
        return bench(network.name, &(network.build)(SIZE), runtime);
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    println!("ONNX Runtime {}, times in ms", runtime.version());
    println!(
        "{:>18} {:>8} {:>8} {:>8} {:>8} {:>6} {:>6} {:>6} {:>6} {:>8} {:>8} {:>8} {:>5}",
        "",
        "forward",
        "median",
        "both",
        "median",
        "ratio",
        "median",
        "plain",
        "limit",
        "estimate",
        "rewrite",
        "start",
        "MB"
    );
    let this = std::env::current_exe().expect("this program has a path");
    for network in NETWORKS {
        if wanted.is_empty() || wanted.iter().any(|w| network.name.contains(w.as_str())) {
            let status = Command::new(&this).env(ONE, network.name).status();
            assert!(status.is_ok_and(|s| s.success()), "{} failed", network.name);
        }
    }
}

fn bench(name: &str, model: &ModelProto, runtime: &'static Runtime) {
    let made = |profile| {
        let options = Options {
            profile,
            ..Default::default()
        };
        differentiate(model.clone(), runtime, &options).expect("every network has a gradient")
    };
    let begin = Instant::now();
    let cpu = made(Profile::Cpu);
    let rewrite = begin.elapsed();
    let begin = Instant::now();
    let mut both = both_of(&cpu, runtime);
    let start = begin.elapsed();
    timed(&mut both);
    timed(&mut both);
    let memory = resident() >> 10;
    let mut forward = forward_of(&cpu, runtime);
    let mut plain = both_of(&made(Profile::Plain), runtime);

    let mut times = [const { Vec::new() }; 3];
    let begin = Instant::now();
    while begin.elapsed() < SPAN || times[0].len() < ROUNDS {
        for (times, session) in times.iter_mut().zip([&mut forward, &mut both, &mut plain]) {
            times.push(timed(session));
        }
    }
    let [forward, both, plain] = times.map(|mut t| {
        t.sort_by(f64::total_cmp);
        (t[0], t[t.len() / 2])
    });
    let limit = LIMITS.iter().find(|(n, _)| *n == name).map_or(f64::NAN, |l| l.1);
    println!(
        "{name:>18} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>6.2} {:>6.2} {:>6.2} {limit:>6.2} {:>8.2} {:>8.0} {:>8.0} {memory:>5}",
        forward.0,
        forward.1,
        both.0,
        both.1,
        both.0 / forward.0,
        both.1 / forward.1,
        plain.0 / forward.0,
        cpu.cost.ratio(),
        rewrite.as_secs_f64() * 1e3,
        start.as_secs_f64() * 1e3,
    );
}

fn forward_of(d: &Differentiated, runtime: &'static Runtime) -> BoundSession {
    let session = Session::new(runtime, &onnx::encode(&d.forward), &SessionOptions::default());
    let bound = session.and_then(|s| s.bind(&[(&d.input, &picture(d))], &[(&d.logits, &d.logits_shape)]));
    bound.expect("the forward half runs")
}

fn both_of(d: &Differentiated, runtime: &'static Runtime) -> BoundSession {
    let mut cotangent = vec![0.0; d.classes()];
    (cotangent[7], cotangent[3]) = (1.0, -1.0);
    let cotangent = Tensor::f32(d.logits_shape.clone(), cotangent);
    let inputs = [(&*d.input, &picture(d)), (COTANGENT, &cotangent)];
    let outputs = [(&*d.logits, &*d.logits_shape), (INPUT_GRADIENT, &*d.input_shape)];
    let session = Session::new(runtime, &onnx::encode(&d.model), &SessionOptions::default());
    session
        .and_then(|s| s.bind(&inputs, &outputs))
        .expect("both halves run")
}

/// Noise around 0, as a normalised photo has it.
fn picture(d: &Differentiated) -> Tensor {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 * 2.0 - 2.0
    };
    let count = d.input_shape.iter().product();
    Tensor::f32(
        d.input_shape.clone(),
        (0..count).map(|_| next()).collect::<Vec<_>>(),
    )
}

/// Milliseconds that this thread, the only one of the session, spent on a run.
fn timed(session: &mut BoundSession) -> f64 {
    let begin = ThreadTime::now();
    session.run().expect("the session runs");
    begin.elapsed().as_secs_f64() * 1e3
}

/// Resident kilobytes of the process; 0 where the system does not say.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}
