// SPDX-License-Identifier: MPL-2.0
//! Files that were met on the way to the inputs and are none: nothing is passed over without a word.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::kind::PICTURES;

/// What was passed over, by the reason why.
#[derive(Debug, Default)]
pub(crate) struct Skipped {
    /// Files whose ending is no picture's or video's that is read.
    endings: Vec<PathBuf>,
    /// Links to folders, broken links, pipes, devices.
    no_files: Vec<PathBuf>,
}

impl Skipped {
    pub(crate) fn by_ending(&mut self, path: PathBuf) {
        self.endings.push(path);
    }

    pub(crate) fn no_file(&mut self, path: PathBuf) {
        self.no_files.push(path);
    }

    /// How many files of which endings: "7 .gif, 1 without".
    pub(crate) fn endings(&self) -> String {
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
    pub(crate) fn sentences(&self) -> Vec<String> {
        let said = |paths: &[PathBuf], one: &str, many: &str, why: &str| {
            let first = paths.iter().min()?.display();
            Some(match paths.len() {
                1 => format!("1 {one} left out: {why}; it is {first}"),
                count => format!("{count} {many} left out: {why}; the first is {first}"),
            })
        };
        let endings = format!(
            "{}; pictures that are read end in {}",
            self.endings(),
            PICTURES.join(", ")
        );
        let no_files = "links to folders, broken links, pipes and the like are not read";
        [
            said(&self.endings, "file is", "files are", &endings),
            said(&self.no_files, "entry is", "entries are", no_files),
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
        assert!(endings.starts_with("4 files are left out: 2 .gif"), "{endings}");
        assert!(endings.contains("1 without"), "{endings}");
        assert!(endings.ends_with("the first is README"), "{endings}");
        assert!(others.starts_with("1 entry is left out"), "{others}");
    }
}
