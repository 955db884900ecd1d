// SPDX-License-Identifier: MPL-2.0
//! The thread that shows what the lens made: recording, JPEG, and what is known of the frame.
//!
//! A JPEG takes a fifth of the time that the lens takes, or more; the two work on neighbouring frames at once.

use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use crate::encode::{Jpeg, Picture};
use crate::error::Result;
use crate::shared::Shared;
use crate::shown::{Made, Shown, state};
use crate::timing::Timing;
use crate::window::Window;

/// What the thread holds.
pub(crate) struct Publisher {
    shared: Arc<Shared>,
    jpeg: Jpeg,
    window: Option<Window>,
    timing: Timing,
    number: u64,
}

impl Publisher {
    pub(crate) fn new(shared: Arc<Shared>, window: Option<Window>) -> Result<Self> {
        Ok(Self {
            shared,
            jpeg: Jpeg::start()?,
            window,
            timing: Timing::default(),
            number: 0,
        })
    }

    /// Publishes frames as long as some come. `begun` hears of the first one.
    pub(crate) fn run(&mut self, frames: Receiver<Made>, begun: &Sender<Result<()>>) {
        for made in frames {
            let published = self.publish(made);
            if let Err(error) = &published {
                self.shared.say(&error.to_string());
            }
            // After the first frame nobody listens.
            let _ = begun.send(published);
        }
    }

    fn publish(&mut self, made: Made) -> Result<()> {
        let recording = self.record(&made.picture);
        let jpeg = match self.shared.shown.receiver_count() {
            0 => Vec::new(),
            _ => self.jpeg.encode(&made.picture)?,
        };
        self.number += 1;
        let now = Instant::now();
        let latency = made.taken.map(|taken| now.saturating_duration_since(taken));
        self.timing.shown(now, latency);
        let state = state(
            self.number,
            &made,
            &self.shared.classifier,
            &self.timing,
            recording,
        );
        let shown = Arc::new(Shown {
            number: self.number,
            picture: made.picture,
            jpeg: jpeg.into(),
            state,
        });
        self.shared.shown.send_replace(Arc::clone(&shown));
        if let Some(window) = &mut self.window
            && !window.show(&shown)
        {
            self.window = None;
        }
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
