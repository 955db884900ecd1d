// SPDX-License-Identifier: MPL-2.0
//! A reader on a thread of its own (docs/gstreamer.md 1.9): it reads the newest frame, and the stream does not wait.
//!
//! There is one slot for frames, in which the newest wins, and one for the reading that came of one: however slow
//! the model, two frames and three readings are all that is ever kept.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use super::{LensSettings, Reader};
use crate::Error;
use crate::classifier::Reading;
use crate::frame::{FrameCopy, FramePosition, FrameView};
use crate::guard::caught;

/// What reads frames: the library's reader, or a test's.
pub(super) trait Reads: Send + 'static {
    /// Reads a frame, with the gradient where a change has led to; `anew` forgets earlier ones first.
    fn read(
        &mut self,
        settings: &LensSettings,
        anew: bool,
        shown: (&FrameView<'_>, Option<&[f32]>),
        reading: &mut Reading,
    ) -> Result<(), Error>;
}

impl Reads for Reader {
    fn read(
        &mut self,
        settings: &LensSettings,
        anew: bool,
        (frame, change): (&FrameView<'_>, Option<&[f32]>),
        reading: &mut Reading,
    ) -> Result<(), Error> {
        if anew {
            self.reset();
        }
        self.set_settings(settings)?;
        self.read_changed(frame, change, reading)
    }
}

/// The thread, and the slots between it and the stream.
#[derive(Debug)]
pub(super) struct Mailbox<R> {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Option<R>>>,
}

#[derive(Debug, Default)]
struct Shared {
    slots: Mutex<Slots>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Slots {
    /// The frame to be read next, where `waiting` says so.
    job: Job,
    waiting: bool,
    /// A frame is being read.
    busy: bool,
    /// The last reading that was made, where `outcome` says that it succeeded.
    reading: Reading,
    outcome: Option<Result<(), Error>>,
    /// Counts the breaks in the stream: what was begun before the last one is thrown away.
    generation: u64,
    closed: bool,
}

#[derive(Debug, Default)]
struct Job {
    frame: FrameCopy,
    /// Empty where there is none.
    change: Vec<f32>,
    position: FramePosition,
    settings: LensSettings,
    anew: bool,
}

impl Shared {
    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, slots: MutexGuard<'a, Slots>) -> MutexGuard<'a, Slots> {
        self.changed.wait(slots).unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Reads> Mailbox<R> {
    /// Starts the thread.
    pub(super) fn start(reader: R) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let its = Arc::clone(&shared);
        let thread = Builder::new()
            .name("steerlens".to_owned())
            .spawn(move || work(&its, reader))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Puts a frame into the slot; one that still waits there is never read.
    pub(super) fn offer(
        &self,
        frame: &FrameView<'_>,
        change: Option<&[f32]>,
        position: FramePosition,
        settings: &LensSettings,
    ) {
        let mut slots = self.shared.slots();
        slots.job.frame.take(frame);
        slots.job.change.clear();
        slots.job.change.extend_from_slice(change.unwrap_or_default());
        slots.job.position = position;
        slots.job.settings.clone_from(settings);
        slots.waiting = true;
        self.shared.changed.notify_all();
    }

    /// Swaps the newest reading in, if there is one; with `wait`, waits for one as long as a frame is on its way.
    pub(super) fn collect(&self, reading: &mut Reading, wait: bool) -> Option<Result<(), Error>> {
        let mut slots = self.shared.slots();
        while wait && slots.outcome.is_none() && (slots.waiting || slots.busy) && !slots.closed {
            slots = self.shared.wait(slots);
        }
        let outcome = slots.outcome.take();
        if let Some(Ok(())) = outcome {
            std::mem::swap(&mut slots.reading, reading);
        }
        outcome
    }

    /// A break in the stream: earlier frames count no more, nor does what comes of them.
    pub(super) fn forget(&self) {
        let mut slots = self.shared.slots();
        slots.generation += 1;
        slots.waiting = false;
        slots.outcome = None;
        slots.job.anew = true;
    }

    /// Ends the thread, after the run that it is in, and gives back what read; `None` after a panic.
    pub(super) fn stop(mut self) -> Option<R> {
        self.join()
    }

    fn join(&mut self) -> Option<R> {
        self.shared.slots().closed = true;
        self.shared.changed.notify_all();
        self.thread.take()?.join().ok()?
    }
}

impl<R> Drop for Mailbox<R> {
    fn drop(&mut self) {
        self.shared.slots().closed = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic has been reported as an outcome.
            let _ = thread.join();
        }
    }
}

fn work<R: Reads>(shared: &Shared, mut reader: R) -> Option<R> {
    let mut job = Job::default();
    let mut reading = Reading::default();
    let mut slots = shared.slots();
    loop {
        while !slots.waiting && !slots.closed {
            slots = shared.wait(slots);
        }
        if slots.closed {
            return Some(reader);
        }
        std::mem::swap(&mut slots.job, &mut job);
        (slots.waiting, slots.busy, slots.job.anew) = (false, true, false);
        let generation = slots.generation;
        drop(slots);

        let outcome = caught(|| read(&mut reader, &job, &mut reading));
        let panicked = outcome.is_err();
        let outcome = outcome.unwrap_or_else(|reason| Err(Error::Thread(reason)));

        slots = shared.slots();
        slots.busy = false;
        slots.closed |= panicked;
        if generation == slots.generation || panicked {
            if let Some(Ok(())) = slots.outcome {
                // Nobody has seen the reading before this one, nor that the classes changed with it.
                reading.pair_changed |= slots.reading.pair_changed;
            }
            std::mem::swap(&mut slots.reading, &mut reading);
            slots.outcome = Some(outcome);
        }
        shared.changed.notify_all();
        if panicked {
            return None;
        }
    }
}

fn read(reader: &mut impl Reads, job: &Job, reading: &mut Reading) -> Result<(), Error> {
    if let Some(frame) = job.frame.view() {
        let change = (!job.change.is_empty()).then_some(&job.change[..]);
        reader.read(&job.settings, job.anew, (&frame, change), reading)?;
        reading.position = job.position;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use crate::frame::PixelFormat;

    /// Says which frame it reads, and reads it when told what to make of it.
    struct Slow {
        says: Sender<(u8, bool)>,
        told: Receiver<Turn>,
    }

    enum Turn {
        Succeed,
        Fail,
        Panic,
    }

    impl Reads for Slow {
        fn read(
            &mut self,
            _: &LensSettings,
            anew: bool,
            (frame, _): (&FrameView<'_>, Option<&[f32]>),
            reading: &mut Reading,
        ) -> Result<(), Error> {
            self.says.send((frame.row(0)[0], anew)).unwrap();
            match self.told.recv().unwrap() {
                Turn::Succeed => reading.source = usize::from(frame.row(0)[0]),
                Turn::Fail => return Err(crate::runtime::Error::Interrupted.into()),
                Turn::Panic => panic!("the sky falls"),
            }
            Ok(())
        }
    }

    struct Rig {
        worker: Mailbox<Slow>,
        said: Receiver<(u8, bool)>,
        tell: Sender<Turn>,
        reading: Reading,
    }

    impl Rig {
        fn new() -> Self {
            let ((says, said), (tell, told)) = (channel(), channel());
            Self {
                worker: Mailbox::start(Slow { says, told }).unwrap(),
                said,
                tell,
                reading: Reading::default(),
            }
        }

        fn offer(&self, number: u8) {
            let bytes = [number; 4];
            let frame = FrameView::new(PixelFormat::Gray8, 2, 2, 2, &bytes).unwrap();
            let position = FramePosition {
                time: Some(Duration::from_secs(u64::from(number))),
                ..FramePosition::default()
            };
            self.worker
                .offer(&frame, None, position, &LensSettings::default());
        }

        /// The frame that came out, waiting for it.
        fn collected(&mut self) -> Option<usize> {
            self.worker
                .collect(&mut self.reading, true)
                .map(|outcome| outcome.map(|()| self.reading.source).unwrap())
        }
    }

    #[test]
    fn the_newest_frame_wins() {
        let mut rig = Rig::new();
        rig.offer(1);
        assert_eq!(rig.said.recv(), Ok((1, false)));
        (2..=5).for_each(|number| rig.offer(number));
        assert!(
            rig.worker.collect(&mut rig.reading, false).is_none(),
            "it is still at it"
        );
        rig.tell.send(Turn::Succeed).unwrap();
        assert_eq!(rig.said.recv(), Ok((5, false)));
        assert_eq!(rig.collected(), Some(1));
        assert_eq!(rig.reading.position.time, Some(Duration::from_secs(1)));
        rig.tell.send(Turn::Succeed).unwrap();
        assert_eq!(rig.collected(), Some(5));
        assert_eq!(rig.collected(), None, "nothing is on its way");
        assert!(rig.worker.stop().is_some());
    }

    #[test]
    fn what_was_begun_before_a_break_is_thrown_away() {
        let mut rig = Rig::new();
        rig.offer(1);
        rig.said.recv().unwrap();
        rig.offer(2);
        rig.worker.forget();
        rig.tell.send(Turn::Succeed).unwrap();
        assert_eq!(rig.collected(), None);
        rig.offer(3);
        assert_eq!(
            rig.said.recv(),
            Ok((3, true)),
            "frame 2 is gone, and 3 is read anew"
        );
        rig.tell.send(Turn::Succeed).unwrap();
        assert_eq!(rig.collected(), Some(3));
        rig.offer(4);
        assert_eq!(rig.said.recv(), Ok((4, false)));
        rig.tell.send(Turn::Succeed).unwrap();
    }

    #[test]
    fn a_failure_is_said_once_and_the_next_frame_is_read() {
        let mut rig = Rig::new();
        rig.offer(1);
        rig.tell.send(Turn::Fail).unwrap();
        let outcome = rig.worker.collect(&mut rig.reading, true);
        assert!(matches!(outcome, Some(Err(Error::Runtime(_)))));
        assert!(rig.worker.collect(&mut rig.reading, true).is_none());
        rig.offer(2);
        rig.tell.send(Turn::Succeed).unwrap();
        assert_eq!(rig.collected(), Some(2));
    }

    #[test]
    fn a_panic_is_an_outcome_and_the_end() {
        let mut rig = Rig::new();
        rig.offer(1);
        rig.tell.send(Turn::Panic).unwrap();
        let outcome = rig.worker.collect(&mut rig.reading, true);
        assert!(matches!(&outcome, Some(Err(Error::Thread(reason))) if reason == "the sky falls"));
        rig.offer(2);
        assert!(
            rig.worker.collect(&mut rig.reading, true).is_none(),
            "nobody is waited for"
        );
        assert!(rig.worker.stop().is_none());
    }
}
