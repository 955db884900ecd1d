// SPDX-License-Identifier: MPL-2.0
//! The course of each video, as lines.

use std::fmt::Write;

use serde::Serialize;

use super::axis::{Log, Tick, rounded};
use super::text;
use crate::summary::{Point, Summary, Video};

/// Units of the drawing: it is stretched to the page's width.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 100.0;

/// A video's course.
#[derive(Debug, Serialize)]
pub(super) struct Course {
    input: String,
    method: String,
    reach: Option<String>,
    /// One sentence that says what the drawing shows.
    sentence: String,
    /// Whether points are means of several frames.
    stretch: usize,
    source_before: String,
    target_before: String,
    target_after: String,
    /// Dots at the magnification of each flip.
    flips: String,
    flip_ticks: Vec<Tick>,
    cuts: Vec<f64>,
    turns: Vec<f64>,
    times: Vec<Tick>,
}

pub(super) fn courses(summary: &Summary) -> Vec<Course> {
    summary
        .videos
        .iter()
        .map(|video| course(video, summary.run.flip_range))
        .collect()
}

fn course(video: &Video, range: Option<f64>) -> Course {
    let points = &video.points;
    let (first, last) = match (points.first(), points.last()) {
        (Some(first), Some(last)) => (first.time_ns, last.time_ns),
        _ => (0, 0),
    };
    let span = last.saturating_sub(first).max(1) as f64;
    let x = |point: &Point| rounded(WIDTH * point.time_ns.saturating_sub(first) as f64 / span);
    let line = |value: fn(&Point) -> Option<f64>| path(points.iter().map(|point| (x(point), value(point))));
    let found = points.iter().filter_map(|point| point.flip);
    let axis = Log::around(found.clone().chain(range));
    let mut flips = String::new();
    for (point, flip) in points.iter().filter_map(|point| Some((point, point.flip?))) {
        // A line of no length with round ends is a dot, also where the drawing is stretched.
        let _ = write!(flips, "M{} {}h.01", x(point), rounded(HEIGHT - axis.at(flip)));
    }
    let any = found.count() > 0;
    let places = |is: fn(&Point) -> bool| points.iter().filter(|point| is(point)).map(x).collect();
    Course {
        input: video.input.clone(),
        method: text::method(&video.method),
        reach: video.reach.map(|reach| text::reach(reach, video.requested)),
        sentence: sentence(video),
        stretch: points.iter().map(|point| point.frames).max().unwrap_or(1),
        source_before: line(|point| Some(point.source_before)),
        target_before: line(|point| Some(point.target_before)),
        target_after: line(|point| point.target_after),
        flip_ticks: if any { axis.ticks() } else { Vec::new() },
        flips,
        cuts: places(|point| point.scene_cut),
        turns: places(|point| point.turn),
        times: [0.0, 0.25, 0.5, 0.75, 1.0]
            .map(|at| Tick {
                at: 100.0 * at,
                label: text::time(first + (span * at) as u64),
            })
            .to_vec(),
    }
}

/// A line through the values that there are; it breaks where there is none.
fn path(points: impl Iterator<Item = (f64, Option<f64>)>) -> String {
    let mut path = String::new();
    let mut down = false;
    for (x, value) in points {
        let Some(value) = value.filter(|value| value.is_finite()) else {
            down = false;
            continue;
        };
        let y = rounded(HEIGHT * (1.0 - value));
        let _ = write!(path, "{}{x} {y}", if down { 'L' } else { 'M' });
        if !down {
            // A single point is a dot.
            path.push_str("h.01");
        }
        down = true;
    }
    path
}

fn sentence(video: &Video) -> String {
    let frames = text::counted(video.frames, "frame", "frames");
    let mut text = frames;
    if let Some(reach) = video.reach.filter(|_| video.became[1] > 0) {
        let reach = text::reach(reach, video.requested);
        let _ = write!(
            text,
            "; at {reach} the driver's answer becomes the target in {} of {}",
            text::count(video.became[0]),
            text::count(video.became[1])
        );
    }
    if video.flipped[1] > 0 {
        let [flipped, of] = video.flipped.map(text::count);
        let _ = write!(text, "; {flipped} of {of} flip within the range");
    }
    let _ = write!(
        text,
        "; {}. ",
        text::counted(video.scene_cuts, "scene cut", "scene cuts")
    );
    let answers: Vec<String> = video
        .answers
        .iter()
        .map(|(label, frames)| format!("{label} ({})", text::count(*frames)))
        .collect();
    let _ = write!(
        text,
        "Before any edit the driver most often answers {}.",
        answers.join(", ")
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_breaks_where_nothing_is_known() {
        let points = [
            (0.0, Some(0.0)),
            (10.0, Some(1.0)),
            (20.0, None),
            (30.0, Some(0.5)),
        ];
        assert_eq!(path(points.into_iter()), "M0 100h.01L10 0M30 50h.01");
        assert_eq!(path([].into_iter()), "");
    }
}
