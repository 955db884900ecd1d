// SPDX-License-Identifier: MPL-2.0
//! The frames that were easiest and hardest to move.

use std::path::Path;

use serde::Serialize;

use super::text;
use super::thumbnail::{Thumbnail, thumbnail};
use crate::summary::{ExtremeFrame, Summary};

/// The easiest and the hardest frames.
#[derive(Debug, Serialize)]
pub(super) struct FrameLists {
    method: String,
    reach: String,
    /// Probability from which a frame is looked at; empty where all are.
    opinion: String,
    least: Vec<Card>,
    most: Vec<Card>,
}

#[derive(Debug, Serialize)]
struct Card {
    input: String,
    place: String,
    source: String,
    target: String,
    /// Probability of the source before: a frame that the driver has no opinion of moves easily.
    sure: String,
    before: String,
    after: String,
    verdict: String,
    l2: String,
    /// How far that is for a person; empty where it is not known.
    change: String,
    strip: Option<String>,
    thumbnail: Option<Thumbnail>,
}

pub(super) fn frames(summary: &Summary, folder: &Path) -> FrameLists {
    let frames = &summary.frames;
    let cards = |list: &[ExtremeFrame]| list.iter().map(|shown| card(shown, summary, folder)).collect();
    FrameLists {
        method: text::method(&frames.method),
        reach: frames
            .reach
            .map_or_else(String::new, |reach| text::reach(reach, frames.requested)),
        opinion: frames.opinion.map_or_else(String::new, text::percent),
        least: cards(&frames.least),
        most: cards(&frames.most),
    }
}

fn card(shown: &ExtremeFrame, summary: &Summary, folder: &Path) -> Card {
    let moved = &shown.moved;
    let magnification = moved
        .magnification
        .map_or_else(|| "\u{2013}".to_owned(), text::number);
    let to_the_flip = summary.frames.requested.is_none();
    Card {
        input: moved.input.clone(),
        place: moved.time_ns.map_or_else(String::new, |time| {
            format!("frame {}, {}", moved.frame, text::time(time))
        }),
        source: moved.source.clone(),
        target: moved.target.clone(),
        sure: text::percent(shown.p_source_before),
        before: text::percent(shown.p_target_before),
        after: text::percent(shown.p_target_after),
        verdict: match (to_the_flip, shown.flipped) {
            (true, true) => format!("flips at magnification {magnification}"),
            (true, false) => format!("no flip up to magnification {magnification}"),
            (false, true) => "becomes the target".to_owned(),
            (false, false) => "does not become the target".to_owned(),
        },
        l2: moved.l2.map_or_else(|| "\u{2013}".to_owned(), text::number),
        change: moved.psnr.map_or_else(String::new, |psnr| {
            format!(" \u{b7} {}: {}", text::change(psnr), text::visible(psnr))
        }),
        strip: shown.strip.clone(),
        thumbnail: shown.strip.as_deref().and_then(|strip| thumbnail(folder, strip)),
    }
}
