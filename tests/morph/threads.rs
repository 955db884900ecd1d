// SPDX-License-Identifier: MPL-2.0
//! Threads share the bands, and change nothing else.

use steerlens::morph::{ColorMode, Method, Settings, StepMode};

use super::{METHODS, pair};
use steerlens::morph::Morpher;

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    // Both back ends: a smooth size, and one of primes. Large enough for threads to be used.
    for (width, height) in [(480, 288), (479, 281)] {
        for method in METHODS {
            for (color_mode, channels) in [(ColorMode::Luma, 1), (ColorMode::Independent, 3)] {
                // All at once is enough for one method.
                if channels > 1 && method != Method::CspJoint {
                    continue;
                }
                let settings = |threads| Settings {
                    method,
                    color_mode,
                    threads,
                    step_mode: if channels > 1 {
                        StepMode::Source
                    } else {
                        StepMode::Reanalyse
                    },
                    ..Settings::default()
                };
                let (x, g) = pair(width, height, channels);
                let run = |threads| {
                    let mut morpher = Morpher::new(width, height, channels, &settings(threads)).unwrap();
                    let mut moved = vec![f32::NAN; x.len()];
                    let first = morpher.prepare(&x, &g);
                    morpher.extrapolate(0.5, &mut moved);
                    morpher.advance(0.5);
                    let second = morpher.prepare_step(&x, &g);
                    morpher.extrapolate(0.5, &mut moved);
                    (moved, first.phase_rms, second.phase_rms)
                };
                let one = run(1);
                for threads in [2, 3, 8] {
                    assert!(
                        run(threads) == one,
                        "{method:?} {width}x{height}, {threads} threads"
                    );
                }
            }
        }
    }
}
