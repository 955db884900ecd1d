// SPDX-License-Identifier: MPL-2.0
//! What was asked, and with what it was computed.

use serde::Serialize;
use serde_json::Value;

use super::MOST_FILES;
use crate::summary::{ModelFact, Summary};

/// What runs the audit again.
#[derive(Debug, Serialize)]
pub(super) struct SettingsBlock {
    command: String,
    rows: Vec<(String, String)>,
    models: Vec<(String, String, String)>,
    facts: Vec<ModelFacts>,
    inputs: Vec<(String, String)>,
    more_inputs: usize,
}

/// What had to be known to use a model.
#[derive(Debug, Serialize)]
struct ModelFacts {
    role: String,
    model: String,
    facts: Vec<ModelFact>,
}

pub(super) fn settings(summary: &Summary) -> SettingsBlock {
    let run = &summary.run;
    let said = |(name, value): (&String, &Value)| (name.clone(), plain(value));
    let own = [
        ("threads".to_owned(), run.threads.to_string()),
        ("seed".to_owned(), run.seed.to_string()),
    ];
    let models = || {
        let also = run.also.iter().map(|driver| ("driver", driver));
        let judges = run.judges.iter().map(|judge| ("judge", judge));
        std::iter::once(("driver", &run.model)).chain(also).chain(judges)
    };
    SettingsBlock {
        command: run.command.clone(),
        rows: run
            .settings
            .iter()
            .chain(&run.versions)
            .map(said)
            .chain(own)
            .collect(),
        facts: models()
            .filter(|(_, file)| !file.facts.is_empty())
            .map(|(role, file)| ModelFacts {
                role: role.to_owned(),
                model: file.name().to_owned(),
                facts: file.facts.clone(),
            })
            .collect(),
        models: models()
            .map(|(role, file)| (role.to_owned(), file.path.clone(), file.sha256.clone()))
            .collect(),
        inputs: run
            .inputs
            .iter()
            .take(MOST_FILES)
            .map(|input| (input.path.clone(), input.sha256.clone()))
            .collect(),
        more_inputs: run.inputs.len().saturating_sub(MOST_FILES),
    }
}

/// A value without JSON's marks.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "\u{2013}".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
