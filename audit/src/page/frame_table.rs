// SPDX-License-Identifier: MPL-2.0
//! Frames as a table that can be sorted.

use serde::Serialize;

use super::text;
use crate::summary::{ExtremeFrame, Summary};

/// The frames that move most easily, easiest first.
#[derive(Debug, Serialize)]
pub(super) struct FrameTable {
    /// How many are listed, in words.
    title: String,
    /// How many are not; empty where all are.
    more: String,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    input: String,
    place: String,
    strip: Option<String>,
    source: String,
    target: String,
    flips: &'static str,
    sure: Number,
    after: Number,
    psnr: Number,
    magnification: Number,
    l2: Number,
}

/// A number as people read it, and as it is sorted by; empty where it is not known.
#[derive(Debug, Serialize)]
struct Number {
    text: String,
    value: String,
}

pub(super) fn table(summary: &Summary) -> FrameTable {
    let frames = &summary.frames;
    let to_the_flip = frames.requested.is_none();
    FrameTable {
        title: text::counted(frames.all.len(), "frame and target", "frames and targets"),
        more: match frames.of - frames.all.len().min(frames.of) {
            0 => String::new(),
            more => text::count(more),
        },
        lines: frames.all.iter().map(|shown| line(shown, to_the_flip)).collect(),
    }
}

fn line(shown: &ExtremeFrame, to_the_flip: bool) -> Line {
    let moved = &shown.moved;
    // Where no flip was found the range's end says nothing of the frame.
    let far = |value: Option<f64>, text: fn(f64) -> String| {
        number(value.filter(|_| shown.flipped || !to_the_flip), text)
    };
    Line {
        input: moved.input.clone(),
        place: moved.time_ns.map_or_else(String::new, |time| {
            format!("frame {}, {}", moved.frame, text::time(time))
        }),
        strip: shown.strip.clone(),
        source: moved.source.clone(),
        target: moved.target.clone(),
        flips: if shown.flipped { "yes" } else { "no" },
        sure: number(Some(shown.p_source_before), text::percent),
        after: number(Some(shown.p_target_after), text::percent),
        psnr: far(moved.psnr, |psnr| format!("{psnr:.1}")),
        magnification: far(moved.magnification, text::number),
        l2: far(moved.l2, text::number),
    }
}

fn number(value: Option<f64>, text: fn(f64) -> String) -> Number {
    Number {
        text: value.map_or_else(|| "\u{2013}".to_owned(), text),
        value: value.map_or_else(String::new, |value| value.to_string()),
    }
}
