// SPDX-License-Identifier: MPL-2.0
//! The end of an audit: the table, the page and, last of all, the summary: where it is, the audit is whole.

use std::fs;
use std::path::{Path, PathBuf};

use steerlens_files::atomic_file;

use crate::error::{Error, Result, bail};
use crate::page;
use crate::progress::{Phase, Progress};
use crate::settings::Results;
use crate::summary::{Comparison, InputWarning, Record, Summary};
use crate::table::{Format, Row, Rows, Table};

const SUMMARY: &str = "summary.json";
const REPORT: &str = "report.html";

impl Results {
    /// The files that are written.
    pub(crate) fn files(&self) -> [PathBuf; 3] {
        [self.format.file_name(), REPORT, SUMMARY].map(|name| self.out.join(name))
    }

    /// The earlier audit that this one is set beside.
    ///
    /// # Errors
    /// When its summary cannot be read.
    pub(crate) fn read_baseline(&self) -> Result<Option<Summary>> {
        self.baseline.as_deref().map(read_summary).transpose()
    }
}

/// How an audit ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// In one word.
    pub verdict: Verdict,
    /// What was found; `None` where it was stopped.
    pub summary: Option<Summary>,
    /// The output folder.
    pub out: PathBuf,
    /// The table in it with every row; these files are there unless the audit was stopped.
    pub table: PathBuf,
    /// The page that people read.
    pub page: PathBuf,
}

/// What an ending comes to, for an exit status or a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// With everything.
    Whole,
    /// Without inputs that could not be read, parts that are missing, or any row with a result.
    Partial,
    /// With a condition fulfilled under which it fails.
    Failed,
    /// With flips that became easier than the threshold allows.
    Easier,
    /// In the middle, as was wished: what is finished is in the folder, and the same audit goes on with
    /// [`crate::Settings::resume`].
    Stopped,
}

impl Verdict {
    /// What the summary of a whole audit says: the one place where this is decided.
    pub fn of(summary: &Summary) -> Self {
        let counts = &summary.counts;
        let exceeded = |comparison: &Comparison| comparison.exceeded;
        if summary.conditions.iter().any(|checked| checked.failed) {
            Self::Failed
        } else if summary.comparison.as_ref().is_some_and(exceeded) {
            Self::Easier
        } else if !summary.run.failures.is_empty() || (counts.rows > 0 && counts.failed == counts.rows) {
            Self::Partial
        } else {
            Self::Whole
        }
    }
}

impl Ending {
    /// That of a whole audit.
    fn of(summary: Summary, results: &Results) -> Self {
        Self {
            verdict: Verdict::of(&summary),
            summary: Some(summary),
            ..Self::stopped(results)
        }
    }

    /// What is to be said of it beside where the page is, in sentences for people: the page's answer, and the verdict where
    /// one was asked for.
    pub fn in_words(&self) -> Vec<String> {
        match &self.summary {
            Some(summary) => page::in_words(summary),
            None => vec![format!(
                "interrupted; what is finished is in {}: go on with --resume",
                self.out.display()
            )],
        }
    }

    /// That of an audit that was stopped.
    pub(crate) fn stopped(results: &Results) -> Self {
        let [table, page, _] = results.files();
        Self {
            verdict: Verdict::Stopped,
            summary: None,
            out: results.out.clone(),
            table,
            page,
        }
    }
}

/// Reads a summary.
///
/// # Errors
/// When the file cannot be read, or is no summary.
fn read_summary(path: &Path) -> Result<Summary> {
    fs::read_to_string(path)
        .map_err(Error::format)
        .and_then(|text| Summary::read(&text))
        .map_err(|error| Error::file(format!("the summary {} cannot be read", path.display()), error))
}

/// The summary of a finished audit's folder; `None` where there is none.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn summary_in(folder: &Path) -> Result<Option<Summary>> {
    let path = folder.join(SUMMARY);
    path.exists().then(|| read_summary(&path)).transpose()
}

/// Ends an audit that is finished once more: with the same verdict, and set beside the baseline that is named now.
///
/// # Errors
/// When its table is of another format, or the comparison cannot be written.
pub(crate) fn again(
    results: &Results,
    baseline: Option<&Summary>,
    mut summary: Summary,
    progress: &dyn Progress,
) -> Result<Ending> {
    let out = &results.out;
    let table = results.format.file_name();
    if !out.join(table).exists() {
        bail!(
            Results,
            "the folder {} holds a finished audit without {table}: leave the format as it was, or name another folder",
            out.display()
        );
    }
    progress.note(&format!("the audit in {} is finished", out.display()));
    let before = (summary.comparison.clone(), summary.conditions.clone());
    let asked = results.fail_if.iter().map(ToString::to_string);
    if !asked.eq(summary.conditions.iter().map(|checked| checked.condition.clone())) {
        summary = judge_again(results, summary)?;
    }
    compare(&mut summary, baseline, results.threshold);
    if (&summary.comparison, &summary.conditions) != (&before.0, &before.1) {
        write(&summary, out)?;
    }
    Ok(Ending::of(summary, results))
}

/// Writes table, page and summary.
///
/// # Errors
/// When the rows cannot be read, or a file not be written.
pub(crate) fn finish(
    results: &Results,
    baseline: Option<&Summary>,
    run: Record,
    rows: impl Iterator<Item = Result<Row>>,
    progress: &dyn Progress,
) -> Result<Ending> {
    let Results { out, format, .. } = results;
    progress.phase(&Phase::Writing);
    atomic_file::folder(out)?;
    let mut table = Table::create(out.join(format.file_name()), *format, None)?;
    let kept = rows.map(|row| {
        let row = row?;
        table.add(row.clone())?;
        Ok(row)
    });
    let mut summary = Summary::of(kept, run, &results.fail_if)?;
    table.finish()?;
    compare(&mut summary, baseline, results.threshold);
    write(&summary, out)?;
    for InputWarning { input, warning } in &summary.run.input_warnings {
        progress.warn(&format!("{input}: {warning}"));
    }
    for failure in &summary.run.failures {
        progress.warn(&format!("{}: {}", failure.input, failure.failure));
    }
    Ok(Ending::of(summary, results))
}

/// Judges the rows of a finished audit by the conditions that are named now.
fn judge_again(results: &Results, summary: Summary) -> Result<Summary> {
    if results.format == Format::Csv {
        bail!(
            Results,
            "conditions look at rows, and a table in CSV is not read again: audit anew, or without --format csv"
        );
    }
    let rows = Rows::open(&results.out.join(results.format.file_name()))?;
    let comparison = summary.comparison;
    Ok(Summary {
        comparison,
        ..Summary::of(rows, summary.run, &results.fail_if)?
    })
}

fn compare(summary: &mut Summary, baseline: Option<&Summary>, threshold: f64) {
    if let Some(baseline) = baseline {
        summary.compare(baseline, Some(threshold));
    }
}

/// Writes page and summary.
fn write(summary: &Summary, out: &Path) -> Result<()> {
    atomic_file::write(&out.join(REPORT), page::render(summary, out)?.as_bytes())?;
    let mut text = serde_json::to_vec_pretty(summary).map_err(Error::format)?;
    text.push(b'\n');
    atomic_file::write(&out.join(SUMMARY), &text)?;
    Ok(())
}
