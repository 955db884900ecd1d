// SPDX-License-Identifier: MPL-2.0
//! Where a morph moves things to, and how far.

use super::colour::{bytes, mix, wheel};
use super::extent::{percentile, round_up};
use super::text::{draw_text, text_width};
use std::f32::consts::TAU;

/// How bright the grey source is where nothing moves.
const DIMMED: f32 = 0.45;
/// How bright colours are where the source is black.
const SHADE: f32 = 0.45;
/// As for saliency: a few spikes shall not darken all the rest.
const SHARE: f64 = 0.98;
/// Directions that are told apart: more than the eye does.
const HUES: usize = 180;

/// Colours of a motion (to the right, downwards, in pixels) over the dimmed source, whose luma is 0..1: hue for the
/// direction, strength for the size. Gives the size at full strength: a round number, so that it stays from frame to
/// frame.
pub(super) fn colour([right, down]: [&[f32]; 2], luma: &[f32], colours: &mut [[u8; 3]]) -> f32 {
    let sizes = right.iter().zip(down).map(|(x, y)| x.hypot(*y));
    let largest = round_up(percentile(sizes, SHARE));
    let table: [[f32; 3]; HUES] = std::array::from_fn(|k| wheel(k as f32 / HUES as f32 * TAU));
    for (((x, y), luma), colour) in right.iter().zip(down).zip(luma).zip(colours) {
        let strength = (x.hypot(*y) / largest).clamp(0.0, 1.0);
        let turn = y.atan2(*x) / TAU + 1.0;
        let source = [255.0 * DIMMED * luma.clamp(0.0, 1.0); 3];
        // Some of the source shows through the strongest colour: what moves is seen.
        let shade = SHADE + (1.0 - SHADE) * luma.clamp(0.0, 1.0);
        let at = table[(turn * HUES as f32 + 0.5) as usize % HUES].map(|value| shade * value);
        *colour = bytes(mix(source, at, strength.powf(0.75)));
    }
    largest
}

/// A wheel of the directions' colours with the size at its rim, `side` pixels wide and high, on dark ground; red,
/// green, blue, alpha.
pub(super) fn key(side: usize, largest: f32) -> Vec<[u8; 4]> {
    const GROUND: [f32; 3] = [16.0; 3];
    let size = (0.2 * side as f32).max(8.0);
    let radius = 0.5 * (side as f32 - 1.35 * size) - 1.0;
    let centre = (0.5 * side as f32, radius + 2.0);
    let mut drawing: Vec<[u8; 4]> = (0..side * side)
        .map(|at| {
            let (x, y) = (
                (at % side) as f32 + 0.5 - centre.0,
                (at / side) as f32 + 0.5 - centre.1,
            );
            let inside = (radius - x.hypot(y) + 0.5).clamp(0.0, 1.0);
            let strength = (x.hypot(y) / radius).clamp(0.0, 1.0).powf(0.75);
            let disc = mix([40.0; 3], wheel(y.atan2(x)), strength);
            let [r, g, b] = bytes(mix(GROUND, disc, inside));
            [r, g, b, (150.0 + 105.0 * inside) as u8]
        })
        .collect();
    let label = format!("{largest} px");
    let left = 0.5 * (side as f32 - text_width(size, &label));
    draw_text(size, &label, |x, y, coverage, _| {
        let (x, y) = (x + left.max(0.0) as i64, y + side as i64 - (0.3 * size) as i64);
        if (0..side as i64).contains(&x) && (0..side as i64).contains(&y) {
            let [r, g, b, alpha] = &mut drawing[y as usize * side + x as usize];
            for byte in [r, g, b, alpha] {
                *byte = (f32::from(*byte) + (245.0 - f32::from(*byte)) * coverage) as u8;
            }
        }
    });
    drawing
}
