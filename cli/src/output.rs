// SPDX-License-Identifier: MPL-2.0
//! Where the result of a command goes: into a file, which is none of those that the command reads, or down a pipe.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use steerlens_files::atomic_file;

/// The name that stands for standard input, and for standard output.
pub(crate) const PIPE: &str = "-";

/// Where a result goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    File(PathBuf),
    Pipe,
}

impl Output {
    /// What the user named.
    pub(crate) fn named(path: PathBuf) -> Self {
        if path == Path::new(PIPE) {
            Self::Pipe
        } else {
            Self::File(path)
        }
    }

    /// Whether standard output is taken by the result, so that a report has no place there.
    pub(crate) fn is_pipe(&self) -> bool {
        *self == Self::Pipe
    }

    /// Refuses to write over a file that the command reads, whatever names lead to it. Asked before any work.
    pub(crate) fn spare<'a>(&self, inputs: impl IntoIterator<Item = &'a Path>) -> Result<()> {
        let out = match self {
            Self::File(path) => path.as_path(),
            Self::Pipe if io::stdout().is_terminal() => {
                bail!(
                    "standard output is a terminal: send the result into a file or a pipe, or name a file with -o"
                )
            }
            Self::Pipe => Path::new("/dev/stdout"),
        };
        let read = |input| {
            if input == Path::new(PIPE) {
                Path::new("/dev/stdin")
            } else {
                input
            }
        };
        Ok(atomic_file::refuse_inputs(out, inputs.into_iter().map(read))?)
    }

    /// Writes the result: a file is there whole, or as it was before.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::File(path) => Ok(atomic_file::write_output(path, bytes)?),
            Self::Pipe => {
                let mut out = io::stdout().lock();
                Ok(out.write_all(bytes).and_then(|()| out.flush())?)
            }
        }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Pipe => f.write_str("standard output"),
        }
    }
}
