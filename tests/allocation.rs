// SPDX-License-Identifier: MPL-2.0
//! A frame allocates nothing: everything is made with the morpher.

#![expect(
    unsafe_code,
    reason = "a global allocator that counts cannot be written without"
)]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use steerlens::morph::{ColorMode, Method, Morpher, Settings, StepMode, Tuning};

/// Passes everything on to the system's allocator, and counts this thread's requests.
struct Counting;

thread_local! {
    static REQUESTS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes unchanged to `System`, which keeps the contract; counting touches a constant-initialised
// thread-local without a destructor, which never allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        REQUESTS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn requests(run: impl FnOnce()) -> usize {
    let before = REQUESTS.get();
    run();
    REQUESTS.get() - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(requests(|| drop(std::hint::black_box(vec![1, 2, 3]))), 1);
}

#[test]
fn no_frame_allocates() {
    let everything = Settings {
        padding: 4,
        phase_smooth: 1.0,
        step_mode: StepMode::Source,
        tuning: Tuning {
            temporal_smoothing: Duration::from_millis(100),
            ..Tuning::default()
        },
        ..Settings::default()
    };
    for method in [
        Method::CspPhase,
        Method::CspJoint,
        Method::FourierPhase,
        Method::Pixel,
    ] {
        for (color_mode, channels) in [
            (ColorMode::Luma, 1),
            (ColorMode::Joint, 3),
            (ColorMode::Independent, 3),
        ] {
            // A smooth size, and a prime height: both back ends, and transforms with inner scratch of their own.
            for (base, (width, height)) in [
                (&Settings::default(), (75, 56)),
                (&everything, (72, 48)),
                (&everything, (75, 59)),
            ] {
                let settings = Settings {
                    method,
                    color_mode,
                    ..base.clone()
                };
                let mut morpher = Morpher::new(width, height, channels, &settings).unwrap();
                let image = common::noise(width * height * channels, 1);
                let gradient = common::noise(width * height * channels, 2);
                let mut change = vec![0.0; image.len()];
                let count = requests(|| {
                    for frame in 0..3u64 {
                        morpher.prepare_frame(&image, &gradient, Duration::from_millis(40 * frame));
                        morpher.extrapolate(1.0, &mut change);
                        morpher.advance(0.5);
                        morpher.prepare_step(&image, &gradient);
                        morpher.extrapolate(0.7, &mut change);
                    }
                });
                assert_eq!(count, 0, "{method:?} {color_mode:?}");
            }
        }
    }
}
