// SPDX-License-Identifier: MPL-2.0
//! A magnification that moves with time: there and back, without a controller.

use std::f64::consts::TAU;
use std::time::Duration;

use crate::settings::choice;

choice! {
    pub enum Sweep = "sweep", None, "How the magnification moves over a clip" {
        None = "none": "It stands still",
        /// `sin(2 pi t / T)`: towards the target, back, away from it, and back.
        Sine = "sine": "Towards the target, back, away from it, and back, once per period",
        Triangle = "triangle": "From 0 to the magnification and back, once per period",
        Ramp = "ramp": "From 0 to the magnification, then again from 0",
    }
}

impl Sweep {
    /// The period when nothing is said.
    pub const DEFAULT_PERIOD: Duration = Duration::from_secs(2);
    /// The shortest period; a shorter one is taken as this.
    pub const MIN_PERIOD: Duration = Duration::from_millis(1);

    /// What the magnification is multiplied by at time `t`: within -1..1, and 1 at all times without a sweep.
    pub fn factor(self, t: Duration, period: Duration) -> f64 {
        let period = period.max(Self::MIN_PERIOD).as_nanos();
        // The whole periods go while the numbers are exact: hours into a stream the phase is still right.
        let phase = (t.as_nanos() % period) as f64 / period as f64;
        match self {
            Self::None => 1.0,
            Self::Sine => (TAU * phase).sin(),
            Self::Triangle => 1.0 - (2.0 * phase - 1.0).abs(),
            Self::Ramp => phase,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Duration = Duration::from_secs(4);

    fn at(sweep: Sweep, seconds: f64) -> f64 {
        sweep.factor(Duration::from_secs_f64(seconds), T)
    }

    #[test]
    fn triangle_goes_to_the_target_and_back() {
        let samples: Vec<f64> = (0..=8).map(|i| at(Sweep::Triangle, f64::from(i) / 2.0)).collect();
        assert_eq!(samples, [0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25, 0.0]);
    }

    #[test]
    fn ramp_starts_again() {
        assert_eq!(
            [0.0, 1.0, 3.0, 4.0, 5.0].map(|t| at(Sweep::Ramp, t)),
            [0.0, 0.25, 0.75, 0.0, 0.25]
        );
    }

    #[test]
    fn sine_visits_both_sides() {
        // One rounding of the phase and one of the sine: a few units in the last place of numbers up to 2 pi.
        for (t, expected) in [(0.0, 0.0), (1.0, 1.0), (2.0, 0.0), (3.0, -1.0)] {
            assert!((at(Sweep::Sine, t) - expected).abs() < 1e-15, "{t} s");
        }
    }

    #[test]
    fn none_stands_still() {
        assert_eq!([0.0, 0.3, 1e6].map(|t| at(Sweep::None, t)), [1.0; 3]);
    }

    #[test]
    fn phase_is_exact_after_a_day() {
        let day = Duration::from_secs(24 * 3600);
        for sweep in [Sweep::Sine, Sweep::Triangle, Sweep::Ramp] {
            let late = sweep.factor(day + Duration::from_nanos(1_234_567_890), T);
            assert_eq!(late, sweep.factor(Duration::from_nanos(1_234_567_890), T));
        }
    }

    #[test]
    fn no_period_is_too_short() {
        assert!(
            Sweep::Ramp
                .factor(Duration::from_secs(1), Duration::ZERO)
                .is_finite()
        );
    }
}
