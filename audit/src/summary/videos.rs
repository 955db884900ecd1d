// SPDX-License-Identifier: MPL-2.0
//! The course of each video, by the first method: what the driver said, and how far it was from saying another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cases::{Case, Collected, Entry};
use super::interval::finite;
use crate::table::{Direction, Reach, name};

/// Points of a course; longer videos are drawn in that many stretches. The table has every frame.
const MOST_POINTS: usize = 300;
/// Videos that are drawn.
const MOST_VIDEOS: usize = 12;

/// One video. Where a frame was moved towards several classes, the nearest of them counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Video {
    /// Its file.
    pub input: String,
    /// Nick of the method.
    pub method: String,
    /// The reach that `after` is of; missing where only flips were searched.
    pub reach: Option<Reach>,
    /// The distance or magnification that was asked for.
    pub requested: Option<f64>,
    /// Frames with a result.
    pub frames: usize,
    /// Frames whose answer became the target at that reach, of those that attained it.
    pub became: [usize; 2],
    /// Frames that flipped within the range, of those that were searched.
    pub flipped: [usize; 2],
    /// Abrupt changes of the picture.
    pub scene_cuts: usize,
    /// The driver's answers that last longest, by label, with the number of frames.
    pub answers: Vec<(String, usize)>,
    /// The course.
    pub points: Vec<Point>,
}

/// A frame, or a stretch of frames.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Point {
    /// Presentation time of its first frame.
    pub time_ns: u64,
    /// Frames.
    pub frames: usize,
    /// Mean of the driver's probability of the source, before.
    pub source_before: f64,
    /// Mean of its probability of the target, before.
    pub target_before: f64,
    /// Mean of its probability of the target, after the edit; of the frames that attained the reach.
    pub target_after: Option<f64>,
    /// Smallest magnification at a flip; missing where no frame flipped within the range.
    pub flip: Option<f64>,
    /// Whether the picture changed abruptly.
    pub scene_cut: bool,
    /// Whether the driver's unedited answer changed.
    pub turn: bool,
}

/// What is known of one frame.
#[derive(Debug, Clone, Copy)]
struct FrameOfVideo<'a> {
    case: &'a Case,
    /// Probability of the target after the edit, and whether it became the answer.
    after: Option<(f64, bool)>,
    searched: bool,
    flip: Option<f64>,
}

pub(super) fn videos<'a>(collected: &'a Collected) -> Vec<Video> {
    let gradient = || {
        collected
            .cells
            .iter()
            .filter(|(key, _)| key.control == Direction::Gradient)
    };
    let Some(way) = gradient().map(|(key, _)| key.way).next() else {
        return Vec::new();
    };
    let of = |flip: bool| gradient().filter(move |(key, _)| key.way == way && key.is_flip() == flip);
    let flips = of(true).next();
    // Cells stand in the order of reach and distance: the last L2 distance, else the last magnification.
    let reached = of(false)
        .rfind(|(key, _)| key.reach == Reach::L2)
        .or_else(|| of(false).next_back());

    let mut by_file: BTreeMap<u32, BTreeMap<u64, FrameOfVideo<'a>>> = BTreeMap::new();
    let mut meet = |entry: &Entry, see: &dyn Fn(&mut FrameOfVideo<'a>)| {
        let case = collected.of(entry);
        if case.time_ns.is_some() {
            let frames = by_file.entry(case.input).or_default();
            see(frames.entry(case.frame).or_insert(FrameOfVideo {
                case,
                after: None,
                searched: false,
                flip: None,
            }));
        }
    };
    for entry in reached.iter().flat_map(|(_, entries)| &entries.done) {
        meet(entry, &|frame| {
            let after = f64::from(entry.p_target_after);
            if entry.attained && frame.after.is_none_or(|(nearest, _)| after > nearest) {
                frame.after = Some((after, entry.answered));
                frame.case = collected.of(entry);
            }
        });
    }
    for entry in flips.iter().flat_map(|(_, entries)| &entries.done) {
        meet(entry, &|frame| {
            frame.searched = true;
            if entry.attained {
                let flip = frame
                    .flip
                    .map_or(entry.magnification, |nearest| nearest.min(entry.magnification));
                frame.flip = finite(flip);
            }
        });
    }

    by_file
        .into_iter()
        .filter(|(_, frames)| frames.len() > 1)
        .take(MOST_VIDEOS)
        .map(|(input, frames)| {
            let frames: Vec<FrameOfVideo<'_>> = frames.into_values().collect();
            let count = |is: fn(&FrameOfVideo<'_>) -> bool| frames.iter().filter(|frame| is(frame)).count();
            Video {
                input: collected.inputs[input as usize].clone(),
                method: name(way.method, way.samples),
                reach: reached.map(|(key, _)| key.reach),
                requested: reached.and_then(|(key, _)| key.requested()),
                frames: frames.len(),
                became: [
                    count(|frame| frame.after.is_some_and(|(_, answered)| answered)),
                    count(|frame| frame.after.is_some()),
                ],
                flipped: [count(|frame| frame.flip.is_some()), count(|frame| frame.searched)],
                scene_cuts: count(|frame| frame.case.scene_cut),
                answers: answers(collected, &frames),
                points: points(&frames),
            }
        })
        .collect()
}

/// The most frequent answers, the first four of them.
fn answers(collected: &Collected, frames: &[FrameOfVideo<'_>]) -> Vec<(String, usize)> {
    let mut by_class: BTreeMap<i32, usize> = BTreeMap::new();
    for frame in frames {
        *by_class.entry(frame.case.top_before).or_default() += 1;
    }
    let mut all: Vec<(i32, usize)> = by_class.into_iter().collect();
    all.sort_by_key(|&(_, frames)| std::cmp::Reverse(frames));
    all.truncate(4);
    all.into_iter()
        .map(|(class, frames)| (collected.label_of(class), frames))
        .collect()
}

fn points(frames: &[FrameOfVideo<'_>]) -> Vec<Point> {
    let stretch = frames.len().div_ceil(MOST_POINTS).max(1);
    let mut before = frames.first().map(|frame| frame.case.top_before);
    frames
        .chunks(stretch)
        .map(|frames| {
            let mean = |value: fn(&FrameOfVideo<'_>) -> f64| {
                frames.iter().map(value).sum::<f64>() / frames.len() as f64
            };
            let after: Vec<f64> = frames
                .iter()
                .filter_map(|frame| frame.after)
                .map(|(p, _)| p)
                .collect();
            let mut turn = false;
            for frame in frames {
                turn |= before.replace(frame.case.top_before) != Some(frame.case.top_before);
            }
            Point {
                time_ns: frames[0].case.time_ns.unwrap_or(0),
                frames: frames.len(),
                source_before: mean(|frame| frame.case.p_source_before.into()),
                target_before: mean(|frame| frame.case.p_target_before.into()),
                target_after: (!after.is_empty()).then(|| after.iter().sum::<f64>() / after.len() as f64),
                flip: frames.iter().filter_map(|frame| frame.flip).reduce(f64::min),
                scene_cut: frames.iter().any(|frame| frame.case.scene_cut),
                turn,
            }
        })
        .collect()
}
