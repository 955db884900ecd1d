// SPDX-License-Identifier: MPL-2.0
//! What was found where, as every report has it.

use serde::Serialize;

/// One thing that had to be known to use a model, and where it was taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fact {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) source: String,
}

impl Fact {
    /// All of a model's.
    pub(crate) fn all(facts: &[steerlens::Fact]) -> Vec<Self> {
        let fact = |fact: &steerlens::Fact| Self {
            name: fact.name,
            value: fact.value.clone(),
            source: fact.source.to_string(),
        };
        facts.iter().map(fact).collect()
    }
}
