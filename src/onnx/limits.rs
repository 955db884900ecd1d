// SPDX-License-Identifier: MPL-2.0
//! How large a model may be.

/// Protobuf's own limit, for a file and for all weights together.
pub(super) const MAX_BYTES: u64 = 1 << 31;
/// No classifier comes near this many nodes, functions written out; a file beyond it is none.
pub(super) const MAX_NODES: usize = 100_000;
/// As deep graphs may be nested, and functions call each other.
pub(super) const MAX_DEPTH: usize = 32;
