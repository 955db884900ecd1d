// SPDX-License-Identifier: MPL-2.0
//! Short clips: the frames of a video beside their first edit, as the first method made it.

use std::path::Path;

use image::imageops::{self, FilterType};
use steerlens_files::atomic_file::{self, AtomicFile};

use crate::error::{Error, Result};
use crate::feed::Feed;
use crate::input::{Input, Kind, video};
use crate::journal::Journal;
use crate::progress::{Phase, Progress, Stop};
use crate::protocol::Worker;
use crate::settings::Settings;

/// Frames of a clip at most.
const LONGEST: u64 = 75;
/// Sampled frames are shown at this rate.
const PER_SECOND: i32 = 10;

/// Writes a clip of each video, `clips/KEY.webm`, unless it is there. A video that cannot be read has none; where a clip
/// cannot be written, that is said.
pub(crate) fn write_all(
    settings: &Settings,
    inputs: &[Input],
    truths: &[Option<String>],
    worker: &mut Worker,
    progress: &dyn Progress,
) {
    let clips: Vec<usize> = (0..inputs.len())
        .filter(|at| inputs[*at].kind != Kind::Picture)
        .collect();
    if clips.is_empty() {
        return;
    }
    if let Some(missing) = video::Encoder::missing() {
        progress.warn(&format!("no clips are written: {missing}"));
        return;
    }
    let (count, stop) = (clips.len(), Stop::new(progress));
    progress.phase(&Phase::Clips { count });
    for (done, at) in clips.into_iter().enumerate() {
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
                stop: &stop,
                progress: &|_| (),
            };
            if let Err(error) = write(&feed, at, worker, &path) {
                progress.warn(&error.to_string());
            }
        }
        let done = done + 1;
        progress.advance(done as f64 / count as f64, done as u64);
    }
}

fn write(feed: &Feed<'_>, at: usize, worker: &mut Worker, path: &Path) -> Result<()> {
    atomic_file::folder(path.parent().unwrap_or(Path::new("")))?;
    let file = AtomicFile::create(path)?;
    let (mut encoder, mut failed) = (None, None);
    let stopped = || feed.stop.is_set();
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
        .and_then(|()| Ok(file.finish_lightly()?))
        .map_err(|error| Error::file(format!("the clip {} cannot be written", path.display()), error))
}
