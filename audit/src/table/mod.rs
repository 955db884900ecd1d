// SPDX-License-Identifier: MPL-2.0
//! The table of all rows: Parquet, or CSV on request.

mod column;
mod row;

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use steerlens_files::atomic_file::{AtomicFile, unwritten};

pub(crate) use row::name;
pub use row::{Direction, Reach, Row};

use crate::error::{Cause, Error, Result};

/// Rows that are kept in memory before they are written, and read at once.
const GROUP: usize = 1024;

/// How the table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `frames.parquet`.
    Parquet,
    /// `frames.csv`.
    Csv,
}

impl Format {
    /// The table's name in the output folder.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Parquet => "frames.parquet",
            Self::Csv => "frames.csv",
        }
    }
}

enum Writer {
    Parquet(Box<ArrowWriter<File>>),
    Csv(Box<csv::Writer<File>>),
}

/// A table that is being written.
pub(crate) struct Table {
    path: PathBuf,
    file: AtomicFile,
    writer: Writer,
    rows: Vec<Row>,
}

impl Table {
    /// Begins a table in Parquet or CSV; `note` is kept with a Parquet table, under a name.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(crate) fn create(path: PathBuf, format: Format, note: Option<(&str, String)>) -> Result<Self> {
        let whole = AtomicFile::create(&path)?;
        let file = whole.handle()?;
        let writer = match format {
            Format::Parquet => {
                let note = note.map(|(name, text)| vec![KeyValue::new(name.to_owned(), text)]);
                let properties = WriterProperties::builder().set_key_value_metadata(note).build();
                Writer::Parquet(Box::new(
                    ArrowWriter::try_new(file, Row::schema(), Some(properties)).map_err(Error::format)?,
                ))
            }
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(file);
                writer.write_record(Row::COLUMNS).map_err(Error::format)?;
                Writer::Csv(Box::new(writer))
            }
        };
        Ok(Self {
            path,
            file: whole,
            writer,
            rows: Vec::new(),
        })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn add(&mut self, row: Row) -> Result<()> {
        self.rows.push(row);
        if self.rows.len() >= GROUP {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        match &mut self.writer {
            Writer::Parquet(writer) => writer
                .write(&Row::batch(&self.rows)?)
                .and_then(|()| writer.flush())
                .map_err(|error| unwritten(&self.path, error))?,
            Writer::Csv(writer) => {
                for row in &self.rows {
                    writer
                        .write_record(row.record())
                        .map_err(|error| unwritten(&self.path, error))?;
                }
            }
        }
        self.rows.clear();
        Ok(())
    }

    /// Ends the table: only now it has its name.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.flush()?;
        match self.writer {
            Writer::Parquet(writer) => writer
                .into_inner()
                .map(drop)
                .map_err(|error| unwritten(&self.path, error))?,
            Writer::Csv(writer) => writer
                .into_inner()
                .map(drop)
                .map_err(|error| unwritten(&self.path, error))?,
        }
        Ok(self.file.finish()?)
    }
}

/// The rows of a Parquet table, some at a time.
pub(crate) struct Rows {
    path: Arc<Path>,
    batches: ParquetRecordBatchReader,
    rows: VecDeque<Row>,
}

impl Rows {
    /// Opens a table.
    ///
    /// # Errors
    /// When the file cannot be read, or is no such table.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let batches = builder(path)?
            .with_batch_size(GROUP)
            .build()
            .map_err(|error| unread(path, error))?;
        Ok(Self {
            path: path.into(),
            batches,
            rows: VecDeque::new(),
        })
    }

    /// The note that is kept with a table.
    ///
    /// # Errors
    /// When the file cannot be read, or is no such table.
    pub(crate) fn note(path: &Path, name: &str) -> Result<Option<String>> {
        let metadata = builder(path)?.metadata().clone();
        let notes = metadata.file_metadata().key_value_metadata();
        Ok(notes.and_then(|notes| notes.iter().find(|note| note.key == name)?.value.clone()))
    }
}

fn builder(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let file = File::open(path).map_err(|error| unread(path, error))?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unread(path, error))
}

fn unread(path: &Path, error: impl Into<Cause>) -> Error {
    Error::file(format!("the table {} cannot be read", path.display()), error)
}

impl Iterator for Rows {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.rows.is_empty() {
            let read = match self.batches.next()? {
                Ok(batch) => Row::rows(&batch),
                Err(error) => Err(unread(&self.path, error)),
            };
            match read {
                Ok(rows) => self.rows.extend(rows),
                Err(error) => return Some(Err(error)),
            }
        }
        self.rows.pop_front().map(Ok)
    }
}
