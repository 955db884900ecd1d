// SPDX-License-Identifier: MPL-2.0
//! Pixels to planes of `f32`.

use crate::simd::{Isa, Simd, Task};

use super::format::with_layout;
use super::luma::{LUMA, WHITE};
use super::{FrameView, PixelFormat, Rect, Sampling};

/// BT.601 luma of planes of red, green and blue.
pub(crate) fn luma_of_planes(planes: &[f32], luma: &mut [f32]) {
    luma.fill(0.0);
    for (plane, weight) in planes.chunks_exact(luma.len()).zip(LUMA) {
        luma.iter_mut()
            .zip(plane)
            .for_each(|(sum, value)| *sum += weight * value);
    }
}

/// Luma of every pixel, 0..1: BT.601's of red, green and blue; where the format has luma, that one, in its own
/// colorimetry (bytes beyond black and white then lie outside of 0..1). `plane` has `width * height` elements.
///
/// # Panics
/// When `plane` has another length.
pub fn read_luma(frame: &FrameView<'_>, plane: &mut [f32]) {
    assert_eq!(plane.len(), frame.width() * frame.height(), "one value per pixel");
    let (black, span) = if frame.format().is_yuv() {
        frame.shape().colorimetry.luma_scale()
    } else {
        (0.0, WHITE)
    };
    with_layout!(frame.format(), luma_rows(frame, plane, black, span));
}

fn luma_rows<const STEP: usize, const R: usize, const G: usize, const B: usize>(
    frame: &FrameView<'_>,
    plane: &mut [f32],
    black: f32,
    span: f32,
) {
    for (y, values) in plane.chunks_exact_mut(frame.width()).enumerate() {
        Simd::best().run(LumaRow::<STEP, R, G, B> {
            pixels: frame.row(y).as_chunks::<STEP>().0,
            black,
            span,
            values,
        });
    }
}

struct LumaRow<'a, const STEP: usize, const R: usize, const G: usize, const B: usize> {
    pixels: &'a [[u8; STEP]],
    black: f32,
    span: f32,
    values: &'a mut [f32],
}

impl<const STEP: usize, const R: usize, const G: usize, const B: usize> Task for LumaRow<'_, STEP, R, G, B> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, _: S) {
        for (pixel, value) in self.pixels.iter().zip(self.values) {
            // A grey pixel is its own luma: the weights would cost the last bit.
            let byte = if STEP == 1 {
                f32::from(pixel[0])
            } else {
                LUMA[0] * f32::from(pixel[R]) + LUMA[1] * f32::from(pixel[G]) + LUMA[2] * f32::from(pixel[B])
            };
            *value = (byte - self.black) / self.span;
        }
    }
}

/// Red, green and blue planes, one after the other, 0..1; a grey frame gives its plane three times. Colour
/// differences of half the size are enlarged bilinearly, which allocates.
///
/// # Panics
/// When `planes` has not `3 * width * height` elements.
pub fn read_rgb(frame: &FrameView<'_>, planes: &mut [f32]) {
    let size = frame.width() * frame.height();
    assert_eq!(planes.len(), 3 * size, "three values per pixel");
    if frame.format().is_yuv() {
        let whole = Rect::whole(frame.size());
        Sampling::between(frame.size(), whole, frame.size(), whole).read_rgb(frame, planes);
        return;
    }
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
        Simd::best().run(RgbRow::<STEP, R, G, B> {
            pixels: frame.row(y).as_chunks::<STEP>().0,
            planes: [red, green, blue],
        });
    }
}

struct RgbRow<'a, const STEP: usize, const R: usize, const G: usize, const B: usize> {
    pixels: &'a [[u8; STEP]],
    planes: [&'a mut [f32]; 3],
}

impl<const STEP: usize, const R: usize, const G: usize, const B: usize> Task for RgbRow<'_, STEP, R, G, B> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, _: S) {
        let [red, green, blue] = self.planes;
        for (((pixel, red), green), blue) in self.pixels.iter().zip(red).zip(green).zip(blue) {
            *red = f32::from(pixel[R]) / WHITE;
            *green = f32::from(pixel[G]) / WHITE;
            *blue = f32::from(pixel[B]) / WHITE;
        }
    }
}
