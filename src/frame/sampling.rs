// SPDX-License-Identifier: MPL-2.0
//! What the model sees of a frame: placement and resize in one linear map, its adjoint, and the way back up.

use super::axis::Axis;
use super::format::with_layout;
use super::luma::{WHITE, luma_of};
use super::{Fit, FrameView, PixelFormat, Placement, Rect, Resize, Shape};

/// The map `R` of docs/method.md 2.11 from frames of one size to the model's input picture: a part of the frame is
/// resized into a part of the input, bars are black. Built once per size; nothing is allocated per frame.
///
/// Planes are tightly packed, of the frame's or of the input's size; every method panics on another length.
#[derive(Debug, Clone)]
pub struct Sampling {
    placement: Placement,
    frame: (usize, usize),
    input: (usize, usize),
    resize: Resize,
    enlarge: Resize,
    /// From colour differences of half the frame's size to the input, for the formats that have them.
    chroma: [Axis; 2],
    scratch: Vec<f32>,
}

impl Sampling {
    /// Lays frames like `frame`, of whatever format, into an input of `input`, neither of them empty; `crop_fraction`
    /// as for [`Fit::place`].
    pub fn new(fit: Fit, frame: &Shape, input: (usize, usize), crop_fraction: f64) -> Self {
        let placement = fit.place(frame.size(), frame.aspect(), input, crop_fraction);
        Self::between(frame.size(), placement.frame, input, placement.input)
    }

    /// From a part of frames of size `frame` to a part of an input.
    pub(super) fn between(frame: (usize, usize), from: Rect, input: (usize, usize), to: Rect) -> Self {
        let resize = Resize::new(from.size(), to.size());
        let enlarge = Resize::new(to.size(), from.size()).faded(
            |x| fade(x, (from.x, from.width), frame.0),
            |y| fade(y, (from.y, from.height), frame.1),
        );
        // One of these covers two pixels; the last one of an odd row covers the last pixel, and nothing beyond.
        let half = |frame: usize, start: usize, length: usize, to: usize| {
            Axis::window(frame.div_ceil(2), (start as f64 / 2.0, length as f64 / 2.0), to)
        };
        let chroma = [
            half(frame.0, from.x, from.width, to.width),
            half(frame.1, from.y, from.height, to.height),
        ];
        // One row of four-byte pixels, or rows of luma and of colour differences, as they lie and resized.
        let row = 4 * from.width + frame.0 + 2 + 3 * to.width;
        let scratch = vec![0.0; resize.scratch_len().max(enlarge.scratch_len()).max(row)];
        Self {
            placement: Placement {
                frame: from,
                input: to,
            },
            frame,
            input,
            resize,
            enlarge,
            chroma,
            scratch,
        }
    }

    /// Which part of the frame goes where.
    pub fn placement(&self) -> Placement {
        self.placement
    }

    /// Width and height of the frames.
    pub fn frame_size(&self) -> (usize, usize) {
        self.frame
    }

    /// Width and height of the model's input picture.
    pub fn input_size(&self) -> (usize, usize) {
        self.input
    }

    /// The input picture's luma, 0..1, straight from a frame's bytes; which luma, says [`super::read_luma`].
    ///
    /// # Panics
    /// When the frame is of another size than these, or `plane` than the input.
    pub fn read_luma(&mut self, frame: &FrameView<'_>, plane: &mut [f32]) {
        let [start, stride] = self.black_window(plane, 1);
        let (black, span) = if frame.format().is_yuv() {
            frame.shape().colorimetry.luma_scale()
        } else {
            (0.0, WHITE)
        };
        let single = frame.format().bytes() == 1;
        self.read(frame, |x, y, rgb| {
            let byte = if single { rgb[0] } else { luma_of(rgb) };
            plane[start + y * stride + x] = (byte - black) / span;
        });
    }

