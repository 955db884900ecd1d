// SPDX-License-Identifier: MPL-2.0
//! A change of planes back into pixels.

use crate::simd::{Isa, Simd, Task};

use super::format::with_layout;
use super::luma::{LUMA, WHITE};
use super::{Error, FrameView, FrameViewMut, PixelFormat};

/// Pixels written at a time: their change, spread over the bytes of a pixel, stays in the first cache.
const BLOCK: usize = 256;

/// Writes `frame` with `change` added equally to red, green and blue, clipped and rounded; alpha and unused bytes
/// are the frame's, the padding of `out` is left alone. Where the change is 0 the bytes are the frame's. Where the
/// format has luma, it alone is written, within its range (a byte that lies outside may stay, and goes no further);
/// colour differences are the frame's. Returns the squared L2 distance of what was written from the frame, values
/// 0..1, over all colour planes (red, green and blue, which a change of luma moves by as much).
///
/// # Errors
/// When `out` differs from `frame` in size or format.
///
/// # Panics
/// When `change` has not `width * height` elements.
pub fn write_luma_change(
    frame: &FrameView<'_>,
    change: &[f32],
    out: &mut FrameViewMut<'_>,
) -> Result<f64, Error> {
    let size = frame.width() * frame.height();
    assert_eq!(change.len(), size, "one value per pixel");
    write_change::<1>(frame, [change; 3], out)
}

/// As [`write_luma_change`] with a change for each of red, green and blue (`3 * width * height`). A frame that is grey
/// or has luma takes the luma of the change.
///
/// # Errors
/// When `out` differs from `frame` in size or format.
///
/// # Panics
/// When `change` has not `3 * width * height` elements.
pub fn write_rgb_change(
    frame: &FrameView<'_>,
    change: &[f32],
    out: &mut FrameViewMut<'_>,
) -> Result<f64, Error> {
    let size = frame.width() * frame.height();
    assert_eq!(change.len(), 3 * size, "three values per pixel");
    let planes = [&change[..size], &change[size..2 * size], &change[2 * size..]];
    write_change::<3>(frame, planes, out)
}

/// What the bytes of a frame stand for.
#[derive(Clone, Copy)]
struct Scale {
    black: i16,
    white: i16,
    /// Bytes from 0 to 1.
    span: f32,
    /// How red, green and blue make the one value of a frame with one channel.
    weights: [f32; 3],
}

/// `PLANES` planes of change are there: one that is meant for all channels, or three.
fn write_change<const PLANES: usize>(
    frame: &FrameView<'_>,
    change: [&[f32]; 3],
    out: &mut FrameViewMut<'_>,
) -> Result<f64, Error> {
    frame.shape().expect(out.shape())?;
    let yuv = frame.format().is_yuv();
    let scale = if yuv {
        let colorimetry = frame.shape().colorimetry;
        let (black, span) = colorimetry.luma_scale();
        Scale {
            black: black as i16,
            white: (black + span) as i16,
            span,
            weights: colorimetry.weights(),
        }
    } else {
        Scale {
            black: 0,
            white: WHITE as i16,
            span: WHITE,
            weights: LUMA,
        }
    };
    let squares = match PLANES {
        1 => with_layout!(frame.format(), luma_rows(frame, change[0], scale, out)),
        _ => with_layout!(frame.format(), rgb_rows(frame, change, scale, out)),
    };
    for plane in 1..frame.format().planes() {
        for y in 0..frame.shape().plane_size(plane).1 {
            out.plane_row_mut(plane, y)
                .copy_from_slice(frame.plane_row(plane, y));
        }
    }
    let channels = if yuv { 3.0 } else { 1.0 };
    Ok(channels * squares as f64 / f64::from(scale.span * scale.span))
}

fn luma_rows<const STEP: usize, const R: usize, const G: usize, const B: usize>(
    frame: &FrameView<'_>,
    change: &[f32],
    scale: Scale,
    out: &mut FrameViewMut<'_>,
) -> u64 {
    rows::<1, STEP, R, G, B>(frame, [change; 3], scale, out)
}

fn rgb_rows<const STEP: usize, const R: usize, const G: usize, const B: usize>(
    frame: &FrameView<'_>,
    change: [&[f32]; 3],
    scale: Scale,
    out: &mut FrameViewMut<'_>,
) -> u64 {
    rows::<3, STEP, R, G, B>(frame, change, scale, out)
}

