// SPDX-License-Identifier: MPL-2.0
//! What the element counts, and the structure that the property `stats` shows (docs/gstreamer.md 2.1).

use std::time::Duration;

use steerlens::LiveReport;

use crate::message::nanoseconds;

/// Counters since the start.
#[derive(Debug, Clone, Default)]
pub(super) struct Stats {
    /// Frames that came in, those dropped included.
    pub(super) frames_in: u64,
    /// Frames that were handed on as they came.
    pub(super) frames_bypassed: u64,
    /// Frames that came too late and were dropped before the model saw them.
    pub(super) frames_dropped: u64,
    /// Frames that failed.
    pub(super) errors: u64,
    /// The time of a frame that the pipeline is told.
    pub(super) latency: Duration,
    /// How long the model took to load.
    load_time: Duration,
    frames_morphed: u64,
    frames_held: u64,
    inferences: u64,
    inference: Duration,
    last_inference: Duration,
    morph: Duration,
    frame: Duration,
    peak_frame: Duration,
}

impl Stats {
    /// Nothing counted, of a model that took this long to load.
    pub(super) fn since_loading(load_time: Duration) -> Self {
        Self {
            load_time,
            ..Self::default()
        }
    }

    /// Nothing counted, of the same model in the same pipeline.
    pub(super) fn restarted(&self) -> Self {
        Self {
            latency: self.latency,
            ..Self::since_loading(self.load_time)
        }
    }

    /// Counts a frame that went through the lens.
    pub(super) fn add(&mut self, done: &LiveReport) {
        self.frames_morphed += 1;
        self.frames_held += u64::from(done.report.held);
        if done.read {
            self.inferences += 1;
            self.inference += done.inference_time;
            self.last_inference = done.inference_time;
        }
        self.morph += done.report.morph_time;
        self.frame += done.time;
        self.peak_frame = self.peak_frame.max(done.time);
    }

    /// The counters as a structure. A frame's time is all of it, its own run included; inference time is that of
    /// ONNX Runtime alone, wherever the model runs.
    pub(super) fn structure(&self) -> gst::Structure {
        let average = |total: Duration, count: u64| nanoseconds(total) / count.max(1);
        gst::Structure::builder("application/x-classmorph-stats")
            .field("frames-in", self.frames_in)
            .field("frames-morphed", self.frames_morphed)
            .field("frames-held", self.frames_held)
            .field("frames-bypassed", self.frames_bypassed)
            .field("frames-dropped-qos", self.frames_dropped)
            .field("inferences", self.inferences)
            .field("errors", self.errors)
            .field("average-inference-time", average(self.inference, self.inferences))
            .field("average-morph-time", average(self.morph, self.frames_morphed))
            .field("average-frame-time", average(self.frame, self.frames_morphed))
            .field("last-inference-time", nanoseconds(self.last_inference))
            .field("peak-frame-time", nanoseconds(self.peak_frame))
            .field("latency", nanoseconds(self.latency))
            .field("load-time", nanoseconds(self.load_time))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_counts_anew_and_keeps_what_is_no_count() {
        gst::init().unwrap();
        let (load_time, latency) = (Duration::from_millis(700), Duration::from_millis(90));
        let mut stats = Stats::since_loading(load_time);
        (stats.frames_in, stats.errors, stats.latency) = (9, 1, latency);
        let structure = stats.restarted().structure();
        assert_eq!(structure.get("frames-in"), Ok(0u64));
        assert_eq!(structure.get("errors"), Ok(0u64));
        assert_eq!(structure.get("latency"), Ok(nanoseconds(latency)));
        assert_eq!(structure.get("load-time"), Ok(nanoseconds(load_time)));
    }

    #[test]
    fn averages_and_the_peak_are_of_the_frames_that_were_morphed() {
        gst::init().unwrap();
        let mut stats = Stats::default();
        assert_eq!(stats.structure().get("average-morph-time"), Ok(0u64));
        for (ms, read) in [(2, true), (4, true), (9, false)] {
            let time = Duration::from_millis(ms);
            let mut done = LiveReport::default();
            (done.report.morph_time, done.report.held) = (time / 2, !read);
            (done.read, done.time, done.inference_time) = (read, 2 * time, time);
            stats.add(&done);
        }
        let structure = stats.structure();
        assert_eq!(structure.get("frames-morphed"), Ok(3u64));
        assert_eq!(structure.get("frames-held"), Ok(1u64));
        assert_eq!(structure.get("inferences"), Ok(2u64));
        assert_eq!(structure.get("average-inference-time"), Ok(3_000_000u64));
        assert_eq!(structure.get("last-inference-time"), Ok(4_000_000u64));
        assert_eq!(structure.get("average-morph-time"), Ok(2_500_000u64));
        assert_eq!(structure.get("average-frame-time"), Ok(10_000_000u64));
        assert_eq!(structure.get("peak-frame-time"), Ok(18_000_000u64));
    }
}
