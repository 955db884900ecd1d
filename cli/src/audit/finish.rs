// SPDX-License-Identifier: MPL-2.0
//! The end of an audit: the table, the page and, last of all, the summary: where it is, the audit is whole.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use super::page;
use super::row::Row;
use super::summary::{Comparison, InputWarning, Run, Summary};
use super::table::{Format, Table};
use crate::{atomic_file, progress};

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

impl Results {
    /// The files that are written.
    pub(super) fn files(&self) -> [PathBuf; 3] {
        [self.format.file_name(), REPORT, SUMMARY].map(|name| self.out.join(name))
    }
}

/// How an audit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With everything.
    Whole,
    /// Without inputs that could not be read, parts that are missing, or any row with a result.
    Partial,
    /// With flips that became easier than the threshold allows.
    Easier,
    /// In the middle, as was wished.
    Stopped,
}

impl Ending {
    /// What the summary of a whole audit says: the one place where this is decided.
    fn of(summary: &Summary) -> Self {
        let counts = &summary.counts;
        let exceeded = |comparison: &Comparison| comparison.exceeded;
        if summary.comparison.as_ref().is_some_and(exceeded) {
            Self::Easier
        } else if !summary.run.failures.is_empty() || (counts.rows > 0 && counts.failed == counts.rows) {
            Self::Partial
        } else {
            Self::Whole
        }
    }
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

/// Ends an audit that is finished once more: with the same verdict, and set beside the baseline that is named now.
///
/// # Errors
/// When its table is of another format, or the comparison cannot be written.
pub(super) fn again(results: &Results, mut summary: Summary) -> Result<Ending> {
    let out = &results.out;
    let table = results.format.file_name();
    if !out.join(table).exists() {
        bail!(
            "the folder {} holds a finished audit without {table}: leave the format as it was, or name another folder",
            out.display()
        );
    }
    progress::say(format_args!("the audit in {} is finished", out.display()));
    let before = summary.comparison.clone();
    compare(&mut summary, results);
    if summary.comparison != before {
        write(&summary, out)?;
    }
    Ok(Ending::of(&summary))
}

/// Writes table, page and summary.
///
/// # Errors
/// When the rows cannot be read, or a file not be written.
pub(super) fn finish(results: &Results, run: Run, rows: impl Iterator<Item = Result<Row>>) -> Result<Ending> {
    let Results { out, format, .. } = results;
    atomic_file::folder(out)?;
    let mut table = Table::create(out.join(format.file_name()), *format, None)?;
    let kept = rows.map(|row| {
        let row = row?;
        table.add(row.clone())?;
        Ok(row)
    });
    let mut summary = Summary::of(kept, run)?;
    table.finish()?;
    compare(&mut summary, results);
    write(&summary, out)?;
    for InputWarning { input, warning } in &summary.run.input_warnings {
        progress::say(format_args!("warning: {input}: {warning}"));
    }
    for failure in &summary.run.failures {
        progress::say(format_args!("warning: {}: {}", failure.input, failure.failure));
    }
    Ok(Ending::of(&summary))
}

fn compare(summary: &mut Summary, results: &Results) {
    if let Some(baseline) = &results.baseline {
        summary.compare(baseline, Some(results.threshold));
    }
}

/// Writes page and summary.
fn write(summary: &Summary, out: &Path) -> Result<()> {
    atomic_file::write(&out.join(REPORT), page::render(summary, out)?.as_bytes())?;
    let mut text = serde_json::to_vec_pretty(summary)?;
    text.push(b'\n');
    atomic_file::write(&out.join(SUMMARY), &text)
}
