// SPDX-License-Identifier: MPL-2.0
//! Nodes that are differentiated as one function.

use crate::gradient::emit::{Emit, Value};
use crate::gradient::rule::{Call, Stop};
use crate::onnx::NodeProto;

/// A chain of nodes `y = f(x)`; the call that `apply` gets is that of its last node.
pub(in crate::gradient) struct Chain<'a> {
    /// Where it starts: one tensor, or parts of one.
    pub(in crate::gradient) xs: Vec<&'a str>,
    /// The node between, where the derivative needs it.
    pub(super) inner: Option<&'a NodeProto>,
    pub(super) apply: ApplyChain,
}

pub(super) type ApplyChain = fn(&mut Emit<'_>, &Chain<'_>, &Call<'_>) -> Result<Vec<Value>, Stop>;

impl Chain<'_> {
    /// The cotangents of `xs`.
    pub(in crate::gradient) fn apply(&self, e: &mut Emit<'_>, call: &Call<'_>) -> Result<Vec<Value>, Stop> {
        (self.apply)(e, self, call)
    }

    /// The first tensor that it starts at.
    pub(super) fn x(&self, e: &Emit<'_>) -> Result<Value, Stop> {
        let value = self.xs.first().and_then(|x| e.forward(x));
        value.ok_or_else(|| Stop::refuse("its input is absent"))
    }

    /// What the node between makes.
    pub(super) fn inner<'a>(&self, e: &Emit<'a>) -> Result<Value, Stop> {
        let name = self.inner.and_then(|n| n.output(0));
        let value = name.and_then(|n| e.forward(n));
        value.ok_or_else(|| Stop::refuse("a tensor inside it is absent"))
    }
}