    /// The input picture's red, green and blue planes, 0..1, straight from a frame's bytes; a grey frame gives its
    /// plane three times. Luma and colour differences are resized first and become colours there; colour differences
    /// are taken to lie in the middle of their four pixels.
    ///
    /// # Panics
    /// When the frame is of another size than these, or `planes` not three of the input's.
    pub fn read_rgb(&mut self, frame: &FrameView<'_>, planes: &mut [f32]) {
        let [start, stride] = self.black_window(planes, 3);
        let (red, rest) = planes.split_at_mut(self.input.0 * self.input.1);
        let (green, blue) = rest.split_at_mut(self.input.0 * self.input.1);
        let mut put = |x: usize, y: usize, rgb: [f32; 3]| {
            let at = start + y * stride + x;
            [red[at], green[at], blue[at]] = rgb;
        };
        if frame.format().is_yuv() {
            let colorimetry = frame.shape().colorimetry;
            self.read_yuv(frame, |x, y, yuv| put(x, y, colorimetry.to_rgb(yuv)));
        } else {
            self.read(frame, |x, y, rgb| put(x, y, rgb.map(|byte| byte / WHITE)));
        }
    }

    /// `input = R frame` for one plane.
    ///
    /// # Panics
    /// When a plane is not of its size.
    pub fn apply(&mut self, frame: &[f32], input: &mut [f32]) {
        let [to, to_stride] = self.black_window(input, 1);
        let [from, from_stride] = window(frame.len(), self.placement.frame, self.frame, 1);
        self.resize.apply_window(
            (&frame[from..], from_stride),
            (&mut input[to..], to_stride),
            &mut self.scratch,
        );
    }

    /// `frame = R^T input` for one plane: a gradient at the input becomes the exact gradient at the frame, 0 where
    /// the model does not look.
    ///
    /// # Panics
    /// When a plane is not of its size.
    pub fn adjoint(&mut self, input: &[f32], frame: &mut [f32]) {
        let [from, from_stride] = window(input.len(), self.placement.input, self.input, 1);
        let [to, to_stride] = self.still_window(frame);
        self.resize.adjoint_window(
            (&input[from..], from_stride),
            (&mut frame[to..], to_stride),
            &mut self.scratch,
        );
    }

    /// A change of one plane of the input, brought to the frame's size by the same rule (`U` of docs/method.md 2.11): 0 where
    /// the model does not look, and faded towards there.
    ///
    /// # Panics
    /// When a plane is not of its size.
    pub fn enlarge(&mut self, input: &[f32], frame: &mut [f32]) {
        let [from, from_stride] = window(input.len(), self.placement.input, self.input, 1);
        let [to, to_stride] = self.still_window(frame);
        self.enlarge.apply_window(
            (&input[from..], from_stride),
            (&mut frame[to..], to_stride),
            &mut self.scratch,
        );
    }

    /// The adjoint of [`Sampling::enlarge`]: a gradient at the frame becomes that of the input's plane which is enlarged; 0 in
    /// bars.
    ///
    /// # Panics
    /// When a plane is not of its size.
    pub fn enlarge_adjoint(&mut self, frame: &[f32], input: &mut [f32]) {
        let [from, from_stride] = window(frame.len(), self.placement.frame, self.frame, 1);
        let [to, to_stride] = self.black_window(input, 1);
        self.enlarge.adjoint_window(
            (&frame[from..], from_stride),
            (&mut input[to..], to_stride),
            &mut self.scratch,
        );
    }

    /// Start and row length of the seen part in planes of the input, bars blackened.
    fn black_window(&self, planes: &mut [f32], count: usize) -> [usize; 2] {
        if self.placement.input != Rect::whole(self.input) {
            planes.fill(0.0);
        }
        window(planes.len(), self.placement.input, self.input, count)
    }

    /// Start and row length of the seen part in a plane of the frame, set to 0 elsewhere.
    fn still_window(&self, plane: &mut [f32]) -> [usize; 2] {
        if self.placement.frame != Rect::whole(self.frame) {
            plane.fill(0.0);
        }
        window(plane.len(), self.placement.frame, self.frame, 1)
    }

