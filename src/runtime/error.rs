// SPDX-License-Identifier: MPL-2.0
//! Why ONNX Runtime, a model or a run cannot be used.

use std::path::PathBuf;

/// Why ONNX Runtime, a model or a run cannot be used.
///
/// Reasons that come from elsewhere (the loader, ONNX Runtime) are kept as their text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing was asked for by name, and none of the usual places has a usable library.
    #[error(
        "ONNX Runtime was not found. Tried: {}. The command `steerlens doctor --get` fetches it; or install the Debian \
         package libonnxruntime1.21, or name the library with onnxruntime-library or ORT_DYLIB_PATH",
        list(tries)
    )]
    NotFound {
        /// Every place that was tried, in order.
        tries: Vec<Try>,
    },
    /// The library that was named, or that was found last, cannot be used.
    #[error(
        "{} cannot be used as ONNX Runtime: {reason}. Name a libonnxruntime.so of version 1.17 or later, or name \
         none: the command `steerlens doctor --get` fetches one",
        path.display()
    )]
    Unusable {
        /// The library, as it was named.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another library is open already, and a process can have only one.
    #[error(
        "this process already uses the ONNX Runtime {}, so {} cannot be opened too: name the same \
         onnxruntime-library everywhere, or use another process",
        open.display(),
        requested.display()
    )]
    Conflict {
        /// The library in use.
        open: PathBuf,
        /// The one that was asked for.
        requested: PathBuf,
    },
    /// ONNX Runtime does not load the model.
    #[error("ONNX Runtime {version} refuses the model: {reason}")]
    Model {
        /// Version of the library.
        version: String,
        /// Its own words.
        reason: String,
    },
    /// The model does not stand by itself, or is none, and is not given to ONNX Runtime at all.
    #[error(
        "the model is not given to ONNX Runtime: {reason}; read it with `onnx::read`, which takes everything in"
    )]
    NotWhole {
        /// What is wrong with it.
        reason: String,
    },
    /// The execution provider that was asked for cannot be had.
    #[error(
        "execution-provider={provider} cannot be had from ONNX Runtime {version} ({}): {reason}. Name a library that \
         was built for it with onnxruntime-library, or use execution-provider=cpu",
        path.display()
    )]
    Provider {
        /// The provider.
        provider: &'static str,
        /// Version of the library.
        version: String,
        /// The library.
        path: PathBuf,
        /// Its own words.
        reason: String,
    },
    /// The model has no input or output of that name.
    #[error("the model has no {what} named \"{name}\"; it has: {}", known.join(", "))]
    UnknownName {
        /// "input" or "output".
        what: &'static str,
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// The model needs an input that was not given.
    #[error("the model's input \"{name}\" was not given: every input needs a tensor")]
    MissingInput {
        /// The input's name.
        name: String,
    },
    /// A tensor's shape and its elements do not belong together, or an output is not shaped as expected.
    #[error("tensor \"{name}\": {reason}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// A tensor's elements are of a type that cannot be handed over here.
    #[error("tensor \"{name}\" has elements of type {found}, and {expected} is needed here")]
    ElementType {
        /// The tensor's name.
        name: String,
        /// What would do.
        expected: &'static str,
        /// The type it has.
        found: String,
    },
    /// The run failed.
    #[error("ONNX Runtime could not run the model: {reason}")]
    Run {
        /// Its own words.
        reason: String,
    },
    /// The run was ended by an [`Interrupter`](super::Interrupter).
    #[error("the model's run was interrupted")]
    Interrupted,
}

/// One place where ONNX Runtime was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Try {
    /// A path, or a name that the loader searches.
    pub path: PathBuf,
    /// Why it is not used.
    pub reason: String,
}

/// Neighbours that failed for the same reason are told as one: the versioned names are two dozen.
fn list(tries: &[Try]) -> String {
    tries
        .chunk_by(|a, b| a.reason == b.reason)
        .map(|same| match same {
            [one] => format!("{} ({})", one.path.display(), one.reason),
            [first, .., last] => {
                format!(
                    "{} to {} ({})",
                    first.path.display(),
                    last.path.display(),
                    first.reason
                )
            }
            [] => String::new(),
        })
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(path: &str, reason: &str) -> Try {
        Try {
            path: path.into(),
            reason: reason.into(),
        }
    }

    #[test]
    fn tries_with_one_reason_are_told_together() {
        let tries = vec![
            tried("/home/a/x.so", "truncated"),
            tried("b", "absent"),
            tried("c", "absent"),
            tried("d", "absent"),
        ];
        let text = Error::NotFound { tries }.to_string();
        assert!(
            text.contains("Tried: /home/a/x.so (truncated); b to d (absent). The command `steerlens doctor --get` fetches it"),
            "{text}"
        );
    }
}
