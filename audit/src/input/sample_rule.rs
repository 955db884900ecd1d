// SPDX-License-Identifier: MPL-2.0
//! Which frames of a video are audited.

use std::fmt;
use std::str::FromStr;

/// Which frames of a video are audited: each part of the rule that is given must agree. Written `fps=2,max=100`; one frame
/// of each second by default.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleRule {
    /// Each frame whose number this divides; 0 for no such rule.
    pub every: u64,
    /// At most so many in a second; 0 for no such rule. Frames without a time (an image sequence) are all taken.
    pub fps: f64,
    /// At most so many of a file, the first ones; 0 for no such rule.
    pub max: u64,
}

impl SampleRule {
    /// Takes every frame.
    pub const ALL: Self = Self {
        every: 0,
        fps: 0.0,
        max: 0,
    };
}

impl Default for SampleRule {
    fn default() -> Self {
        Self {
            fps: 1.0,
            ..Self::ALL
        }
    }
}

impl fmt::Display for SampleRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.every > 0).then(|| format!("every={}", self.every)),
            (self.fps > 0.0).then(|| format!("fps={}", self.fps)),
            (self.max > 0).then(|| format!("max={}", self.max)),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        match parts.is_empty() {
            true => f.write_str("every=1"),
            false => f.write_str(&parts.join(",")),
        }
    }
}

impl FromStr for SampleRule {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ADVICE: &str = "write every=N, fps=F or max=N, several with commas: fps=2,max=100";
        let mut sample = Self::ALL;
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
pub(crate) struct Sampler {
    rule: SampleRule,
    taken: u64,
    /// The tick of `fps` that the last frame taken stood for.
    tick: Option<u64>,
}

impl Sampler {
    pub(crate) fn new(rule: SampleRule) -> Self {
        Self {
            rule,
            taken: 0,
            tick: None,
        }
    }

    /// Whether no further frame can be taken.
    pub(crate) fn is_full(&self) -> bool {
        self.rule.max > 0 && self.taken >= self.rule.max
    }

    /// Whether this frame is taken, and as which.
    pub(crate) fn take(&mut self, index: u64, time_ns: Option<u64>) -> Option<u64> {
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
    fn a_rule_is_written_as_it_is_read() {
        for text in ["every=20", "fps=1", "fps=12.5,max=3", "every=2,fps=0.5,max=7"] {
            assert_eq!(text.parse::<SampleRule>().unwrap().to_string(), text);
        }
        assert_eq!(SampleRule::ALL.to_string(), "every=1");
    }

    #[test]
    fn other_rules_are_refused() {
        for text in ["", "every", "every=0", "fps=-1", "max=x", "each=2"] {
            assert!(text.parse::<SampleRule>().is_err(), "{text}");
        }
    }
}
