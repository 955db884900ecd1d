// SPDX-License-Identifier: MPL-2.0
//! Opening files that somebody else may have made.
//!
//! Only regular files, and nothing waits: a FIFO would until somebody writes into it. A file that another file
//! names (weights, labels, a description beside the model) is taken only from that file's own folder, links
//! resolved; a file that the user names may lie anywhere.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use crate::opened;

/// Why a file is not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// The system's own reason.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is a folder.
    #[error("it is a directory")]
    Directory,
    /// A FIFO, a socket, a device.
    #[error("it is not a regular file")]
    NotRegular,
    /// It is named by an absolute path, or one that goes up.
    #[error("the path must be relative and stay below the folder of the file that names it")]
    Above,
    /// A link leads out.
    #[error("it is a link out of the folder of the file that names it")]
    Outside,
}

impl Refused {
    /// Whether the file is simply not there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// Opens a regular file, and tells its size.
pub(crate) fn open(path: &Path) -> Result<(File, u64), Refused> {
    open_with(path, 0)
}

fn open_with(path: &Path, flags: i32) -> Result<(File, u64), Refused> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | flags)
        .open(path)
        .map_err(|error| match error.raw_os_error() {
            // A socket, and a device that is not there.
            Some(libc::ENXIO | libc::ENODEV) => Refused::NotRegular,
            Some(libc::ELOOP) if flags & libc::O_NOFOLLOW != 0 => Refused::Outside,
            _ => error.into(),
        })?;
    let meta = file.metadata()?;
    match (meta.is_file(), meta.is_dir()) {
        (true, _) => {
            opened::note(path);
            Ok((file, meta.len()))
        }
        (_, true) => Err(Refused::Directory),
        _ => Err(Refused::NotRegular),
    }
}

/// Opens a regular file that `owner` names, seen from the folder of `owner`: see [`open_within`].
pub(crate) fn open_beside(owner: &Path, name: &Path) -> Result<(File, u64), Refused> {
    open_within(owner.parent().unwrap_or(Path::new("")), owner, name)
}

/// Opens a regular file that belongs to `owner`, and lies in `folder` or below.
///
/// Where `owner` is itself a link, the file may also lie in the folder that it leads to: a Hugging Face cache has links
/// in `snapshots/` to files in `blobs/`.
pub(crate) fn open_within(folder: &Path, owner: &Path, name: &Path) -> Result<(File, u64), Refused> {
    let stays = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if name.as_os_str().is_empty() || !name.components().all(stays) {
        return Err(Refused::Above);
    }
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let mut homes = vec![fs::canonicalize(folder)?];
    if fs::symlink_metadata(owner).is_ok_and(|meta| meta.is_symlink()) {
        homes.extend(fs::canonicalize(owner)?.parent().map(PathBuf::from));
    }
    let file = fs::canonicalize(folder.join(name))?;
    if !homes.iter().any(|home| file.starts_with(home)) {
        return Err(Refused::Outside);
    }
    // All links are resolved: one that is here now has been put in between.
    open_with(&file, libc::O_NOFOLLOW)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use super::*;

    fn text(opened: Result<(File, u64), Refused>) -> String {
        let mut text = String::new();
        opened.unwrap().0.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn only_regular_files_are_opened_and_nothing_waits() {
        let root = tempfile::tempdir().unwrap();
        let fifo = root.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
        assert!(made.success());
        let socket = root.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for path in [&fifo, &socket, Path::new("/dev/zero")] {
            assert!(matches!(open(path), Err(Refused::NotRegular)), "{path:?}");
        }
        assert!(matches!(open(root.path()), Err(Refused::Directory)));
        assert!(open(&root.path().join("none")).unwrap_err().is_not_found());
    }

    #[test]
    fn a_named_file_is_taken_only_from_the_folder_of_the_one_that_names_it() {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("home");
        fs::create_dir_all(home.join("sub")).unwrap();
        fs::write(home.join("sub/a"), "inside").unwrap();
        fs::write(root.path().join("secret"), "secret").unwrap();
        symlink("sub/a", home.join("near")).unwrap();
        symlink("../secret", home.join("far")).unwrap();
        symlink("..", home.join("up")).unwrap();
        let model = home.join("model");
        for good in ["sub/a", "./sub/a", "near"] {
            assert_eq!(text(open_beside(&model, Path::new(good))), "inside");
        }
        let absolute = root.path().join("secret");
        for bad in [
            Path::new("../secret"),
            &absolute,
            Path::new(""),
            Path::new("/etc/passwd"),
        ] {
            assert!(matches!(open_beside(&model, bad), Err(Refused::Above)), "{bad:?}");
        }
        for bad in ["far", "up/secret"] {
            assert!(
                matches!(open_beside(&model, Path::new(bad)), Err(Refused::Outside)),
                "{bad}"
            );
        }
    }

    #[test]
    fn in_a_cache_of_links_the_named_file_is_taken_from_where_the_links_lead() {
        let root = tempfile::tempdir().unwrap();
        let (blobs, snapshot) = (root.path().join("blobs"), root.path().join("snapshots/1"));
        fs::create_dir_all(&blobs).unwrap();
        fs::create_dir_all(&snapshot).unwrap();
        fs::write(root.path().join("secret"), "secret").unwrap();
        for (name, blob) in [("model.onnx", "aa"), ("model.onnx_data", "bb")] {
            fs::write(blobs.join(blob), name).unwrap();
            symlink(format!("../../blobs/{blob}"), snapshot.join(name)).unwrap();
        }
        symlink("../../secret", snapshot.join("far")).unwrap();
        let model = snapshot.join("model.onnx");
        assert_eq!(
            text(open_beside(&model, Path::new("model.onnx_data"))),
            "model.onnx_data"
        );
        assert!(matches!(
            open_beside(&model, Path::new("far")),
            Err(Refused::Outside)
        ));
    }
}
