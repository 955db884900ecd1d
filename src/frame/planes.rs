// SPDX-License-Identifier: MPL-2.0
//! Pixels to planes of `f32`, and a change of planes back into pixels.

use crate::simd::{Isa, Simd, Task};

use super::format::with_layout;
use super::{Error, FrameView, FrameViewMut, PixelFormat};

/// BT.601 on gamma-coded values (METHOD.md 2.6).
pub(crate) const LUMA: [f32; 3] = [0.299, 0.587, 0.114];
/// The 8-bit value of 1.0.
pub(super) const WHITE: f32 = 255.0;
/// Pixels written at a time: their change, spread over the bytes of a pixel, stays in the first cache.
const BLOCK: usize = 64;

/// BT.601 luma of red, green and blue, in their unit.
pub(super) fn luma_of([red, green, blue]: [f32; 3]) -> f32 {
    LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
}

/// BT.601 luma of every pixel, 0..1; `plane` has `width * height` elements.
///
/// # Panics
/// When `plane` has another length.
pub fn read_luma(frame: &FrameView<'_>, plane: &mut [f32]) {
    assert_eq!(plane.len(), frame.width() * frame.height(), "one value per pixel");
    with_layout!(frame.format(), luma_rows(frame, plane));
}

fn luma_rows<const STEP: usize, const R: usize, const G: usize, const B: usize>(
    frame: &FrameView<'_>,
    plane: &mut [f32],
) {
    for (y, values) in plane.chunks_exact_mut(frame.width()).enumerate() {
        let (pixels, _) = frame.row(y).as_chunks::<STEP>();
        for (pixel, value) in pixels.iter().zip(values) {
            // A grey pixel is its own luma: the weights would cost the last bit.
            let byte = if STEP == 1 {
                f32::from(pixel[0])
            } else {
                luma_of([f32::from(pixel[R]), f32::from(pixel[G]), f32::from(pixel[B])])
            };
            *value = byte / WHITE;
        }
    }
}

/// Red, green and blue planes, one after the other, 0..1; a grey frame gives its plane three times.
///
/// # Panics
/// When `planes` has not `3 * width * height` elements.
pub fn read_rgb(frame: &FrameView<'_>, planes: &mut [f32]) {
    let size = frame.width() * frame.height();
    assert_eq!(planes.len(), 3 * size, "three values per pixel");
    let (red, rest) = planes.split_at_mut(size);
    let (green, blue) = rest.split_at_mut(size);
    with_layout!(frame.format(), rgb_rows(frame, [red, green, blue]));
}

fn rgb_rows<const STEP: usize, const R: usize, const G: usize, const B: usize>(
    frame: &FrameView<'_>,
    [red, green, blue]: [&mut [f32]; 3],
) {
    let width = frame.width();
    let rows = red
        .chunks_exact_mut(width)
        .zip(green.chunks_exact_mut(width))
        .zip(blue.chunks_exact_mut(width));
    for (y, ((red, green), blue)) in rows.enumerate() {
        let (pixels, _) = frame.row(y).as_chunks::<STEP>();
        for (((pixel, red), green), blue) in pixels.iter().zip(red).zip(green).zip(blue) {
            *red = f32::from(pixel[R]) / WHITE;
            *green = f32::from(pixel[G]) / WHITE;
            *blue = f32::from(pixel[B]) / WHITE;
        }
    }
}

/// Writes `frame` with `change` added equally to red, green and blue, clipped and rounded; alpha and unused bytes
/// are the frame's, the padding of `out` is left alone. Where the change is 0 the bytes are the frame's. Returns
/// the squared L2 distance of what was written from the frame, values 0..1, over all colour planes.
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
    assert_eq!(
        change.len(),
        frame.width() * frame.height(),
        "one value per pixel"
    );
    write_change(frame, [change; 3], |[value, ..]| value, out)
}

/// As [`write_luma_change`] with a change for each of red, green and blue (`3 * width * height`). A grey frame
/// takes the luma of the change.
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
    write_change(frame, planes, luma_of, out)
}

/// `gray` makes one value of a change of three, for frames with one channel.
fn write_change(
    frame: &FrameView<'_>,
    change: [&[f32]; 3],
    gray: impl Fn([f32; 3]) -> f32,
    out: &mut FrameViewMut<'_>,
) -> Result<f64, Error> {
    out.expect(frame.format(), frame.size())?;
    let squares = with_layout!(frame.format(), change_rows(frame, change, gray, out));
    Ok(squares as f64 / f64::from(WHITE * WHITE))
}

/// Returns the sum of squared differences of bytes.
fn change_rows<const STEP: usize, const R: usize, const G: usize, const B: usize>(
    frame: &FrameView<'_>,
    change: [&[f32]; 3],
    gray: impl Fn([f32; 3]) -> f32,
    out: &mut FrameViewMut<'_>,
) -> u64 {
    // The change of a byte that is no colour stays 0, so that all bytes of a row go through one plain loop.
    let mut spread = [[0.0; STEP]; BLOCK];
    let mut squares = 0;
    for y in 0..frame.height() {
        let source = frame.row(y).chunks(BLOCK * STEP);
        let written = out.row_mut(y).chunks_mut(BLOCK * STEP);
        let starts = (y * frame.width()..).step_by(BLOCK);
        for ((source, written), start) in source.zip(written).zip(starts) {
            let pixels = source.len() / STEP;
            let [red, green, blue] = change.map(|plane| &plane[start..start + pixels]);
            for (((pixel, red), green), blue) in spread.iter_mut().zip(red).zip(green).zip(blue) {
                if STEP == 1 {
                    pixel[0] = WHITE * gray([*red, *green, *blue]);
                } else {
                    pixel[R] = WHITE * red;
                    pixel[G] = WHITE * green;
                    pixel[B] = WHITE * blue;
                }
            }
            squares += u64::from(Simd::best().run(AddClipped {
                source,
                change: spread.as_flattened(),
                written,
            }));
        }
    }
    squares
}

/// `written = round(clip(source + change))` in units of bytes; gives the sum of squared differences. Plain enough for
/// the compiler to make vectors of.
struct AddClipped<'a> {
    source: &'a [u8],
    change: &'a [f32],
    written: &'a mut [u8],
}

impl Task for AddClipped<'_> {
    type Output = u32;

    #[inline(always)]
    fn run<S: Isa>(self, _: S) -> u32 {
        /// Adding it leaves a value of 0..255, rounded half to even, in a float's lowest byte. `round() as u8`
        /// does not vectorise and took twice the time.
        const ROUND: f32 = 8_388_608.0;
        let mut squares = 0;
        for ((source, change), written) in self.source.iter().zip(self.change).zip(self.written) {
            let value = (f32::from(*source) + change).clamp(0.0, WHITE);
            *written = (value + ROUND).to_bits() as u8;
            let difference = u32::from(source.abs_diff(*written));
            squares += difference * difference;
        }
        squares
    }
}
