// SPDX-License-Identifier: MPL-2.0
//! What an audit tells while it runs, and asks.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Listens to an audit, and may end it. It is called from several threads. Every method has a body, so that only what is
/// of interest need be written; `()` listens to nothing.
pub trait Progress: Sync {
    /// The next phase of the work begins, and the one before has ended.
    fn phase(&self, _phase: &Phase<'_>) {}

    /// So much of the phase is done, 0..=1, and so many frames or clips.
    fn advance(&self, _done: f64, _count: u64) {}

    /// Says what people should know of the results: a sentence.
    fn warn(&self, _warning: &str) {}

    /// Says what is so, where nothing is wrong: a sentence.
    fn note(&self, _note: &str) {}

    /// Whether the audit is to end. What is finished is kept.
    fn is_stopped(&self) -> bool {
        false
    }
}

impl Progress for () {}

/// A phase of an audit.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Phase<'a> {
    /// The models are opened.
    Loading {
        /// The driver's file.
        model: &'a Path,
    },
    /// The models are open: what they are, and what the folder holds, is looked at.
    Checking,
    /// Frames are audited.
    Auditing {
        /// The driver's file.
        model: &'a Path,
        /// Files.
        inputs: usize,
        /// Frames in work at once.
        jobs: usize,
    },
    /// The table, the page and the summary are written.
    Writing,
    /// Clips are written.
    Clips {
        /// How many.
        count: usize,
    },
}

/// Whether to end: because the caller wishes it, or because nothing can be kept any more.
pub(crate) struct Stop<'a> {
    progress: &'a dyn Progress,
    given_up: AtomicBool,
}

impl<'a> Stop<'a> {
    pub(crate) fn new(progress: &'a dyn Progress) -> Self {
        Self {
            progress,
            given_up: AtomicBool::new(false),
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        self.given_up.load(Ordering::Relaxed) || self.progress.is_stopped()
    }

    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }
}
