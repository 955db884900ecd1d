// SPDX-License-Identifier: MPL-2.0
//! What does an image classifier react to, on your own pictures and videos?
//!
//! An audit moves every frame towards other classes, by several methods and equally far, and records three things that
//! are never merged into one: whether the classifier itself changes its mind (the *driver*), whether other classifiers
//! agree that had no part in it (the *judges*), and how much of the change a smooth small warp accounts for. It follows
//! the protocol of the method's authors (docs/method.md 0); docs/audit.md is the manual of its results.
//!
//! [`run()`] is an audit: [`Settings`] say what is asked, a [`Progress`] listens, and an [`Ending`] says how it ended. The
//! results lie in the output folder: `report.html` for people, `frames.parquet` with every row, and `summary.json`, which
//! is a [`summary::Summary`].
//!
//! ```no_run
//! use std::path::PathBuf;
//!
//! use steerlens::ClassifierSettings;
//! use steerlens_audit::{Progress, Settings, Verdict};
//!
//! /// Prints what an audit warns of.
//! struct Talk;
//!
//! impl Progress for Talk {
//!     fn warn(&self, warning: &str) {
//!         eprintln!("{warning}");
//!     }
//! }
//!
//! # fn main() -> Result<(), steerlens_audit::Error> {
//! let inputs = vec![PathBuf::from("media/faces")];
//! let mut settings = Settings::new(inputs, "models/faces_robust.onnx", "report");
//! settings.budgets = vec![1.0, 2.0];
//! settings.random_control = true;
//! settings.judges.push(ClassifierSettings {
//!     model_file: "models/faces_judge.onnx".into(),
//!     ..ClassifierSettings::default()
//! });
//!
//! let ending = steerlens_audit::run(&settings, &Talk)?;
//! if let Some(summary) = &ending.summary {
//!     for flips in &summary.flips {
//!         let share = flips.all.flipped;
//!         println!("{}: {} of {} frames flip", flips.method, share.count, share.of);
//!     }
//! }
//! assert_ne!(ending.verdict, Verdict::Easier, "no baseline was named");
//! println!("{}", ending.page.display());
//! # Ok(())
//! # }
//! ```
//!
//! Shares of one audit that several machines made ([`Settings::shard`]) are put together by [`merge()`]. An
//! [`Auditor`] takes pictures that are in memory.
//!
//! The cargo feature `video`, on by default, decodes videos and writes clips through GStreamer. Without it a video among
//! the inputs is one that cannot be read.

// The way of an audit: an `input` is found and shared out, `feed` reads frames of it, the `protocol` edits each frame and
// measures the edits, the `journal` keeps their rows part by part, and `finish` makes table, summary and page of them;
// `merge` does that for the parts of several machines.
mod auditor;
mod clip;
mod closest;
mod condition;
mod error;
mod feed;
mod finish;
mod input;
mod journal;
mod merge;
mod page;
mod pilot;
mod progress;
mod protocol;
mod record;
mod run;
mod settings;
pub mod summary;
mod table;

pub use auditor::Auditor;
pub use condition::Condition;
pub use error::Error;
pub use finish::{Ending, Verdict};
pub use input::{SampleRule, Shard, Truth};
pub use merge::merge;
pub use progress::{Phase, Progress};
pub use run::run;
pub use settings::{Results, Settings, Source, Targets, methods};
/// What [`Auditor::audit`] takes.
pub use steerlens_files::Picture;
pub use table::{Direction, Format, Reach, Row};
