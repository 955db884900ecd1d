// SPDX-License-Identifier: MPL-2.0
//! What had to be known to use a model, and where it was taken from.

use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that had to be known to use the model, and where it was taken from.
///
/// Names, in this order, each at most once: `scores` (what the model's output is), `labels`, `size` (height x
/// width), `layout` and `channels` (order of axes and of channels), `range` (what black and white become), `crop`
/// (share of the short side that center-crop keeps).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fact {
    /// What had to be known.
    pub name: &'static str,
    /// What it was taken to be, for people.
    pub value: String,
    /// Where that was taken from.
    pub source: Source,
}

impl Fact {
    pub(super) fn new(name: &'static str, value: impl Into<String>, source: Source) -> Self {
        Self {
            name,
            value: value.into(),
            source,
        }
    }
}

/// Where something about a model was taken from, the strongest first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The caller's settings: a flag, a property.
    Setting,
    /// The `.modelinfo` file.
    SideCar(PathBuf),
    /// What the `.onnx` file says of itself, by the name of the dialect.
    Metadata(&'static str),
    /// Another file beside the model.
    Neighbour(PathBuf),
    /// The graph: its shapes and its nodes.
    Graph,
    /// The numbers that the model gives.
    Numbers,
    /// Nothing says it; it is what most models have.
    Guess,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |path: &Path| {
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        match self {
            Self::Setting => f.write_str("flag"),
            Self::SideCar(path) => write!(f, "side-car {}", name(path)),
            Self::Metadata(dialect) => write!(f, "metadata ({dialect})"),
            Self::Neighbour(path) => write!(f, "file {}", name(path)),
            Self::Graph => f.write_str("graph"),
            Self::Numbers => f.write_str("numbers"),
            Self::Guess => f.write_str("guess"),
        }
    }
}

/// A value, and where it was taken from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sourced<T> {
    pub(super) value: T,
    pub(super) source: Source,
}

impl<T> Sourced<T> {
    pub(super) fn new(value: T, source: Source) -> Self {
        Self { value, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_told_in_few_words() {
        for (source, text) in [
            (Source::Setting, "flag"),
            (Source::SideCar("/m/x.modelinfo".into()), "side-car x.modelinfo"),
            (Source::Metadata("Ultralytics"), "metadata (Ultralytics)"),
            (Source::Neighbour("/m/config.json".into()), "file config.json"),
            (Source::Guess, "guess"),
        ] {
            assert_eq!(source.to_string(), text);
        }
    }
}
