// SPDX-License-Identifier: MPL-2.0
//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

/// Where a file is while it is being written.
pub(super) fn partial(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    path.with_file_name(name)
}

/// Gives a finished file its name, once it is on the disk.
pub(super) fn finish(file: &File, path: &Path) -> Result<()> {
    file.sync_all()
        .and_then(|()| fs::rename(partial(path), path))
        .map_err(|error| unwritten(path, &error))
}

/// Writes a file.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = create(path)?;
    file.write_all(bytes).map_err(|error| unwritten(path, &error))?;
    finish(&file, path)
}

/// As [`write`], for what is made again at need: not forced onto the disk.
pub(super) fn write_lightly(path: &Path, bytes: &[u8]) -> Result<()> {
    folder(path.parent().unwrap_or(Path::new("")))?;
    let partial = partial(path);
    fs::write(&partial, bytes)
        .and_then(|()| fs::rename(&partial, path))
        .map_err(|error| unwritten(path, &error))
}

/// Begins a file under its name for the meantime, and makes the folders above it.
pub(super) fn create(path: &Path) -> Result<File> {
    folder(path.parent().unwrap_or(Path::new("")))?;
    File::create(partial(path)).map_err(|error| unwritten(path, &error))
}

/// Makes a folder and those above it.
pub(super) fn folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| anyhow!("the folder {} cannot be made: {error}", path.display()))
}

fn unwritten(path: &Path, error: &std::io::Error) -> anyhow::Error {
    anyhow!("{} cannot be written: {error}", path.display())
}
