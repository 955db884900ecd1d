// SPDX-License-Identifier: MPL-2.0
//! Luma of one pixel.

/// BT.601 on gamma-coded values (docs/method.md 2.6).
pub const LUMA: [f32; 3] = [0.299, 0.587, 0.114];
/// The 8-bit value of 1.0.
pub(super) const WHITE: f32 = 255.0;

/// BT.601 luma of red, green and blue, in their unit.
pub(super) fn luma_of([red, green, blue]: [f32; 3]) -> f32 {
    LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
}
