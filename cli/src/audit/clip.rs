// SPDX-License-Identifier: MPL-2.0
//! Short clips: the frames of a video beside their first edit, as the first method made it.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::{Result, anyhow};

use super::feed::Feed;
use super::inputs::{Input, Kind};
use super::journal::Journal;
use super::settings::Settings;
use super::worker::Worker;
use super::{video, whole};
use crate::progress;

/// Frames of a clip at most.
const LONGEST: u64 = 75;
/// Sampled frames are shown at this rate.
const PER_SECOND: i32 = 10;

/// Writes a clip of each video, `clips/KEY.webm`. A video that cannot be read has none; where the encoder is missing,
/// nothing has, and that is said.
///
/// # Errors
/// When a clip cannot be written.
pub(super) fn write_all(
    settings: &Settings,
    inputs: &[Input],
    truths: &[Option<String>],
    worker: &mut Worker,
    journal: &Journal,
    stop: &AtomicBool,
) -> Result<()> {
    let clips: Vec<usize> = (0..inputs.len())
        .filter(|at| inputs[*at].kind != Kind::Picture)
        .collect();
    if clips.is_empty() {
        return Ok(());
    }
    if let Some(missing) = video::Encoder::missing() {
        progress::say(format_args!("warning: no clips are written: {missing}"));
        return Ok(());
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
                journal,
                stop,
                progress: &|_| (),
            };
            write(&feed, at, worker, &path)?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

fn write(feed: &Feed<'_>, at: usize, worker: &mut Worker, path: &Path) -> Result<()> {
    whole::folder(path.parent().unwrap_or(Path::new("")))?;
    let partial = whole::partial(path);
    let (mut encoder, mut failed) = (None, None);
    // Why a video ends early is said elsewhere.
    let _ = feed.frames_of(at, &mut |place, frame| {
        let taken = worker.beside(&frame).and_then(|image| {
            let size = image.dimensions();
            let encoder = match &mut encoder {
                Some(encoder) => encoder,
                none => none.insert(video::Encoder::open(&partial, size, PER_SECOND)?),
            };
            encoder.add(image)
        });
        let good = taken.is_ok();
        failed = taken.err();
        good && place + 1 < LONGEST
    });
    let ended = match (encoder, failed) {
        (_, Some(error)) => Err(error),
        (None, None) => return Ok(()),
        (Some(encoder), None) => encoder.finish(),
    };
    ended
        .and_then(|()| Ok(fs::rename(&partial, path)?))
        .map_err(|error| anyhow!("the clip {} cannot be written: {error}", path.display()))
}
