// SPDX-License-Identifier: MPL-2.0
//! One table and report of the shards of an audit, whichever machines made them.

use std::collections::BTreeSet;
use std::fs::{self, FileType};
use std::iter::Peekable;
use std::path::{Path, PathBuf};

use serde_json::Value;
use steerlens_files::atomic_file;

use crate::error::{Error, Result, bail, error};
use crate::finish::{self, Ending, Verdict};
use crate::input::Shard;
use crate::progress::Progress;
use crate::record;
use crate::settings::Results;
use crate::summary::Record;
use crate::table::{Format, Row, Rows};

const SHARD: &str = "shard";

/// A finished shard.
struct Part {
    folder: PathBuf,
    run: Record,
}

/// Merges finished audits. Those that are missing, and what is there twice, are named and make the ending partial;
/// what is there twice is taken once.
///
/// # Errors
/// When nothing is finished, the audits are of different models or settings, or the result cannot be written.
pub fn merge(folders: &[PathBuf], results: &Results, progress: &dyn Progress) -> Result<Ending> {
    let baseline = results.read_baseline()?;
    if finish::summary_in(&results.out)?.is_some() {
        bail!(
            Results,
            "the folder {} holds a finished audit: name another folder",
            results.out.display()
        );
    }
    let mut flaws = 0;
    let mut parts: Vec<Part> = Vec::new();
    for folder in folders {
        match finish::summary_in(folder)? {
            Some(summary) => parts.push(Part {
                folder: folder.clone(),
                run: summary.run,
            }),
            None => {
                flaws += 1;
                progress.warn(&format!(
                    "the audit in {} is not finished and is left out",
                    folder.display()
                ));
            }
        }
    }
    let Some(first) = parts.first() else {
        bail!(Results, "none of the folders holds a finished audit");
    };
    let mut run = common(first, &parts, results)?;
    flaws += check_shards(&mut parts, progress)?;

    let mut cursors = Vec::new();
    for part in &parts {
        cursors.push(Rows::open(&part.folder.join(Format::Parquet.file_name()))?.peekable());
        copy_pictures(&part.folder, &results.out, progress);
    }
    let mut seen = BTreeSet::new();
    for part in &parts {
        for input in &part.run.inputs {
            if seen.insert(input.path.clone()) {
                run.inputs.push(input.clone());
            } else {
                flaws += 1;
                progress.warn(&format!("{} is audited twice and taken once", input.path));
            }
        }
        run.failures.extend(part.run.failures.iter().cloned());
        run.input_warnings.extend(part.run.input_warnings.iter().cloned());
        for warning in &part.run.warnings {
            if !run.warnings.contains(warning) {
                run.warnings.push(warning.clone());
            }
        }
    }
    run.input_warnings.sort_by(|a, b| a.input.cmp(&b.input));
    run.inputs.sort_by(|a, b| a.path.cmp(&b.path));
    run.failures.sort_by(|a, b| a.input.cmp(&b.input));
    let rows = Merged {
        cursors,
        current: None,
    };
    let mut ending = finish::finish(results, baseline.as_ref(), run, rows, progress)?;
    if flaws > 0 && ending.verdict == Verdict::Whole {
        ending.verdict = Verdict::Partial;
    }
    Ok(ending)
}

/// What all parts have in common; it must be everything that decides about rows.
fn common(first: &Part, parts: &[Part], results: &Results) -> Result<Record> {
    let shape = |part: &Part| {
        let mut run = Record {
            inputs: Vec::new(),
            failures: Vec::new(),
            input_warnings: Vec::new(),
            ..part.run.clone()
        };
        let mut identity = record::identity(&run);
        // Whole audits may be of different inputs; shards of different lists would leave some to nobody.
        if run.settings.shift_remove(SHARD).is_none() {
            identity.shift_remove(record::LIST_OF_INPUTS);
            run.list_of_inputs.clear();
        }
        for name in record::OF_A_SHARD {
            identity.shift_remove(name);
        }
        (run, identity)
    };
    let (mut run, identity) = shape(first);
    for part in parts {
        if let Some(what) = record::difference(&identity, &shape(part).1, "") {
            bail!(
                Results,
                "the audits in {} and {} differ in {what}: only shards of one audit are merged",
                first.folder.display(),
                part.folder.display(),
            );
        }
    }
    run.true_classes.clear();
    run.command = record::quoted(&results.command);
    run.threads = parts.iter().map(|part| part.run.threads).max().unwrap_or(0);
    Ok(run)
}

