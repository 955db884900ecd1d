// SPDX-License-Identifier: MPL-2.0
//! An audit on one machine: one thread reads files, one worker per core audits frames, and what comes back is put in
//! order, so that the result does not depend on who was faster.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;

use anyhow::{Result, anyhow, bail};

use super::feed::{Event, Feed};
use super::finish::{self, Ending};
use super::inputs::{self, Input};
use super::journal::{Journal, Note, PartId};
use super::row::Row;
use super::settings::{Settings, Source};
use super::truth::Truth;
use super::worker::{Frame, Worker};
use super::{clip, record, whole};
use crate::progress;

/// What comes back to be put in order.
enum Done {
    Frame(Vec<Row>),
    End(PartId, Note),
    /// Nothing more can be kept.
    Broken(anyhow::Error),
}

type Queue = Mutex<Receiver<(u64, Box<Frame>)>>;

/// Runs an audit to its end, or until `stop`.
///
/// # Errors
/// When nothing can be audited, a model or a setting does not fit, or the results cannot be written.
pub(crate) fn run(settings: &Settings, stop: &AtomicBool) -> Result<Ending> {
    let inputs = inputs::find(&settings.inputs, settings.shard)?;
    let truths = settings.truth.labels(&inputs, settings.shard.is_none())?;
    if settings.source == Source::True && settings.truth == Truth::Unknown {
        bail!("--source true needs the true classes: give them with --truth folder or --labels-from");
    }
    if let Some(ending) = finish::already(settings)? {
        return Ok(ending);
    }

    let spinner = progress::spinner(format!("loading {}", settings.model.model_file.display()));
    let mut worker = Worker::open(settings)?;
    if settings.source == Source::True {
        check_truths(&worker, &inputs, &truths)?;
    }
    spinner.finish_and_clear();
    for warning in worker.driver().warnings() {
        progress::say(format_args!("warning: {warning}"));
    }

    let mut run = record::begin(settings, worker.driver())?;
    let names: Vec<&str> = inputs.iter().map(|input| input.key.as_str()).collect();
    whole::folder(settings.out())?;
    let mut journal = Journal::open(settings.out(), &record::plan(&run, &names), settings.resume)?;
    audit(settings, stop, &inputs, &truths, &mut worker, &mut journal)?;
    if stop.load(Ordering::Relaxed) {
        return Ok(Ending::Stopped);
    }
    for note in journal.notes() {
        run.inputs.extend(note.inputs.iter().cloned());
        run.failures.extend(note.failures.iter().cloned());
    }
    if settings.clips {
        clip::write_all(settings, &inputs, &truths, &mut worker, &journal, stop)?;
    }
    let ending = finish::finish(&settings.results, run, journal.rows())?;
    journal.remove()?;
    Ok(ending)
}

fn check_truths(worker: &Worker, inputs: &[Input], truths: &[Option<String>]) -> Result<()> {
    for (input, label) in inputs.iter().zip(truths) {
        worker
            .class(label.as_deref().unwrap_or_default())
            .map_err(|error| anyhow!("the true class of {}: {error}", input.path.display()))?;
    }
    Ok(())
}

/// Audits what is not finished, and keeps it part by part.
fn audit(
    settings: &Settings,
    stop: &AtomicBool,
    inputs: &[Input],
    truths: &[Option<String>],
    first: &mut Worker,
    journal: &mut Journal,
) -> Result<()> {
    let bar = progress::long_bar();
    // Thousandths of all inputs.
    let read = AtomicU64::new(0);
    let (frames, queue) = mpsc::sync_channel(settings.jobs);
    let queue = Mutex::new(queue);
    let (back, finished) = mpsc::channel();
    // The feeder knows what was finished before; the collector adds to it.
    let known = journal.clone();
    let feed = Feed {
        inputs,
        truths,
        sample: settings.sample,
        journal: &known,
        stop,
        progress: &|share| read.store((share * 1000.0) as u64, Ordering::Relaxed),
    };

    let collected = thread::scope(|scope| {
        let (feed, queue, out) = (&feed, &queue, settings.out());
        let feeder = back.clone();
        scope.spawn(move || feed_all(feed, &frames, &feeder));
        for _ in 1..settings.jobs {
            let back = back.clone();
            scope.spawn(move || match Worker::open(settings) {
                Ok(mut worker) => work(&mut worker, out, queue, &back, stop),
                Err(error) => drop(back.send((0, Done::Broken(error)))),
            });
        }
        scope.spawn(move || work(first, out, queue, &back, stop));
        let collected = collect(&finished, journal, |frames| {
            bar.set_position(read.load(Ordering::Relaxed));
            bar.set_message(format!(
                "{frames} frames, {:.1}/s",
                frames as f64 / bar.elapsed().as_secs_f64()
            ));
        });
        if collected.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        collected
    });
    bar.finish_and_clear();
    collected
}

fn feed_all(feed: &Feed<'_>, frames: &SyncSender<(u64, Box<Frame>)>, back: &Sender<(u64, Done)>) {
    let mut at = 0;
    feed.run(&mut |event| {
        let taken = match event {
            Event::Frame(frame) => frames.send((at, frame)).is_ok(),
            Event::End(id, note) => back.send((at, Done::End(id, note))).is_ok(),
        };
        at += 1;
        taken
    });
}

/// Audits frames until there are none; those that come after `stop` are let go, so that the feeder finds its end.
fn work(worker: &mut Worker, out: &Path, queue: &Queue, back: &Sender<(u64, Done)>, stop: &AtomicBool) {
    loop {
        // Poisoned or closed: either way nothing comes any more.
        let next = queue.lock().ok().and_then(|queue| queue.recv().ok());
        let Some((at, frame)) = next else { return };
        if stop.load(Ordering::Relaxed) {
            continue;
        }
        let audited = worker.audit(&frame);
        let written = audited
            .strips
            .iter()
            .try_for_each(|(path, strip)| whole::write_lightly(&out.join(path), &strip.png()?));
        // Nobody listens after a failure, which is known then.
        let _ = back.send(match written {
            Ok(()) => (at, Done::Frame(audited.rows)),
            Err(error) => (at, Done::Broken(error)),
        });
    }
}

/// Puts what comes back in order, and keeps each part when it ends.
fn collect(finished: &Receiver<(u64, Done)>, journal: &mut Journal, mut show: impl FnMut(u64)) -> Result<()> {
    let (mut waiting, mut next) = (BTreeMap::new(), 0);
    let (mut rows, mut frames) = (Vec::new(), 0);
    for (at, done) in finished {
        if let Done::Broken(error) = done {
            return Err(error);
        }
        waiting.insert(at, done);
        while let Some(done) = waiting.remove(&next) {
            next += 1;
            match done {
                Done::Frame(new) => {
                    rows.extend(new);
                    frames += 1;
                    show(frames);
                }
                Done::End(id, note) => journal.keep(id, std::mem::take(&mut rows), note)?,
                Done::Broken(error) => return Err(error),
            }
        }
    }
    Ok(())
}
