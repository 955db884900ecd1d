// SPDX-License-Identifier: MPL-2.0
//! A lens on a stream: in step with the frames, or with the model on a thread beside them.

use std::time::{Duration, Instant};

use super::mailbox::Mailbox;
use super::{Editor, Lens, LensSettings, Reader, Report, region};
use crate::Error;
use crate::classifier::{Interrupter, Labels, Reading};
use crate::frame::{ChangeDetector, FramePosition, FrameView, FrameViewMut};
use crate::guard::shielded;
use crate::settings::{choice, group};

choice! {
    pub enum GradientMode = "gradient-mode", Sync, "Whether frames wait for the model" {
        /// Every gradient is of the frame itself, or of the last one whose turn it was.
        Sync = "sync": "Frames wait for their gradient",
        /// The newest frame is read, and the frames in between are passed over.
        Held = "held": "The model reads the newest frame on a thread of its own; every frame is moved along the last gradient, which lies where things were then, in one step and without measure-after",
    }
}

group! {
    /// How often, and where, the model runs.
    pub struct LiveSettings {
        inference_interval: count(INFERENCE_INTERVAL, "inference-interval", 1, 1, u32::MAX,
            "Of so many frames the model reads one; the others are analysed anew and moved along its gradient, which a moving camera leaves behind"),
        gradient_mode: choice(GradientMode),
    }
}

/// What one frame of a stream came to.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct LiveReport {
    /// What happened to the frame.
    pub report: Report,
    /// Whether its gradient is one that no frame before it had.
    pub read: bool,
    /// Wall time of the runs that this gradient took; zero where an earlier frame's is held.
    pub inference_time: Duration,
    /// Whether it waited for the first gradient, as none after it will.
    pub waited: bool,
    /// Wall time of everything.
    pub time: Duration,
}

/// Takes the frames of a stream through a lens. The gradient is held from one reading to the next; with
/// [`GradientMode::Held`] the model reads on a thread of its own, and no frame but the first waits for it.
///
/// ```no_run
/// use steerlens::{Lens, Live, LiveSettings, FramePosition};
/// # use steerlens::{FrameView, FrameViewMut};
///
/// # fn run(lens: Lens, frames: Vec<(FrameView<'_>, FrameViewMut<'_>)>) -> Result<(), steerlens::Error> {
/// let (pace, settings) = (LiveSettings::default(), lens.settings().clone());
/// let mut live = Live::new(lens);
/// for (number, (frame, mut shown)) in frames.into_iter().enumerate() {
///     let position = FramePosition {
///         time: Some(std::time::Duration::from_millis(40 * number as u64)),
///         continuous: true,
///         ..FramePosition::default()
///     };
///     let done = live.morph(&pace, settings.clone(), position, &frame, &mut shown)?;
///     println!("moved by {:.2}", done.report.l2);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Live {
    /// `None` after a panic of the model's thread.
    running: Option<Running>,
    labels: Labels,
    interrupter: Interrupter,
    /// Frames since the last one whose turn it was, that one included; 0: the next one's turn.
    since: u32,
}

/// Where the model runs.
#[derive(Debug)]
enum Running {
    Sync(Box<Lens>),
    Held(Box<Held>),
}

/// An editor here, and the reader on its thread.
#[derive(Debug)]
struct Held {
    reader: Mailbox<Reader>,
    editor: Editor,
    changes: ChangeDetector,
    reading: Reading,
    /// There is a gradient to hold.
    begun: bool,
    /// The frame that the reader was given last, and the settings with it.
    asked: Option<(FramePosition, LensSettings)>,
}

impl Live {
    /// A stream's lens; no frame has come yet.
    pub fn new(lens: Lens) -> Self {
        Self {
            labels: lens.classifier().labels().clone(),
            interrupter: lens.interrupter(),
            running: Some(Running::Sync(Box::new(lens))),
            since: 0,
        }
    }

    /// The labels of the model.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// A handle that ends a run from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// The reading that the last frame was moved along; `None` after a panic of the model's thread.
    pub fn reading(&self) -> Option<&Reading> {
        match self.running.as_ref()? {
            Running::Sync(lens) => Some(&lens.reading),
            Running::Held(held) => Some(&held.reading),
        }
    }

