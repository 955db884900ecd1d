// SPDX-License-Identifier: MPL-2.0
//! The answers, in sentences: each number with what it is out of.

use serde::Serialize;

use super::{protocol, text};
use crate::summary::{Cell, ClassFlips, Comparison, Estimate, FEWEST_SOURCES, Summary};
use crate::table::{Direction, Reach};

/// A question and its answer.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    question: &'static str,
    text: String,
    /// Where the page has more.
    section: &'static str,
}

pub(super) fn answers(summary: &Summary) -> Vec<Answer> {
    let answer = |question, section, text: Option<String>| {
        text.map(|text| Answer {
            question,
            text,
            section,
        })
    };
    let cell = main_cell(summary);
    [
        answer("How far is a class from flipping?", "flips", far(summary)),
        answer("What becomes what?", "matrix", becomes(summary)),
        answer(
            "Is it the class gradient that does it?",
            "transfer",
            cell.and_then(|cell| against_control(summary, cell)),
        ),
        answer(
            "Do other classifiers agree?",
            "transfer",
            cell.and_then(|cell| judges(summary, cell)),
        ),
        answer("Is the edit a deformation?", "protocol", cell.and_then(warp)),
        answer("What structure moves the decision?", "energy", energy(summary)),
        answer(
            "Did it become easier to move?",
            "comparison",
            summary.comparison.as_ref().map(easier),
        ),
        answer("What is left out?", "left-out", Some(left_out(summary))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The first method at the furthest L2 distance, else at the furthest magnification, else at the flip.
pub(super) fn main_cell(summary: &Summary) -> Option<&Cell> {
    let method = summary.main_method()?;
    let of = |reach| {
        let mut cells = summary.cells.iter();
        cells
            .rfind(|cell| cell.reach == reach && cell.control == Direction::Gradient && cell.method == method)
    };
    of(Reach::L2)
        .or_else(|| of(Reach::Magnification))
        .or_else(|| of(Reach::Flip))
}

fn pairs(of: usize) -> String {
    text::counted(of, "frame and target", "frames and targets")
}

fn with_interval(interval: String) -> String {
    if interval.is_empty() {
        String::new()
    } else {
        format!(" (95\u{a0}% interval {interval})")
    }
}

fn far(summary: &Summary) -> Option<String> {
    let flips = summary
        .flips
        .iter()
        .find(|flips| flips.control == Direction::Gradient)?;
    let range = summary.run.flip_range.map_or_else(
        || "the range".to_owned(),
        |range| format!("magnification {}", text::number(range)),
    );
    let all = &flips.all;
    let mut sentences = format!(
        "A frame flips at the smallest change found at which the driver (the network under audit) gives the target as its \
         answer. With {}, {} flip within {range}: {}{}.",
        text::method(&flips.method),
        text::of(&all.flipped),
        all.flipped.share().map_or_else(String::new, text::percent),
        with_interval(text::share_interval(&all.flipped)),
    );
    match all.magnification.median {
        Some(median) => {
            sentences += &format!(
                " Half of all flip at magnification (how far phases are turned, root mean square in radians) {} or less{}; \
                 those that flip are then at a median L2 distance (of pixel values 0 to 1) of {}{}.",
                text::number(median),
                with_interval(text::interval(&all.magnification)),
                text::estimate(&all.l2, "\u{2013}"),
                all.psnr
                    .median
                    .map_or_else(String::new, |psnr| format!(", {}", text::change(psnr))),
            )
        }
        None if all.flipped.of > 0 => sentences += " So the median distance lies beyond the range.",
        None => {}
    }
    let mut classes: Vec<&ClassFlips> = flips
        .classes
        .iter()
        .filter(|class| class.distances.flipped.of >= FEWEST_SOURCES)
        .collect();
    let far = |class: &&ClassFlips| class.distances.magnification.median.unwrap_or(f64::INFINITY);
    classes.sort_by(|a, b| far(a).total_cmp(&far(b)));
    if let [nearest, .., furthest] = classes[..] {
        let said = |class: &ClassFlips| {
            let magnification = &class.distances.magnification;
            format!(
                "\u{201c}{}\u{201d} (median {} over {})",
                class.label,
                text::estimate(magnification, "beyond the range"),
                text::count(magnification.of)
            )
        };
        sentences += &format!(
            " The nearest class is {}, the furthest {}.",
            said(nearest),
            said(furthest)
        );
    }
    Some(sentences)
}

fn becomes(summary: &Summary) -> Option<String> {
    let matrix = summary.matrices.first()?;
    let most = matrix
        .pairs
        .iter()
        .max_by_key(|pair| pair.became.count)
        .filter(|pair| pair.became.count > 0)?;
    let all: usize = matrix.pairs.iter().map(|pair| pair.became.count).sum();
    Some(format!(
        "At {} with {}, the most frequent change is \u{201c}{}\u{201d} to \u{201c}{}\u{201d}: {}, out of {} over {}.",
        text::reach(matrix.reach, matrix.requested),
        text::method(&matrix.method),
        most.source_label,
        most.target_label,
        text::of_percent(&most.became),
        text::counted(all, "change", "changes"),
        text::counted(matrix.pairs.len(), "pair of classes", "pairs of classes"),
    ))
}

fn against_control(summary: &Summary, cell: &Cell) -> Option<String> {
    let at = text::reach_of(cell);
    let Some(random) = protocol::control(summary, cell) else {
        return Some(format!(
            "This cannot be said: the audit was run without the random control (--control random), so an edit of the \
             same size in any other direction might do the same. Along the class gradient at {at}, the driver answers \
             the target in {}.",
            text::of_percent(&cell.answered)
        ));
    };
    let p = |estimate: &Estimate| {
        format!(
            "{}{}",
            text::percent_estimate(estimate),
            with_interval(text::percent_interval(estimate))
        )
    };
    let other = protocol::twin(summary, cell, Direction::Other).map_or_else(String::new, |other| {
        format!(
            " The gradient of another picture, between the same two classes, does so in {}, at {}.",
            text::of_percent(&other.answered),
            p(&other.p_target_after)
        )
    });
    Some(format!(
        "At {at} along the class gradient ({}), the driver answers the target in {}, at a median probability of {}. A \
         random direction of the same spectrum, taken equally far, does so in {}, at {}.{other}",
        text::method(&cell.method),
        text::of_percent(&cell.answered),
        p(&cell.p_target_after),
        text::of_percent(&random.answered),
        p(&random.p_target_after),
    ))
}

fn judges(summary: &Summary, cell: &Cell) -> Option<String> {
    let at = text::reach_of(cell);
    if cell.judges.is_empty() {
        return Some(
            "This cannot be said: the audit had no judge (--judge MODEL). The driver's own answer says nothing about \
             what another classifier, or a person, would see."
                .to_owned(),
        );
    }
    let names = summary.run.judges.iter().map(|judge| judge.name());
    let each: Vec<String> = names
        .zip(&cell.judges)
        .map(|(name, share)| format!("{name} in {}", text::of_percent(share)))
        .collect();
    let mut sentence = format!(
        "At {at}, where the driver answers the target in {}, the judges do: {}",
        text::of_percent(&cell.answered),
        each.join(", ")
    );
    if let Some(all) = &cell.all_judges {
        sentence += &format!(", all of them in {}", text::of_percent(all));
    }
    if let Some(random) = protocol::control(summary, cell) {
        let each: Vec<String> = random.judges.iter().map(text::of).collect();
        sentence += &format!(". In the random direction: {}", each.join(", "));
    }
    Some(sentence + ".")
}

fn warp(cell: &Cell) -> Option<String> {
    cell.e_warp.median?;
    Some(format!(
        "At {}, a smooth warp accounts for a median of {} of the edit's energy{}, warp and gain together for {}, over {}.",
        text::reach_of(cell),
        text::percent_estimate(&cell.e_warp),
        with_interval(text::percent_interval(&cell.e_warp)),
        text::percent_estimate(&cell.e_warp_gain),
        pairs(cell.e_warp.of),
    ))
}

fn energy(summary: &Summary) -> Option<String> {
    let map = summary.energy.gradient.as_ref()?;
    let scales: Vec<f64> = map.shares.iter().map(|scale| scale.iter().sum()).collect();
    let (most, share) = scales.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    let finest = match most {
        0 => String::new(),
        _ => format!(", the finest scale {}", text::percent(scales[0])),
    };
    Some(format!(
        "The class gradient has most of its energy at periods of about {} pixels: {} of it{finest}. Means over {}.",
        text::count(4usize << most.min(40)),
        text::percent(*share),
        text::counted(map.of, "row", "rows"),
    ))
}

fn easier(comparison: &Comparison) -> String {
    let Some(easier) = comparison.easier else {
        return "This cannot be said: the baseline has no method and reach in common with this audit."
            .to_owned();
    };
    let against = format!("Against {}", comparison.baseline.name());
    let verdict = match comparison.threshold {
        Some(threshold) if comparison.exceeded => {
            format!(", above the threshold of {}", text::percent(threshold))
        }
        Some(threshold) if easier > threshold => format!(
            ", more than the threshold of {}, but not surely: no interval lies above it",
            text::percent(threshold)
        ),
        Some(threshold) => format!(", within the threshold of {}", text::percent(threshold)),
        None => String::new(),
    };
    match easier > 0.0 {
        true => format!("{against}, at most by {}{verdict}.", text::percent(easier)),
        false => format!("{against}, by no method and reach{verdict}."),
    }
}

fn left_out(summary: &Summary) -> String {
    let counts = &summary.counts;
    if counts.is_complete() {
        return format!(
            "Nothing: every file could be read, and all {} have a result that attained what was asked for.",
            text::counted(counts.rows, "row", "rows")
        );
    }
    let rows = |count: usize, said: &str| (count > 0).then(|| format!("{} {said}", text::count(count)));
    let short = counts.missed.saturating_sub(counts.unflipped);
    let parts: Vec<String> = [
        rows(counts.failed, "without result"),
        rows(short, "short of the distance asked for"),
        rows(counts.unflipped, "that did not flip within the range"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut sentences = String::new();
    if !parts.is_empty() {
        sentences += &format!(
            "Of {}: {}.",
            text::counted(counts.rows, "row", "rows"),
            parts.join(", ")
        );
    }
    if counts.unflipped > 0 {
        sentences += " Flips that were not found count above as further away than the range.";
    }
    if counts.failed + short > 0 {
        sentences += " What has no result or fell short is in no figure above; it is counted beside each.";
    }
    if counts.unread > 0 {
        sentences += &format!(
            " {} could not be read, or not to the end.",
            text::counted(counts.unread, "file", "files")
        );
    }
    sentences.trim_start().to_owned()
}
