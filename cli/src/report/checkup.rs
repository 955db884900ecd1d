// SPDX-License-Identifier: MPL-2.0
//! The report of `steerlens doctor`.

use std::fmt;

use serde_json::{Value, json};

use super::{Answer, SCHEMA};

/// What is there and what is missing.
#[derive(Debug)]
pub(crate) struct Checkup(pub(crate) Vec<Check>);

/// One thing that was looked for.
#[derive(Debug)]
pub(crate) struct Check {
    name: String,
    is_there: bool,
    /// Whether the rest works without it.
    optional: bool,
    /// What was found and where, or what to do.
    detail: String,
}

impl Check {
    pub(crate) fn found(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            is_there: true,
            optional: false,
            detail: detail.into(),
        }
    }

    pub(crate) fn missing(name: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            is_there: false,
            ..Self::found(name, remedy)
        }
    }

    pub(crate) fn optional(self, purpose: &str) -> Self {
        let detail = match self.is_there {
            true => self.detail,
            false => format!("optional, {purpose}: {}", self.detail),
        };
        Self {
            optional: true,
            detail,
            ..self
        }
    }

    fn is_missed(&self) -> bool {
        !self.is_there && !self.optional
    }
}

impl Checkup {
    /// Whether everything that is needed is there.
    pub(crate) fn is_well(&self) -> bool {
        !self.0.iter().any(Check::is_missed)
    }
}

impl Answer for Checkup {
    fn json(&self) -> Value {
        let check = |check: &Check| {
            json!({
                "name": check.name,
                "status": if check.is_there { "ok" } else { "missing" },
                "optional": check.optional,
                "detail": check.detail,
            })
        };
        let checks: Value = self.0.iter().map(check).collect();
        json!({"schema": SCHEMA, "ok": self.is_well(), "checks": checks})
    }
}

impl fmt::Display for Checkup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|check| check.name.chars().count());
        let width = names.max().unwrap_or(0);
        for check in &self.0 {
            let status = match check.is_there {
                true => "ok",
                false if check.optional => "-",
                false => "MISSING",
            };
            let mut lines = check.detail.lines();
            let first = lines.next().unwrap_or_default();
            writeln!(f, "{:width$}  {status:7}  {first}", check.name)?;
            for line in lines {
                writeln!(f, "{:width$}  {:7}  {line}", "", "")?;
            }
        }
        match self.0.iter().filter(|check| check.is_missed()).count() {
            0 => writeln!(f, "\nEverything is there."),
            1 => writeln!(f, "\nOne thing is missing."),
            missing => writeln!(f, "\n{missing} things are missing."),
        }
    }
}
