// SPDX-License-Identifier: MPL-2.0
//! Which earlier frames the running average of phase steps may hold (docs/method.md 2.10).

use std::time::Duration;

use crate::frame::{FramePosition, is_scene_cut};

/// Frames further apart than this, and than five time constants, have nothing to do with each other.
const LONGEST: Duration = Duration::from_secs(1);

/// After this many time constants what came before has no bit left in f32: `e^-17 < 2^-24`.
const FORGOTTEN: u32 = 17;

/// The frames since the average was started.
#[derive(Debug, Default)]
pub(super) struct TemporalState {
    last: Option<Last>,
    /// The picture of the last frame, as planes; empty without an average.
    planes: Vec<f32>,
    /// How much longer the last picture has to stand until the average holds nothing else.
    unsettled: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    time: Option<Duration>,
    pair: (usize, usize),
}

impl TemporalState {
    /// The next frame starts a new average.
    pub(super) fn forget(&mut self) {
        self.last = None;
        self.unsettled = Duration::ZERO;
    }

    /// Whether a frame has come since the average was started.
    pub(super) fn is_begun(&self) -> bool {
        self.last.is_some()
    }

    /// Whether one more frame of the last picture would leave the average as it is; if so, it is taken in.
    pub(super) fn rests(&mut self, position: &FramePosition) -> bool {
        let rests = self.unsettled.is_zero();
        if let (true, Some(last)) = (rests, &mut self.last) {
            last.time = position.time;
        }
        rests
    }

    /// Takes in the next frame: how long after the last one it comes, or `None` where it starts a new average.
    /// `pair` is the reading's source and target, `memory` the time constant; `same` says that picture and reading
    /// are those of the last frame.
    pub(super) fn elapsed(
        &mut self,
        position: &FramePosition,
        pair: (usize, usize),
        (planes, same): (&[f32], bool),
        memory: Duration,
    ) -> Option<Duration> {
        let last = self.last.replace(Last {
            time: position.time,
            pair,
        });
        let longest = LONGEST.max(memory.saturating_mul(5));
        let elapsed = last
            .filter(|last| position.continuous && last.pair == pair && !is_scene_cut(&self.planes, planes))
            .and_then(|last| position.time?.checked_sub(last.time?))
            .filter(|elapsed| *elapsed <= longest);
        self.unsettled = match elapsed {
            None => Duration::ZERO,
            Some(elapsed) if same => self.unsettled.saturating_sub(elapsed),
            Some(_) => memory.saturating_mul(FORGOTTEN),
        };
        self.planes.clear();
        self.planes.extend_from_slice(planes);
        elapsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAU: Duration = Duration::from_millis(100);

    fn at(ms: u64) -> FramePosition {
        FramePosition {
            time: Some(Duration::from_millis(ms)),
            continuous: true,
            picture: None,
        }
    }

    /// A state whose last frame, of value 0.5, was shown after one second.
    fn begun() -> TemporalState {
        let mut state = TemporalState::default();
        assert_eq!(state.elapsed(&at(1000), (0, 1), (&[0.5; 40], false), TAU), None);
        state
    }

    fn next(position: FramePosition, pair: (usize, usize), value: f32, memory: Duration) -> Option<u64> {
        let elapsed = begun().elapsed(&position, pair, (&[value; 40], false), memory);
        elapsed.map(|elapsed| elapsed.as_millis() as u64)
    }

    #[test]
    fn frames_of_one_scene_belong_together() {
        assert_eq!(next(at(1040), (0, 1), 0.5, TAU), Some(40));
        assert_eq!(next(at(1000), (0, 1), 0.5, TAU), Some(0));
        assert_eq!(next(at(1040), (0, 1), 0.69, TAU), Some(40), "below the cut");
        assert_eq!(next(at(2000), (0, 1), 0.5, TAU), Some(1000));
        assert_eq!(
            next(at(3500), (0, 1), 0.5, TAU * 5),
            Some(2500),
            "five time constants"
        );
    }

    #[test]
    fn everything_else_starts_anew() {
        assert_eq!(next(at(999), (0, 1), 0.5, TAU), None, "back in time");
        assert_eq!(next(at(2001), (0, 1), 0.5, TAU), None, "a second");
        assert_eq!(next(at(3501), (0, 1), 0.5, TAU * 5), None, "five time constants");
        assert_eq!(next(at(1040), (0, 2), 0.5, TAU), None, "another target");
        assert_eq!(next(at(1040), (2, 1), 0.5, TAU), None, "another source");
        assert_eq!(next(at(1040), (0, 1), 0.71, TAU), None, "a cut");
        let broken = FramePosition {
            continuous: false,
            ..at(1040)
        };
        assert_eq!(next(broken, (0, 1), 0.5, TAU), None, "a break");
        let timeless = FramePosition {
            time: None,
            ..at(1040)
        };
        assert_eq!(next(timeless, (0, 1), 0.5, TAU), None, "no time");
        let mut forgotten = begun();
        forgotten.forget();
        assert_eq!(
            forgotten.elapsed(&at(1040), (0, 1), (&[0.5; 40], false), TAU),
            None
        );
    }

    #[test]
    fn an_average_rests_when_nothing_else_is_left_in_it() {
        let mut state = begun();
        assert!(state.rests(&at(1040)), "it began with this picture");
        assert_eq!(
            state.elapsed(&at(1080), (0, 1), (&[0.6; 40], false), TAU),
            Some(Duration::from_millis(40))
        );
        assert!(!state.rests(&at(1120)));
        for ms in (1120..).step_by(100).take(17) {
            assert!(!state.rests(&at(ms)), "{ms}");
            state.elapsed(&at(ms), (0, 1), (&[0.6; 40], true), TAU);
        }
        // 40 ms, and sixteen times 100 ms.
        assert!(!state.rests(&at(2800)));
        state.elapsed(&at(2820), (0, 1), (&[0.6; 40], true), TAU);
        assert!(state.rests(&at(2860)));
        assert_eq!(
            state.elapsed(&at(2900), (0, 1), (&[0.5; 40], false), TAU),
            Some(Duration::from_millis(40))
        );
    }
}
