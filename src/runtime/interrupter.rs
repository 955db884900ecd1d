// SPDX-License-Identifier: MPL-2.0
//! Ends a run from another thread.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ort::session::RunOptions;

use super::Error;
use crate::guard::guard;

/// Ends a run from another thread. Cheap to clone; outlives the session harmlessly.
#[derive(Debug, Clone)]
pub struct Interrupter {
    shared: Arc<Shared>,
}

struct Shared {
    /// The options of every run that it can end. Without outputs of their own: only such may be shared with another
    /// thread, which is why the session's outputs are not preallocated in them.
    options: RunOptions,
    raised: AtomicBool,
    /// How often it was raised: a run that failed knows by it that it was interrupted, even when cleared since.
    times: AtomicUsize,
}

impl Interrupter {
    /// One that ends the runs which are made under it, of any session. Only after [`super::Runtime::open`].
    ///
    /// # Errors
    /// When ONNX Runtime gives no options for runs.
    pub(crate) fn new() -> Result<Self, Error> {
        let shared = Shared {
            options: guard(RunOptions::new).map_err(|reason| Error::Run { reason })?,
            raised: AtomicBool::new(false),
            times: AtomicUsize::new(0),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Ends the run in progress, and every later one until [`Interrupter::clear`]. Returns at once; the run ends
    /// after the node it is in.
    pub fn interrupt(&self) {
        self.shared.times.fetch_add(1, Ordering::SeqCst);
        self.shared.raised.store(true, Ordering::SeqCst);
        if let Err(e) = self.shared.options.terminate() {
            log::warn!("ONNX Runtime does not take an interruption: {e}");
        }
    }

    /// Lets runs proceed again. To be called when the interrupted run has returned: what is cleared before ONNX
    /// Runtime looked may pass unnoticed.
    pub fn clear(&self) {
        if let Err(e) = self.shared.options.unterminate() {
            log::warn!("ONNX Runtime does not take back an interruption: {e}");
        }
        self.shared.raised.store(false, Ordering::SeqCst);
    }

    pub(super) fn options(&self) -> &RunOptions {
        &self.shared.options
    }

    pub(super) fn is_raised(&self) -> bool {
        self.shared.raised.load(Ordering::SeqCst)
    }

    pub(super) fn times(&self) -> usize {
        self.shared.times.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("raised", &self.raised)
            .finish_non_exhaustive()
    }
}
