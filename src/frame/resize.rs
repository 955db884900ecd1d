// SPDX-License-Identifier: MPL-2.0
//! The separable resize of METHOD.md 2.11 and its exact adjoint.
//!
//! `R x = Ry x Rx^T`, `R^T y = Ry^T y Rx`. Both run over contiguous rows first where they can: a weighted sum of
//! rows is plain vertical arithmetic, and the pass along the rows is left with the smaller picture.

use super::axis::Axis;

/// A separable linear map between two sizes: antialiased bilinear when shrinking, bilinear when enlarging.
/// Built once per pair of sizes; applying it allocates nothing.
#[derive(Debug, Clone)]
pub struct Resize {
    x: Axis,
    y: Axis,
}

impl Resize {
    /// A map from `from` (width, height) to `to`, none of them 0.
    pub fn new(from: (usize, usize), to: (usize, usize)) -> Self {
        Self {
            x: Axis::new(from.0, to.0),
            y: Axis::new(from.1, to.1),
        }
    }

    /// Width and height of the input.
    pub fn input_size(&self) -> (usize, usize) {
        (self.x.inputs(), self.y.inputs())
    }

    /// Width and height of the output.
    pub fn output_size(&self) -> (usize, usize) {
        (self.x.outputs(), self.y.outputs())
    }

    /// Elements that `scratch` needs.
    pub fn scratch_len(&self) -> usize {
        self.x.inputs() * self.y.outputs()
    }

    /// `output = R input`.
    ///
    /// # Panics
    /// When `input` or `output` is not of its size, or `scratch` shorter than [`Resize::scratch_len`].
    pub fn apply(&self, input: &[f32], output: &mut [f32], scratch: &mut [f32]) {
        assert_eq!(
            input.len(),
            self.x.inputs() * self.y.inputs(),
            "input of the size resized from"
        );
        assert_eq!(
            output.len(),
            self.x.outputs() * self.y.outputs(),
            "output of the size resized to"
        );
        self.apply_window((input, self.x.inputs()), (output, self.x.outputs()), scratch);
    }

    /// `input = R^T output`, overwriting `input`.
    ///
    /// # Panics
    /// As [`Resize::apply`].
    pub fn adjoint(&self, output: &[f32], input: &mut [f32], scratch: &mut [f32]) {
        assert_eq!(
            input.len(),
            self.x.inputs() * self.y.inputs(),
            "input of the size resized from"
        );
        assert_eq!(
            output.len(),
            self.x.outputs() * self.y.outputs(),
            "output of the size resized to"
        );
        self.adjoint_window((output, self.x.outputs()), (input, self.x.inputs()), scratch);
    }

    /// [`Resize::apply`] between windows of larger planes, each given from its first element with its plane's width.
    pub(super) fn apply_window(
        &self,
        input: (&[f32], usize),
        output: (&mut [f32], usize),
        scratch: &mut [f32],
    ) {
        let blended = &mut scratch[..self.x.inputs()];
        for o in 0..self.y.outputs() {
            self.y.forward().blend(o, |i| &input.0[i * input.1..], blended);
            self.x
                .forward()
                .gather(blended, &mut output.0[o * output.1..][..self.x.outputs()]);
        }
    }

    /// [`Resize::adjoint`] between windows, as [`Resize::apply_window`].
    pub(super) fn adjoint_window(
        &self,
        output: (&[f32], usize),
        input: (&mut [f32], usize),
        scratch: &mut [f32],
    ) {
        // [to height, from width]
        let (width, spread) = (self.x.inputs(), &mut scratch[..self.scratch_len()]);
        for (o, row) in spread.chunks_exact_mut(width).enumerate() {
            self.x
                .back()
                .gather(&output.0[o * output.1..][..self.x.outputs()], row);
        }
        for i in 0..self.y.inputs() {
            self.y
                .back()
                .blend(i, |o| &spread[o * width..], &mut input.0[i * input.1..][..width]);
        }
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
