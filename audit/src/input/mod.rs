// SPDX-License-Identifier: MPL-2.0
//! What is audited: files, which of them and of their frames, and what their true classes are.

#[cfg(feature = "video")]
mod container;
pub(crate) mod find;
mod frame;
mod kind;
mod sample_rule;
mod shard;
mod skipped;
mod truth;
#[cfg_attr(not(feature = "video"), path = "no_video.rs")]
pub(crate) mod video;

pub(crate) use find::Input;
pub(crate) use frame::{Frame, FrameInput};
pub(crate) use kind::Kind;
pub use sample_rule::SampleRule;
pub(crate) use sample_rule::Sampler;
pub use shard::Shard;
pub use truth::Truth;
