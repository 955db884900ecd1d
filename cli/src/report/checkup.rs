// SPDX-License-Identifier: MPL-2.0
//! The report of `steerlens doctor`.

use std::fmt;

use serde::Serialize;

/// What is there and what is missing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Checkup {
    schema: u32,
    /// Whether everything that is needed is there.
    pub(crate) ok: bool,
    checks: Vec<Check>,
}

/// One thing that was looked for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Check {
    name: String,
    status: Status,
    /// Whether the rest works without it.
    optional: bool,
    /// What was found and where, or what to do.
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Status {
    Ok,
    Missing,
}

impl Check {
    pub(crate) fn found(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            status: Status::Ok,
            optional: false,
            detail: detail.into(),
        }
    }

    pub(crate) fn missing(name: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            status: Status::Missing,
            ..Self::found(name, remedy)
        }
    }

    pub(crate) fn optional(self, purpose: &str) -> Self {
        let detail = match self.status {
            Status::Missing => format!("optional, {purpose}: {}", self.detail),
            _ => self.detail,
        };
        Self {
            optional: true,
            detail,
            ..self
        }
    }
}

impl Checkup {
    pub(crate) fn new(checks: Vec<Check>) -> Self {
        let ok = checks
            .iter()
            .all(|check| check.optional || check.status != Status::Missing);
        Self {
            schema: super::SCHEMA,
            ok,
            checks,
        }
    }
}

impl fmt::Display for Checkup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .checks
            .iter()
            .map(|check| check.name.chars().count())
            .max()
            .unwrap_or(0);
        for Check {
            name,
            status,
            optional,
            detail,
        } in &self.checks
        {
            let status = match status {
                Status::Ok => "ok",
                Status::Missing if *optional => "-",
                Status::Missing => "MISSING",
            };
            let mut lines = detail.lines();
            writeln!(
                f,
                "{name:width$}  {status:7}  {}",
                lines.next().unwrap_or_default()
            )?;
            for line in lines {
                writeln!(f, "{:width$}  {:7}  {line}", "", "")?;
            }
        }
        let missing = self
            .checks
            .iter()
            .filter(|check| !check.optional && check.status == Status::Missing)
            .count();
        match missing {
            0 => writeln!(f, "\nEverything is there."),
            1 => writeln!(f, "\nOne thing is missing."),
            _ => writeln!(f, "\n{missing} things are missing."),
        }
    }
}
