// SPDX-License-Identifier: MPL-2.0
//! What an audit costs beside its own work: `steerlens audit` against the same calls of the library on as many
//! threads, judges, measures and control included, without rows, strips, journal and page.
//!
//! ```shell
//! cargo bench -p steerlens-cli --bench audit -- DIGITS      # a folder of 28x28 PNG files
//! ```
//!
//! Small pictures are the hard case: their work is short, and what is around it is not. Both sides load their models
//! anew each time, and run in turns; the figure is the ratio of frames per second.

#![expect(clippy::print_stdout, reason = "figures are what a bench is for")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use steerlens::frame::read_luma;
use steerlens::measure::{SmoothWarp, band_energies, psnr, ssim};
use steerlens::morph::Method;
use steerlens::pyramid::{Grid, Plan, Spec};
use steerlens::settings::Choice;
use steerlens::{
    ClassChoice, ClassifierSettings, Control, Editor, FrameView, FrameViewMut, LensSettings, PixelFormat,
    Reader, Reading,
};

const ROUNDS: usize = 3;
const THREADS: usize = 2;
const BUDGETS: [f64; 2] = [1.0, 2.0];
const SIDE: usize = 28;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    // `cargo bench` adds a flag of its own; `cargo test --benches` has no folder.
    let Some(folder) = std::env::args().skip(1).find(|word| !word.starts_with("--")) else {
        println!("name a folder of digits: cargo bench -p steerlens-cli --bench audit -- DIGITS");
        return Ok(());
    };
    let pictures = read(Path::new(&folder))?;
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        library(&pictures)?;
        let alone = start.elapsed().as_secs_f64();
        let start = Instant::now();
        program(&folder)?;
        let audit = start.elapsed().as_secs_f64();
        let rate = |seconds: f64| pictures.len() as f64 / seconds;
        println!(
            "library {:.1} frames/s, audit {:.1} frames/s",
            rate(alone),
            rate(audit)
        );
        ratios.push(alone / audit);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "audit / library: median {:.3}, best {:.3}",
        ratios[ROUNDS / 2],
        ratios[ROUNDS - 1]
    );
    Ok(())
}

fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(name)
}

fn program(folder: &str) -> Result<(), Failure> {
    let out = tempfile::tempdir()?;
    let status = Command::new(env!("CARGO_BIN_EXE_steerlens"))
        .args(["audit", folder, "--budgets", "1,2", "--control", "random", "-m"])
        .arg(model("digits_plain.onnx"))
        .arg("--judge")
        .arg(model("digits_judge.onnx"))
        .arg("--judge")
        .arg(model("digits_robust.onnx"))
        .arg("--jobs")
        .arg(THREADS.to_string())
        .arg("-o")
        .arg(out.path().join("out"))
        .output()?;
    if status.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&status.stderr).into())
    }
}

fn read(folder: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let mut pictures = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            pictures.extend(read(&path)?);
        } else {
            pictures.push(image::open(&path)?.into_luma8().into_raw());
        }
    }
    Ok(pictures)
}

fn library(pictures: &[Vec<u8>]) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| scope.spawn(|| work(pictures, &next)))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|_| Err("a thread failed".into())))
    })
}