    /// Resizes the seen part of the first plane and hands out each pixel (x, y) of it in units of bytes.
    fn read(&mut self, frame: &FrameView<'_>, put: impl FnMut(usize, usize, [f32; 3])) {
        self.check(frame);
        with_layout!(
            frame.format(),
            resize_bytes(&self.resize, self.placement.frame, frame, &mut self.scratch, put)
        );
    }

    /// As [`Sampling::read`] for luma, Cb and Cr, each from its own samples.
    fn read_yuv(&mut self, frame: &FrameView<'_>, mut put: impl FnMut(usize, usize, [f32; 3])) {
        self.check(frame);
        let Rect { x, y, width, .. } = self.placement.frame;
        let (out_width, out_height) = self.placement.input.size();
        let half = self.frame.0.div_ceil(2);
        let (line, rest) = self.scratch.split_at_mut(width);
        let (halves, rest) = rest.split_at_mut(2 * half);
        let (luma, rest) = rest.split_at_mut(out_width);
        let (cb, cr) = rest[..2 * out_width].split_at_mut(out_width);
        let [across, down] = &self.chroma;
        for row in 0..out_height {
            let seen = |i| &frame.row(y + i)[x..x + width];
            self.resize.y().forward().blend(row, seen, line);
            self.resize.x().forward().gather(line, luma);
            let (across, down) = (across.forward(), down.forward());
            if frame.format() == PixelFormat::Nv12 {
                down.blend(row, |i| frame.plane_row(1, i), halves);
                let (pairs, _) = halves.as_chunks::<2>();
                across.gather_pixels(pairs, [0, 1, 1], |i, [blue, red, _]| [cb[i], cr[i]] = [blue, red]);
            } else {
                for (plane, difference) in [(1, &mut *cb), (2, &mut *cr)] {
                    let line = &mut halves[..half];
                    down.blend(row, |i| frame.plane_row(plane, i), line);
                    across.gather(line, difference);
                }
            }
            for (i, ((luma, cb), cr)) in luma.iter().zip(&*cb).zip(&*cr).enumerate() {
                put(i, row, [*luma, *cb, *cr]);
            }
        }
    }

    fn check(&self, frame: &FrameView<'_>) {
        assert_eq!(
            frame.size(),
            self.frame,
            "a frame of the size that was planned for"
        );
    }
}

/// The share of a change at a place of a part's side (its start, its length): where the frame goes on beyond an end of the
/// part, the change fades to 0 towards that end, so that no edge is seen there.
fn fade(at: usize, (start, length): (usize, usize), frame: usize) -> f32 {
    /// Over this share of the side.
    const WIDTH: f32 = 1.0 / 16.0;
    let way = WIDTH * length as f32;
    let [before, after] = [at, length - 1 - at].map(|pixels| (pixels as f32 + 0.5) / way);
    let before = if start > 0 { before } else { 1.0 };
    let after = if start + length < frame { after } else { 1.0 };
    let share = before.min(after).min(1.0);
    share * share * (3.0 - 2.0 * share)
}

/// Start and row length of `part` in `count` planes of `size`.
fn window(found: usize, part: Rect, size: (usize, usize), count: usize) -> [usize; 2] {
    assert_eq!(found, count * size.0 * size.1, "planes of {size:?}");
    [part.y * size.0 + part.x, size.0]
}

/// Bytes are summed over rows as they lie, and only the few rows that result are told apart into channels.
fn resize_bytes<const STEP: usize, const R: usize, const G: usize, const B: usize>(
    resize: &Resize,
    seen: Rect,
    frame: &FrameView<'_>,
    scratch: &mut [f32],
    mut put: impl FnMut(usize, usize, [f32; 3]),
) {
    let blended = &mut scratch[..seen.width * STEP];
    for y in 0..resize.output_size().1 {
        let row = |i| &frame.row(seen.y + i)[seen.x * STEP..];
        resize.y().forward().blend(y, row, blended);
        let (pixels, _) = blended.as_chunks::<STEP>();
        resize
            .x()
            .forward()
            .gather_pixels(pixels, [R, G, B], |x, rgb| put(x, y, rgb));
    }
}
