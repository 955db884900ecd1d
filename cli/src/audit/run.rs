// SPDX-License-Identifier: MPL-2.0
//! An audit on one machine: one thread reads files, one worker per core audits frames, and what comes back is put in
//! order, so that the result does not depend on who was faster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;

use anyhow::{Result, anyhow, bail};

use super::feed::{Event, Feed};
use super::finish::{self, Ending};
use super::inputs::{self, Found, Input};
use super::journal::{Journal, Note, PartId};
use super::row::Row;
use super::settings::{Settings, Source};
use super::summary::Run;
use super::truth::Truth;
use super::worker::{Frame, Worker};
use super::{clip, record};
use crate::{atomic_file, progress};

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
    let Found {
        inputs,
        keys,
        skipped,
    } = inputs::find(&settings.inputs, settings.out(), settings.shard)?;
    let truths = settings.truth.labels(&inputs, settings.shard.is_none())?;
    if settings.source == Source::True && settings.truth == Truth::Unknown {
        bail!("--source true needs the true classes: give them with --truth folder or --labels-from");
    }
    let finished = finish::summary_in(settings.out())?;
    if finished.is_some() && !settings.resume {
        bail!(
            "the folder {} holds a finished audit: name another folder",
            settings.out().display()
        );
    }

    let spinner = progress::spinner(format!("loading {}", settings.model.model_file.display()));
    let mut worker = Worker::open(settings)?;
    refuse_inputs(settings, &inputs, &worker)?;
    if settings.source == Source::True {
        check_truths(&worker, &inputs, &truths)?;
    }
    let mut run = record::begin(settings, &worker, &keys, &truths)?;
    run.warnings.splice(0..0, skipped.sentences());
    spinner.finish_and_clear();
    for warning in &run.warnings {
        progress::say(format_args!("warning: {warning}"));
    }

    let ending = match finished {
        Some(summary) => {
            record::agree(
                settings.out(),
                &record::identity(&summary.run),
                &record::identity(&run),
            )?;
            record::unchanged(settings.out(), &inputs, &summary.run.inputs)?;
            finish::again(&settings.results, summary)?
        }
        None => match audit(settings, stop, &inputs, &truths, &mut worker, run)? {
            Some(ending) => ending,
            None => return Ok(Ending::Stopped),
        },
    };
    // The report is there: nothing that is only shown beside it can cost it any more.
    if settings.clips {
        clip::write_all(settings, &inputs, &truths, &mut worker, stop);
    }
    if let Err(error) = Journal::remove(settings.out()) {
        progress::say(format_args!("warning: {error}"));
    }
    Ok(ending)
}

/// Audits what is not finished, and writes the results; `None` where it was to stop.
fn audit(
    settings: &Settings,
    stop: &AtomicBool,
    inputs: &[Input],
    truths: &[Option<String>],
    worker: &mut Worker,
    mut run: Run,
) -> Result<Option<Ending>> {
    let out = settings.out();
    atomic_file::folder(out)?;
    let mut journal = Journal::open(out, &record::identity(&run), settings.resume)?;
    let read = journal.notes().flat_map(|note| &note.read);
    record::unchanged(out, inputs, read)?;
    audit_all(settings, stop, inputs, truths, worker, &mut journal)?;
    if stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    for note in journal.notes() {
        run.inputs.extend(note.inputs.iter().cloned());
        run.failures.extend(note.failures.iter().cloned());
        run.input_warnings.extend(note.warnings.iter().cloned());
    }
    Ok(Some(finish::finish(&settings.results, run, journal.rows())?))
}

/// No result takes the place of a file that is read: of an input, a model, what was read beside it, or the table of labels.
fn refuse_inputs(settings: &Settings, inputs: &[Input], worker: &Worker) -> Result<()> {
    let mut read: Vec<&Path> = inputs
        .iter()
        .flat_map(|input| &input.files)
        .map(PathBuf::as_path)
        .collect();
    for model in std::iter::once(worker.driver()).chain(worker.judges()) {
        read.push(model.model_file());
        read.extend(model.files().iter().map(PathBuf::as_path));
    }
    if let Truth::Table(table) = &settings.truth {
        read.push(table);
    }
    for result in settings.results.files() {
        atomic_file::refuse_inputs(&result, &read)?;
    }
    Ok(())
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
fn audit_all(
    settings: &Settings,
    stop: &AtomicBool,
    inputs: &[Input],
    truths: &[Option<String>],
    first: &mut Worker,
    journal: &mut Journal,
) -> Result<()> {
    let mut log = progress::Log::begin(format_args!(
        "auditing {} with {}, {} at once",
        counted(inputs.len() as u64, "input"),
        settings.model.model_file.display(),
        counted(settings.jobs as u64, "frame")
    ));
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
        let mut done = 0;
        let mut tell = |read: u64, frames: u64| {
            let speed = frames as f64 / bar.elapsed().as_secs_f64();
            bar.set_position(read);
            bar.set_message(format!("{frames} frames, {speed:.1}/s"));
            log.tell(
                read,
                format_args!("{}, {speed:.1} per second", counted(frames, "frame")),
            );
        };
        let collected = collect(&finished, journal, |frames| {
            done = frames;
            tell(read.load(Ordering::Relaxed), frames);
        });
        if collected.is_ok() && !stop.load(Ordering::Relaxed) {
            tell(1000, done);
        }
        if collected.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        collected
    });
    bar.finish_and_clear();
    collected
}

fn counted(count: u64, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
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
        let mut audited = worker.audit(&frame);
        for (path, strip) in &audited.strips {
            let written = strip
                .png()
                .and_then(|png| atomic_file::write_lightly(&out.join(path), &png));
            // A picture beside the rows is not worth them.
            if let Err(error) = written {
                progress::say(format_args!("warning: a strip is left out: {error}"));
                let rows = audited.rows.iter_mut();
                rows.filter(|row| row.strip.as_ref() == Some(path))
                    .for_each(|row| row.strip = None);
            }
        }
        // Nobody listens after a failure, which is known then.
        let _ = back.send((at, Done::Frame(audited.rows)));
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
