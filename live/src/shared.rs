// SPDX-License-Identifier: MPL-2.0
//! What the thread of the frames and that of the page share.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use steerlens::Classifier;
use tokio::sync::watch;

use crate::control::{Control, Refusal};
use crate::error::{Error, Result};
use crate::record::{Recorder, Recording};
use crate::shown::Shown;

/// What the thread of the frames and that of the page share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) classifier: Classifier,
    /// The judge's file name, if there is one.
    pub(crate) judge: Option<String>,
    control: Mutex<Control>,
    /// The newest frame; who looks on late sees no older one.
    pub(crate) shown: watch::Sender<Arc<Shown>>,
    pub(crate) recorder: Mutex<Option<Recorder>>,
    recording: Mutex<Option<Arc<Recording>>>,
    pub(crate) stop: AtomicBool,
}

impl Shared {
    pub(crate) fn new(classifier: Classifier, judge: Option<String>, control: Control) -> Self {
        Self {
            classifier,
            judge,
            control: Mutex::new(control),
            shown: watch::Sender::new(Arc::default()),
            recorder: Mutex::default(),
            recording: Mutex::default(),
            stop: AtomicBool::new(false),
        }
    }

    /// The settings in force.
    pub(crate) fn control(&self) -> Control {
        self.control
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes the settings from the next frame on; the answer is what a page shows of them.
    pub(crate) fn change(&self, text: &[u8]) -> Result<Value, Refusal> {
        let mut control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        control.change(text, &self.classifier)?;
        Ok(control.json(&self.classifier))
    }

    /// The newest frame.
    pub(crate) fn newest(&self) -> Arc<Shown> {
        self.shown.borrow().clone()
    }

    /// Says what keeps frames from coming.
    pub(crate) fn say(&self, error: &str) {
        self.shown.send_modify(|shown| {
            let mut state = shown.state.clone();
            if let Some(state) = state.as_object_mut() {
                state.insert("error".to_owned(), error.into());
            }
            *shown = Arc::new(Shown {
                number: shown.number,
                picture: shown.picture.clone(),
                jpeg: shown.jpeg.clone(),
                state,
            });
        });
    }

    /// Begins a recording with the newest frame, unless one goes on.
    pub(crate) fn start_recording(&self) -> Result<()> {
        let mut recorder = self.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        if recorder.is_none() {
            *recorder = Some(Recorder::start(&self.newest().picture)?);
        }
        Ok(())
    }

    /// Ends the recording that goes on, if one does.
    pub(crate) fn stop_recording(&self) -> Result<()> {
        let recorder = self
            .recorder
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(recorder) = recorder {
            let finished = recorder.finish()?;
            *self.recording.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(finished));
        }
        Ok(())
    }

    /// The last recording that was finished.
    pub(crate) fn recording(&self) -> Result<Arc<Recording>> {
        let recording = self
            .recording
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        recording.ok_or_else(|| Error::Record {
            reason: "nothing was recorded yet".to_owned(),
        })
    }
}
