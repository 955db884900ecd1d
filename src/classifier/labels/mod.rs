// SPDX-License-Identifier: MPL-2.0
//! The names of a model's classes.

mod file;
mod nearest;

use std::borrow::Cow;
use std::path::Path;

use serde_json::Value;

use super::text_file::{self, TextError};
use file::NameList;

pub(super) use file::LABEL_KEYS;

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
    #[error("no class is called {label:?}{} `steerlens inspect --labels MODEL` prints all labels",
        if similar.is_empty() { ";".to_owned() } else { format!(": did you mean {similar}?") })]
    Unknown {
        /// What was asked for.
        label: String,
        /// The labels that are most like it, each with its number; empty when there are none.
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
    /// Whether they were written down with numbers from 1 on.
    from_one: bool,
}

impl Labels {
    /// One label per line, in the order of the classes; blank lines at the end do not count, blank lines before
    /// are classes without a name.
    pub fn from_text(text: &str) -> Self {
        Self {
            names: file::lines(text),
            from_one: false,
        }
    }

    /// Understands the text of a label file: one label per line, numbered lines, one line with separators, or a list
    /// or map in JSON or Python.
    ///
    /// # Errors
    /// The end of a sentence about the text, where it looks like JSON and names no classes.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        file::parse(text).map(Self::from)
    }

    /// The names that JSON holds, if it holds any.
    pub(super) fn of_json(value: &Value) -> Option<Self> {
        file::of_json(value)
            .map(Self::from)
            .filter(|labels| !labels.is_empty())
    }

    /// Reads a UTF-8 label file of at most 16 MiB: one label per line, numbered lines, one line with separators, or
    /// a list or map in JSON.
    ///
    /// # Errors
    /// When the file cannot be read, is no regular file, is too large, no UTF-8, or broken JSON.
    pub fn read(path: &Path) -> Result<Self, TextError> {
        Self::of_file(path, &text_file::read(path, MAX_BYTES)?)
    }

    /// As [`Labels::read`], for a file that `owner` names, or that is looked for beside it.
    pub(super) fn read_beside(owner: &Path, path: &Path) -> Result<Self, TextError> {
        Self::of_file(path, &text_file::read_beside(owner, path, MAX_BYTES)?)
    }

    fn of_file(path: &Path, text: &str) -> Result<Self, TextError> {
        Self::parse(text).map_err(|reason| TextError::Form {
            path: path.into(),
            reason,
        })
    }

    /// Fits the names to a number of classes where it is plain how: a name for the background, which the model has
    /// no class for, is left out, and a class before the one that is numbered 1 has no name. The answer is a
    /// sentence about what was done.
    pub(super) fn fit(&mut self, classes: usize) -> Option<String> {
        if self.from_one && self.len() + 1 == classes {
            self.names.insert(0, String::new());
            return Some("the labels are numbered from 1: class 0 has no name".into());
        }
        if self.len() != classes + 1 {
            return None;
        }
        let background = [0, classes]
            .into_iter()
            .find(|at| is_background(&self.names[*at]))?;
        let name = self.names.remove(background);
        Some(format!(
            "the label {name:?} is left out: there are {} labels for {classes} classes, and it names none",
            classes + 1
        ))
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

    /// The class that `label` names: written the same, else but for upper and lower case, else (so too) one of the
    /// synonyms that it lists with commas, else its only possible completion. A number is no beginning of anything.
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
        let number = number(label).is_some();
        let rules: [&dyn Fn(usize) -> bool; 4] = [
            &|index| self.names[index] == label,
            &|index| lowered[index] == lower,
            &|index| lowered[index].split(',').any(|synonym| synonym.trim() == lower),
            &|index| !number && lowered[index].starts_with(&lower),
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
        Err(LabelError::Unknown {
            label: label.into(),
            similar: self.list(&nearest::to(&lower, &lowered)),
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

impl From<NameList> for Labels {
    fn from(NameList { names, from_one }: NameList) -> Self {
        Self { names, from_one }
    }
}

/// The number of a class, where that is what is written.
pub(super) fn number(label: &str) -> Option<usize> {
    label
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| label.parse().ok())?
}

/// What label lists call "none of the classes".
fn is_background(name: &str) -> bool {
    let bare = name.trim_matches(['_', '<', '>', '[', ']', ' ']).to_lowercase();
    matches!(bare.as_str(), "background" | "bg" | "dummy" | "???")
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
    fn an_unknown_label_brings_the_nearest_ones() {
        let error = cats().find("cat").unwrap_err().to_string();
        assert!(error.contains("did you mean \"tiger cat\" (1)"), "{error}");
        let error = cats().find("tigre cat").unwrap_err().to_string();
        assert!(error.contains("did you mean \"tiger cat\" (1)"), "{error}");
        let error = cats().find("egyptian cat").unwrap_err().to_string();
        assert!(error.contains("did you mean \"Egyptian Mau\" (4)"), "{error}");
        assert!(error.contains("`steerlens inspect --labels MODEL`"), "{error}");
        let error = cats().find("zebra").unwrap_err().to_string();
        assert!(error.contains("no class is called \"zebra\";"), "{error}");
        assert!(matches!(
            Labels::default().find("x"),
            Err(LabelError::NoLabels { .. })
        ));
    }

    #[test]
    fn a_number_never_matches_by_its_beginning() {
        let numbers = Labels::from_text("50\n20\n10\n1\n2\n");
        assert_eq!(numbers.find("1"), Ok(3));
        assert_eq!(numbers.find("20"), Ok(1));
        assert!(matches!(numbers.find("5"), Err(LabelError::Unknown { .. })));
        assert!(matches!(cats().find("2"), Err(LabelError::Unknown { .. })));
    }

    #[test]
    fn a_synonym_names_its_class() {
        let labels = Labels::from_text("tench, Tinca tinca\ngoldfish, Carassius auratus\n");
        assert_eq!(labels.find("Tinca Tinca"), Ok(0));
        assert_eq!(labels.find("tench"), Ok(0));
        assert_eq!(labels.find("carassius auratus"), Ok(1));
    }

    #[test]
    fn a_background_that_the_model_has_no_class_for_is_left_out_and_said() {
        for text in ["background\na\nb", "__background__\na\nb", "a\nb\nBackground"] {
            let mut labels = Labels::from_text(text);
            assert!(
                labels.fit(2).is_some_and(|said| said.contains("left out")),
                "{text}"
            );
            assert_eq!(labels, Labels::from_text("a\nb"));
        }
        let mut whole = Labels::from_text("background\na\nb");
        assert_eq!((whole.fit(3), whole.len()), (None, 3));
        let mut other = Labels::from_text("x\na\nb");
        assert_eq!(
            (other.fit(2), other.len()),
            (None, 3),
            "nothing says which to leave out"
        );
        let mut from_one = Labels::parse("1: a\n2: b").unwrap();
        assert!(from_one.fit(3).is_some());
        assert_eq!(
            (from_one.name(0), from_one.name(1)),
            ("class 0".into(), "a".into())
        );
    }
}
