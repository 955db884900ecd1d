// SPDX-License-Identifier: MPL-2.0
//! What live pipelines are told of how long a frame takes: what the sinks wait for, so that they render what was computed.
//!
//! A sink throws away what comes later than it expects. It expects what the LATENCY query says, which is therefore
//! the measured time of a frame, and not nothing.

use std::time::Duration;

use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use steerlens::GradientMode;

use super::imp::{CAT, ClassMorph, lock};
use crate::message::nanoseconds;

impl ClassMorph {
    /// Adds the element's own part to the answer that upstream gave.
    pub(super) fn add_latency(&self, query: &mut gst::query::Latency) {
        let (is_live, min, max) = query.result();
        if is_live {
            let own = self.own_latency();
            query.set(true, min + own, max.map(|max| max + own));
        }
    }

    fn own_latency(&self) -> gst::ClockTime {
        let (fixed, mode, runs) = {
            let settings = lock(&self.settings);
            (
                settings.latency,
                settings.live.gradient_mode,
                settings.lens.runs_per_frame(),
            )
        };
        let nanos = match u64::try_from(fixed) {
            Ok(fixed) => fixed,
            Err(_) => {
                // Held, frames do not wait for the model.
                if mode == GradientMode::Sync && !lock(&self.latency).is_known() {
                    self.rehearse(runs);
                }
                nanoseconds(lock(&self.latency).told())
            }
        };
        lock(&self.stats).latency = Duration::from_nanos(nanos);
        gst::ClockTime::from_nseconds(nanos)
    }

    /// Takes the time of a run, before there is a frame to take the time of, as pipelines ask before they play; a frame
    /// takes `runs` of them.
    fn rehearse(&self, runs: u32) {
        // A frame that is on its way tells better.
        let Ok(mut opened) = self.opened.try_lock() else {
            return;
        };
        let Some(opened) = opened.as_mut() else { return };
        match opened.live.rehearse() {
            Ok(Some(run)) => {
                gst::debug!(CAT, imp = self, "a run of the model takes {run:.1?}");
                lock(&self.latency).expect(run.saturating_mul(runs));
            }
            Ok(None) => (),
            // The first frame will say so too.
            Err(failure) => gst::debug!(CAT, imp = self, "no run to time: {failure}"),
        }
    }

    /// Takes in how long a frame took, and has a live pipeline ask again where that is news.
    pub(super) fn took(&self, frame: Duration) {
        let news = {
            let mut latency = lock(&self.latency);
            latency.add(frame).then(|| latency.told())
        };
        let Some(told) = news else { return };
        let fixed = lock(&self.settings).latency;
        if fixed < 0 && self.upstream_is_live() {
            gst::info!(CAT, imp = self, "a frame takes up to {told:.1?}");
            self.ask_again();
        }
    }

    /// Asked when it counts: who never asks this element for its latency may be live all the same.
    fn upstream_is_live(&self) -> bool {
        let mut query = gst::query::Latency::new();
        self.obj().sink_pad().peer_query(&mut query) && query.result().0
    }

    /// Has the pipeline ask for latencies again.
    pub(super) fn ask_again(&self) {
        let element = self.obj();
        let message = gst::message::Latency::builder().src(&*element).build();
        let _ = element.post_message(message);
    }
}
