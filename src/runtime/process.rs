// SPDX-License-Identifier: MPL-2.0
//! The one opened library of the process.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;

use super::probe::{Probed, probe};
use super::search::{self, Candidates};
use super::{Error, Try};
use crate::guard::guard;

/// The opened library. One per process, for ever.
#[derive(Debug)]
pub struct Runtime {
    path: PathBuf,
    version: String,
    /// Never dropped: ONNX Runtime's environment cannot be built a second time (docs/gstreamer.md 3.2).
    environment: Environment,
}

impl Runtime {
    /// Finds and opens the library: `requested`, else `ORT_DYLIB_PATH`, else the copy in the user's data folder
    /// (`${XDG_DATA_HOME:-~/.local/share}/steerlens/onnxruntime/libonnxruntime.so`), else the system's.
    ///
    /// The first success is kept for the process; whoever names no library afterwards gets it too. A failure is
    /// remembered for as long as the same is asked for: a library that is installed later is found by naming it, or
    /// by the next process. Loading a library runs its code.
    ///
    /// ONNX Runtime's own log goes to the [`log`] facade, target `steerlens-ort`, warnings and errors only.
    ///
    /// # Errors
    /// [`Error::NotFound`] with every try and its reason; [`Error::Unusable`] when a named library fails (nothing
    /// else is then tried); [`Error::Conflict`] when another one is open already.
    pub fn open(requested: Option<&Path>) -> Result<&'static Self, Error> {
        static PROCESS: Mutex<Process> = Mutex::new(Process {
            taken: None,
            open: None,
            failed: None,
        });
        // A panic below leaves a state that is still true.
        PROCESS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .open(requested)
    }

    /// Path and version of the library that [`Runtime::open`] would open in a fresh process: it is loaded to ask for
    /// its version, which runs its code, but not started.
    ///
    /// # Errors
    /// As for [`Runtime::open`].
    pub fn find(requested: Option<&Path>) -> Result<(PathBuf, String), Error> {
        find(&search::candidates(requested)).map(|Probed { path, version }| (path, version))
    }

    /// Where [`Runtime::open`] looks for a user's own copy of the library, whether there is one or not. `None` where the
    /// environment names no home.
    pub fn user_copy() -> Option<PathBuf> {
        search::user_copy()
    }

    /// Absolute path of the library, links resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its version, for instance "1.32.0".
    pub fn version(&self) -> &str {
        &self.version
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }
}

/// What this process knows of ONNX Runtime.
struct Process {
    /// The library that the `ort` crate has taken; it silently ignores any later one.
    taken: Option<PathBuf>,
    open: Option<&'static Runtime>,
    /// The last verdict that was a failure, and what had been asked for.
    failed: Option<(Candidates, Error)>,
}

impl Process {
    fn open(&mut self, requested: Option<&Path>) -> Result<&'static Runtime, Error> {
        let candidates = search::candidates(requested);
        if let Some(open) = self.open {
            return match requested.filter(|p| !p.as_os_str().is_empty()) {
                Some(requested) => same(open, requested),
                None => Ok(open),
            };
        }
        if let Some((_, error)) = self.failed.as_ref().filter(|(failed, _)| *failed == candidates) {
            return Err(error.clone());
        }
        let opened = find(&candidates).and_then(|probed| self.start(probed));
        match &opened {
            Ok(runtime) => self.open = Some(runtime),
            Err(error) => self.failed = Some((candidates, error.clone())),
        }
        opened
    }

    /// Hands the probed library to the `ort` crate.
    fn start(&mut self, Probed { path, version }: Probed) -> Result<&'static Runtime, Error> {
        if let Some(taken) = self.taken.as_ref().filter(|taken| **taken != path) {
            return Err(Error::Conflict {
                open: taken.clone(),
                requested: path,
            });
        }
        let unusable = |reason| Error::Unusable {
            path: path.clone(),
            reason,
        };
        let builder = guard(|| ort::init_from(&path)).map_err(unusable)?;
        self.taken = Some(path.clone());
        let environment = guard(|| {
            builder
                .with_name("steerlens")
                .with_telemetry(false)
                .with_logger(Arc::new(log))
                .build()
        })
        .map_err(unusable)?;
        // A logger of one's own makes ONNX Runtime start at its most verbose.
        environment.set_log_level(LogLevel::Warning);
        log::info!("opened ONNX Runtime {version}, {}", path.display());
        Ok(Box::leak(Box::new(Runtime {
            path,
            version,
            environment,
        })))
    }
}

