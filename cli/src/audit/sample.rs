// SPDX-License-Identifier: MPL-2.0
//! Which frames of a video are audited.

use std::str::FromStr;

/// A rule: each part that is given must agree.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Sample {
    /// Each frame whose number this divides; 0 for no such rule.
    every: u64,
    /// At most so many in a second; 0 for no such rule. Frames without a time (an image sequence) are all taken.
    fps: f64,
    /// At most so many of a file, the first ones; 0 for no such rule.
    max: u64,
}

impl FromStr for Sample {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ADVICE: &str = "write every=N, fps=F or max=N, several with commas: fps=2,max=100";
        let mut sample = Self::default();
        for part in text.split(',') {
            match part.trim().split_once('=').ok_or(ADVICE)? {
                ("every", n) => sample.every = n.parse().ok().filter(|n| *n > 0).ok_or(ADVICE)?,
                ("max", n) => sample.max = n.parse().ok().filter(|n| *n > 0).ok_or(ADVICE)?,
                ("fps", f) => {
                    sample.fps = f
                        .parse()
                        .ok()
                        .filter(|f: &f64| f.is_finite() && *f > 0.0)
                        .ok_or(ADVICE)?;
                }
                _ => return Err(ADVICE),
            }
        }
        Ok(sample)
    }
}

/// Applies a rule to the frames of one file.
#[derive(Debug)]
pub(super) struct Sampler {
    rule: Sample,
    taken: u64,
    /// The tick of `fps` that the last frame taken stood for.
    tick: Option<u64>,
}

impl Sampler {
    pub(super) fn new(rule: Sample) -> Self {
        Self {
            rule,
            taken: 0,
            tick: None,
        }
    }

    /// Whether no further frame can be taken.
    pub(super) fn is_full(&self) -> bool {
        self.rule.max > 0 && self.taken >= self.rule.max
    }

    /// Whether this frame is taken, and as which.
    pub(super) fn take(&mut self, index: u64, time_ns: Option<u64>) -> Option<u64> {
        if self.is_full() || (self.rule.every > 1 && !index.is_multiple_of(self.rule.every)) {
            return None;
        }
        if self.rule.fps > 0.0
            && let Some(time_ns) = time_ns
        {
            // The small part keeps a frame that lies on a tick, up to rounding of its time, on that tick.
            let tick = (time_ns as f64 * 1e-9 * self.rule.fps + 1e-6) as u64;
            if self.tick == Some(tick) {
                return None;
            }
            self.tick = Some(tick);
        }
        self.taken += 1;
        Some(self.taken - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rule: &str, times: bool) -> Vec<u64> {
        let mut sampler = Sampler::new(rule.parse().unwrap());
        (0..50)
            .filter(|index| {
                let time = times.then_some(index * 40_000_000);
                sampler.take(*index, time).is_some()
            })
            .collect()
    }

    #[test]
    fn rules_take_the_frames_they_name() {
        assert_eq!(taken("every=20", true), [0, 20, 40]);
        assert_eq!(taken("fps=1", true), [0, 25]);
        assert_eq!(taken("fps=12.5,max=3", true), [0, 2, 4]);
        assert_eq!(
            taken("fps=1", false).len(),
            50,
            "frames without times are all taken"
        );
        assert_eq!(taken("max=2", false), [0, 1]);
    }

    #[test]
    fn other_rules_are_refused() {
        for text in ["", "every", "every=0", "fps=-1", "max=x", "each=2"] {
            assert!(text.parse::<Sample>().is_err(), "{text}");
        }
    }
}
