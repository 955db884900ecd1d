// SPDX-License-Identifier: MPL-2.0
//! The first screen: the answer in a sentence, the verdict, and the worst case as pictures.

use std::path::Path;

use serde::Serialize;

use super::text;
use super::thumbnail::{Thumbnail, thirds};
use crate::summary::{Checked, Flips, Summary, Worst};
use crate::table::{Direction, Reach};

/// What a reader sees first.
#[derive(Debug, Serialize)]
pub(super) struct First {
    /// The answer.
    headline: String,
    /// How far that is, in units that a person knows.
    beside: String,
    verdict: Verdict,
    worst: Option<Case>,
}

/// Whether the audit failed, by what was asked beforehand.
#[derive(Debug, Serialize)]
struct Verdict {
    /// `failed`, `passed` or `none`.
    state: &'static str,
    word: &'static str,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    condition: String,
    found: String,
    failed: bool,
}

/// The worst case.
#[derive(Debug, Serialize)]
struct Case {
    sentence: String,
    panels: Vec<Panel>,
    answers: Vec<[String; 3]>,
    place: String,
}

#[derive(Debug, Serialize)]
struct Panel {
    title: &'static str,
    alt: String,
    picture: Thumbnail,
}

pub(super) fn first(summary: &Summary, folder: &Path) -> First {
    let (headline, beside) = answer(summary);
    First {
        headline,
        beside,
        verdict: verdict(summary),
        worst: summary.worst.as_ref().map(|worst| case(worst, folder)),
    }
}

/// The answer and the verdict without pictures, a sentence each.
pub(crate) fn in_words(summary: &Summary) -> Vec<String> {
    let (headline, beside) = answer(summary);
    let verdict = verdict(summary).lines.into_iter().map(|line| {
        let word = if line.failed {
            "failed"
        } else {
            "passed, it is not so"
        };
        format!("{word}: {} ({})", line.condition, line.found)
    });
    std::iter::once(format!("{headline}. {beside}").trim_end().to_owned())
        .chain(verdict)
        .collect()
}

/// How many change, and how far that is.
fn answer(summary: &Summary) -> (String, String) {
    let flips = summary
        .flips
        .iter()
        .find(|flips| flips.control == Direction::Gradient);
    match flips {
        Some(flips) => by_flips(flips),
        None => by_reach(summary),
    }
}

fn by_flips(flips: &Flips) -> (String, String) {
    let all = &flips.all;
    let headline = format!(
        "{} can be brought to another answer",
        match all.flipped.of {
            1 => format!("{} frame and target", text::of(&all.flipped)),
            _ => format!("{} frames and targets", text::of(&all.flipped)),
        }
    );
    let beside = match all.psnr.median {
        Some(psnr) => format!(
            "Half of those that flip (change their answer to the target) need no more than a change of {} of 255 grey \
             levels on average, which is PSNR {}: {}. By {}, along the gradient of the network itself.",
            text::grey_levels(psnr),
            text::psnr(psnr),
            text::visible(psnr),
            text::method(&flips.method)
        ),
        None => format!(
            "None flips (changes its answer) within the range, by {}.",
            text::method(&flips.method)
        ),
    };
    (headline, beside)
}

fn by_reach(summary: &Summary) -> (String, String) {
    match super::answers::main_cell(summary) {
        Some(cell) => (
            format!("{} edits change the answer", text::of(&cell.answered)),
            format!("At {}, by {}.", text::reach_of(cell), text::method(&cell.method)),
        ),
        None => ("Nothing was moved".to_owned(), String::new()),
    }
}

fn verdict(summary: &Summary) -> Verdict {
    let found = |checked: &Checked| {
        let interval = text::share_interval(&checked.share);
        let interval = match interval.is_empty() {
            true => interval,
            false => format!(" (95\u{a0}% interval {interval})"),
        };
        format!("{}{interval}", checked.found())
    };
    let mut lines: Vec<Line> = summary
        .conditions
        .iter()
        .map(|checked| Line {
            condition: checked.condition.clone(),
            found: found(checked),
            failed: checked.failed,
        })
        .collect();
    if let Some(comparison) = &summary.comparison
        && let Some(threshold) = comparison.threshold
    {
        lines.push(Line {
            condition: format!(
                "easier than the baseline by more than {}",
                text::percent(threshold)
            ),
            found: match comparison.easier {
                Some(easier) if easier > threshold && !comparison.exceeded => {
                    format!(
                        "up to {}, but no interval lies above the threshold",
                        text::percent(easier)
                    )
                }
                Some(easier) if easier > 0.0 => format!("at most {}", text::percent(easier)),
                Some(_) => "not easier".to_owned(),
                None => "there is nothing to compare".to_owned(),
            },
            failed: comparison.exceeded,
        });
    }
    let (state, word) = match lines.iter().any(|line| line.failed) {
        _ if lines.is_empty() => ("none", "No verdict"),
        true => ("failed", "Failed"),
        false => ("passed", "Passed"),
    };
    Verdict { state, word, lines }
}

fn case(worst: &Worst, folder: &Path) -> Case {
    let moved = &worst.moved;
    let change = moved.psnr.map_or_else(
        || "in colour alone".to_owned(),
        |psnr| {
            format!(
                "by {} of 255 grey levels on average (PSNR {}): {}",
                text::grey_levels(psnr),
                text::psnr(psnr),
                text::visible(psnr)
            )
        },
    );
    let far = match (worst.reach, moved.magnification) {
        (Some(Reach::Flip) | None, Some(magnification)) => {
            format!("magnification {}", text::number(magnification))
        }
        (Some(reach), _) => text::reach(reach, worst.requested),
        (None, None) => String::new(),
    };
    let panels = worst.picture.as_deref().and_then(|file| thirds(folder, file));
    let titles = [
        "The frame",
        "The edit",
        "Their difference, 8 times; black: no change",
    ];
    let alts = [
        format!("The frame, which the network takes for {}", moved.source),
        format!("The edit, which it takes for {}", moved.target),
        "Their difference, eight times enlarged; black where nothing changed".to_owned(),
    ];
    Case {
        sentence: format!(
            "\u{201c}{}\u{201d} becomes \u{201c}{}\u{201d} when the picture changes {change}.",
            moved.source, moved.target
        ),
        panels: panels
            .into_iter()
            .flatten()
            .zip(titles.into_iter().zip(alts))
            .map(|(picture, (title, alt))| Panel { title, alt, picture })
            .collect(),
        answers: [(&moved.source, 0), (&moved.target, 1)]
            .map(|(label, at)| {
                [
                    label.clone(),
                    text::percent(worst.before[at]),
                    text::percent(worst.after[at]),
                ]
            })
            .to_vec(),
        place: [
            moved.input.clone(),
            moved.time_ns.map_or_else(String::new, |time| {
                format!("frame {}, {}", moved.frame, text::time(time))
            }),
            format!("{}, {far}", text::method(&worst.method)),
        ]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" \u{b7} "),
    }
}
