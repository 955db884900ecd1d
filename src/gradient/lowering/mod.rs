// SPDX-License-Identifier: MPL-2.0
//! In which form things are written (docs/reverse-mode.md 1.2 and 3): a plain one that any runtime takes, and where ONNX
//! Runtime's CPU provider runs the graph, one that keeps tensors in its blocked layout (NCHWc).
//!
//! A rule need not know that layout. What it writes by methods of `Emit` takes the right form by itself (`layout_aware`,
//! `thresholds`), and for four operators it asks first for a form of their own, which is `None` where it does not apply.

mod average_pool;
mod depthwise;
mod layout_aware;
mod phases;
mod sub_pixel;
mod tap_pool;
mod thresholds;
mod turned_conv;

pub(super) use average_pool::{by_mean, over_all};
pub(super) use depthwise::by_zeros;
pub(super) use layout_aware::repeats;
pub(super) use sub_pixel::by_phases;
pub(super) use tap_pool::by_taps;
pub(super) use turned_conv::turned_conv;
