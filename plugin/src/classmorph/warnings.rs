// SPDX-License-Identifier: MPL-2.0
//! At most one warning per kind and second: the bus is not flooded, frame after frame.

use std::time::{Duration, Instant};

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A property's new value does not fit the model.
    Settings,
    /// A frame was passed on unchanged.
    Frame,
}

/// When each kind was last warned about.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    settings: Option<Instant>,
    frame: Option<Instant>,
}

impl Limiter {
    /// Whether a warning of this kind may go out at `now`; if so, it is taken as gone out.
    pub(super) fn allows(&mut self, kind: Kind, now: Instant) -> bool {
        let last = match kind {
            Kind::Settings => &mut self.settings,
            Kind::Frame => &mut self.frame,
        };
        let allowed = last.is_none_or(|last| now.duration_since(last) >= Duration::from_secs(1));
        if allowed {
            *last = Some(now);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_speaks_once_a_second() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut limiter = Limiter::default();
        assert!(limiter.allows(Kind::Frame, at(0)));
        assert!(!limiter.allows(Kind::Frame, at(999)));
        assert!(limiter.allows(Kind::Settings, at(999)));
        assert!(limiter.allows(Kind::Frame, at(1000)));
    }
}
