// SPDX-License-Identifier: MPL-2.0
//! The lens at work on a stream: in step with the frames, or with the model on a thread beside them.

use std::time::{Duration, Instant};

use steerlens::classifier::{Interrupter, Labels};
use steerlens::settings::Choice;
use steerlens::{
    Editor, FrameView, FrameViewMut, Lens, LensSettings, Moment, Reader, Reading, Report, Watch,
};

use super::worker::{Failure, Worker};

/// Whether a frame waits for the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GradientMode {
    /// It does: every gradient is of the frame itself, or of the last one whose turn it was.
    Sync,
    /// It does not: the model reads on its own thread, and the last gradient is held.
    Held,
}

impl Choice for GradientMode {
    const NAME: &'static str = "gradient-mode";
    const BLURB: &'static str = "Whether frames wait for the model";
    const DEFAULT: Self = Self::Sync;
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Sync, "sync", "Frames wait for their gradient"),
        (
            Self::Held,
            "held",
            "The model reads the newest frame on a thread of its own; every frame is moved along the last gradient, which \
             lies where things were then, in one step and without measure-after",
        ),
    ];
}

/// How often, and where, the model runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// Of so many frames one is read.
    pub(super) interval: u32,
    pub(super) mode: GradientMode,
}

/// What one frame came to.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) report: Report,
    /// Whether its gradient is one that no frame before it had.
    pub(super) read: bool,
    /// Whether it waited for the first gradient, as none after it will.
    pub(super) waited: bool,
    /// Wall time of everything.
    pub(super) time: Duration,
}

impl Done {
    /// Wall time of the run that this frame brought; zero where it was moved along an earlier reading.
    pub(super) fn run_time(&self, reading: &Reading) -> Duration {
        if self.read {
            reading.inference_time
        } else {
            Duration::ZERO
        }
    }
}

/// A loaded model and what is needed to morph frames with it.
pub(super) struct Engine {
    /// `None` after a panic of the model's thread.
    running: Option<Running>,
    labels: Labels,
    interrupter: Interrupter,
    reading: Reading,
    /// Frames since the last one whose turn it was, that one included; 0: the next one's turn.
    since: u32,
}

/// Where the model runs.
enum Running {
    Sync(Box<Lens>),
    Held(Box<Held>),
}

struct Held {
    worker: Worker<Reader>,
    editor: Editor,
    watch: Watch,
    /// There is a gradient to hold.
    begun: bool,
    /// The frame that the worker was given last, and the settings with it.
    asked: Option<(Moment, LensSettings)>,
}

impl Engine {
    pub(super) fn new(lens: Lens) -> Self {
        Self {
            labels: lens.classifier().labels().clone(),
            interrupter: lens.interrupter(),
            running: Some(Running::Sync(Box::new(lens))),
            reading: Reading::default(),
            since: 0,
        }
    }

    pub(super) fn labels(&self) -> &Labels {
        &self.labels
    }

    pub(super) fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// The reading that the last frame was moved along.
    pub(super) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Ends the model's thread, after the run that it is in. False when a panic has taken the model with it.
    pub(super) fn stop_thread(&mut self) -> bool {
        if let Some(Running::Held(_)) = self.running {
            self.set_mode(GradientMode::Sync).is_ok()
        } else {
            self.running.is_some()
        }
    }

    /// Forgets earlier frames: classes, average and gradient.
    pub(super) fn forget(&mut self) {
        self.reading.moment = Moment::default();
        self.since = 0;
        match &mut self.running {
            Some(Running::Sync(lens)) => lens.reset(),
            Some(Running::Held(held)) => held.forget(),
            None => (),
        }
    }

    /// Sets the settings before the first frame, so that the start fails on what does not fit.
    pub(super) fn prepare(&mut self, wanted: LensSettings) -> Result<(), Failure> {
        self.set_mode(GradientMode::Sync)?;
        if let Some(Running::Sync(lens)) = &mut self.running {
            lens.set_settings(wanted)?;
        }
        Ok(())
    }

    /// Wall time of a run of the model, on no picture in particular; `None` where the model is on a thread of its own.
    pub(super) fn rehearse(&mut self) -> Result<Option<Duration>, Failure> {
        match &mut self.running {
            Some(Running::Sync(lens)) => Ok(Some(lens.rehearse()?)),
            _ => Ok(None),
        }
    }

