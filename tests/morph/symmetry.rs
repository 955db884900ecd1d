// SPDX-License-Identifier: MPL-2.0
//! What moves, reflects or transposes the picture and its gradient does the same to the morph (docs/method.md 4,
//! identities 5 and 6), on the octave grid: the sampling lattices of its bands go over into themselves.

use proptest::prelude::*;
use steerlens::morph::{Method, Settings};
use steerlens::pyramid::{Grid, Plan, Spec};

use super::common::noise;
use super::{change, pair};

/// docs/method.md asks for 1e-6 of pictures of 0..1; a default morph of noise moves pixels by about 1, and here both
/// sides are rounded.
const SAME: f32 = 2e-6;

/// The plane whose pixel `(x, y)` is that of `plane` at `from(x, y)`.
fn rearranged(
    plane: &[f32],
    (width, height): (usize, usize),
    from: impl Fn(usize, usize) -> usize,
) -> Vec<f32> {
    (0..width * height)
        .map(|i| plane[from(i % width, i / width)])
        .collect()
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert!(a.iter().chain(b).all(|v| v.is_finite()));
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn settings(method: Method, orientations: u32, octaves: u32) -> Settings {
    Settings {
        method,
        pyramid: Spec {
            grid: Grid::Exact,
            orientations,
            octaves,
            ..Spec::default()
        },
        ..Settings::default()
    }
}

fn any_method() -> impl Strategy<Value = Method> {
    prop_oneof![Just(Method::CspPhase), Just(Method::CspJoint)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Identity 5: a circular shift by a multiple of `2^S`, of sides that are such multiples too.
    #[test]
    fn shifts_shift_the_morph(
        method in any_method(), orientations in 2u32..=8, octaves in 1u32..=3,
        (across, down) in (1usize..=5, 1usize..=5), (right, lower) in (0usize..5, 0usize..5),
    ) {
        let step = 1 << octaves;
        let (width, height) = (4 * step * across, 4 * step * down);
        let (dx, dy) = (right * step, lower * step);
        let shifted = |plane: &[f32]| rearranged(plane, (width, height), |x, y| {
            (y + height - dy % height) % height * width + (x + width - dx % width) % width
        });
        let settings = settings(method, orientations, octaves);
        let (x, g) = pair(width, height, 1);
        let size = (width, height, 1);
        let want = shifted(&change(size, &settings, &x, &g, 1.0));
        let got = change(size, &settings, &shifted(&x), &shifted(&g), 1.0);
        let error = largest_difference(&got, &want);
        prop_assert!(error <= SAME, "{width}x{height} by {dx},{dy}: {error:e}");
    }

    /// Identity 6: circular reflection `p -> -p mod n` on either axis, any size and number of orientations.
    #[test]
    fn reflections_reflect_the_morph(
        method in any_method(), orientations in 2u32..=8,
        (width, height) in (1usize..=48, 1usize..=48), (across, down) in any::<(bool, bool)>(),
    ) {
        let reflected = |plane: &[f32]| rearranged(plane, (width, height), |x, y| {
            let (x, y) = (if across { (width - x) % width } else { x }, if down { (height - y) % height } else { y });
            y * width + x
        });
        let settings = settings(method, orientations, 0);
        let (x, g) = pair(width, height, 1);
        let size = (width, height, 1);
        let want = reflected(&change(size, &settings, &x, &g, 1.0));
        let got = change(size, &settings, &reflected(&x), &reflected(&g), 1.0);
        let error = largest_difference(&got, &want);
        prop_assert!(error <= SAME, "{width}x{height} {across} {down}: {error:e}");
    }

    /// Identity 6: with an even number of orientations each has its mirror image across the diagonal.
    #[test]
    fn transposition_transposes_the_morph(
        method in any_method(), half in 1u32..=4, (width, height) in (1usize..=48, 1usize..=48),
    ) {
        // Of `[height, width]`, `[width, height]`.
        let transposed = |plane: &[f32]| rearranged(plane, (height, width), |x, y| x * width + y);
        let settings = settings(method, 2 * half, 0);
        let (x, g) = pair(width, height, 1);
        let want = transposed(&change((width, height, 1), &settings, &x, &g, 1.0));
        let got = change((height, width, 1), &settings, &transposed(&x), &transposed(&g), 1.0);
        let error = largest_difference(&got, &want);
        prop_assert!(error <= SAME, "{width}x{height}: {error:e}");
    }
}

/// Identity 5 for the coefficients themselves: they move by `shift / 2^octave` samples.
#[test]
fn coefficients_shift_with_the_picture() {
    let (width, height, octaves, (dx, dy)) = (64, 48, 4, (16, 32));
    let spec = settings(Method::CspPhase, 4, octaves).pyramid;
    let plan = Plan::new(width, height, &spec).unwrap();
    let plane = noise(width * height, 3);
    let moved = rearranged(&plane, (width, height), |x, y| {
        (y + height - dy) % height * width + (x + width - dx) % width
    });
    let (mut c, mut d, mut workspace) = (plan.coefficients(), plan.coefficients(), plan.workspace());
    workspace.analyse(&plane, &mut c);
    workspace.analyse(&moved, &mut d);
    for band in plan.bands() {
        let (nx, ny) = (band.width, band.height);
        let (sx, sy) = (dx >> band.octave, dy >> band.octave);
        for (i, value) in d.band(band).iter().enumerate() {
            let (x, y) = ((i % nx + nx - sx % nx) % nx, (i / nx + ny - sy % ny) % ny);
            // Amplitudes below 1, and single precision.
            assert!((value - c.band(band)[y * nx + x]).norm() < 1e-6);
        }
    }
}
