// SPDX-License-Identifier: MPL-2.0
//! Where the gradient is large.

use super::colour::{Colour, bytes, mix, ramp};
use super::extent::percentile;
use crate::blur::blur;

/// How bright the grey source is under the colours.
const DIMMED: f32 = 0.5;
/// Standard deviation of the blur, as a share of the shorter side: gradients alternate from pixel to pixel, and their
/// sizes read as regions only together. The mode's description says so.
const BLUR: f32 = 0.01;
/// The share of pixels below the end of the scale: a few spikes shall not darken all the rest.
const SHARE: f64 = 0.995;
/// At the inverse of this share of the scale the source is covered.
const COVER: f32 = 1.5;
const STEPS: usize = 256;

/// Colours of a magnitude, which is blurred in place, over the dimmed source, whose luma is 0..1. The end of the scale is
/// this frame's own: that of all but one of 200 pixels.
pub(super) fn colour(
    magnitude: &mut [[f32; 1]],
    scratch: &mut [[f32; 1]],
    (width, height): (usize, usize),
    luma: &[f32],
    colours: &mut [[u8; 3]],
) {
    blur(magnitude, width, BLUR * width.min(height) as f32, scratch);
    let largest = percentile(magnitude.iter().map(|[value]| *value), SHARE);
    let table: [Colour; STEPS] = std::array::from_fn(|step| ramp(step as f32 / (STEPS - 1) as f32));
    for (([magnitude], luma), colour) in magnitude.iter().zip(luma).zip(colours) {
        let share = if largest > 0.0 { magnitude / largest } else { 0.0 };
        let share = share.clamp(0.0, 1.0);
        let source = [255.0 * DIMMED * luma.clamp(0.0, 1.0); 3];
        let at = table[(share * (STEPS - 1) as f32) as usize];
        // What is small is left to the source, what is large covers it.
        *colour = bytes(mix(source, at, (COVER * share).min(1.0)));
    }
}
