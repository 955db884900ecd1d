// SPDX-License-Identifier: MPL-2.0
//! What the viewer is shown.

/// What is shown of a morph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisplayMode {
    /// The morphed frame.
    Morph,
    /// The frame as it came.
    Source,
    /// Mid-grey plus the magnified change.
    Difference,
    /// Frame and morph next to each other.
    SideBySide,
}
