// SPDX-License-Identifier: MPL-2.0
//! The end of an audit: the table, the page and, last of all, the summary: where it is, the audit is whole.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use super::row::Row;
use super::settings::Settings;
use super::summary::{Run, Summary};
use super::table::{Format, Table};
use super::{page, whole};
use crate::progress;

const SUMMARY: &str = "summary.json";
const REPORT: &str = "report.html";

/// Where results go, and what they are compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Results {
    pub(crate) out: PathBuf,
    pub(crate) format: Format,
    /// An earlier audit's summary.
    pub(crate) baseline: Option<Box<Summary>>,
    /// By what share flips may have become easier.
    pub(crate) threshold: f64,
}

/// How an audit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With everything.
    Whole,
    /// Without inputs that could not be read, or parts that are missing.
    Partial,
    /// With flips that became easier than the threshold allows.
    Easier,
    /// In the middle, as was wished.
    Stopped,
}

/// Reads a summary.
///
/// # Errors
/// When the file cannot be read, or is no summary.
pub(crate) fn read_summary(path: &Path) -> Result<Summary> {
    fs::read_to_string(path)
        .map_err(anyhow::Error::from)
        .and_then(|text| Summary::read(&text))
        .map_err(|error| anyhow!("the summary {} cannot be read: {error}", path.display()))
}

/// The summary of a finished audit's folder; `None` where there is none.
///
/// # Errors
/// When it cannot be read.
pub(super) fn summary_in(folder: &Path) -> Result<Option<Summary>> {
    let path = folder.join(SUMMARY);
    path.exists().then(|| read_summary(&path)).transpose()
}

/// How the audit ended that is in the output folder already, if there is one.
///
/// # Errors
/// When it is not to be gone on with, or is another one.
pub(super) fn already(settings: &Settings) -> Result<Option<Ending>> {
    let out = settings.out();
    let Some(summary) = summary_in(out)? else {
        return Ok(None);
    };
    if !settings.resume {
        bail!(
            "the folder {} holds a finished audit: name another folder",
            out.display()
        );
    }
    if summary.run.settings != settings.options {
        bail!(
            "the folder {} holds a finished audit with other settings: name another folder",
            out.display()
        );
    }
    progress::say(format_args!("the audit in {} is finished", out.display()));
    Ok(Some(ending(&summary, false)))
}

/// Writes table, page and summary.
///
/// # Errors
/// When the rows cannot be read, or a file not be written.
pub(super) fn finish(results: &Results, run: Run, rows: impl Iterator<Item = Result<Row>>) -> Result<Ending> {
    let Results {
        out,
        format,
        baseline,
        threshold,
    } = results;
    let mut table = Table::create(out.join(format.file_name()), *format, None)?;
    let kept = rows.map(|row| {
        let row = row?;
        table.add(row.clone())?;
        Ok(row)
    });
    let mut summary = Summary::of(kept, run)?;
    table.finish()?;
    let easier = baseline
        .as_ref()
        .is_some_and(|baseline| summary.compare(baseline, Some(*threshold)).exceeded);
    whole::write(&out.join(REPORT), page::render(&summary, out)?.as_bytes())?;
    let mut text = serde_json::to_vec_pretty(&summary)?;
    text.push(b'\n');
    whole::write(&out.join(SUMMARY), &text)?;
    for failure in &summary.run.failures {
        progress::say(format_args!("warning: {}: {}", failure.input, failure.failure));
    }
    Ok(ending(&summary, easier))
}

fn ending(summary: &Summary, easier: bool) -> Ending {
    match summary.run.failures.is_empty() {
        _ if easier => Ending::Easier,
        true => Ending::Whole,
        false => Ending::Partial,
    }
}
