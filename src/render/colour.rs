// SPDX-License-Identifier: MPL-2.0
//! Colours by lightness, chroma and hue as the eye sees them (Oklab: Ottosson 2020), so that equal steps look equal.

use std::f32::consts::TAU;

/// A colour of the screen, red, green and blue.
pub(super) type Colour = [f32; 3];

/// Lightness (0..1), chroma (about 0..0.3) and hue (radians) as sRGB bytes, not rounded; cut off where the screen ends.
pub(super) fn oklch(lightness: f32, chroma: f32, hue: f32) -> Colour {
    let (a, b) = (chroma * hue.cos(), chroma * hue.sin());
    let [l, m, s] = [
        lightness + 0.396_337_78 * a + 0.215_803_76 * b,
        lightness - 0.105_561_346 * a - 0.063_854_17 * b,
        lightness - 0.089_484_18 * a - 1.291_485_5 * b,
    ]
    .map(|value| value.powi(3));
    [
        4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
        -1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s,
        -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
    ]
    .map(|linear| 255.0 * gamma(linear.clamp(0.0, 1.0)))
}

/// The transfer function of sRGB (IEC 61966-2-1).
fn gamma(linear: f32) -> f32 {
    if linear <= 0.003_130_8 {
        12.92 * linear
    } else {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    }
}

/// The ramp of a size, 0..1: from dark violet over red to pale yellow, each step as much lighter as the one before.
pub(super) fn ramp(share: f32) -> Colour {
    let hue = (-60.0 + 165.0 * share) / 360.0 * TAU;
    oklch(0.28 + 0.68 * share, 0.19 - 0.07 * share * share, hue)
}

/// The colour of a direction, in radians from the right, clockwise as the picture's y points down: red to the right,
/// all directions equally light.
pub(super) fn wheel(direction: f32) -> Colour {
    oklch(0.76, 0.145, direction + 25.0 / 360.0 * TAU)
}

/// From `a` to `b`.
pub(super) fn mix(a: Colour, b: Colour, share: f32) -> Colour {
    std::array::from_fn(|c| a[c] + (b[c] - a[c]) * share)
}

/// Rounded to bytes.
pub(super) fn bytes(colour: Colour) -> [u8; 3] {
    colour.map(|value| value.round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Coordinates of sRGB's corners, from the definition's own page.
    #[test]
    fn known_colours_come_out() {
        let hue = |a: f32, b: f32| (a.hypot(b), b.atan2(a));
        let at = |l, (c, h): (f32, f32)| bytes(oklch(l, c, h));
        assert_eq!(at(1.0, (0.0, 0.0)), [255; 3]);
        assert_eq!(at(0.0, (0.0, 0.0)), [0; 3]);
        assert_eq!(at(0.627_955, hue(0.224_863, 0.125_846)), [255, 0, 0]);
        assert_eq!(at(0.866_440, hue(-0.233_888, 0.179_498)), [0, 255, 0]);
        assert_eq!(at(0.452_014, hue(-0.032_457, -0.311_528)), [0, 0, 255]);
    }

    #[test]
    fn the_ramp_grows_lighter_and_the_wheel_does_not() {
        let luma = |[r, g, b]: Colour| 0.2126 * r + 0.7152 * g + 0.0722 * b;
        let ramp: Vec<f32> = (0..=20).map(|k| luma(super::ramp(k as f32 / 20.0))).collect();
        assert!(ramp.windows(2).all(|pair| pair[0] < pair[1]), "{ramp:?}");
        let around: Vec<f32> = (0..24).map(|k| luma(wheel(k as f32 / 24.0 * TAU))).collect();
        // Lightness of Oklab is not quite luma: saturated colours differ by some per cent.
        let mean = around.iter().sum::<f32>() / 24.0;
        assert!(
            around.iter().all(|value| (value / mean - 1.0).abs() < 0.15),
            "{around:?}"
        );
    }
}
