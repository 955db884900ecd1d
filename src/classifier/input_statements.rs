// SPDX-License-Identifier: MPL-2.0
//! What is said of a model's input, by whom.

use super::provenance::Sourced;
use super::{InputInfo, Range, Source};

/// What several sources say of the input.
#[derive(Debug, Clone, Default)]
pub(super) struct InputStatements {
    /// The strongest first.
    pub(super) of: Vec<(Source, InputInfo)>,
    /// The range that pictures have where nothing says it, in this kind of description.
    pub(super) usual: Option<Range>,
}

impl InputStatements {
    /// What the strongest source says that says anything.
    pub(super) fn first<T>(&self, pick: impl Fn(&InputInfo) -> Option<T>) -> Option<Sourced<T>> {
        self.of
            .iter()
            .find_map(|(source, info)| Some(Sourced::new(pick(info)?, source.clone())))
    }
}
