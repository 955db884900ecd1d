// SPDX-License-Identifier: MPL-2.0
//! The separable resize of docs/method.md 2.11 and its exact adjoint.
//!
//! `R x = Ry x Rx^T`, `R^T y = Ry^T y Rx`. A weighted sum of rows runs over contiguous memory and vectorises, the
//! pass along a row does not: the order of the two is chosen so that the latter has the fewer rows.

use super::axis::{Axis, Rows};

/// A separable linear map between two sizes: antialiased bilinear when shrinking, bilinear when enlarging.
/// Built once per pair of sizes; applying it allocates nothing.
#[derive(Debug, Clone)]
pub struct Resize {
    x: Axis,
    y: Axis,
}

/// A change of a picture that leaves what it shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// To the right and down, as a share of the copy's width and height, before it is mirrored.
    pub shift: [f64; 2],
    /// How many times as large, about the middle; above 0.
    pub zoom: f64,
    /// Left and right swapped.
    pub mirror: bool,
}

impl Resize {
    /// A map from `from` (width, height) to `to`, none of them 0.
    pub fn new(from: (usize, usize), to: (usize, usize)) -> Self {
        Self {
            x: Axis::new(from.0, to.0),
            y: Axis::new(from.1, to.1),
        }
    }

    /// The map of a picture of `size` to a changed copy of it, as large: linear between pixels, mirrored beyond the
    /// border.
    pub fn changed(size: (usize, usize), change: &Change) -> Self {
        let axis = |side: usize, shift: f64, mirror: bool| {
            let length = side as f64 / change.zoom;
            let start = (side as f64 - length) / 2.0 - shift * length;
            Axis::reflected(side, (start, length), mirror)
        };
        Self {
            x: axis(size.0, change.shift[0], change.mirror),
            y: axis(size.1, change.shift[1], false),
        }
    }

    /// The same with each row and each column of what comes out multiplied by a share.
    pub(super) fn faded(self, x: impl Fn(usize) -> f32, y: impl Fn(usize) -> f32) -> Self {
        Self {
            x: self.x.faded(x),
            y: self.y.faded(y),
        }
    }

    /// Width and height of the input.
    pub fn input_size(&self) -> (usize, usize) {
        (self.x.forward().columns(), self.y.forward().columns())
    }

    /// Width and height of the output.
    pub fn output_size(&self) -> (usize, usize) {
        (self.x.forward().rows(), self.y.forward().rows())
    }

    /// Elements that `scratch` needs.
    pub fn scratch_len(&self) -> usize {
        let forward = scratch_len(self.y.forward(), self.x.forward());
        forward.max(scratch_len(self.y.back(), self.x.back()))
    }

    /// `output = R input`.
    ///
    /// # Panics
    /// When `input` or `output` is not of its size, or `scratch` shorter than [`Resize::scratch_len`].
    pub fn apply(&self, input: &[f32], output: &mut [f32], scratch: &mut [f32]) {
        let [from, to] = self.widths(input, output);
        self.apply_window((input, from), (output, to), scratch);
    }

    /// `input = R^T output`, overwriting `input`.
    ///
    /// # Panics
    /// As [`Resize::apply`].
    pub fn adjoint(&self, output: &[f32], input: &mut [f32], scratch: &mut [f32]) {
        let [from, to] = self.widths(input, output);
        self.adjoint_window((output, to), (input, from), scratch);
    }

    /// The widths of two planes of the right sizes.
    fn widths(&self, input: &[f32], output: &[f32]) -> [usize; 2] {
        let (from, to) = (self.input_size(), self.output_size());
        assert_eq!(input.len(), from.0 * from.1, "an input of the size resized from");
        assert_eq!(output.len(), to.0 * to.1, "an output of the size resized to");
        [from.0, to.0]
    }

    /// [`Resize::apply`] between windows of larger planes, each given from its first element with its plane's width.
    pub(super) fn apply_window(
        &self,
        input: (&[f32], usize),
        output: (&mut [f32], usize),
        scratch: &mut [f32],
    ) {
        product(self.y.forward(), self.x.forward(), input, output, scratch);
    }

    /// [`Resize::adjoint`] between windows, as [`Resize::apply_window`].
    pub(super) fn adjoint_window(
        &self,
        output: (&[f32], usize),
        input: (&mut [f32], usize),
        scratch: &mut [f32],
    ) {
        product(self.y.back(), self.x.back(), output, input, scratch);
    }

    /// The map along rows.
    pub(super) fn x(&self) -> &Axis {
        &self.x
    }

    /// The map along columns.
    pub(super) fn y(&self) -> &Axis {
        &self.y
    }
}

/// Whether rows are blended before they are gathered: whichever leaves fewer rows to gather, the slower pass.
fn blend_first(y: &Rows) -> bool {
    y.rows() <= y.columns()
}

fn scratch_len(y: &Rows, x: &Rows) -> usize {
    if blend_first(y) {
        x.columns()
    } else {
        x.rows() * y.columns()
    }
}

/// `to = Y from X^T`, on windows of planes whose rows lie a stride apart.
fn product(
    y: &Rows,
    x: &Rows,
    (from, from_stride): (&[f32], usize),
    (to, to_stride): (&mut [f32], usize),
    scratch: &mut [f32],
) {
    let scratch = &mut scratch[..scratch_len(y, x)];
    let width = x.rows();
    if blend_first(y) {
        for r in 0..y.rows() {
            y.blend(r, |c| &from[c * from_stride..], scratch);
            x.gather(scratch, &mut to[r * to_stride..][..width]);
        }
    } else {
        for (c, row) in scratch.chunks_exact_mut(width).enumerate() {
            x.gather(&from[c * from_stride..], row);
        }
        for r in 0..y.rows() {
            y.blend(r, |c| &scratch[c * width..], &mut to[r * to_stride..][..width]);
        }
    }
}