fn find(candidates: &Candidates) -> Result<Probed, Error> {
    match candidates {
        Candidates::Named(path) => probe(path).map_err(|reason| Error::Unusable {
            path: path.clone(),
            reason,
        }),
        Candidates::Search(paths) => search(paths),
    }
}

/// The first usable library.
fn search(paths: &[PathBuf]) -> Result<Probed, Error> {
    let mut tries = Vec::new();
    for path in paths {
        match probe(path) {
            Ok(probed) => return Ok(probed),
            Err(reason) => tries.push(Try {
                path: path.clone(),
                reason: without_name(path, reason),
            }),
        }
    }
    Err(Error::NotFound { tries })
}

/// The loader begins with the name it was asked for; the list of tries has it already.
fn without_name(path: &Path, reason: String) -> String {
    let name = format!("{}: ", path.display());
    reason
        .strip_prefix(&name)
        .map_or_else(|| reason.clone(), str::to_owned)
}

/// The open library, if that is what `requested` names.
fn same(open: &'static Runtime, requested: &Path) -> Result<&'static Runtime, Error> {
    let is_open = |path: &Path| path == open.path;
    if is_open(requested) || std::fs::canonicalize(requested).is_ok_and(|p| is_open(&p)) {
        return Ok(open);
    }
    // Only the loader knows which file a bare name means, and only a look tells a wrong path from a conflict.
    match probe(requested) {
        Ok(probed) if is_open(&probed.path) => Ok(open),
        Ok(_) => Err(Error::Conflict {
            open: open.path.clone(),
            requested: requested.to_path_buf(),
        }),
        Err(reason) => Err(Error::Unusable {
            path: requested.to_path_buf(),
            reason,
        }),
    }
}

/// ONNX Runtime's log lines. The environment keeps this for ever, whoever else in the process shares it.
fn log(level: LogLevel, category: &str, _id: &str, location: &str, message: &str) {
    let level = match level {
        LogLevel::Verbose => log::Level::Trace,
        LogLevel::Info => log::Level::Debug,
        // Meant for who moves the written model to another machine; here it is looked at and thrown away.
        LogLevel::Warning if message.starts_with("Serializing optimized model") => log::Level::Debug,
        LogLevel::Warning => log::Level::Warn,
        LogLevel::Error | LogLevel::Fatal => log::Level::Error,
    };
    log::log!(target: "steerlens-ort", level, "{message} ({category}, {location})");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_remembered_for_the_same_request_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lib.so");
        let mut process = Process {
            taken: None,
            open: None,
            failed: None,
        };
        let mut reason = |path: &Path| process.open(Some(path)).unwrap_err().to_string();
        assert!(reason(&path).contains("No such file"));
        std::fs::write(&path, "x").unwrap();
        assert!(reason(&path).contains("No such file"));
        assert!(reason(folder.path()).contains("not a regular file"));
        assert!(reason(&path).contains("not a 64-bit"));
    }

    #[test]
    fn what_the_ort_crate_has_taken_cannot_be_exchanged() {
        let mut process = Process {
            taken: Some("/first.so".into()),
            open: None,
            failed: None,
        };
        let other = Probed {
            path: "/second.so".into(),
            version: "1.21.0".to_owned(),
        };
        let error = process.start(other).unwrap_err();
        assert_eq!(
            error,
            Error::Conflict {
                open: "/first.so".into(),
                requested: "/second.so".into()
            }
        );
    }
}
