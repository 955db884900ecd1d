// SPDX-License-Identifier: MPL-2.0
//! A judge beside the stream: it looks at the newest frame and its morph when it is free, and nothing waits for it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use steerlens::{FrameView, Judge, Opinion};

use crate::encode::Picture;
use crate::error::{Error, Result};

/// What the judge said last.
#[derive(Debug)]
pub(crate) struct Judged {
    /// When the frame was taken.
    pub(crate) taken: Instant,
    took: Duration,
    /// Of the frame and of its morph, or why there is nothing to be said.
    pub(crate) said: Result<[Said; 2], String>,
}

/// What it said of one picture.
#[derive(Debug)]
pub(crate) struct Said {
    /// The driver's number of its most probable class; `None` for one that the driver does not have.
    pub(crate) top: Option<usize>,
    /// For each class of the driver; `None` for one that the judge does not know.
    pub(crate) probabilities: Vec<Option<f32>>,
}

/// The judge's thread, and what came of it.
#[derive(Debug)]
pub(crate) struct Judging {
    /// `None` at the end.
    to: Option<SyncSender<(Instant, [Picture; 2])>>,
    from: Receiver<Judged>,
    newest: Option<Arc<Judged>>,
    /// When it is given the next frame; `None` while it looks at one.
    free: Option<Instant>,
    thread: Option<JoinHandle<()>>,
}

impl Judging {
    /// `classes` is how many the driver has.
    pub(crate) fn start(mut judge: Judge, classes: usize) -> Result<Self> {
        let (to, pictures) = sync_channel::<(Instant, [Picture; 2])>(1);
        let (say, from) = sync_channel(1);
        let work = move || {
            for (taken, pictures) in pictures {
                let start = Instant::now();
                let [frame, morph] = pictures.map(|picture| look(&mut judge, &picture, classes));
                let judged = Judged {
                    taken,
                    said: frame.and_then(|frame| Ok([frame, morph?])),
                    took: start.elapsed(),
                };
                if say.send(judged).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("steerlens-judge".to_owned());
        Ok(Self {
            to: Some(to),
            from,
            newest: None,
            free: Some(Instant::now()),
            thread: Some(thread.spawn(work).map_err(Error::System)?),
        })
    }

    /// Shows it a frame and its morph, if it is free, and gives what it said last.
    pub(crate) fn show(&mut self, taken: Instant, seen: Option<[FrameView<'_>; 2]>) -> Option<Arc<Judged>> {
        if let Ok(judged) = self.from.try_recv() {
            // It rests as long as it works: half a core at most is taken from the stream.
            self.free = Some(Instant::now() + judged.took);
            self.newest = Some(Arc::new(judged));
        }
        if let (Some(free), Some(to), Some(seen)) = (self.free, &self.to, seen)
            && free <= Instant::now()
        {
            // After a panic of the thread, which has been reported where it happened, nobody takes it.
            let _ = to.try_send((taken, seen.map(|picture| Picture::of(&picture))));
            self.free = None;
        }
        self.newest.clone()
    }
}

impl Drop for Judging {
    fn drop(&mut self) {
        self.to = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn look(judge: &mut Judge, picture: &Picture, classes: usize) -> Result<Said, String> {
    let frame = picture.view().map_err(|error| error.to_string())?;
    let opinion: Opinion<'_> = judge.look(&frame).map_err(|error| error.to_string())?;
    Ok(Said {
        top: opinion.top(),
        probabilities: (0..classes).map(|class| opinion.probability(class)).collect(),
    })
}
