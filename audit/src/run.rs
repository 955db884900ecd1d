// SPDX-License-Identifier: MPL-2.0
//! An audit on one machine: one thread reads files, one worker per core audits frames, and what comes back is put in
//! order, so that the result does not depend on who was faster.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread;

use image::ImageFormat;
use steerlens_files::atomic_file;

use crate::error::{Error, Result, bail, error};
use crate::feed::{Event, Feed};
use crate::finish::{self, Ending};
use crate::input::{
    Frame, Input, Truth,
    find::{self, Found},
};
use crate::journal::{Journal, Note, PartId};
use crate::progress::{Phase, Progress, Stop};
use crate::protocol::Worker;
use crate::settings::{Settings, Source};
use crate::summary::{Record, Summary};
use crate::table::Row;
use crate::{clip, pilot, record};

/// What comes back to be put in order.
enum Done {
    Frame(Vec<Row>),
    End(PartId, Note),
    /// Nothing more can be kept.
    Broken(Error),
}

type Queue = Mutex<Receiver<(u64, Box<Frame>)>>;

/// Runs an audit to its end, or until `progress` stops it.
///
/// Frames are audited side by side, and the results do not depend on how many: the same audit on the same machine writes
/// the same table, summary and page, bit for bit. An audit that was interrupted goes on with [`Settings::resume`], and
/// one that is finished then ends as it ended.
///
/// # Errors
/// When nothing can be audited, a model or a setting does not fit, the folder holds another audit, or the results cannot
/// be written. A file that cannot be read is no error: it is in [`Summary`]'s failures, and the verdict is
/// [`Verdict::Partial`](crate::Verdict::Partial).
pub fn run(settings: &Settings, progress: &dyn Progress) -> Result<Ending> {
    settings.check()?;
    let baseline = settings.results.read_baseline()?;
    let Found {
        inputs,
        keys,
        sample,
        skipped,
    } = find::find(&settings.inputs, settings.out(), settings.shard)?;
    let truths = settings.truth.labels(&inputs, settings.shard.is_none())?;
    let finished = finish::summary_in(settings.out())?;
    if finished.is_some() && !settings.resume {
        bail!(
            Results,
            "the folder {} holds a finished audit: name another folder",
            settings.out().display()
        );
    }

    progress.phase(&Phase::Loading {
        model: &settings.model.model_file,
    });
    let mut worker = Worker::open(settings)?;
    refuse_inputs(settings, &inputs, &worker)?;
    if settings.source == Source::True {
        check_truths(&worker, &inputs, &truths)?;
    }
    progress.phase(&Phase::Checking);
    let mut settings = settings.clone();
    let reaches = pilot::reaches(&settings, &sample, &mut worker, &Stop::new(progress));
    if let Some(reaches) = &reaches {
        settings.magnifications.clone_from(&reaches.magnifications);
        worker.reach(&settings)?;
    }
    let settings = &settings;
    let others = match settings.other_control {
        true => pilot::first_frames(settings, &sample, &Stop::new(progress)),
        false => Vec::new(),
    };
    worker.compare_with(&others)?;
    let mut record = record::begin(settings, &worker, &keys, &truths)?;
    if let Some(reaches) = reaches {
        let name = record::MAGNIFICATIONS_FROM.to_owned();
        record.settings.insert(name, reaches.from.into());
    }
    record.warnings.splice(0..0, skipped.sentences());
    record.warnings.iter().for_each(|warning| progress.warn(warning));

    let work = Work {
        settings,
        inputs: &inputs,
        truths: &truths,
        others: &others,
        progress,
        stop: Stop::new(progress),
    };
    let ending = match finished {
        Some(summary) => {
            record::agree(
                settings.out(),
                &record::identity(&summary.run),
                &record::identity(&record),
            )?;
            record::unchanged(settings.out(), &inputs, &summary.run.inputs)?;
            finish::again(&settings.results, baseline.as_ref(), summary, progress)?
        }
        None => match work.audit(&mut worker, record, baseline.as_ref())? {
            Some(ending) => ending,
            None => return Ok(Ending::stopped(&settings.results)),
        },
    };
    // The report is there: nothing that is only shown beside it can cost it any more.
    if settings.clips {
        clip::write_all(settings, &inputs, &truths, &mut worker, progress);
    }
    if let Err(error) = Journal::remove(settings.out()) {
        progress.warn(&error.to_string());
    }
    Ok(ending)
}

/// No result takes the place of a file that is read: of an input, a model, what was read beside it, or the table of labels.
fn refuse_inputs(settings: &Settings, inputs: &[Input], worker: &Worker) -> Result<()> {
    let mut read: Vec<&Path> = inputs
        .iter()
        .flat_map(|input| &input.files)
        .map(PathBuf::as_path)
        .collect();
    for model in std::iter::once(worker.driver())
        .chain(worker.also())
        .chain(worker.judges())
    {
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
            .map_err(|error| error!(Settings, "the true class of {}: {error}", input.path.display()))?;
    }
    Ok(())
}

