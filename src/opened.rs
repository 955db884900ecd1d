// SPDX-License-Identifier: MPL-2.0
//! Which files were read for a model: what a result must not be written over.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

thread_local! {
    /// The files that this thread has read since a [`listing`] began.
    static OPENED: RefCell<Option<Vec<PathBuf>>> = const { RefCell::new(None) };
}

/// Does something, and lists the files that were read for it.
pub(crate) fn listing<T>(work: impl FnOnce() -> T) -> (T, Vec<PathBuf>) {
    let outer = OPENED.replace(Some(Vec::new()));
    let done = work();
    let files = OPENED.replace(outer).unwrap_or_default();
    files.iter().for_each(|file| note(file));
    (done, files)
}

/// Said by whoever reads a file for a model. One that is read again is listed once.
pub(crate) fn note(file: &Path) {
    OPENED.with_borrow_mut(|opened| {
        if let Some(opened) = opened
            && !opened.iter().any(|known| known == file)
        {
            opened.push(file.into());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_listed_while_a_listing_lasts_and_by_the_outer_one_too() {
        note(Path::new("before"));
        let (inner, outer) = listing(|| {
            note(Path::new("a"));
            note(Path::new("a"));
            listing(|| note(Path::new("b"))).1
        });
        note(Path::new("after"));
        assert_eq!((inner, outer), (vec!["b".into()], vec!["a".into(), "b".into()]));
        assert!(listing(|| ()).1.is_empty());
    }
}
