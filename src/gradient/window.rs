// SPDX-License-Identifier: MPL-2.0
//! The window of a Conv or a pool.

use super::extents::signed;
use crate::onnx::NodeProto;

/// Kernel, strides and pads of a node, per spatial axis, with ONNX's defaults and `auto_pad` resolved.
pub(super) struct Window {
    pub(super) kernel: Vec<i64>,
    pub(super) strides: Vec<i64>,
    pub(super) dilations: Vec<i64>,
    pub(super) begin: Vec<i64>,
    pub(super) end: Vec<i64>,
}

impl Window {
    /// `x` are the input's spatial extents.
    pub(super) fn of(node: &NodeProto, kernel: &[usize], x: &[i64]) -> Self {
        let n = kernel.len();
        let list = |name: &str, default: i64, len: usize| match node.ints(name) {
            Some(v) if v.len() == len => v.to_vec(),
            _ => vec![default; len],
        };
        let (kernel, strides, dilations) = (signed(kernel), list("strides", 1, n), list("dilations", 1, n));
        let (mut begin, mut end) = (vec![0; n], vec![0; n]);
        match node.string("auto_pad", "NOTSET") {
            "VALID" => {}
            // SAME_UPPER puts the odd pad at the end, SAME_LOWER at the beginning.
            same @ ("SAME_UPPER" | "SAME_LOWER") => {
                for i in 0..n {
                    let out = (x[i] + strides[i] - 1) / strides[i];
                    let all = ((out - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1 - x[i]).max(0);
                    begin[i] = if same == "SAME_UPPER" {
                        all / 2
                    } else {
                        all - all / 2
                    };
                    end[i] = all - begin[i];
                }
            }
            _ => {
                let pads = list("pads", 0, 2 * n);
                begin.copy_from_slice(&pads[..n]);
                end.copy_from_slice(&pads[n..]);
            }
        }
        Self {
            kernel,
            strides,
            dilations,
            begin,
            end,
        }
    }

    /// From the first to the last element that one window touches, minus 1.
    pub(super) fn reach(&self, axis: usize) -> i64 {
        self.dilations[axis] * (self.kernel[axis] - 1)
    }

    /// The pad after the last element with which `y` windows fit an axis of extent `x`, and no more.
    pub(super) fn end_for(&self, axis: usize, x: i64, y: i64) -> i64 {
        ((y - 1) * self.strides[axis] + self.reach(axis) + 1 - x - self.begin[axis]).max(0)
    }

    /// Whether a window of an axis of extent `x` that gives `y` elements holds places outside: pads that are stated, or
    /// the rest of a last window that `ceil_mode` adds.
    pub(super) fn leaves(&self, axis: usize, x: usize, y: usize) -> bool {
        let last = (signed(&[y])[0] - 1) * self.strides[axis] + self.reach(axis) - self.begin[axis];
        self.begin[axis] > 0 || last >= signed(&[x])[0]
    }

    /// Whether the transpose is a Conv with the kernel turned round: stride 1, and no pads beyond the kernel.
    pub(super) fn turns(&self) -> bool {
        let within = |i: usize| {
            let reach = self.reach(i);
            (0..=reach).contains(&self.begin[i]) && (0..=reach).contains(&self.end[i])
        };
        self.is_dense() && (0..self.kernel.len()).all(within)
    }

    /// Whether the stride is 1 along every axis.
    pub(super) fn is_dense(&self) -> bool {
        self.strides.iter().all(|s| *s == 1)
    }
}