/// Names the shards that are missing, and leaves out those that are there twice; tells how many that were.
fn check_shards(parts: &mut Vec<Part>, progress: &dyn Progress) -> Result<usize> {
    let (mut numbers, mut of, mut flaws) = (BTreeSet::new(), None, 0);
    let mut mixed = false;
    parts.retain(|part| {
        let shard = part.run.settings.get(SHARD).and_then(Value::as_str);
        let Some(shard) = shard.and_then(|text| text.parse::<Shard>().ok()) else {
            return true;
        };
        mixed |= of.is_some_and(|of| of != shard.of);
        of = Some(shard.of);
        let new = numbers.insert(shard.number);
        if !new {
            flaws += 1;
            progress.warn(&format!(
                "shard {}/{} in {} is there twice and taken once",
                shard.number,
                shard.of,
                part.folder.display()
            ));
        }
        new
    });
    if mixed {
        return Err(error!(
            Results,
            "the audits are shards of different divisions: merge those of one division"
        ));
    }
    for number in (1..=of.unwrap_or(0)).filter(|number| !numbers.contains(number)) {
        flaws += 1;
        progress.warn(&format!("shard {number}/{} is missing", of.unwrap_or(0)));
    }
    Ok(flaws)
}

/// The rows of all parts, input by input in the order of their paths, each input from one part only.
struct Merged {
    cursors: Vec<Peekable<Rows>>,
    /// The part in whose input we are, and that input.
    current: Option<(usize, String)>,
}

impl Iterator for Merged {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((part, input)) = &self.current {
                if let Some(row) = self.cursors[*part].next_if(|row| is_of(row, input)) {
                    return Some(row);
                }
                // The same input in another part.
                for cursor in &mut self.cursors {
                    while cursor
                        .next_if(|row| matches!(row, Ok(row) if row.input == *input))
                        .is_some()
                    {}
                }
            }
            let heads = self.cursors.iter_mut().enumerate().filter_map(|(part, cursor)| {
                let input = match cursor.peek()? {
                    Ok(row) => row.input.clone(),
                    // An error comes first, and ends everything.
                    Err(_) => String::new(),
                };
                Some((input, part))
            });
            let (input, part) = heads.min()?;
            self.current = Some((part, input));
        }
    }
}

fn is_of(row: &Result<Row>, input: &str) -> bool {
    row.as_ref().map_or(true, |row| row.input == input)
}

/// Strips and clips, as hard links where the file system has them. What cannot be copied is named and left out: it
/// only stands beside the report.
fn copy_pictures(from: &Path, to: &Path, progress: &dyn Progress) {
    for folder in ["strips", "clips"] {
        let (from, to) = (from.join(folder), to.join(folder));
        match fs::symlink_metadata(&from).map(|about| about.file_type()) {
            Err(_) => {}
            Ok(kind) => copy(&from, kind, &to, progress),
        }
    }
}

/// A folder or a file. A part may come from elsewhere: no link in it is followed.
fn copy(from: &Path, kind: FileType, to: &Path, progress: &dyn Progress) {
    let left_out = |why: &dyn std::fmt::Display| {
        progress.warn(&format!("{} is left out: {why}", from.display()));
    };
    if kind.is_dir() {
        let entries = atomic_file::folder(to)
            .map_err(Error::from)
            .and_then(|()| fs::read_dir(from).map_err(Error::format));
        match entries {
            Err(error) => left_out(&error),
            Ok(entries) => {
                for entry in entries {
                    match entry.and_then(|entry| Ok((entry.file_type()?, entry))) {
                        Ok((kind, entry)) => copy(&entry.path(), kind, &to.join(entry.file_name()), progress),
                        Err(error) => left_out(&error),
                    }
                }
            }
        }
    } else if !kind.is_file() {
        left_out(&"it is a link or no file");
    } else if fs::symlink_metadata(to).is_err() && fs::hard_link(from, to).is_err() {
        let copied = fs::read(from)
            .map_err(Error::format)
            .and_then(|bytes| Ok(atomic_file::write_lightly(to, &bytes)?));
        if let Err(error) = copied {
            left_out(&error);
        }
    }
}
