// SPDX-License-Identifier: MPL-2.0
//! Slopes that stay finite: 0 where they would be infinite or no number.
//!
//! Where the forward half comes by a finite result all the same, the cotangent there is 0, and times infinity it would be
//! no number.

use super::emit::{Emit, Value};

impl Emit<'_> {
    /// `1/a`, and 0 where `a` is 0.
    pub(super) fn inverse(&mut self, a: &Value) -> Value {
        let (sign, size) = (self.unary("Sign", a), self.unary("Abs", a));
        let least = self.scalar(f32::MIN_POSITIVE);
        let size = self.binary("Max", &size, &least);
        self.binary("Div", &sign, &size)
    }

    /// The slope of the square root of `x`: `1/(2 sqrt(x))`, and 0 where that is infinite or no number.
    pub(super) fn slope_of_root(&mut self, x: &Value) -> Value {
        let least = self.scalar(f32::MIN_POSITIVE);
        let above = self.binary("Max", x, &least);
        let root = self.unary("Sqrt", &above);
        let positive = self.indicator("Greater", x, 0.0);
        let half = self.scale(&positive, 0.5);
        self.binary("Div", &half, &root)
    }
}
