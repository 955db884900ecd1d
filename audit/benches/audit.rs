// SPDX-License-Identifier: MPL-2.0
//! What an audit costs beside its own work: a whole audit against the work on the same frames alone, on as many threads,
//! judges, measures and control included, without files, strips, journal and page.
//!
//! ```shell
//! cargo bench -p steerlens-audit --bench audit -- DIGITS      # a folder of 28x28 PNG files
//! ```
//!
//! Small pictures are the hard case: their work is short, and what is around it is not. Both sides load their models
//! anew each time, and run in turns; the figure is the ratio of frames per second.

#![expect(clippy::print_stdout, reason = "figures are what a bench is for")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use steerlens::ClassifierSettings;
use steerlens_audit::{Auditor, Error, Settings, Verdict};
use steerlens_files::Picture;

const ROUNDS: usize = 3;
const THREADS: usize = 2;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    // `cargo bench` adds a flag of its own; `cargo test --benches` has no folder.
    let Some(folder) = std::env::args().skip(1).find(|word| !word.starts_with("--")) else {
        println!("name a folder of digits: cargo bench -p steerlens-audit --bench audit -- DIGITS");
        return Ok(());
    };
    let pictures = read(Path::new(&folder))?;
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        frames_alone(&folder, &pictures)?;
        let alone = start.elapsed().as_secs_f64();
        let start = Instant::now();
        whole(&folder)?;
        let audit = start.elapsed().as_secs_f64();
        let rate = |seconds: f64| pictures.len() as f64 / seconds;
        println!(
            "frames alone {:.1} frames/s, audit {:.1} frames/s",
            rate(alone),
            rate(audit)
        );
        ratios.push(alone / audit);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "audit / frames alone: median {:.3}, best {:.3}",
        ratios[ROUNDS / 2],
        ratios[ROUNDS - 1]
    );
    Ok(())
}

fn settings(folder: &str, out: &Path) -> Settings {
    let model = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(name);
    let judge = |name: &str| ClassifierSettings {
        model_file: model(name),
        ..ClassifierSettings::default()
    };
    Settings {
        judges: ["digits_judge.onnx", "digits_robust.onnx"].map(judge).into(),
        budgets: vec![1.0, 2.0],
        random_control: true,
        jobs: THREADS,
        ..Settings::new(vec![folder.into()], model("digits_plain.onnx"), out)
    }
}

fn whole(folder: &str) -> Result<(), Failure> {
    let out = tempfile::tempdir()?;
    let ending = steerlens_audit::run(&settings(folder, &out.path().join("out")), &())?;
    match ending.verdict {
        Verdict::Whole => Ok(()),
        other => Err(format!("it ended {other:?}").into()),
    }
}

fn read(folder: &Path) -> Result<Vec<(PathBuf, Picture)>, Failure> {
    let mut pictures = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            pictures.extend(read(&path)?);
        } else {
            let picture = Picture::read(&path)?;
            pictures.push((path, picture));
        }
    }
    Ok(pictures)
}

fn frames_alone(folder: &str, pictures: &[(PathBuf, Picture)]) -> Result<(), Error> {
    let settings = Settings {
        strips: false,
        ..settings(folder, Path::new("unused"))
    };
    let next = AtomicUsize::new(0);
    let work = || {
        let mut auditor = Auditor::open(&settings)?;
        while let Some((path, picture)) = pictures.get(next.fetch_add(1, Ordering::Relaxed)) {
            std::hint::black_box(auditor.audit(&path.to_string_lossy(), None, picture.clone()));
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        // A panic has been reported where it happened.
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or(Ok(())))
    })
}
