// SPDX-License-Identifier: MPL-2.0
//! Warnings that do not flood the bus, frame after frame.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A property's new value does not fit the model.
    Settings,
    /// What a frame's report warns of.
    Frame,
    /// A property asks for caps that the neighbours cannot give.
    Caps,
    /// A property has no effect as it is, or beside another one.
    Unused,
    /// The frames are not what people see: turned, or of two moments.
    Content,
}

impl Kind {
    /// Whether the same sentence may go out again, while there is the same reason for it.
    fn repeats(self) -> bool {
        matches!(self, Self::Settings | Self::Frame)
    }
}

/// What was last warned about.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    last: HashMap<Kind, Instant>,
    posted: Vec<String>,
}

impl Limiter {
    /// Whether a warning may go out at `now`; if so, it is taken as gone out. Of a kind that repeats there is one a
    /// second, of the others each sentence once.
    pub(super) fn allows(&mut self, kind: Kind, text: &str, now: Instant) -> bool {
        if !kind.repeats() {
            let new = !self.posted.iter().any(|posted| posted == text);
            if new {
                self.posted.push(text.to_owned());
            }
            return new;
        }
        let last = self.last.get(&kind);
        let allowed = last.is_none_or(|last| now.duration_since(*last) >= Duration::from_secs(1));
        if allowed {
            self.last.insert(kind, now);
        }
        allowed
    }

    /// The reason for every sentence of this beginning is gone.
    pub(super) fn settle(&mut self, beginning: &str) {
        self.posted.retain(|posted| !posted.starts_with(beginning));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_frames_say_comes_once_a_second_and_the_rest_once() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut limiter = Limiter::default();
        assert!(limiter.allows(Kind::Frame, "a", at(0)));
        assert!(!limiter.allows(Kind::Frame, "b", at(999)));
        assert!(limiter.allows(Kind::Settings, "a", at(999)));
        assert!(limiter.allows(Kind::Frame, "a", at(1000)));

        assert!(limiter.allows(Kind::Caps, "color-mode is", at(0)));
        assert!(limiter.allows(Kind::Caps, "display-mode is", at(0)));
        assert!(!limiter.allows(Kind::Caps, "color-mode is", at(5000)));
        limiter.settle("color-mode");
        assert!(limiter.allows(Kind::Caps, "color-mode is", at(5000)));
        assert!(!limiter.allows(Kind::Caps, "display-mode is", at(5000)));
    }
}
