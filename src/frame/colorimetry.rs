// SPDX-License-Identifier: MPL-2.0
//! How luma and colour differences are coded in bytes (ITU-R BT.601, BT.709, BT.2020).

/// What bytes stand for black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Luma 16 to 235, colour differences 16 to 240.
    Limited,
    /// Both 0 to 255.
    Full,
}

/// How luma and colour differences of [`super::PixelFormat::is_yuv`] formats are made of red, green and blue:
/// `Y = kr R + (1 - kr - kb) G + kb B`, `Cb = (B - Y) / (2 (1 - kb))`, `Cr = (R - Y) / (2 (1 - kr))`, all of them
/// gamma-coded. Other formats take no notice of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Colorimetry {
    /// Weight of red in luma.
    pub kr: f32,
    /// Weight of blue in luma.
    pub kb: f32,
    /// What bytes stand for black and white.
    pub range: Range,
}

/// The byte that stands for no colour.
const NEUTRAL: f32 = 128.0;

impl Colorimetry {
    /// ITU-R BT.601, standard definition.
    pub const BT601: Self = Self::limited(0.299, 0.114);
    /// ITU-R BT.709, high definition.
    pub const BT709: Self = Self::limited(0.2126, 0.0722);
    /// ITU-R BT.2020, non-constant luminance.
    pub const BT2020: Self = Self::limited(0.2627, 0.0593);

    /// Luma of these weights of red and blue, in limited range.
    pub fn of_weights(kr: f64, kb: f64) -> Self {
        Self::limited(kr as f32, kb as f32)
    }

    const fn limited(kr: f32, kb: f32) -> Self {
        Self {
            kr,
            kb,
            range: Range::Limited,
        }
    }

    /// The same weights, with bytes from 0 to 255.
    pub const fn full(self) -> Self {
        Self {
            range: Range::Full,
            ..self
        }
    }

    /// The byte of luma 0, and how many bytes lie between luma 0 and 1.
    pub(crate) fn luma_scale(self) -> (f32, f32) {
        match self.range {
            Range::Limited => (16.0, 219.0),
            Range::Full => (0.0, 255.0),
        }
    }

    fn chroma_span(self) -> f32 {
        match self.range {
            Range::Limited => 224.0,
            Range::Full => 255.0,
        }
    }

    /// Weights of red, green and blue in luma.
    pub(crate) fn weights(self) -> [f32; 3] {
        [self.kr, 1.0 - self.kr - self.kb, self.kb]
    }

    /// Red, green and blue, 0..1 and clipped to that, of bytes of luma, Cb and Cr (or of weighted means of them).
    pub(crate) fn to_rgb(self, [luma, cb, cr]: [f32; 3]) -> [f32; 3] {
        let (black, span) = self.luma_scale();
        let [kr, kg, kb] = self.weights();
        let luma = (luma - black) / span;
        let [cb, cr] = [cb, cr].map(|c| (c - NEUTRAL) / self.chroma_span());
        let (red, blue) = (2.0 * (1.0 - kr) * cr, 2.0 * (1.0 - kb) * cb);
        let green = -(kr * red + kb * blue) / kg;
        [red, green, blue].map(|c| (luma + c).clamp(0.0, 1.0))
    }

    /// Bytes of luma, Cb and Cr, not rounded, of red, green and blue in 0..1.
    pub(crate) fn of_rgb(self, [red, green, blue]: [f32; 3]) -> [f32; 3] {
        let (black, span) = self.luma_scale();
        let [kr, kg, kb] = self.weights();
        let luma = kr * red + kg * green + kb * blue;
        let chroma = |c: f32, k: f32| NEUTRAL + self.chroma_span() * (c - luma) / (2.0 * (1.0 - k));
        [black + span * luma, chroma(blue, kb), chroma(red, kr)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of BT.601's and BT.709's colour bars at full amplitude (ITU-R BT.801, SMPTE RP 219).
    #[test]
    fn pure_colours_have_the_standards_bytes() {
        let bars = |colorimetry: Colorimetry| {
            [
                [1.0, 0.0, 0.0],
                [0.0, 1.0, 0.0],
                [0.0, 0.0, 1.0],
                [1.0; 3],
                [0.0; 3],
            ]
            .map(|rgb| colorimetry.of_rgb(rgb).map(|byte| byte.round() as u8))
        };
        assert_eq!(
            bars(Colorimetry::BT601),
            [
                [81, 90, 240],
                [145, 54, 34],
                [41, 240, 110],
                [235, 128, 128],
                [16, 128, 128]
            ]
        );
        assert_eq!(
            bars(Colorimetry::BT709),
            [
                [63, 102, 240],
                [173, 42, 26],
                [32, 240, 118],
                [235, 128, 128],
                [16, 128, 128]
            ]
        );
        assert_eq!(
            bars(Colorimetry::BT601.full())[3..],
            [[255, 128, 128], [0, 128, 128]]
        );
    }

    #[test]
    fn there_and_back_is_the_identity() {
        for colorimetry in [Colorimetry::BT601, Colorimetry::BT709.full(), Colorimetry::BT2020] {
            for rgb in [[0.2, 0.9, 0.4], [0.0, 0.5, 1.0], [0.31, 0.3, 0.29]] {
                let back = colorimetry.to_rgb(colorimetry.of_rgb(rgb));
                // Some ten roundings of values up to 255.
                assert!(
                    rgb.iter()
                        .zip(back)
                        .all(|(a, b)| (a - b).abs() < 10.0 * f32::EPSILON),
                    "{rgb:?} {back:?}"
                );
            }
        }
    }
}
