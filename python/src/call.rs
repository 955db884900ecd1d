// SPDX-License-Identifier: MPL-2.0
//! Long work: other Python threads go on meanwhile, and Ctrl-C ends it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;
use steerlens::{ErrorKind, Interrupter};

use crate::error::Error;

/// How often signals are looked for.
const POLL: Duration = Duration::from_millis(50);
/// As the first thread of a program usually has.
const STACK: usize = 8 << 20;

/// Does `work` on a thread of its own, without the interpreter's lock. A signal whose handler raises (Ctrl-C) ends it as
/// soon as it can be ended: at once where it runs a model under `turn`.
///
/// # Errors
/// Those of the work, and what a signal's handler raised.
pub(crate) fn call<T: Send>(
    py: Python<'_>,
    turn: &Turn,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> PyResult<T> {
    watched(py, turn, |_| Ok(()), work)
}

/// As [`call`]; `watch` is called again and again meanwhile, and ends the work as a signal does where it fails.
///
/// # Errors
/// Those of the work, and what `watch` or a signal's handler raised.
pub(crate) fn watched<T: Send>(
    py: Python<'_>,
    turn: &Turn,
    mut watch: impl FnMut(Python<'_>) -> PyResult<()>,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> PyResult<T> {
    let caller = thread::current();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let worker = thread::Builder::new()
            .name("steerlens".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || {
                let result = work();
                done.store(true, Ordering::Release);
                caller.unpark();
                result
            })?;
        let mut raised = None;
        while !done.load(Ordering::Acquire) && !worker.is_finished() {
            py.detach(|| thread::park_timeout(POLL));
            if raised.is_none() {
                raised = py.check_signals().and_then(|()| watch(py)).err();
                if raised.is_some() {
                    turn.cancel();
                }
            }
        }
        let result = py.detach(|| worker.join());
        match (raised, result) {
            (Some(raised), _) => Err(raised),
            (None, Ok(result)) => result.map_err(PyErr::from),
            (None, Err(_)) => {
                let text = "internal error; please report it, with the lines on standard error";
                Err(Error::new(ErrorKind::Internal, text).into())
            }
        }
    })
}

/// One call's turn with something that runs a model: only what is at work in it is interrupted.
#[derive(Debug, Default)]
pub(crate) struct Turn(Mutex<Phase>);

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Waiting,
    Running(Interrupter),
    Cancelled,
}

impl Turn {
    /// Runs models under `interrupter`, of which nobody else has a turn now.
    ///
    /// # Errors
    /// Those of the work; and when the call was cancelled before.
    pub(crate) fn take<T>(
        &self,
        interrupter: Interrupter,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        match &mut *self.lock() {
            Phase::Cancelled => return Err(Error::new(ErrorKind::Interrupted, "the call was interrupted")),
            phase => *phase = Phase::Running(interrupter.clone()),
        }
        let result = work();
        match &mut *self.lock() {
            // The next one's runs are not ended.
            Phase::Cancelled => interrupter.clear(),
            phase => *phase = Phase::Waiting,
        }
        result
    }

    /// Whether the call is to end: for work that asks.
    pub(crate) fn is_cancelled(&self) -> bool {
        matches!(*self.lock(), Phase::Cancelled)
    }

    fn cancel(&self) {
        let phase = &mut *self.lock();
        if let Phase::Running(interrupter) = phase {
            interrupter.interrupt();
        }
        *phase = Phase::Cancelled;
    }

    fn lock(&self) -> MutexGuard<'_, Phase> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
