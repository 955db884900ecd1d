// SPDX-License-Identifier: MPL-2.0
//! What a frame of csp-phase costs: `cargo bench --bench pyramid`.
//!
//! One frame is a luma plane and its gradient made into a change of the plane; *still* is another magnification of
//! the same frame. CPU time of one thread, variants interleaved, minimum and median: read the ratios, they hold
//! between machines.

#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

use cpu_time::ThreadTime;
use steerlens::morph::{Morpher, Settings};
use steerlens::pyramid::{Grid, Spec};

fn main() {
    println!(
        "{:>10} {:>7} {:>9} {:>9} {:>9} {:>9}",
        "size", "", "min ms", "median", "to fast", "to still"
    );
    for (width, height, rounds) in [(224, 224, 200), (640, 480, 40), (1280, 720, 15)] {
        let (image, gradient) = (noise(width * height, 1), noise(width * height, 2));
        let mut change = vec![0.0; image.len()];
        let mut morphers = [Grid::Fast, Grid::Exact].map(|grid| {
            let settings = Settings {
                pyramid: Spec {
                    grid,
                    ..Spec::default()
                },
                ..Settings::default()
            };
            Morpher::new(width, height, 1, &settings).expect("the settings are good")
        });
        let mut times = [const { Vec::new() }; 4];
        for _ in 0..rounds {
            for (morpher, times) in morphers.iter_mut().zip(times.chunks_exact_mut(2)) {
                times[0].push(cpu_time(|| {
                    morpher.prepare(&image, &gradient);
                    morpher.extrapolate(1.0, &mut change);
                }));
                times[1].push(cpu_time(|| morpher.extrapolate(0.7, &mut change)));
            }
        }
        let quickest: Vec<f64> = times
            .iter()
            .map(|t| t.iter().copied().fold(f64::INFINITY, f64::min))
            .collect();
        for (i, name) in ["fast", "still", "exact", "still"].iter().enumerate() {
            times[i].sort_by(f64::total_cmp);
            let median = times[i][rounds / 2];
            let (to_fast, to_still) = (quickest[i] / quickest[0], quickest[i] / quickest[i | 1]);
            let size = format!("{width}x{height}");
            let quickest = quickest[i];
            println!("{size:>10} {name:>7} {quickest:>9.3} {median:>9.3} {to_fast:>9.2} {to_still:>9.2}");
        }
    }
}

/// Milliseconds that this thread spent on the processor.
fn cpu_time(run: impl FnOnce()) -> f64 {
    let begin = ThreadTime::now();
    run();
    begin.elapsed().as_secs_f64() * 1e3
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