fn work(pictures: &[Vec<u8>], next: &AtomicUsize) -> Result<(), Failure> {
    let open = |name: &str| {
        let settings = ClassifierSettings {
            model_file: model(name),
            threads: 1,
            ..ClassifierSettings::default()
        };
        Reader::open(&settings, &named(Method::Pixel, Control::None))
    };
    let mut driver = open("digits_plain.onnx")?;
    let mut judges = [open("digits_judge.onnx")?, open("digits_robust.onnx")?];
    let mut editors = Vec::new();
    for (method, ..) in Method::ALL {
        for control in [Control::None, Control::Random] {
            editors.push(Editor::new(&driver, named(*method, control))?);
        }
    }
    let spec = Spec {
        grid: Grid::Exact,
        ..Spec::default()
    };
    let plan = Plan::new(SIDE, SIDE, &spec)?;
    let mut workspace = plan.workspace();
    let mut reading = Reading::default();
    let mut out = vec![0; SIDE * SIDE];
    let mut edited = vec![0.0; SIDE * SIDE];
    while let Some(picture) = pictures.get(next.fetch_add(1, Ordering::Relaxed)) {
        let frame = FrameView::new(PixelFormat::Gray8, SIDE, SIDE, SIDE, picture)?;
        let mut luma = vec![0.0; SIDE * SIDE];
        read_luma(&frame, &mut luma);
        let warp = SmoothWarp::new(&luma, SIDE);
        let scores = driver.score(&frame)?.logits.clone();
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        let (source, target) = (order[0], order[1]);
        driver.read_pair(&frame, (source, target), &mut reading)?;
        for judge in &mut judges {
            judge.score(&frame)?;
        }
        band_energies(&plan, &reading.gradient, &mut workspace);
        for editor in &mut editors {
            for reach in [Some(BUDGETS[0]), Some(BUDGETS[1]), None] {
                match reach {
                    Some(budget) => go(editor, &frame, &reading, &mut out, 1.0, budget)?,
                    None => flip(editor, &mut driver, &frame, &reading, &mut out)?,
                }
                let edit = FrameView::new(PixelFormat::Gray8, SIDE, SIDE, SIDE, &out)?;
                driver.score(&edit)?;
                for judge in &mut judges {
                    judge.score(&edit)?;
                }
                read_luma(&edit, &mut edited);
                let fits = [warp.fit(&edited, false), warp.fit(&edited, true)];
                std::hint::black_box((psnr(&luma, &edited), ssim(&luma, &edited, SIDE), fits));
                edited
                    .iter_mut()
                    .zip(&luma)
                    .for_each(|(after, before)| *after -= before);
                band_energies(&plan, &edited, &mut workspace);
            }
        }
    }
    Ok(())
}

fn named(method: Method, control: Control) -> LensSettings {
    LensSettings::default().with(|s| {
        s.gradient.source = ClassChoice::Index(0);
        s.gradient.target = ClassChoice::Index(1);
        s.morph.method = method;
        s.gradient.control = control;
        s.morph.pyramid.grid = Grid::Exact;
    })
}

fn go(
    editor: &mut Editor,
    frame: &FrameView<'_>,
    reading: &Reading,
    out: &mut [u8],
    magnification: f64,
    l2_budget: f64,
) -> Result<(), Failure> {
    let settings = editor.settings().clone().with(|s| {
        s.reach.magnification = magnification;
        s.reach.l2_budget = l2_budget;
    });
    editor.set_settings(settings)?;
    let mut out = FrameViewMut::new(PixelFormat::Gray8, SIDE, SIDE, SIDE, out)?;
    editor.apply(frame, reading, &mut out)?;
    Ok(())
}

/// The search of `steerlens audit`: from 1/64 doubled up to 4, then halved six times.
fn flip(
    editor: &mut Editor,
    driver: &mut Reader,
    frame: &FrameView<'_>,
    reading: &Reading,
    out: &mut [u8],
) -> Result<(), Failure> {
    let mut flips = |magnification: f64| -> Result<bool, Failure> {
        go(editor, frame, reading, out, magnification, 0.0)?;
        let edit = FrameView::new(PixelFormat::Gray8, SIDE, SIDE, SIDE, out)?;
        Ok(driver.score(&edit)?.top_class() == reading.target)
    };
    let (mut low, mut high) = (0.0, 1.0 / 64.0);
    while !flips(high)? {
        if high >= 4.0 {
            return Ok(());
        }
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..6 {
        let middle = 0.5 * (low + high);
        if flips(middle)? {
            high = middle;
        } else {
            low = middle;
        }
    }
    flips(high).map(drop)
}
