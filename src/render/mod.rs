// SPDX-License-Identifier: MPL-2.0
//! What the viewer is shown.

use crate::frame::{Error, FrameView, FrameViewMut, PixelFormat, with_layout};

/// How much [`DisplayMode::Difference`] enlarges a change: 32 of 255 steps reach the end of the scale, so that a
/// morph that barely shows (about one step) is seen, and a strong one keeps its shape.
pub const DIFFERENCE_GAIN: i32 = 4;

/// The value that stands for "no change" in [`DisplayMode::Difference`].
const MID_GRAY: i32 = 128;

/// What is shown of a morph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisplayMode {
    /// The morphed frame.
    Morph,
    /// The frame as it came.
    Source,
    /// Mid-grey plus the magnified change.
    Difference,
    /// Frame and morph next to each other.
    SideBySide,
}

impl DisplayMode {
    /// Size (width, height) of what is shown of a frame of `size`.
    pub fn output_size(self, (width, height): (usize, usize)) -> (usize, usize) {
        match self {
            Self::SideBySide => (width.saturating_mul(2), height),
            Self::Morph | Self::Source | Self::Difference => (width, height),
        }
    }
}

/// Writes what `mode` shows of `source` and its `morph` into `out`, which has their format and
/// [`DisplayMode::output_size`]. Alpha and unused bytes are kept, the padding of `out` is left alone; a difference
/// is `128 + 4 (morph - source)` per channel, saturated.
///
/// # Errors
/// When `morph` differs from `source` in size or format, or `out` does not fit.
pub fn render(
    mode: DisplayMode,
    source: &FrameView<'_>,
    morph: &FrameView<'_>,
    out: &mut FrameViewMut<'_>,
) -> Result<(), Error> {
    morph.expect(source.format(), source.size())?;
    out.expect(source.format(), mode.output_size(source.size()))?;
    match mode {
        DisplayMode::Morph => copy(morph, 0, out),
        DisplayMode::Source => copy(source, 0, out),
        DisplayMode::SideBySide => {
            copy(source, 0, out);
            copy(morph, source.width(), out);
        }
        DisplayMode::Difference => with_layout!(source.format(), difference(source, morph, out)),
    }
    Ok(())
}

/// Copies a frame's rows, `left` pixels into those of `out`.
fn copy(frame: &FrameView<'_>, left: usize, out: &mut FrameViewMut<'_>) {
    let start = left * frame.format().bytes();
    for y in 0..frame.height() {
        let row = frame.row(y);
        out.row_mut(y)[start..start + row.len()].copy_from_slice(row);
    }
}

fn difference<const STEP: usize, const R: usize, const G: usize, const B: usize>(
    source: &FrameView<'_>,
    morph: &FrameView<'_>,
    out: &mut FrameViewMut<'_>,
) {
    let shown = |source: u8, morph: u8| {
        (MID_GRAY + DIFFERENCE_GAIN * (i32::from(morph) - i32::from(source))).clamp(0, 255) as u8
    };
    for y in 0..source.height() {
        let (sources, _) = source.row(y).as_chunks::<STEP>();
        let (morphs, _) = morph.row(y).as_chunks::<STEP>();
        let (written, _) = out.row_mut(y).as_chunks_mut::<STEP>();
        for ((source, morph), written) in sources.iter().zip(morphs).zip(written) {
            let mut pixel = *source;
            for channel in [R, G, B] {
                pixel[channel] = shown(source[channel], morph[channel]);
            }
            *written = pixel;
        }
    }
}
