// SPDX-License-Identifier: MPL-2.0
//! The names of a model's classes.

use std::borrow::Cow;
use std::path::Path;

use super::text::{self, TextError};

/// Label files of the largest public class lists stay below one tenth of this.
const MAX_BYTES: u64 = 16 << 20;
/// Labels named in an error.
const SHOWN: usize = 5;

/// A label that does not name one class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// Several classes have it, or begin with it.
    #[error("label {label:?} fits {count} classes: {shown}; write one out, or give its number")]
    Ambiguous {
        /// What was asked for.
        label: String,
        /// How many classes fit.
        count: usize,
        /// The first of them, each with its number.
        shown: String,
    },
    /// No class has it.
    #[error("no class is called {label:?}{}; the command `steerlens inspect MODEL` lists the labels",
        if similar.is_empty() { String::new() } else { format!(": did you mean {similar}?") })]
    Unknown {
        /// What was asked for.
        label: String,
        /// Labels that contain it, each with its number; empty when there are none.
        similar: String,
    },
    /// The model has no labels at all.
    #[error(
        "the class {label:?} cannot be found, the model has no labels: set label-file, or give its number"
    )]
    NoLabels {
        /// What was asked for.
        label: String,
    },
}

/// The names of classes, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    names: Vec<String>,
}

impl Labels {
    /// One label per line, in the order of the classes; blank lines at the end do not count, blank lines before
    /// are classes without a name.
    pub fn from_text(text: &str) -> Self {
        Self {
            names: text
                .trim_end()
                .lines()
                .map(|line| line.trim().to_owned())
                .collect(),
        }
    }

    /// Reads a UTF-8 label file of at most 16 MiB, as [`Labels::from_text`].
    ///
    /// # Errors
    /// When the file cannot be read, is no regular file, is too large, or no UTF-8.
    pub fn read(path: &Path) -> Result<Self, TextError> {
        text::read(path, MAX_BYTES).map(|text| Self::from_text(&text))
    }

    /// How many classes are named.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether no class is named.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The name of class `index`; "class N" where there is none.
    pub fn name(&self, index: usize) -> Cow<'_, str> {
        match self.names.get(index) {
            Some(name) if !name.is_empty() => Cow::Borrowed(name),
            _ => Cow::Owned(format!("class {index}")),
        }
    }

    /// The class that `label` names: written the same, else but for upper and lower case, else (so too) its only
    /// possible completion.
    ///
    /// # Errors
    /// When no class fits, or more than one does equally well.
    pub fn find(&self, label: &str) -> Result<usize, LabelError> {
        let label = label.trim();
        if self.is_empty() {
            return Err(LabelError::NoLabels { label: label.into() });
        }
        let lower = label.to_lowercase();
        let lowered: Vec<String> = self.names.iter().map(|name| name.to_lowercase()).collect();
        let matching = |fits: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..self.len())
                .filter(|index| !self.names[*index].is_empty() && fits(*index))
                .collect()
        };
        let rules: [&dyn Fn(usize) -> bool; 3] = [
            &|index| self.names[index] == label,
            &|index| lowered[index] == lower,
            &|index| lowered[index].starts_with(&lower),
        ];
        for fits in rules {
            match matching(fits)[..] {
                [] => {}
                [index] => return Ok(index),
                ref several => {
                    let shown = self.list(several);
                    return Err(LabelError::Ambiguous {
                        label: label.into(),
                        count: several.len(),
                        shown,
                    });
                }
            }
        }
        let similar = self.list(&matching(&|index| lowered[index].contains(&lower)));
        Err(LabelError::Unknown {
            label: label.into(),
            similar,
        })
    }

    /// The first few of these classes, as text.
    fn list(&self, classes: &[usize]) -> String {
        let shown = classes
            .iter()
            .take(SHOWN)
            .map(|index| format!("{:?} ({index})", self.names[*index]));
        let mut text = shown.collect::<Vec<_>>().join(", ");
        if classes.len() > SHOWN {
            text.push_str(&format!(" and {} more", classes.len() - SHOWN));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cats() -> Labels {
        Labels::from_text(
            "tabby\ntiger cat\r\ntiger\n\nEgyptian Mau\ncrane\ncrane\nTiger Shark\nlion\nLION\n\n\n",
        )
    }

    #[test]
    fn lines_are_classes_and_blank_ones_keep_their_number() {
        assert_eq!(cats().len(), 10);
        assert_eq!(cats().name(1), "tiger cat");
        assert_eq!(cats().name(3), "class 3");
        assert_eq!(cats().name(99), "class 99");
        assert!(Labels::from_text("").is_empty() && Labels::from_text(" \r\n\n").is_empty());
        assert_eq!(Labels::from_text("a").len(), 1);
    }

    #[test]
    fn a_label_is_found_by_itself_then_by_case_then_by_its_beginning() {
        assert_eq!(cats().find("tiger"), Ok(2));
        assert_eq!(cats().find("TIGER"), Ok(2));
        assert_eq!(cats().find("lion"), Ok(8));
        assert_eq!(cats().find("LION"), Ok(9));
        assert_eq!(cats().find(" egyptian "), Ok(4));
        assert_eq!(cats().find("tiger s"), Ok(7));
    }

    #[test]
    fn what_fits_several_classes_is_refused_with_their_numbers() {
        let error = cats().find("crane").unwrap_err().to_string();
        assert!(error.contains("\"crane\" (5), \"crane\" (6)"), "{error}");
        let error = cats().find("Lion").unwrap_err().to_string();
        assert!(error.contains("\"lion\" (8), \"LION\" (9)"), "{error}");
        let error = cats().find("ti").unwrap_err();
        assert!(
            matches!(&error, LabelError::Ambiguous { count: 3, .. }),
            "{error}"
        );
        let error = cats().find("").unwrap_err().to_string();
        assert!(
            error.contains("fits 9 classes") && error.contains("and 4 more"),
            "{error}"
        );
        assert!(!error.contains("LION"), "{error}");
    }

    #[test]
    fn an_unknown_label_brings_those_that_contain_it() {
        let error = cats().find("cat").unwrap_err().to_string();
        assert!(error.contains("did you mean \"tiger cat\" (1)?"), "{error}");
        let error = cats().find("zebra").unwrap_err().to_string();
        assert!(error.contains("no class is called \"zebra\";"), "{error}");
        assert!(matches!(
            Labels::default().find("x"),
            Err(LabelError::NoLabels { .. })
        ));
    }
}
