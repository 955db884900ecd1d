// SPDX-License-Identifier: MPL-2.0
//! `steerlens audit`: what a classifier reacts to, over many pictures and videos.
//!
//! The authors' protocol at scale (docs/method.md 0): methods are compared at matched image distance; the driver's
//! confidence, the judges' agreement and the explained energy stay three measures; attained is always beside
//! requested; what failed is listed and counted, never dropped.
//!
//! The way of an audit: [`inputs`] are found and shared out, [`feed`] reads frames of them, a [`worker`] edits each
//! frame and measures the edits, the [`journal`] keeps their rows part by part, and [`finish`] makes table, summary
//! and page of them; [`merge`] does that for the parts of several machines.

mod clip;
mod column;
#[cfg(feature = "video")]
mod container;
mod feed;
mod finish;
mod hash;
mod inputs;
mod journal;
mod judge;
mod measures;
mod merge;
mod page;
mod record;
mod row;
mod run;
mod sample;
mod settings;
mod skipped;
mod strip;
mod summary;
mod table;
mod truth;
#[cfg_attr(not(feature = "video"), path = "no_video.rs")]
mod video;
mod worker;

pub(crate) use finish::{Ending, Results, read_summary};
pub(crate) use inputs::Shard;
pub(crate) use merge::merge;
pub(crate) use record::Options;
pub(crate) use row::{Control, Reach};
pub(crate) use run::run;
pub(crate) use sample::Sample;
pub(crate) use settings::{Settings, Source, Targets};
pub(crate) use table::Format;
pub(crate) use truth::Truth;
