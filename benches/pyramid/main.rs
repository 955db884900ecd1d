// SPDX-License-Identifier: MPL-2.0
//! What a frame of csp-phase costs: `cargo bench --bench pyramid`.
//!
//! One frame is a luma plane and its gradient made into a change of the plane; *still* is another magnification of
//! the same frame. CPU time of one thread, variants taking turns, minimum and median: read the ratios, they hold
//! between machines better than times do. The last columns say by how much a variant is quicker than the plain one,
//! `naive`, on the octave grid. A turn is a few frames, as in a video: the first finds the cache full of others'.
//!
//! *two threads* is the CPU time along the longest path: of the thread that calls, which does all that is not shared, and
//! about half of the bands. *transforms alone* are those of a frame on data that never leaves the cache, its lower bound.

#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

mod naive;
mod turns;

use cpu_time::ThreadTime;
use steerlens::morph::{Morpher, Settings};
use steerlens::pyramid::{Grid, Plan, Simd, Spec};

use naive::Naive;

/// Frames of a turn; one for the plain version, whose frames are larger than any cache.
const TURN: u32 = 4;

/// A variant, and the milliseconds per frame of its turns.
struct Variant<'a> {
    name: String,
    run: Box<dyn FnMut() + 'a>,
    times: Vec<f64>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Cargo says `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "turns") {
        return turns::answer(&arguments[at + 1..]);
    }
    for (width, height, octaves, rounds) in [(224, 224, 6, 200), (640, 480, 7, 40), (1280, 720, 8, 16)] {
        println!("\n{width}x{height}, {octaves} octaves");
        bench(width, height, octaves, rounds);
    }
    Ok(())
}

fn bench(width: usize, height: usize, octaves: usize, rounds: usize) {
    let (image, gradient) = (noise(width * height, 1), noise(width * height, 2));
    let mut naive = Naive::new(width, height, octaves);
    let want = naive.change(&image, &gradient, 1.0);
    let mut variants = vec![Variant::new("naive, exact", || {
        std::hint::black_box(naive.change(&image, &gradient, 1.0));
    })];
    for simd in [Simd::Scalar, Simd::Avx2, Simd::Avx512] {
        if simd > Simd::best() {
            println!("{simd:?}: not on this machine");
            continue;
        }
        for grid in [Grid::Exact, Grid::Fast] {
            let pyramid = Spec {
                grid,
                simd,
                ..Spec::default()
            };
            let settings = Settings {
                pyramid,
                ..Settings::default()
            };
            let (image, gradient) = (&image, &gradient);
            let morpher = || Morpher::new(width, height, 1, &settings).expect("the settings are good");
            let (mut morpher, mut still) = (morpher(), morpher());
            let mut change = vec![0.0; image.len()];
            morpher.prepare(image, gradient);
            morpher.extrapolate(1.0, &mut change);
            if grid == Grid::Exact {
                assert_same(&change, &want, simd);
            }
            still.prepare(image, gradient);
            let mut still_change = change.clone();
            let back_end = if simd == Simd::Scalar {
                "rustfft".to_owned()
            } else {
                format!("{simd:?}")
            };
            variants.push(Variant::new(&format!("{back_end}, {grid:?}"), move || {
                morpher.prepare(image, gradient);
                morpher.extrapolate(1.0, &mut change);
            }));
            if grid == Grid::Fast && simd == Simd::best() {
                let threaded = Settings {
                    threads: 2,
                    ..settings.clone()
                };
                let mut morpher = Morpher::new(width, height, 1, &threaded).expect("the settings are good");
                let mut change = vec![0.0; image.len()];
                variants.push(Variant::new(&format!("{back_end}, two threads"), move || {
                    morpher.prepare(image, gradient);
                    morpher.extrapolate(1.0, &mut change);
                }));
            }
            if grid == Grid::Fast {
                variants.push(Variant::new(&format!("{back_end}, still"), move || {
                    still.extrapolate(0.7, &mut still_change);
                }));
                let plan = Plan::new(width, height, &settings.pyramid).expect("the settings are good");
                if let Some(transforms) = plan.transforms_alone() {
                    let name = format!("{back_end}, transforms alone");
                    variants.push(Variant::new(&name, transforms));
                }
            }
        }
    }
    for _ in 0..rounds {
        for (index, variant) in variants.iter_mut().enumerate() {
            let frames = if index == 0 { 1 } else { TURN };
            let begin = ThreadTime::now();
            for _ in 0..frames {
                (variant.run)();
            }
            let elapsed = begin.elapsed().as_secs_f64();
            variant.times.push(elapsed * 1e3 / f64::from(frames));
        }
    }
    for variant in &mut variants {
        variant.times.sort_by(f64::total_cmp);
    }
    println!(
        "{:26} {:>9} {:>9} {:>7} {:>7}",
        "", "min ms", "median", "times", "median"
    );
    let (least, middle) = (variants[0].times[0], variants[0].times[rounds / 2]);
    for Variant { name, times, .. } in &variants {
        let (min, median) = (times[0], times[rounds / 2]);
        let (times, by_median) = (least / min, middle / median);
        println!("{name:26} {min:9.3} {median:9.3} {times:7.1} {by_median:7.1}");
    }
}

impl<'a> Variant<'a> {
    fn new(name: &str, run: impl FnMut() + 'a) -> Self {
        Self {
            name: name.to_owned(),
            run: Box::new(run),
            times: Vec::new(),
        }
    }
}

/// A figure counts only where the result is the same: to docs/method.md's 2e-6 of full scale and rounding of both.
fn assert_same(got: &[f32], want: &[f32], simd: Simd) {
    let error = got
        .iter()
        .zip(want)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!(error <= 4e-6, "{simd:?} differs from naive by {error:e}");
}

/// Noise in -0.5..0.5: every band is busy.
fn noise(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    (0..len).map(|_| next()).collect()
}
