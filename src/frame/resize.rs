// SPDX-License-Identifier: MPL-2.0
//! The separable resize of METHOD.md 2.11 and its exact adjoint.

/// A separable linear map between two sizes: antialiased bilinear when shrinking, bilinear when enlarging.
/// Built once per pair of sizes.
#[derive(Debug, Clone)]
pub struct Resize {}

impl Resize {
    /// A map from `from` (width, height) to `to`.
    pub fn new(from: (usize, usize), to: (usize, usize)) -> Self {
        let _ = (from, to);
        unimplemented!()
    }

    /// Elements that `scratch` needs.
    pub fn scratch_len(&self) -> usize {
        unimplemented!()
    }

    /// `output = R input`.
    pub fn apply(&self, input: &[f32], output: &mut [f32], scratch: &mut [f32]) {
        let _ = (input, output, scratch);
        unimplemented!()
    }

    /// `input = R^T output`, overwriting `input`.
    pub fn adjoint(&self, output: &[f32], input: &mut [f32], scratch: &mut [f32]) {
        let _ = (input, output, scratch);
        unimplemented!()
    }
}
