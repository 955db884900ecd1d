// SPDX-License-Identifier: MPL-2.0
//! Reading the small text files that lie beside a model.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::file::{self, Refused};

/// A text file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// It cannot be opened or read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A directory, a FIFO, a device.
    #[error("{} is no regular file: name a text file", path.display())]
    NotRegular {
        /// What was named.
        path: PathBuf,
    },
    /// A file that another one names, or that is looked for beside it, and that lies elsewhere.
    #[error(
        "{} is not read: {reason}; copy it beside {}, or name it yourself with label-file or model-info",
        path.display(),
        owner.display()
    )]
    Outside {
        /// The file.
        path: PathBuf,
        /// The file that names it.
        owner: PathBuf,
        /// Why it is not read.
        reason: String,
    },
    /// More bytes than such a file can sensibly have.
    #[error("{} is larger than {limit} bytes: is it the right file?", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes that are accepted.
        limit: u64,
    },
    /// Bytes that are no UTF-8.
    #[error("{} is no UTF-8 text (byte {offset}): save it as UTF-8, or name another file", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Where the text ends to be UTF-8.
        offset: usize,
    },
    /// Text that is not what the file should hold.
    #[error("{} cannot be used: {reason}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl TextError {
    /// Whether the file is simply not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// The text of a regular file of at most `limit` bytes, without a byte order mark; for a file that the user named.
pub(super) fn read(path: &Path, limit: u64) -> Result<String, TextError> {
    let opened = file::open(path);
    text(
        opened.map_err(|refused| refuse(refused, path, path))?.0,
        path,
        limit,
    )
}

/// As [`read`], for a file that belongs to `owner`, because `owner` names it or because it is looked for there: it must
/// lie in `folder`, links resolved ([`file::open_within`]).
pub(super) fn read_within(folder: &Path, owner: &Path, name: &Path, limit: u64) -> Result<String, TextError> {
    let path = folder.join(name);
    match file::open_within(folder, owner, name) {
        Ok((file, _)) => text(file, &path, limit),
        Err(refused) => Err(refuse(refused, &path, owner)),
    }
}

/// [`read_within`] the folder of `owner`; `path` is the file's whole path.
pub(super) fn read_beside(owner: &Path, path: &Path, limit: u64) -> Result<String, TextError> {
    let folder = owner.with_file_name("");
    // An absolute name has replaced the folder, and is refused for it.
    read_within(&folder, owner, path.strip_prefix(&folder).unwrap_or(path), limit)
}

fn refuse(refused: Refused, path: &Path, owner: &Path) -> TextError {
    let path = path.into();
    match refused {
        Refused::Io(source) => TextError::Io { path, source },
        Refused::Directory | Refused::NotRegular => TextError::NotRegular { path },
        Refused::Above | Refused::Outside => TextError::Outside {
            path,
            owner: owner.into(),
            reason: refused.to_string(),
        },
    }
}

fn text(file: File, path: &Path, limit: u64) -> Result<String, TextError> {
    let failed = |source| TextError::Io {
        path: path.into(),
        source,
    };
    let mut bytes = Vec::new();
    let read = file.take(limit + 1).read_to_end(&mut bytes);
    if read.map_err(failed)? as u64 > limit {
        return Err(TextError::TooLarge {
            path: path.into(),
            limit,
        });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        Err(error) => Err(TextError::NotUtf8 {
            path: path.into(),
            offset: error.utf8_error().valid_up_to(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_small_regular_utf8_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            path
        };
        assert_eq!(read(&file("full", b"12345"), 5).unwrap(), "12345");
        assert_eq!(read(&file("mark", b"\xef\xbb\xbfhello"), 99).unwrap(), "hello");
        assert!(matches!(
            read(&file("long", b"123456"), 5),
            Err(TextError::TooLarge { limit: 5, .. })
        ));
        assert!(matches!(
            read(&file("latin", b"caf\xe9"), 99),
            Err(TextError::NotUtf8 { offset: 3, .. })
        ));
        assert!(matches!(
            read(folder.path(), 99),
            Err(TextError::NotRegular { .. })
        ));
        assert!(matches!(
            read(Path::new("/dev/zero"), 99),
            Err(TextError::NotRegular { .. })
        ));
        assert!(read(&folder.path().join("none"), 99).unwrap_err().is_not_found());
    }
}
