// SPDX-License-Identifier: MPL-2.0
//! The thread that takes frames through the lens and shows them.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use steerlens::{FramePosition, FrameViewMut, Lens, Live, LiveReport, PixelFormat};

use crate::encode::{Jpeg, Picture};
use crate::error::{Error, Result};
use crate::frames::{Frame, Frames};
use crate::input::Input;
use crate::shared::Shared;
use crate::shown::{Facts, Shown, state};
use crate::timing::Timing;

/// An input that failed is tried again after so long.
const PAUSE: Duration = Duration::from_secs(2);

/// What the thread holds.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) input: Input,
    /// Largest width and height of a frame.
    pub(crate) most: (u32, u32),
    live: Live,
    jpeg: Jpeg,
    timing: Timing,
    number: u64,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, input: Input, most: (u32, u32), lens: Lens) -> Result<Self> {
        Ok(Self {
            shared,
            input,
            most,
            live: Live::new(lens),
            jpeg: Jpeg::start()?,
            timing: Timing::default(),
            number: 0,
        })
    }

    /// Shows frames until it is told to stop. `begun` hears of the first one, or why there is none; an input that fails
    /// later is tried again.
    pub(crate) fn run(mut self, begun: &Sender<Result<()>>) {
        loop {
            let ended = self.play(begun);
            if self.shared.stop.load(Ordering::Relaxed) {
                return;
            }
            if let Err(error) = ended {
                if self.number == 0 {
                    let _ = begun.send(Err(error));
                    return;
                }
                self.shared.say(&error.to_string());
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn play(&mut self, begun: &Sender<Result<()>>) -> Result<()> {
        let mut frames = Frames::start(&self.input, self.most)?;
        self.live.reset();
        while !self.shared.stop.load(Ordering::Relaxed) {
            if let Some(frame) = frames.next()? {
                self.show(&frames, &frame)?;
                if self.number == 1 {
                    let _ = begun.send(Ok(()));
                }
            }
        }
        Ok(())
    }

    fn show(&mut self, frames: &Frames, frame: &Frame) -> Result<()> {
        let control = self.shared.control();
        let (width, height) =
            Lens::output_size(control.lens.view.display_mode, frame.size().0, frame.size().1);
        let mut picture = Picture {
            width,
            height,
            rgb: vec![0; 3 * width * height],
        };
        let position = FramePosition {
            time: frame.time,
            continuous: frame.continuous,
            ..FramePosition::default()
        };
        let view = frame.view()?;
        let mut morph = || -> Result<LiveReport, Error> {
            let mut out = FrameViewMut::new(PixelFormat::Rgb, width, height, 3 * width, &mut picture.rgb)
                .map_err(steerlens::Error::from)?;
            Ok(self
                .live
                .morph(&control.pace, control.lens.clone(), position, &view, &mut out)?)
        };
        let done = morph();
        let error = done.as_ref().err().map(ToString::to_string);
        if error.is_some() {
            let (width, height) = frame.size();
            let rows = (0..height).flat_map(|y| view.row(y).get(..3 * width).unwrap_or_default());
            picture = Picture {
                width,
                height,
                rgb: rows.copied().collect(),
            };
        }

        let recording = self.record(&picture);
        let jpeg = match self.shared.shown.receiver_count() {
            0 => Vec::new(),
            _ => self.jpeg.encode(&picture)?,
        };
        self.number += 1;
        self.timing.shown(Instant::now(), frames.age(frame));
        let facts = Facts {
            classifier: &self.shared.classifier,
            reading: self.live.reading(),
            done: done.as_ref().ok(),
            timing: &self.timing,
            frame: frame.size(),
            dropped: frames.dropped(),
            recording,
            settings: control.json(&self.shared.classifier),
            error,
        };
        let state = state(self.number, &facts);
        self.shared.shown.send_replace(Arc::new(Shown {
            number: self.number,
            picture,
            jpeg: jpeg.into(),
            state,
        }));
        Ok(())
    }

    /// Adds the picture to the recording, if there is one; what goes wrong in it is said when it is ended.
    fn record(&self, picture: &Picture) -> bool {
        let mut recorder = self
            .shared
            .recorder
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(going) = recorder.as_mut() {
            let _ = going.add(picture);
        }
        recorder.is_some()
    }
}
