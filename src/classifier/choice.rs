// SPDX-License-Identifier: MPL-2.0
//! Which class is moved away from, and which one towards.

use super::labels::number;
use super::{ClassChoice, Error, LabelError, Labels};

/// The number of a class as the user names it; `None` where it is to be chosen.
pub(crate) fn resolve(choice: &ClassChoice, labels: &Labels, classes: usize) -> Result<Option<usize>, Error> {
    match choice {
        ClassChoice::Auto => Ok(None),
        ClassChoice::Index(index) => in_range(*index, classes).map(Some),
        ClassChoice::Label(label) => named(label, labels, classes).map(Some),
    }
}

/// The class of a label, or of a number that is no label.
pub(super) fn named(label: &str, labels: &Labels, classes: usize) -> Result<usize, Error> {
    let found = match (labels.find(label), number(label.trim())) {
        (Err(LabelError::Unknown { .. } | LabelError::NoLabels { .. }), Some(number)) => number,
        (found, _) => found?,
    };
    in_range(found, classes)
}

fn in_range(index: usize, classes: usize) -> Result<usize, Error> {
    if index < classes {
        Ok(index)
    } else {
        Err(Error::ClassIndex { index, classes })
    }
}

/// The class with the highest score other than `excluded`; the lowest number among equals. A score that is not a number
/// is lower than any.
pub(crate) fn best_but(scores: &[f32], excluded: Option<usize>) -> usize {
    let mut best = None;
    for (class, score) in scores
        .iter()
        .enumerate()
        .filter(|(class, _)| Some(*class) != excluded)
    {
        if best.is_none_or(|(_, top): (_, f32)| *score > top || (top.is_nan() && !score.is_nan())) {
            best = Some((class, *score));
        }
    }
    best.map_or(0, |(class, _)| class)
}

/// Chooses the pair of classes, steadily: it is fixed before a frame is read, from earlier frames' scores, and a
/// new one must lead some frames in a row (docs/gstreamer.md 2.6, class-hold).
#[derive(Debug, Clone, Default)]
pub(crate) struct PairChooser {
    source: Option<usize>,
    target: Option<usize>,
    hold: u32,
    current: Option<(usize, usize)>,
    challenger: Option<((usize, usize), u32)>,
}

impl PairChooser {
    /// Named classes stay as they are; `None` ones are chosen.
    pub(crate) fn new(source: Option<usize>, target: Option<usize>, hold: u32) -> Self {
        Self {
            source,
            target,
            hold,
            current: source.zip(target),
            challenger: None,
        }
    }

    /// Takes over new wishes; a pair that they still allow stays.
    pub(crate) fn update(&mut self, source: Option<usize>, target: Option<usize>, hold: u32) {
        self.hold = hold;
        if (source, target) != (self.source, self.target) {
            *self = Self::new(source, target, hold);
        }
    }

    /// Forgets earlier frames.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.source, self.target, self.hold);
    }

    /// The pair for the next frame; `None` when scores have to be seen first.
    pub(crate) fn pair(&self) -> Option<(usize, usize)> {
        self.current
    }

    /// Whether the user left the source to be chosen.
    pub(crate) fn source_is_free(&self) -> bool {
        self.source.is_none()
    }

    /// Takes a frame's scores into account; true when the pair for the next frame is a new one.
    pub(crate) fn observe(&mut self, scores: &[f32]) -> bool {
        let wanted = self.wanted(scores);
        let Some(current) = self.current else {
            self.current = Some(wanted);
            return true;
        };
        if wanted == current {
            self.challenger = None;
            return false;
        }
        let led = match self.challenger {
            Some((challenger, led)) if challenger == wanted => led + 1,
            _ => 1,
        };
        if led < self.hold {
            self.challenger = Some((wanted, led));
            return false;
        }
        self.challenger = None;
        self.current = Some(wanted);
        true
    }

    fn wanted(&self, scores: &[f32]) -> (usize, usize) {
        match (self.source, self.target) {
            (Some(source), Some(target)) => (source, target),
            // The predicted class, or the next one where that is the target.
            (None, Some(target)) => (best_but(scores, Some(target)), target),
            (Some(source), None) => (source, best_but(scores, Some(source))),
            (None, None) => {
                let source = best_but(scores, None);
                (source, best_but(scores, Some(source)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_pair_must_lead_the_frames_asked_for() {
        let mut chooser = PairChooser::new(None, None, 3);
        assert_eq!(chooser.pair(), None);
        assert!(chooser.observe(&[3.0, 2.0, 1.0]));
        assert_eq!(chooser.pair(), Some((0, 1)));
        let other = [1.0, 2.0, 3.0];
        assert!(!chooser.observe(&other) && !chooser.observe(&other));
        assert!(!chooser.observe(&[3.0, 2.0, 1.0]), "the count starts anew");
        assert!(!chooser.observe(&other) && !chooser.observe(&other) && chooser.observe(&other));
        assert_eq!(chooser.pair(), Some((2, 1)));
    }

    #[test]
    fn a_predicted_target_leaves_the_next_class_as_source() {
        let mut chooser = PairChooser::new(None, Some(1), 0);
        chooser.observe(&[1.0, 5.0, 2.0]);
        assert_eq!(chooser.pair(), Some((2, 1)));
        let fixed = PairChooser::new(Some(0), Some(2), 5);
        assert_eq!(fixed.pair(), Some((0, 2)), "no scores are needed");
    }

    #[test]
    fn what_is_not_a_number_is_never_the_best_while_anything_is() {
        let nan = f32::NAN;
        assert_eq!(best_but(&[nan, -1.0, 2.0, nan], None), 2);
        assert_eq!(best_but(&[nan, -1.0, 2.0], Some(2)), 1);
        assert_eq!(best_but(&[2.0, nan], Some(0)), 1, "there is no other");
        assert_eq!(best_but(&[nan, nan], None), 0);
        let mut chooser = PairChooser::new(None, None, 0);
        chooser.observe(&[nan, 1.0, 3.0]);
        assert_eq!(chooser.pair(), Some((2, 1)));
    }

    #[test]
    fn numbers_beyond_the_classes_are_refused() {
        let labels = Labels::from_text("a\nb\n");
        assert!(matches!(
            resolve(&ClassChoice::Index(2), &labels, 2),
            Err(Error::ClassIndex { .. })
        ));
        assert_eq!(
            resolve(&ClassChoice::Label("b".into()), &labels, 2).unwrap(),
            Some(1)
        );
        assert_eq!(resolve(&ClassChoice::Auto, &labels, 2).unwrap(), None);
    }

    #[test]
    fn a_number_names_a_class_unless_a_label_is_written_so() {
        let class = |text: &str, labels: &str| named(text, &Labels::from_text(labels), 5);
        assert_eq!(class("3", "a\nb\nc\nd\ne").unwrap(), 3);
        assert_eq!(class(" 3 ", "").unwrap(), 3);
        assert_eq!(class("1", "50\n20\n10\n1\n2").unwrap(), 3, "the label wins");
        assert_eq!(class("0", "50\n20\n10\n1\n2").unwrap(), 0);
        for (text, labels) in [
            ("5", "50\n20\n10\n1\n2"),
            ("99999999999999999999", ""),
            ("1", "1\n1"),
            ("-1", "a"),
        ] {
            assert!(class(text, labels).is_err(), "{text}");
        }
    }
}
