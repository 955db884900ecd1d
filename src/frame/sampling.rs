// SPDX-License-Identifier: MPL-2.0
//! What the model sees of a frame: placement and resize in one linear map, its adjoint, and the way back up.

use super::format::with_layout;
use super::planes::{WHITE, luma_of};
use super::{Fit, FrameView, PixelFormat, Placement, Rect, Resize};

/// The map `R` of METHOD.md 2.11 from frames of one size to the model's input picture: a part of the frame is
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
    scratch: Vec<f32>,
}

impl Sampling {
    /// Lays frames of `frame` (width, height) into an input of `input`, neither of them empty; `crop_fraction` as
    /// for [`Fit::place`].
    pub fn new(fit: Fit, frame: (usize, usize), input: (usize, usize), crop_fraction: f64) -> Self {
        let placement = fit.place(frame, input, crop_fraction);
        let resize = Resize::new(placement.frame.size(), placement.input.size());
        let enlarge = Resize::new(placement.input.size(), placement.frame.size());
        // One row of four-byte pixels is the most that reading a frame needs.
        let row = 4 * placement.frame.width;
        let scratch = vec![0.0; resize.scratch_len().max(enlarge.scratch_len()).max(row)];
        Self {
            placement,
            frame,
            input,
            resize,
            enlarge,
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

    /// The input picture's BT.601 luma, 0..1, straight from a frame's bytes.
    ///
    /// # Panics
    /// When the frame is of another size than these, or `plane` than the input.
    pub fn read_luma(&mut self, frame: &FrameView<'_>, plane: &mut [f32]) {
        let [start, stride] = self.black_window(plane, 1);
        let gray = frame.format().is_gray();
        self.read(frame, |x, y, rgb| {
            plane[start + y * stride + x] = if gray { rgb[0] } else { luma_of(rgb) } / WHITE;
        });
    }

    /// The input picture's red, green and blue planes, 0..1, straight from a frame's bytes; a grey frame gives its
    /// plane three times.
    ///
    /// # Panics
    /// When the frame is of another size than these, or `planes` not three of the input's.
    pub fn read_rgb(&mut self, frame: &FrameView<'_>, planes: &mut [f32]) {
        let [start, stride] = self.black_window(planes, 3);
        let (red, rest) = planes.split_at_mut(self.input.0 * self.input.1);
        let (green, blue) = rest.split_at_mut(self.input.0 * self.input.1);
        self.read(frame, |x, y, rgb| {
            let at = start + y * stride + x;
            red[at] = rgb[0] / WHITE;
            green[at] = rgb[1] / WHITE;
            blue[at] = rgb[2] / WHITE;
        });
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

    /// A change of one plane of the input, brought to the frame's size by the same rule (`U` of METHOD.md 2.11);
    /// 0 where the model does not look.
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

    /// Resizes the seen part and hands out each pixel (x, y) of it in units of bytes.
    fn read(&mut self, frame: &FrameView<'_>, put: impl FnMut(usize, usize, [f32; 3])) {
        assert_eq!(
            frame.size(),
            self.frame,
            "a frame of the size that was planned for"
        );
        let seen = frame
            .crop(self.placement.frame)
            .expect("a placement lies inside its frame");
        with_layout!(
            frame.format(),
            resize_bytes(&self.resize, &seen, &mut self.scratch, put)
        );
    }
}

/// Start and row length of `part` in `count` planes of `size`.
fn window(found: usize, part: Rect, size: (usize, usize), count: usize) -> [usize; 2] {
    assert_eq!(found, count * size.0 * size.1, "planes of {size:?}");
    [part.y * size.0 + part.x, size.0]
}

/// Bytes are summed over rows as they lie, and only the few rows that result are told apart into channels.
fn resize_bytes<const STEP: usize, const R: usize, const G: usize, const B: usize>(
    resize: &Resize,
    frame: &FrameView<'_>,
    scratch: &mut [f32],
    mut put: impl FnMut(usize, usize, [f32; 3]),
) {
    let blended = &mut scratch[..frame.width() * STEP];
    for y in 0..resize.output_size().1 {
        resize.y().forward().blend(y, |i| frame.row(i), blended);
        let (pixels, _) = blended.as_chunks::<STEP>();
        resize
            .x()
            .forward()
            .gather_pixels(pixels, [R, G, B], |x, rgb| put(x, y, rgb));
    }
}
