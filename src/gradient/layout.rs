// SPDX-License-Identifier: MPL-2.0
//! Which tensors ONNX Runtime's CPU provider keeps in its blocked layout (NCHWc), as docs/reverse-mode.md 3.3 measured.
//!
//! The layout starts at a Conv with constant weights and flows through a short list of operators; every other
//! operator costs a reorder before and after. The reverse half asks here before it chooses a form.

use std::collections::HashSet;

use super::blocking::Blocking;
use crate::onnx::NodeProto;

/// Names of the tensors that are expected to be blocked.
#[derive(Debug)]
pub(super) struct Layout {
    blocking: Blocking,
    blocked: HashSet<String>,
}

impl Layout {
    pub(super) fn new(blocking: Blocking) -> Self {
        Self {
            blocking,
            blocked: HashSet::new(),
        }
    }

    /// Whether the tensor is expected to be blocked.
    pub(super) fn is_blocked(&self, name: &str) -> bool {
        self.blocked.contains(name)
    }

    /// Follows the layout through one more node. `shape` and `constant` tell a tensor's shape and whether it is
    /// constant.
    pub(super) fn follow<'a>(
        &mut self,
        node: &NodeProto,
        shape: impl Fn(&str) -> Option<&'a [usize]>,
        constant: impl Fn(&str) -> bool,
    ) {
        if self.blocking == Blocking::Never {
            return;
        }
        let Some(out) = node.output(0) else { return };
        let Some(extent @ [_, _, _, _]) = shape(out) else {
            return;
        };
        let inputs = || node.input.iter().filter(|i| !i.is_empty());
        let first = node.input(0).is_some_and(|i| self.is_blocked(i));
        let blocked = match node.op() {
            "Conv" => node
                .input(1)
                .is_some_and(|w| constant(w) && shape(w).is_some_and(|w| conv_blocks(w, node))),
            "Add" | "Sum" | "Mul" => inputs().all(|i| self.is_blocked(i) && shape(i) == Some(extent)),
            "Concat" => node.int("axis", 0) == 1 && inputs().all(|i| self.is_blocked(i)),
            // A Clip stays only where it fuses into the Conv before it.
            "HardSigmoid" | "Gelu" | "BatchNormalization" => first && self.blocking == Blocking::Full,
            "Relu" | "Clip" | "Sigmoid" | "Tanh" | "Identity" | "MaxPool" | "AveragePool"
            | "GlobalAveragePool" | "GlobalMaxPool" => first && node.output(1).is_none(),
            "Resize" => first && node.string("mode", "nearest") == "nearest",
            _ => false,
        };
        if blocked {
            self.blocked.insert(out.into());
        }
    }
}

/// Whether a Conv with weight `[M, C/group, ..]` runs in the blocked layout.
fn conv_blocks(weight: &[usize], node: &NodeProto) -> bool {
    let (&[out, per_group, ..], Ok(group)) = (weight, usize::try_from(node.int("group", 1))) else {
        return false;
    };
    match group {
        1 => out >= 8 && (per_group % 4 == 0 || per_group < 16),
        g => {
            (per_group == 1 && out == g && out % 4 == 0)
                || (per_group % 16 == 0 && (out / g.max(1)) % 16 == 0)
        }
    }
}