/// Returns the sum of squared differences of bytes.
fn rows<const PLANES: usize, const STEP: usize, const R: usize, const G: usize, const B: usize>(
    frame: &FrameView<'_>,
    change: [&[f32]; 3],
    scale: Scale,
    out: &mut FrameViewMut<'_>,
) -> u64 {
    let width = frame.width();
    let rows = (0..frame.height()).map(|y| {
        Simd::best().run(Row::<PLANES, STEP, R, G, B> {
            source: frame.row(y),
            change: change.map(|plane| &plane[y * width..][..width]),
            scale,
            written: out.row_mut(y),
        })
    });
    rows.sum()
}

/// One row: every change in bytes, rounded and spread over the pixel, then one plain loop over all bytes.
struct Row<'a, const PLANES: usize, const STEP: usize, const R: usize, const G: usize, const B: usize> {
    source: &'a [u8],
    change: [&'a [f32]; 3],
    scale: Scale,
    written: &'a mut [u8],
}

impl<const PLANES: usize, const STEP: usize, const R: usize, const G: usize, const B: usize> Task
    for Row<'_, PLANES, STEP, R, G, B>
{
    type Output = u64;

    #[inline(always)]
    fn run<S: Isa>(self, _: S) -> u64 {
        let Scale {
            black,
            white,
            span,
            weights,
        } = self.scale;
        // The change of a byte that is no colour stays 0.
        let mut spread = [[0i16; STEP]; BLOCK];
        let mut squares = 0;
        let blocks = self
            .source
            .chunks(BLOCK * STEP)
            .zip(self.written.chunks_mut(BLOCK * STEP));
        for (block, (source, written)) in blocks.enumerate() {
            let (start, pixels) = (block * BLOCK, source.len() / STEP);
            let [red, green, blue] = self.change;
            let (red, green, blue) = (
                &red[start..start + pixels],
                &green[start..start + pixels],
                &blue[start..start + pixels],
            );
            if PLANES == 1 {
                for (pixel, change) in spread.iter_mut().zip(red) {
                    let step = rounded(span * change);
                    // As a whole: single bytes of four do not become vectors.
                    let mut all = [0; STEP];
                    [all[R], all[G], all[B]] = [step; 3];
                    *pixel = all;
                }
            } else {
                for (((pixel, red), green), blue) in spread.iter_mut().zip(red).zip(green).zip(blue) {
                    if STEP == 1 {
                        let luma = weights[0] * red + weights[1] * green + weights[2] * blue;
                        pixel[0] = rounded(span * luma);
                    } else {
                        pixel[R] = rounded(span * red);
                        pixel[G] = rounded(span * green);
                        pixel[B] = rounded(span * blue);
                    }
                }
            }
            let mut sum = 0u32;
            let steps = spread.as_flattened();
            for ((source, step), written) in source.iter().zip(steps).zip(written) {
                let before = i16::from(*source);
                let after = (before + step).max(black.min(before)).min(white.max(before));
                *written = after as u8;
                let difference = i32::from(after - before);
                sum += (difference * difference) as u32;
            }
            squares += u64::from(sum);
        }
        squares
    }
}

/// The nearest whole number, half to even, of a value that is cut off at 1000; not a number counts as 0.
#[inline(always)]
fn rounded(value: f32) -> i16 {
    /// Adding it leaves a small number, rounded, in the lower half of a float's bits, in two's complement. `round() as
    /// i16` does not become vectors.
    const ROUND: f32 = 12_582_912.0;
    (value.clamp(-1000.0, 1000.0) + ROUND).to_bits() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_to_the_nearest_and_bounded() {
        let cases = [
            (0.0, 0),
            (-0.0, 0),
            (0.49, 0),
            (0.5, 0),
            (1.5, 2),
            (-0.51, -1),
            (-254.9, -255),
        ];
        for (value, want) in cases {
            assert_eq!(rounded(value), want, "{value}");
        }
        assert_eq!([1e9, f32::INFINITY, -1e9].map(rounded), [1000, 1000, -1000]);
        assert_eq!(rounded(f32::NAN), 0);
    }
}
