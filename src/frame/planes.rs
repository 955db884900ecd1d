// SPDX-License-Identifier: MPL-2.0
//! Pixels to planes of `f32`, and a change of planes back into pixels.

use super::{Error, FrameView, FrameViewMut};

/// BT.601 luma of every pixel, 0..1; `plane` has `width * height` elements.
///
/// # Panics
/// When `plane` has another length.
pub fn read_luma(frame: &FrameView<'_>, plane: &mut [f32]) {
    let _ = (frame, plane);
    unimplemented!()
}

/// Red, green and blue planes, one after the other, 0..1; a grey frame gives its plane three times.
///
/// # Panics
/// When `planes` has not `3 * width * height` elements.
pub fn read_rgb(frame: &FrameView<'_>, planes: &mut [f32]) {
    let _ = (frame, planes);
    unimplemented!()
}

/// Writes `frame` with `change` added equally to red, green and blue, clipped and rounded; alpha and padding are
/// the frame's. Where the change is 0 the bytes are the frame's. Returns the squared L2 distance of what was
/// written from the frame, values 0..1, over all colour planes.
///
/// # Errors
/// When `out` differs from `frame` in size or format.
pub fn write_luma_change(
    frame: &FrameView<'_>,
    change: &[f32],
    out: &mut FrameViewMut<'_>,
) -> Result<f64, Error> {
    let _ = (frame, change, out);
    unimplemented!()
}

/// As [`write_luma_change`] with a change for each of red, green and blue (`3 * width * height`).
///
/// # Errors
/// When `out` differs from `frame` in size or format.
pub fn write_rgb_change(
    frame: &FrameView<'_>,
    change: &[f32],
    out: &mut FrameViewMut<'_>,
) -> Result<f64, Error> {
    let _ = (frame, change, out);
    unimplemented!()
}
