// SPDX-License-Identifier: MPL-2.0
//! Every gradient rule, each attribute of it, against central differences of the same graph (docs/reverse-mode.md 4), and
//! every refusal with its sentence.

#![expect(clippy::unwrap_used, reason = "a test stops at a surprise")]

mod activation;
mod attention;
mod case;
mod check;
#[path = "../common/mod.rs"]
mod common;
mod convolution;
mod elementwise;
mod finite;
mod fused;
mod indexing;
mod matrix;
mod movement;
mod normalisation;
mod old_opsets;
mod pooling;
mod quantisation;
mod random;
mod reduction;
mod refusals;
mod resizing;
mod softmax;
mod structure;
