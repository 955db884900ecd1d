// SPDX-License-Identifier: MPL-2.0
//! Files that are there whole or not at all: written beside their place under a random name that nobody can have
//! planted, then renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Cause, Error, Result};

const PREFIX: &str = ".steerlens-";
const SUFFIX: &str = ".partial";

/// A file that is being written; without [`AtomicFile::finish`] nothing of it stays.
#[derive(Debug)]
pub struct AtomicFile {
    file: NamedTempFile<File>,
    path: PathBuf,
}

impl AtomicFile {
    /// Begins a file in a folder that is there. A link of this name would be replaced, never followed.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // Not with the permissions of a secret, which tempfile's own way has, but with those of any new file.
        let new = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path);
        let file = tempfile::Builder::new()
            .prefix(PREFIX)
            .suffix(SUFFIX)
            .make_in(folder, new)
            .map_err(|error| unwritten(path, error))?;
        Ok(Self {
            file,
            path: path.to_owned(),
        })
    }

    /// Where it is for the meantime: for a writer that wants a path.
    pub fn partial(&self) -> &Path {
        self.file.path()
    }

    /// A second handle: for a writer that wants to own one.
    ///
    /// # Errors
    /// When the system has no more of them.
    pub fn handle(&self) -> Result<File> {
        self.file
            .as_file()
            .try_clone()
            .map_err(|error| unwritten(&self.path, error))
    }

    /// Gives the file its name, once it is on the disk.
    ///
    /// # Errors
    /// When it cannot be written to its end.
    pub fn finish(self) -> Result<()> {
        self.file
            .as_file()
            .sync_all()
            .map_err(|error| unwritten(&self.path, error))?;
        self.finish_lightly()
    }

    /// As [`AtomicFile::finish`], for what is made again at need: not forced onto the disk.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn finish_lightly(self) -> Result<()> {
        // What stood there keeps its permissions.
        if let Ok(old) = fs::symlink_metadata(&self.path)
            && old.is_file()
        {
            let _ = self.file.as_file().set_permissions(old.permissions());
        }
        self.file
            .persist(&self.path)
            .map(drop)
            .map_err(|error| unwritten(&self.path, error.error))
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a file of a name that the program chose.
///
/// # Errors
/// When it cannot be written; what stood there before stays.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes).map_err(|error| unwritten(path, error))?;
    file.finish()
}

/// As [`write()`], for what is made again at need: its folder is made too, and nothing is forced onto the disk.
///
/// # Errors
/// When it cannot be written.
pub fn write_lightly(path: &Path, bytes: &[u8]) -> Result<()> {
    folder(path.parent().unwrap_or(Path::new("")))?;
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes).map_err(|error| unwritten(path, error))?;
    file.finish_lightly()
}

/// Writes a file that the user named: through a link to where it leads, and straight into what is no file and cannot
/// be replaced, such as a pipe or `/dev/stdout`.
///
/// # Errors
/// When it cannot be written; what stood there before stays.
pub fn write_output(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |error: io::Error| unwritten(path, error);
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => Err(Error::Output(format!(
            "{} cannot be written: it is a folder",
            path.display()
        ))),
        Ok(about) if !about.is_file() => OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut file| file.write_all(bytes))
            .map_err(failed),
        Ok(_) => write(&fs::canonicalize(path).map_err(failed)?, bytes),
        Err(_) => write(path, bytes),
    }
}

/// Refuses an output that is one of the files that are read, by whatever name or link.
///
/// # Errors
/// When it is; the sentence names both.
pub fn refuse_inputs<P: AsRef<Path>>(output: &Path, inputs: impl IntoIterator<Item = P>) -> Result<()> {
    // Most often it is not there yet, and there may be many inputs.
    if !output.is_file() {
        return Ok(());
    }
    for input in inputs {
        let input = input.as_ref();
        // Only regular files are opened: a FIFO would wait for ever. Where one of them is not there, they are not the
        // same.
        if input.is_file() && same_file::is_same_file(output, input).unwrap_or(false) {
            return Err(Error::Output(format!(
                "the output {} is the input {}, which would be lost: name another file",
                output.display(),
                input.display()
            )));
        }
    }
    Ok(())
}

