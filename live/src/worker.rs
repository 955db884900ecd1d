// SPDX-License-Identifier: MPL-2.0
//! The thread that takes frames through the lens. Another one publishes them meanwhile: see [`crate::publisher`].

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use steerlens::{FramePosition, FrameViewMut, Lens, Live, LiveReport, PixelFormat};

use crate::encode::Picture;
use crate::error::{Error, Result};
use crate::frames::{Frame, Frames};
use crate::input::Input;
use crate::judging::Judging;
use crate::publisher::Publisher;
use crate::shared::Shared;
use crate::shown::Made;

/// An input that failed is tried again after so long.
const PAUSE: Duration = Duration::from_secs(2);

/// What the thread holds.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) input: Input,
    /// Largest width and height of a frame.
    pub(crate) most: (u32, u32),
    pub(crate) live: Live,
    pub(crate) judging: Option<Judging>,
}

impl Worker {
    /// Shows frames until it is told to stop. `begun` hears of the first one, or why there is none; an input that fails
    /// later is tried again.
    pub(crate) fn run(mut self, mut publisher: Publisher, begun: &Sender<Result<()>>) {
        // A frame is handed over when the one before is published; meanwhile newer ones take its place in the input.
        let (to, made) = sync_channel(0);
        thread::scope(|scope| {
            let publish = thread::Builder::new().name("steerlens-show".to_owned());
            if let Err(error) = publish.spawn_scoped(scope, move || publisher.run(made, begun)) {
                let _ = begun.send(Err(Error::System(error)));
                return;
            }
            let mut any = false;
            while !self.shared.stop.load(Ordering::Relaxed) {
                if let Err(error) = self.play(&to, &mut any) {
                    if !any {
                        let _ = begun.send(Err(error));
                        break;
                    }
                    self.shared.say(&error.to_string());
                    thread::sleep(PAUSE);
                }
            }
            // The other thread ends with the last frame.
            drop(to);
        });
    }

    /// Plays the input until it fails, or the end; `any` says whether there was a frame.
    fn play(&mut self, to: &SyncSender<Made>, any: &mut bool) -> Result<()> {
        let mut frames = Frames::start(&self.input, self.most)?;
        self.live.reset();
        while !self.shared.stop.load(Ordering::Relaxed) {
            if let Some(frame) = frames.next()? {
                let made = self.make(&frame, frames.dropped())?;
                *any = true;
                // Nobody takes it only after a panic there, which has been reported where it happened.
                let _ = to.send(made);
            }
        }
        Ok(())
    }

    fn make(&mut self, frame: &Frame, dropped: u64) -> Result<Made> {
        let control = self.shared.control();
        let (width, height) =
            Lens::output_size(control.lens.view.display_mode, frame.size().0, frame.size().1);
        let stride = Picture::stride(width);
        let mut rgb = vec![0; stride * height];
        let position = FramePosition {
            time: frame.time,
            continuous: frame.continuous,
            ..FramePosition::default()
        };
        let view = frame.view()?;
        let mut morph = || -> Result<LiveReport, Error> {
            let mut out = FrameViewMut::new(PixelFormat::Rgb, width, height, stride, &mut rgb)
                .map_err(steerlens::Error::from)?;
            Ok(self
                .live
                .morph(&control.pace, control.lens.clone(), position, &view, &mut out)?)
        };
        let done = morph();
        let error = done.as_ref().err().map(ToString::to_string);
        let reading = self.live.reading();
        let seen = done.as_ref().ok().and_then(|_| self.live.seen(&view));
        let taken = frame.taken.unwrap_or_else(Instant::now);
        let judged = self
            .judging
            .as_mut()
            .and_then(|judging| judging.show(taken, seen));
        Ok(Made {
            picture: match &error {
                None => Picture {
                    width,
                    height,
                    rgb: rgb.into(),
                },
                Some(_) => Picture::of(&view),
            },
            probabilities: reading.map_or_else(Vec::new, |reading| reading.probabilities.clone()),
            judged,
            done: done.ok(),
            frame: frame.size(),
            taken: frame.taken,
            dropped,
            settings: control.json(&self.shared.classifier),
            error,
        })
    }
}
