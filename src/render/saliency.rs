// SPDX-License-Identifier: MPL-2.0
//! Where the gradient is large.

use super::colour::{Colour, bytes, mix, ramp};
use super::extent::percentile;

/// How bright the grey source is under the colours.
const DIMMED: f32 = 0.5;
/// The share of pixels below the end of the scale: a few spikes shall not darken all the rest.
const SHARE: f64 = 0.995;
const STEPS: usize = 256;

/// Colours of a magnitude over the dimmed source, whose luma is 0..1. The end of the scale is this frame's own: that
/// of all but one of 200 pixels.
pub(super) fn colour(magnitude: &[f32], luma: &[f32], colours: &mut [[u8; 3]]) {
    let largest = percentile(magnitude.iter().copied(), SHARE);
    let table: [Colour; STEPS] = std::array::from_fn(|step| ramp(step as f32 / (STEPS - 1) as f32));
    for ((magnitude, luma), colour) in magnitude.iter().zip(luma).zip(colours) {
        let share = if largest > 0.0 { magnitude / largest } else { 0.0 };
        let share = share.clamp(0.0, 1.0);
        let source = [255.0 * DIMMED * luma.clamp(0.0, 1.0); 3];
        let at = table[(share * (STEPS - 1) as f32) as usize];
        // What is small is left to the source, what is large covers it.
        *colour = bytes(mix(source, at, share.sqrt()));
    }
}
