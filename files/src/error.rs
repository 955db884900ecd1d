// SPDX-License-Identifier: MPL-2.0
//! The error of a file, by what a caller can do about it.

use std::error::Error as StdError;

/// Why a file could not be read or written. The text is a sentence for the user: what, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What was named is no picture that is read here.
    #[error("{0}")]
    Picture(String),
    /// A result cannot go where it was to go, or would take the place of an input.
    #[error("{0}")]
    Output(String),
    /// A file cannot be opened, read or written.
    #[error("{what}: {source}")]
    File {
        /// What could not be done: "PATH cannot be written".
        what: String,
        /// Why.
        source: Cause,
    },
    /// A picture cannot be brought into its format.
    #[error(transparent)]
    Format(Cause),
}

/// Why, in the words of whoever found it.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// What most of this crate returns.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A file, and why that could not be done to it which `what` says.
    pub fn file(what: impl Into<String>, source: impl Into<Cause>) -> Self {
        Self::File {
            what: what.into(),
            source: source.into(),
        }
    }
}