    /// What the model sees of `frame`, the one that came last, and the morph of that, whatever was shown of it; `None` where
    /// nothing of the frame was moved.
    pub fn seen<'a>(&'a self, frame: &FrameView<'a>) -> Option<[FrameView<'a>; 2]> {
        let editor = match self.running.as_ref()? {
            Running::Sync(lens) => &lens.editor,
            Running::Held(held) => &held.editor,
        };
        let part = region::seen(editor.settings().input.roi, frame);
        let morph = editor.morph().filter(|morph| morph.shape() == part.shape())?;
        Some([part, morph])
    }

    /// Ends the model's thread, after the run that it is in. False when a panic has taken the model with it.
    pub fn stop_thread(&mut self) -> bool {
        self.set_mode(GradientMode::Sync).is_ok()
    }

    /// Forgets earlier frames: classes, average and gradient.
    pub fn reset(&mut self) {
        self.since = 0;
        match &mut self.running {
            Some(Running::Sync(lens)) => {
                lens.reading.position = FramePosition::default();
                lens.reset();
            }
            Some(Running::Held(held)) => held.reset(),
            None => (),
        }
    }

    /// Takes over settings before the first frame, so that what does not fit is known then.
    ///
    /// # Errors
    /// When a value is out of range or a label is unknown, or the model is gone.
    pub fn prepare(&mut self, settings: LensSettings) -> Result<(), Error> {
        self.set_mode(GradientMode::Sync)?;
        match &mut self.running {
            Some(Running::Sync(lens)) => lens.set_settings(settings),
            _ => Ok(()),
        }
    }

    /// Wall time of a run of the model, on no picture in particular; `None` where the model is on a thread of its own.
    ///
    /// # Errors
    /// When the run fails or is interrupted.
    pub fn rehearse(&mut self) -> Result<Option<Duration>, Error> {
        match &mut self.running {
            Some(Running::Sync(lens)) => Ok(Some(lens.rehearse()?)),
            _ => Ok(None),
        }
    }

    /// What went wrong on the model's thread since the last frame.
    pub fn trouble(&mut self) -> Option<Error> {
        match &mut self.running {
            Some(Running::Held(held)) => held.reader.collect(&mut held.reading, false)?.err(),
            _ => None,
        }
    }

    /// Takes one frame through the lens, under the settings of this frame: reads it, where it is its turn, moves it, and
    /// writes what is shown into `out`, whose size is [`Lens::output_size`].
    ///
    /// # Errors
    /// When a setting or `out` does not fit, or a run fails or is interrupted. With [`GradientMode::Held`] the run may be one
    /// of an earlier frame; the next frame begins anew.
    pub fn morph(
        &mut self,
        pace: &LiveSettings,
        settings: LensSettings,
        position: FramePosition,
        frame: &FrameView<'_>,
        out: &mut FrameViewMut<'_>,
    ) -> Result<LiveReport, Error> {
        let start = Instant::now();
        self.set_mode(pace.gradient_mode)?;
        let before = self.reading().map(Reading::number);
        let turn = self.since == 0 || self.since >= pace.inference_interval;
        let mut waited = false;
        let report = match &mut self.running {
            Some(Running::Sync(lens)) => {
                lens.set_settings(settings)?;
                lens.at(position);
                if turn || !lens.stands() {
                    self.since = 0;
                    lens.morph(frame, out)?
                } else {
                    lens.apply(frame, out)?
                }
            }
            Some(Running::Held(held)) => {
                if turn {
                    self.since = 0;
                }
                waited = !held.begun;
                shielded(|| held.morph(turn, settings, position, frame, out))?
            }
            None => return Err(gone()),
        };
        self.since += 1;
        let new = self.reading().filter(|reading| Some(reading.number()) != before);
        Ok(LiveReport {
            report,
            read: new.is_some(),
            inference_time: new.map_or(Duration::ZERO, |reading| reading.inference_time),
            waited,
            time: start.elapsed(),
        })
    }

    /// Moves the model to its own thread, or back from it.
    fn set_mode(&mut self, mode: GradientMode) -> Result<(), Error> {
        self.running = match (self.running.take(), mode) {
            (Some(Running::Sync(lens)), GradientMode::Held) => {
                Some(Running::Held(Box::new(Held::start(*lens)?)))
            }
            (Some(Running::Held(held)), GradientMode::Sync) => {
                held.stop().map(|lens| Running::Sync(Box::new(lens)))
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
    fn start(lens: Lens) -> Result<Self, Error> {
        let Lens {
            reader,
            editor,
            changes,
            reading,
            ..
        } = lens;
        Ok(Self {
            reader: Mailbox::start(reader).map_err(Error::NoThread)?,
            editor,
            changes,
            reading,
            begun: false,
            asked: None,
        })
    }

    fn stop(self) -> Option<Lens> {
        let mut lens = Lens::from_parts(self.reader.stop()?, self.editor);
        lens.reading = self.reading;
        Some(lens)
    }

    fn reset(&mut self) {
        self.reader.forget();
        self.editor.reset();
        self.reading.position = FramePosition::default();
        (self.begun, self.asked) = (false, None);
    }

    fn morph(
        &mut self,
        turn: bool,
        settings: LensSettings,
        position: FramePosition,
        frame: &FrameView<'_>,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Report, Error> {
        let position = FramePosition {
            picture: Some(self.changes.look(frame)),
            ..position
        };
        self.take_newest(false)?;
        let known = self
            .asked
            .as_ref()
            .is_some_and(|(asked, with)| !asked.differs(&position) && with.reads_like(&settings));
        let carried = self.editor.carried();
        if (turn || self.asked.is_none()) && (!known || carried.is_some()) {
            self.reader.offer(frame, carried, position, &settings);
            self.asked = Some((position, settings.clone()));
        }
        if !self.begun {
            // The first gradient is worth waiting for; an interrupted run ends the waiting.
            self.take_newest(true)?;
        }
        let reach = settings.reach.clone();
        self.editor.set_settings(settings)?;
        self.editor.at(position);
        let mut report = self.editor.apply(frame, &self.reading, &reach, out)?;
        self.editor.caption(&self.reading, &mut report, out)?;
        Ok(report)
    }

    /// Takes the newest reading, if there is one.
    fn take_newest(&mut self, wait: bool) -> Result<(), Error> {
        match self.reader.collect(&mut self.reading, wait) {
            Some(Ok(())) => self.begun = true,
            Some(Err(error)) => {
                (self.begun, self.asked) = (false, None);
                return Err(error);
            }
            None => (),
        }
        Ok(())
    }
}

fn gone() -> Error {
    Error::Thread("the error before this one says why".to_owned())
}
