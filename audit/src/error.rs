// SPDX-License-Identifier: MPL-2.0
//! The error of an audit, by what a caller can do about it.

pub(crate) use steerlens_files::Cause;

/// Why an audit could not be run, or a picture not be read. The text is a sentence for the user: what, where, and what to
/// do.
///
/// What goes wrong with a single frame or file is no error: it becomes a row with its failure, or a failure of the
/// summary.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Settings contradict each other, or name what is not there.
    #[error("{0}")]
    Settings(String),
    /// What was named leads to nothing that can be audited, or to what has changed since.
    #[error("{0}")]
    Inputs(String),
    /// A picture or video cannot be decoded or encoded, or cannot be moved.
    #[error("{0}")]
    Frame(String),
    /// The folder of the results holds something else, or a result would take the place of an input.
    #[error("{0}")]
    Results(String),
    /// A picture or a file cannot be opened, read or written.
    #[error(transparent)]
    File(#[from] steerlens_files::Error),
    /// Something cannot be brought into its format, or not be read from it.
    #[error(transparent)]
    Format(Cause),
    /// A model or a setting of the library does not fit, or a run of the model failed.
    #[error(transparent)]
    Lens(#[from] steerlens::Error),
}

/// What most of this crate returns.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A file, and why that could not be done to it which `what` says.
    pub(crate) fn file(what: impl Into<String>, source: impl Into<Cause>) -> Self {
        Self::File(steerlens_files::Error::file(what, source))
    }

    /// Something of another library's, in its own words.
    pub(crate) fn format(source: impl Into<Cause>) -> Self {
        Self::Format(source.into())
    }
}

/// An [`Error`] of a kind, with its sentence.
macro_rules! error {
    ($kind:ident, $($sentence:tt)+) => { $crate::error::Error::$kind(format!($($sentence)+)) };
}

/// Ends with an [`Error`] of a kind, with its sentence.
macro_rules! bail {
    ($kind:ident, $($sentence:tt)+) => { return Err($crate::error::error!($kind, $($sentence)+)) };
}

pub(crate) use {bail, error};
