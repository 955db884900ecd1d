// SPDX-License-Identifier: MPL-2.0
//! What is finished so far: a folder of small tables, each there whole or not at all.
//!
//! A *part* is some consecutive frames: up to [`FRAMES`] pictures, or that many frames of one video. Parts are cut the
//! same way each time, so that an audit that was ended in the middle goes on with the first part that is missing.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use steerlens_files::atomic_file;

use crate::error::{Error, Result, bail};
use crate::record;
use crate::settings::Options;
use crate::summary::{InputFailure, InputFile, InputWarning};
use crate::table::{Format, Row, Rows, Table};

/// Frames of a part: what an interruption loses at most, per worker in flight.
pub(crate) const FRAMES: u64 = 16;

const FOLDER: &str = "parts";
const PLAN: &str = "audit.json";
const LOCK: &str = "lock";
/// Under what name a part's note is kept.
const NOTE: &str = "steerlens.part";

/// Which part: that of the input of this number in order, and which of its pieces.
pub(crate) type PartId = (usize, u64);

/// What a part says of its inputs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// Whether its inputs end with it.
    pub(crate) last: bool,
    /// Frames audited, whether or not they led to rows.
    pub(crate) frames: u64,
    /// The inputs that it has frames of.
    #[serde(default)]
    pub(crate) read: Vec<InputFile>,
    /// The inputs that end in this part.
    pub(crate) inputs: Vec<InputFile>,
    /// Those that could not be read, or not to their end.
    pub(crate) failures: Vec<InputFailure>,
    /// What is to be said of how the inputs that end in it were read.
    #[serde(default)]
    pub(crate) warnings: Vec<InputWarning>,
}

/// The parts of an audit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal {
    folder: PathBuf,
    parts: BTreeMap<PartId, Note>,
    /// Held as long as anybody writes here.
    _lock: Option<Arc<File>>,
}

impl Journal {
    /// Begins, or goes on where `resume` is given. `identity` is everything that decides about the rows.
    ///
    /// # Errors
    /// When the folder cannot be written, holds an audit that is not to be gone on with, or another one.
    pub(crate) fn open(out: &Path, identity: &Options, resume: bool) -> Result<Self> {
        let folder = out.join(FOLDER);
        let at = folder.join(PLAN);
        atomic_file::folder(&folder)?;
        let mut journal = Self {
            _lock: Some(Arc::new(lock(out, &folder)?)),
            folder,
            parts: BTreeMap::new(),
        };
        atomic_file::sweep(out);
        atomic_file::sweep(&journal.folder);
        match fs::read_to_string(&at) {
            Ok(_) if !resume => bail!(
                Results,
                "the folder {} holds an audit that was not finished: go on with --resume, or name another folder",
                out.display()
            ),
            Ok(text) => {
                let begun = serde_json::from_str(&text)
                    .map_err(|error| Error::file(format!("{} cannot be read", at.display()), error))?;
                record::agree(out, &begun, identity)?;
                journal.find_parts()?;
            }
            Err(_) => {
                atomic_file::write(&at, &serde_json::to_vec_pretty(identity).map_err(Error::format)?)?;
            }
        }
        Ok(journal)
    }

    fn find_parts(&mut self) -> Result<()> {
        let unread = |error| {
            Error::file(
                format!("the folder {} cannot be read", self.folder.display()),
                error,
            )
        };
        for entry in fs::read_dir(&self.folder).map_err(unread)? {
            let path = entry.map_err(unread)?.path();
            let Some(id) = id_of(&path) else { continue };
            let note = Rows::note(&path, NOTE)?.and_then(|note| serde_json::from_str(&note).ok());
            let Some(note) = note else {
                bail!(Results, "{} is no part of an audit: remove it", path.display());
            };
            self.parts.insert(id, note);
        }
        Ok(())
    }

    /// What a finished part says.
    pub(crate) fn note(&self, id: PartId) -> Option<&Note> {
        self.parts.get(&id)
    }

    /// Whether the inputs that begin with this one are finished: pieces from the first to one that ends them.
    pub(crate) fn has_all(&self, input: usize) -> bool {
        (0..)
            .map_while(|piece| self.parts.get(&(input, piece)))
            .any(|note| note.last)
    }

    /// Keeps a part.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn keep(&mut self, id: PartId, rows: Vec<Row>, note: Note) -> Result<()> {
        let text = serde_json::to_string(&note).map_err(Error::format)?;
        let mut table = Table::create(self.path(id), Format::Parquet, Some((NOTE, text)))?;
        rows.into_iter().try_for_each(|row| table.add(row))?;
        table.finish()?;
        self.parts.insert(id, note);
        Ok(())
    }

    /// All notes, in order.
    pub(crate) fn notes(&self) -> impl Iterator<Item = &Note> {
        self.parts.values()
    }

    /// All rows, in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Result<Row>> + '_ {
        self.parts.keys().flat_map(|id| {
            let (rows, error) = match Rows::open(&self.path(*id)) {
                Ok(rows) => (Some(rows), None),
                Err(error) => (None, Some(Err(error))),
            };
            rows.into_iter().flatten().chain(error)
        })
    }

    /// Removes all parts; the table has their rows.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub(crate) fn remove(out: &Path) -> Result<()> {
        let folder = out.join(FOLDER);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                bail!(
                    Results,
                    "the folder {} cannot be removed: {error}",
                    folder.display()
                )
            }
            _ => Ok(()),
        }
    }

    fn path(&self, (input, piece): PartId) -> PathBuf {
        self.folder.join(format!("{input:08}-{piece:08}.parquet"))
    }
}

/// Two audits that write into one folder would take each other's files for their own.
fn lock(out: &Path, folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|error| Error::file(format!("{} cannot be written", path.display()), error))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => bail!(
            Results,
            "another audit is writing into {}: wait for it, or name another folder",
            out.display()
        ),
        // Some network file systems have no locks.
        _ => Ok(file),
    }
}

fn id_of(path: &Path) -> Option<PartId> {
    let name = path.file_name()?.to_str()?.strip_suffix(".parquet")?;
    let (input, piece) = name.split_once('-')?;
    Some((input.parse().ok()?, piece.parse().ok()?))
}
