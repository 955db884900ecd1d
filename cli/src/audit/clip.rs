// SPDX-License-Identifier: MPL-2.0
//! Short clips: the frames of a video beside their first edit, as the first method made it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, anyhow};
use image::imageops::{self, FilterType};

use super::feed::Feed;
use super::inputs::{Input, Kind};
use super::journal::Journal;
use super::settings::Settings;
use super::video;
use super::worker::Worker;
use crate::atomic_file::{self, AtomicFile};
use crate::progress;

/// Frames of a clip at most.
const LONGEST: u64 = 75;
/// Sampled frames are shown at this rate.
const PER_SECOND: i32 = 10;

/// Writes a clip of each video, `clips/KEY.webm`, unless it is there. A video that cannot be read has none; where a clip
/// cannot be written, that is said.
pub(super) fn write_all(
    settings: &Settings,
    inputs: &[Input],
    truths: &[Option<String>],
    worker: &mut Worker,
    stop: &AtomicBool,
) {
    let clips: Vec<usize> = (0..inputs.len())
        .filter(|at| inputs[*at].kind != Kind::Picture)
        .collect();
    if clips.is_empty() {
        return;
    }
    if let Some(missing) = video::Encoder::missing() {
        progress::say(format_args!("warning: no clips are written: {missing}"));
        return;
    }
    let bar = progress::bar(clips.len(), "writing clips");
    for at in clips {
        let path = settings
            .out()
            .join("clips")
            .join(format!("{}.webm", inputs[at].key));
        if !path.exists() {
            let feed = Feed {
                inputs,
                truths,
                sample: settings.sample,
                journal: &Journal::default(),
                stop,
                progress: &|_| (),
            };
            if let Err(error) = write(&feed, at, worker, &path) {
                progress::say(format_args!("warning: {error}"));
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
}

fn write(feed: &Feed<'_>, at: usize, worker: &mut Worker, path: &Path) -> Result<()> {
    atomic_file::folder(path.parent().unwrap_or(Path::new("")))?;
    let file = AtomicFile::create(path)?;
    let (mut encoder, mut failed) = (None, None);
    let stopped = || feed.stop.load(Ordering::Relaxed);
    // Why a video ends early is said elsewhere.
    let _ = feed.frames_of(at, &mut |place, frame| {
        if stopped() {
            return false;
        }
        let taken = worker.beside(&frame).and_then(|image| {
            let size = image.dimensions();
            let encoder = match &mut encoder {
                Some(encoder) => encoder,
                none => none.insert(video::Encoder::open(file.partial(), size, PER_SECOND)?),
            };
            // A video may change its size, a clip may not.
            let size = encoder.size();
            encoder.add(match image.dimensions() == size {
                true => image,
                false => imageops::resize(&image, size.0, size.1, FilterType::Triangle),
            })
        });
        let good = taken.is_ok();
        failed = taken.err();
        good && place + 1 < LONGEST
    });
    let ended = match (encoder, failed) {
        (_, Some(error)) => Err(error),
        _ if stopped() => return Ok(()),
        (None, None) => return Ok(()),
        (Some(encoder), None) => encoder.finish(),
    };
    ended
        .and_then(|()| file.finish_lightly())
        .map_err(|error| anyhow!("the clip {} cannot be written: {error}", path.display()))
}
