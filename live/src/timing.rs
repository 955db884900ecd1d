// SPDX-License-Identifier: MPL-2.0
//! How quick the frames are: per second, and from a frame's time stamp to its picture.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Frames that figures are of: about ten seconds.
const WINDOW: usize = 300;
/// Frames older than this count no more for the rate.
const RECENT: Duration = Duration::from_secs(3);

/// The last frames' times.
#[derive(Debug, Default)]
pub(crate) struct Timing {
    latencies: VecDeque<Duration>,
    shown: VecDeque<Instant>,
}

impl Timing {
    /// One more frame is shown.
    pub(crate) fn shown(&mut self, at: Instant, latency: Option<Duration>) {
        if let Some(latency) = latency {
            self.latencies.push_back(latency);
        }
        if self.latencies.len() > WINDOW {
            self.latencies.pop_front();
        }
        self.shown.push_back(at);
        while self
            .shown
            .front()
            .is_some_and(|first| at.duration_since(*first) > RECENT)
        {
            self.shown.pop_front();
        }
    }

    /// Frames a second; `None` before the second frame.
    pub(crate) fn rate(&self) -> Option<f64> {
        let span = self.shown.back()?.duration_since(*self.shown.front()?);
        let steps = self.shown.len().checked_sub(1).filter(|steps| *steps > 0)?;
        Some(steps as f64 / span.as_secs_f64())
    }

    /// The latency that this share of the frames stays within, nearest rank.
    pub(crate) fn quantile(&self, share: f64) -> Option<Duration> {
        let mut sorted: Vec<_> = self.latencies.iter().copied().collect();
        sorted.sort_unstable();
        let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
        sorted.get(rank - 1).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_last_frames() {
        let mut timing = Timing::default();
        assert_eq!((timing.rate(), timing.quantile(0.5)), (None, None));
        let start = Instant::now();
        let ms = Duration::from_millis;
        // Two of 900 ms fall out of the window again.
        let latencies = [900, 900].into_iter().chain(1..=300);
        for (number, latency) in (0u64..).zip(latencies) {
            timing.shown(start + ms(40 * number), Some(ms(latency)));
        }
        assert_eq!(timing.quantile(0.5), Some(ms(150)));
        assert_eq!(timing.quantile(0.95), Some(ms(285)));
        assert_eq!(timing.quantile(1.0), Some(ms(300)));
        assert!((timing.rate().unwrap() - 25.0).abs() < 1e-9);
    }
}
