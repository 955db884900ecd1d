// SPDX-License-Identifier: MPL-2.0
//! The time of a frame as live pipelines are told, from the times of frames.

use std::collections::VecDeque;
use std::time::Duration;

use crate::message::nanoseconds;

/// So many frames are looked back on.
const WINDOW: usize = 32;
/// From so many on, one that took longer than all others is taken for a hiccup.
const ENOUGH: usize = 8;
/// More is not told: who waits longer has the wrong model for live video.
const MOST: Duration = Duration::from_secs(10);

/// The time of a frame as it is told: it grows at once, and shrinks when less than half of it would do for a while,
/// since each change makes the pipeline's clocks jump.
#[derive(Debug, Default)]
pub(super) struct Latency {
    recent: VecDeque<Duration>,
    told: Duration,
}

impl Latency {
    /// Nothing is known yet of the next stream.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// What is told.
    pub(super) fn told(&self) -> Duration {
        self.told
    }

    /// Whether there is anything to go by.
    pub(super) fn is_known(&self) -> bool {
        !self.told.is_zero()
    }

    /// What there is to go by before the first frame: the runs of the model.
    pub(super) fn expect(&mut self, runs: Duration) {
        if !self.is_known() {
            self.told = with_margin(runs);
        }
    }

    /// Takes in the time of a frame; whether another one is told from now on.
    pub(super) fn add(&mut self, frame: Duration) -> bool {
        if self.recent.len() == WINDOW {
            self.recent.pop_front();
        }
        self.recent.push_back(frame);
        let needed = self.needed();
        let rounded = with_margin(needed);
        let is_full = self.recent.len() == WINDOW;
        let changes = rounded != self.told && (needed > self.told || (is_full && 2 * rounded <= self.told));
        if changes {
            self.told = rounded;
        }
        changes
    }

    /// The longest of the recent times; of enough of them, the longest but one.
    fn needed(&self) -> Duration {
        let [mut longest, mut second] = [Duration::ZERO; 2];
        for &time in &self.recent {
            if time > longest {
                (longest, second) = (time, longest);
            } else {
                second = second.max(time);
            }
        }
        if self.recent.len() < ENOUGH {
            longest
        } else {
            second
        }
    }
}

/// An eighth more, in whole milliseconds, so that small changes are none.
fn with_margin(time: Duration) -> Duration {
    let nanos = nanoseconds(time.saturating_add(time / 8));
    Duration::from_millis(nanos.div_ceil(1_000_000)).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// What is told after each of these frames.
    fn told(latency: &mut Latency, frames: impl IntoIterator<Item = u64>) -> Vec<u128> {
        let told = frames.into_iter().map(|frame| {
            let before = latency.told();
            assert_eq!(latency.add(ms(frame)), latency.told() != before);
            latency.told().as_millis()
        });
        told.collect()
    }

    #[test]
    fn it_grows_at_once_with_a_margin_and_not_for_little() {
        let mut latency = Latency::default();
        assert_eq!(told(&mut latency, [80, 90, 89, 91]), [90, 90, 90, 103]);
    }

    #[test]
    fn one_hiccup_is_none() {
        let mut latency = Latency::default();
        told(&mut latency, [80; 8]);
        assert_eq!(told(&mut latency, [500]), [90]);
        assert_eq!(told(&mut latency, [500]), [563], "two are no hiccup");
    }

    #[test]
    fn it_shrinks_when_half_of_it_would_do_for_a_window() {
        let mut latency = Latency::default();
        told(&mut latency, [80; 3]);
        assert_eq!(told(&mut latency, [45; 100]).last(), Some(&90));
        let shrunk = told(&mut latency, [40; 40]);
        assert_eq!(shrunk.iter().position(|told| *told == 45), Some(30));
    }

    #[test]
    fn what_is_expected_counts_until_frames_say_more_and_there_is_an_end_to_it() {
        let mut latency = Latency::default();
        latency.expect(ms(40));
        latency.expect(ms(10));
        assert_eq!(told(&mut latency, [44, 47]), [45, 53]);
        assert_eq!(told(&mut latency, [60_000]), [10_000]);
    }
}