/// What an audit on this machine goes by.
struct Work<'a> {
    settings: &'a Settings,
    inputs: &'a [Input],
    truths: &'a [Option<String>],
    /// Pictures for the control `other`.
    others: &'a [Arc<Frame>],
    progress: &'a dyn Progress,
    stop: Stop<'a>,
}

impl Work<'_> {
    /// Audits what is not finished, and writes the results; `None` where it was to stop.
    fn audit(
        &self,
        worker: &mut Worker,
        mut record: Record,
        baseline: Option<&Summary>,
    ) -> Result<Option<Ending>> {
        let (settings, out) = (self.settings, self.settings.out());
        atomic_file::folder(out)?;
        let mut journal = Journal::open(out, &record::identity(&record), settings.resume)?;
        let read = journal.notes().flat_map(|note| &note.read);
        record::unchanged(out, self.inputs, read)?;
        self.audit_all(worker, &mut journal)?;
        if self.stop.is_set() {
            return Ok(None);
        }
        for note in journal.notes() {
            record.inputs.extend(note.inputs.iter().cloned());
            record.failures.extend(note.failures.iter().cloned());
            record.input_warnings.extend(note.warnings.iter().cloned());
        }
        let rows = journal.rows();
        finish::finish(&settings.results, baseline, record, rows, self.progress).map(Some)
    }

    /// Audits what is not finished, and keeps it part by part.
    fn audit_all(&self, first: &mut Worker, journal: &mut Journal) -> Result<()> {
        let settings = self.settings;
        let jobs = settings.jobs.max(1);
        self.progress.phase(&Phase::Auditing {
            model: &settings.model.model_file,
            inputs: self.inputs.len(),
            jobs,
        });
        // Thousandths of all inputs.
        let read = AtomicU64::new(0);
        let (frames, queue) = mpsc::sync_channel(jobs);
        let queue = Mutex::new(queue);
        let (back, finished) = mpsc::channel();
        // The feeder knows what was finished before; the collector adds to it.
        let known = journal.clone();
        let feed = Feed {
            inputs: self.inputs,
            truths: self.truths,
            sample: settings.sample,
            journal: &known,
            stop: &self.stop,
            progress: &|share| read.store((share * 1000.0) as u64, Ordering::Relaxed),
        };

        thread::scope(|scope| {
            let (feed, queue) = (&feed, &queue);
            let feeder = back.clone();
            scope.spawn(move || feed_all(feed, &frames, &feeder));
            for _ in 1..jobs {
                let back = back.clone();
                scope.spawn(move || match self.another_worker() {
                    Ok(mut worker) => self.work(&mut worker, queue, &back),
                    Err(error) => drop(back.send((0, Done::Broken(error)))),
                });
            }
            scope.spawn(move || self.work(first, queue, &back));
            let mut audited = 0;
            let collected = collect(&finished, journal, |frames| {
                audited = frames;
                let done = read.load(Ordering::Relaxed) as f64 / 1000.0;
                self.progress.advance(done, frames);
            });
            if collected.is_err() {
                self.stop.give_up();
            } else if !self.stop.is_set() {
                self.progress.advance(1.0, audited);
            }
            collected
        })
    }

    fn another_worker(&self) -> Result<Worker> {
        let mut worker = Worker::open(self.settings)?;
        worker.compare_with(self.others)?;
        Ok(worker)
    }

    /// Audits frames until there are none; those that come after a stop are let go, so that the feeder finds its end.
    fn work(&self, worker: &mut Worker, queue: &Queue, back: &Sender<(u64, Done)>) {
        loop {
            // Poisoned or closed: either way nothing comes any more.
            let next = queue.lock().ok().and_then(|queue| queue.recv().ok());
            let Some((at, frame)) = next else { return };
            if self.stop.is_set() {
                continue;
            }
            let mut audited = worker.audit(&frame);
            for (path, strip) in &audited.strips {
                let written = strip
                    .png()
                    .and_then(|png| Ok(atomic_file::write_lightly(&self.settings.out().join(path), &png)?));
                // A picture beside the rows is not worth them.
                if let Err(error) = written {
                    self.progress.warn(&format!("a strip is left out: {error}"));
                    let rows = audited.rows.iter_mut();
                    rows.filter(|row| row.strip.as_ref() == Some(path))
                        .for_each(|row| row.strip = None);
                }
            }
            for (path, panels) in &audited.closest {
                let mut png = Cursor::new(Vec::new());
                let written = panels
                    .write_to(&mut png, ImageFormat::Png)
                    .map_err(Error::format)
                    .and_then(|()| {
                        let path = self.settings.out().join(path);
                        Ok(atomic_file::write_lightly(&path, png.get_ref())?)
                    });
                if let Err(error) = written {
                    self.progress
                        .warn(&format!("a picture of an edit is left out: {error}"));
                }
            }
            // Nobody listens after a failure, which is known then.
            let _ = back.send((at, Done::Frame(audited.rows)));
        }
    }
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