    /// What went wrong on the model's thread since the last frame.
    pub(super) fn trouble(&mut self) -> Option<Failure> {
        let Some(Running::Held(held)) = &self.running else {
            return None;
        };
        held.worker.collect(&mut self.reading, false)?.err()
    }

    /// Takes one frame through the lens.
    pub(super) fn morph(
        &mut self,
        pace: Pace,
        wanted: LensSettings,
        moment: Moment,
        view: &FrameView<'_>,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Done, Failure> {
        let start = Instant::now();
        self.set_mode(pace.mode)?;
        let last = self.reading.number();
        let turn = self.since == 0 || self.since >= pace.interval;
        let mut waited = false;
        let report = match &mut self.running {
            Some(Running::Sync(lens)) => {
                lens.set_settings(wanted)?;
                lens.at(moment);
                if turn || !lens.stands(&self.reading) {
                    self.since = 0;
                    lens.morph(view, &mut self.reading, out)?
                } else {
                    lens.apply(view, &self.reading, out)?
                }
            }
            Some(Running::Held(held)) => {
                if turn {
                    self.since = 0;
                }
                waited = !held.begun;
                held.morph(turn, wanted, moment, view, &mut self.reading, out)?
            }
            None => return Err(gone()),
        };
        self.since += 1;
        Ok(Done {
            report,
            read: self.reading.number() != last,
            waited,
            time: start.elapsed(),
        })
    }

    /// Moves the model to its own thread, or back from it.
    fn set_mode(&mut self, mode: GradientMode) -> Result<(), Failure> {
        self.running = match (self.running.take(), mode) {
            (Some(Running::Sync(lens)), GradientMode::Held) => {
                let (reader, editor) = lens.into_parts();
                let worker = Worker::start(reader).map_err(|error| {
                    Failure::Thread(format!("no thread can be started to run the model: {error}"))
                })?;
                Some(Running::Held(Box::new(Held {
                    worker,
                    editor,
                    watch: Watch::default(),
                    begun: false,
                    asked: None,
                })))
            }
            (Some(Running::Held(held)), GradientMode::Sync) => {
                let Held { worker, editor, .. } = *held;
                worker
                    .stop()
                    .map(|reader| Running::Sync(Box::new(Lens::from_parts(reader, editor))))
            }
            (running, _) => running,
        };
        match self.running {
            Some(_) => Ok(()),
            None => Err(gone()),
        }
    }
}

impl Held {
    fn forget(&mut self) {
        self.worker.forget();
        self.editor.reset();
        (self.begun, self.asked) = (false, None);
    }

    fn morph(
        &mut self,
        turn: bool,
        wanted: LensSettings,
        moment: Moment,
        view: &FrameView<'_>,
        reading: &mut Reading,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Report, Failure> {
        let moment = Moment {
            picture: Some(self.watch.look(view)),
            ..moment
        };
        self.adopt(reading, false)?;
        let known = self
            .asked
            .as_ref()
            .is_some_and(|(asked, settings)| !asked.differs(&moment) && settings.reads_like(&wanted));
        if (turn || self.asked.is_none()) && !known {
            self.worker.offer(view, moment, &wanted);
            self.asked = Some((moment, wanted.clone()));
        }
        if !self.begun {
            // The first gradient is worth waiting for; FLUSH_START interrupts the run, and with it the waiting.
            self.adopt(reading, true)?;
        }
        self.editor.set_settings(wanted)?;
        self.editor.at(moment);
        let mut report = self.editor.apply(view, reading, out)?;
        self.editor.caption(reading, &mut report, out)?;
        Ok(report)
    }

    /// Takes the newest reading, if there is one.
    fn adopt(&mut self, reading: &mut Reading, wait: bool) -> Result<(), Failure> {
        match self.worker.collect(reading, wait) {
            Some(Ok(())) => self.begun = true,
            Some(Err(failure)) => {
                (self.begun, self.asked) = (false, None);
                return Err(failure);
            }
            None => (),
        }
        Ok(())
    }
}

fn gone() -> Failure {
    Failure::Thread(
        "the model is gone, since its thread panicked; set the element to NULL and start again".to_owned(),
    )
}
