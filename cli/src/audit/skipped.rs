// SPDX-License-Identifier: MPL-2.0
//! Files that were met on the way to the inputs and are none: nothing is passed over without a word.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What was passed over, by the reason why.
#[derive(Debug, Default)]
pub(super) struct Skipped {
    /// Files whose ending is no picture's or video's that is read.
    endings: Vec<PathBuf>,
    /// Links to folders, broken links, pipes, devices.
    no_files: Vec<PathBuf>,
}

impl Skipped {
    pub(super) fn by_ending(&mut self, path: PathBuf) {
        self.endings.push(path);
    }

    pub(super) fn no_file(&mut self, path: PathBuf) {
        self.no_files.push(path);
    }

    /// How many files of which endings: "7 .gif, 1 without".
    pub(super) fn endings(&self) -> String {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for path in &self.endings {
            let ending = path
                .extension()
                .map(|ending| ending.to_string_lossy().to_lowercase());
            let ending = ending.map_or_else(|| "without".to_owned(), |ending| format!(".{ending}"));
            *counts.entry(ending).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let words: Vec<_> = counts
            .into_iter()
            .map(|(ending, count)| format!("{count} {ending}"))
            .collect();
        words.join(", ")
    }

    /// A sentence for each reason.
    pub(super) fn sentences(&self) -> Vec<String> {
        let said = |paths: &[PathBuf], why: String| {
            let first = paths.iter().min()?;
            Some(format!("{why}; the first is {}", Path::display(first)))
        };
        let files = |count, what: &str| match count {
            1 => format!("1 {what} is left out"),
            count => format!("{count} {what}s are left out"),
        };
        [
            said(
                &self.endings,
                format!(
                    "{} for its ending, which is no picture's or video's that is read ({})",
                    files(self.endings.len(), "file"),
                    self.endings()
                ),
            ),
            said(
                &self.no_files,
                format!(
                    "{} because it is no regular file (a link to a folder, a broken link, a pipe)",
                    files(self.no_files.len(), "entry").replace("entrys", "entries")
                ),
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passed_over_is_counted_by_ending_and_the_first_is_named() {
        let mut skipped = Skipped::default();
        assert_eq!(skipped.sentences(), [""; 0]);
        for name in ["b.GIF", "a.gif", "README", "c.heic"] {
            skipped.by_ending(name.into());
        }
        skipped.no_file("pipe".into());
        let [endings, others] = &skipped.sentences()[..] else {
            panic!("two reasons")
        };
        assert!(endings.starts_with("4 files are left out"), "{endings}");
        assert!(
            endings.contains("2 .gif") && endings.contains("1 without"),
            "{endings}"
        );
        assert!(endings.ends_with("the first is README"), "{endings}");
        assert!(others.starts_with("1 entry is left out"), "{others}");
    }
}
