// SPDX-License-Identifier: MPL-2.0
//! What breaks a stream, so that what earlier frames left behind counts no more: starts, flushes, new streams and
//! segments, and the signal `reset`.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gst::EventView;
use steerlens::ErrorKind;

use super::errors;
use super::imp::{ClassMorph, lock};
use super::warnings::{Kind, Limiter};

impl ClassMorph {
    /// A new run begins.
    pub(super) fn start_run(&self) {
        self.start_over();
        for changed in [&self.color_changed, &self.width_changed] {
            changed.store(false, Ordering::Release);
        }
        *lock(&self.limiter) = Limiter::default();
        lock(&self.segment).take();
        lock(&self.latency).restart();
        lock(&self.stats).latency = Duration::ZERO;
    }

    /// Nothing has been seen yet.
    pub(super) fn start_over(&self) {
        let mut stats = lock(&self.stats);
        *stats = stats.restarted();
        self.forget();
    }

    /// What earlier frames left behind is forgotten before the next one.
    pub(super) fn forget(&self) {
        self.forget.store(true, Ordering::Release);
    }

    /// Ends the run that the model is in.
    pub(super) fn interrupt(&self) {
        if let Some(interrupter) = lock(&self.interrupter).as_ref() {
            interrupter.interrupt();
        }
    }

    /// Handles an event from upstream.
    pub(super) fn handle_event(&self, event: &gst::Event) {
        match event.view() {
            EventView::FlushStart(_) => self.interrupt(),
            EventView::FlushStop(_) => {
                if let Some(interrupter) = lock(&self.interrupter).as_ref() {
                    interrupter.clear();
                }
                self.forget();
            }
            EventView::StreamStart(_) => self.forget(),
            EventView::Tag(event) => self.look_at_tags(event.tag()),
            EventView::Segment(event) => {
                let new = event.segment();
                let same = |old: &gst::Segment| old.rate() == new.rate() && old.base() == new.base();
                let old = lock(&self.segment).replace(new.clone());
                if !old.as_ref().is_some_and(same) {
                    self.forget();
                }
            }
            // No frame will come to say what became of the last run.
            EventView::Eos(_) => {
                let trouble = lock(&self.opened)
                    .as_mut()
                    .and_then(|opened| opened.live.trouble());
                if let Some(error) = trouble {
                    match error.kind() {
                        ErrorKind::Interrupted => (),
                        ErrorKind::Settings => self.warn(Kind::Settings, &error.to_string()),
                        _ => self.report(errors::bus_error(&error)),
                    }
                }
            }
            _ => (),
        }
    }
}