/// Removes from a folder what writers left in it that were killed. Nobody else may be writing there.
pub fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && name.ends_with(SUFFIX) {
            // What cannot be removed is in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Makes a folder and those above it.
///
/// # Errors
/// When it cannot be made.
pub fn folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path)
        .map_err(|error| Error::file(format!("the folder {} cannot be made", path.display()), error))
}

/// That a file cannot be written, and why.
pub fn unwritten(path: &Path, error: impl Into<Cause>) -> Error {
    Error::file(format!("{} cannot be written", path.display()), error)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_that_is_not_finished_leaves_the_old_one_and_nothing_else() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("a.txt");
        fs::write(&path, "old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write(&path, b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_writer_left_is_swept_away_and_nothing_else() {
        let folder = tempfile::TempDir::new().unwrap();
        for name in [".steerlens-abc.partial", ".hidden", "a.partial"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        sweep(folder.path());
        assert!(!folder.path().join(".steerlens-abc.partial").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_planted_link_is_replaced_and_its_victim_stays() {
        let folder = tempfile::TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("victim"), "precious").unwrap();
        for planted in ["report.html", "report.html.partial"] {
            symlink(at("victim"), at(planted)).unwrap();
        }
        write(&at("report.html"), b"page").unwrap();
        write_lightly(&at("report.html"), b"page").unwrap();
        assert_eq!(fs::read_to_string(at("victim")).unwrap(), "precious");
        assert!(fs::symlink_metadata(at("report.html")).unwrap().is_file());
    }

    #[test]
    fn an_output_is_written_through_a_link_and_into_what_is_no_file() {
        let folder = tempfile::TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("old.png"), "old").unwrap();
        symlink("old.png", at("link.png")).unwrap();
        write_output(&at("link.png"), b"new").unwrap();
        assert_eq!(fs::read_to_string(at("old.png")).unwrap(), "new");
        assert!(fs::symlink_metadata(at("link.png")).unwrap().is_symlink());
        write_output(Path::new("/dev/null"), b"new").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        let error = write_output(folder.path(), b"new").unwrap_err().to_string();
        assert!(error.contains("is a folder"), "{error}");
    }

    #[test]
    fn a_new_file_has_the_permissions_of_any_and_an_old_one_keeps_its_own() {
        let folder = tempfile::TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;
        fs::write(at("any"), "").unwrap();
        write(&at("new"), b"").unwrap();
        assert_eq!(mode("new"), mode("any"));
        fs::set_permissions(at("any"), fs::Permissions::from_mode(0o640)).unwrap();
        write(&at("any"), b"").unwrap();
        assert_eq!(mode("any"), 0o640);
    }

    #[test]
    fn an_output_that_is_an_input_is_refused_under_any_name() {
        let folder = tempfile::TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("model.onnx"), "model").unwrap();
        symlink("model.onnx", at("link.onnx")).unwrap();
        fs::hard_link(at("model.onnx"), at("hard.onnx")).unwrap();
        for name in ["model.onnx", "link.onnx", "hard.onnx", "./model.onnx"] {
            let error = refuse_inputs(&at(name), [at("other"), at("model.onnx")]).unwrap_err();
            assert!(error.to_string().contains("name another file"), "{error}");
        }
        refuse_inputs(&at("new.onnx"), [at("model.onnx")]).unwrap();
    }

    #[test]
    fn what_cannot_be_written_is_said_with_its_name() {
        let error = write(Path::new("/nowhere/out.png"), b"").unwrap_err().to_string();
        assert!(
            error.starts_with("/nowhere/out.png cannot be written: No such file"),
            "{error}"
        );
    }
}
