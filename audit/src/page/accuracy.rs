// SPDX-License-Identifier: MPL-2.0
//! What the driver takes unedited frames for, where their true classes are known.

use serde::Serialize;

use super::{MOST_CLASSES, text};
use crate::summary::Summary;

/// Right answers, and the most frequent wrong ones.
#[derive(Debug, Serialize)]
pub(super) struct Accuracy {
    right: String,
    interval: String,
    /// True class, answer, frames.
    wrong: Vec<(String, String, String)>,
    more: usize,
}

pub(super) fn accuracy(summary: &Summary) -> Option<Accuracy> {
    let right = &summary.counts.right;
    (right.of > 0).then_some(())?;
    let wrong = || summary.confusion.iter().filter(|one| one.truth != one.answer);
    Some(Accuracy {
        right: text::of_percent(right),
        interval: text::share_interval(right),
        wrong: wrong()
            .take(MOST_CLASSES)
            .map(|one| (one.truth.clone(), one.answer.clone(), text::count(one.frames)))
            .collect(),
        more: wrong().count().saturating_sub(MOST_CLASSES),
    })
}
