// SPDX-License-Identifier: MPL-2.0
//! The search for the smallest magnification at which the classifier changes its mind.

use super::{Editor, Reader, Report};
use crate::Error;
use crate::classifier::Reading;
use crate::frame::{FrameView, FrameViewMut};
use crate::morph::ReachMode;

/// The search begins here and doubles, and ends at [`FARTHEST_FLIP`].
const NEAREST: f64 = 1.0 / 64.0;

/// The magnification up to which [`Editor::flip`] searches: with a limit of half a turn no phase is left to move there,
/// and pixels have moved by four times the picture's contrast.
pub const FARTHEST_FLIP: f64 = 4.0;

/// Halvings of the bracket that doubling leaves: the magnification is known to 1/64 of it.
const HALVINGS: usize = 6;

impl Editor {
    /// Moves the frame to its flip: to the smallest magnification found at which the classifier's most probable class, on
    /// the picture as written, is the reading's target. Doubling from 1/64 up to [`FARTHEST_FLIP`] finds the first
    /// flip among the doublings, halving narrows it down; a class that flips and flips back between two doublings
    /// goes unseen. Magnification, budget and lead of the settings are not looked at, and stay. At most 15 forward runs, those
    /// of further steps aside.
    ///
    /// `top` is the most probable class of the frame itself; where that is the target, the flip is at 0. The report is
    /// that of the flip, and `attained` says whether there is one: else it is that of the far end. Where a report has
    /// a warning the search ends with it.
    ///
    /// # Errors
    /// When `out` does not fit, or a run fails.
    pub fn flip(
        &mut self,
        reader: &mut Reader,
        frame: &FrameView<'_>,
        reading: &Reading,
        top: usize,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Report, Error> {
        let before = self.settings().clone();
        let found = self.search(reader, frame, reading, top, out);
        self.set_settings(before)?;
        found
    }

    fn search(
        &mut self,
        reader: &mut Reader,
        frame: &FrameView<'_>,
        reading: &Reading,
        top: usize,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Report, Error> {
        let mut walk = |magnification: f64, reader: &mut Reader, out: &mut FrameViewMut<'_>| {
            self.set_settings(self.settings().clone().with(|s| {
                s.reach.magnification = magnification;
                s.reach.l2_budget = 0.0;
                s.reach.mode = ReachMode::Fixed;
            }))?;
            self.walk(reader, frame, reading, out)
        };
        let mut bracket = Bracket::new(top == reading.target);
        let mut last = walk(0.0, reader, out)?;
        while last.warning.is_none()
            && let Some(magnification) = bracket.next()
        {
            last = walk(magnification, reader, out)?;
            if last.warning.is_none() {
                let flips = reader.score(&out.as_view())?.top_class() == reading.target;
                bracket.narrow(magnification, flips);
            }
        }
        if last.warning.is_none() && last.magnification != bracket.high {
            last = walk(bracket.high, reader, out)?;
        }
        Ok(Report {
            magnification: bracket.high,
            attained: bracket.flips,
            ..last
        })
    }
}

/// Two magnifications with the flip between them.
#[derive(Debug)]
struct Bracket {
    low: f64,
    high: f64,
    /// Whether the class flips at the upper end.
    flips: bool,
    halved: usize,
}

impl Bracket {
    fn new(flips: bool) -> Self {
        Self {
            low: 0.0,
            high: 0.0,
            flips,
            halved: 0,
        }
    }

    /// The magnification that is to be looked at; `None` at the end of the search.
    fn next(&self) -> Option<f64> {
        match self.flips {
            false if self.high == 0.0 => Some(NEAREST),
            false => (self.high < FARTHEST_FLIP).then_some(2.0 * self.high),
            true => (self.high > 0.0 && self.halved < HALVINGS).then_some(0.5 * (self.low + self.high)),
        }
    }

    /// Takes in whether the class flips there.
    fn narrow(&mut self, magnification: f64, flips: bool) {
        match (self.flips, flips) {
            (false, _) => (self.low, self.high, self.flips) = (self.high, magnification, flips),
            (true, true) => (self.high, self.halved) = (magnification, self.halved + 1),
            (true, false) => (self.low, self.halved) = (magnification, self.halved + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The end of a search where the class flips from a magnification on, and how many magnifications were looked at.
    fn found(from: f64) -> (f64, bool, usize) {
        let mut bracket = Bracket::new(from <= 0.0);
        let mut looks = 0;
        while let Some(magnification) = bracket.next() {
            bracket.narrow(magnification, magnification >= from);
            looks += 1;
        }
        (bracket.high, bracket.flips, looks)
    }

    #[test]
    fn the_flip_is_found_from_above_to_a_part_in_thirty_two() {
        for from in [1e-6, 0.01, 1.0 / 64.0, 0.02, 0.3, 1.0, 1.7, 4.0] {
            let (high, flips, looks) = found(from);
            assert!(flips && looks <= 15, "{from}: {looks}");
            // Between two doublings lies half of the upper one at most; below the first all of it.
            let width = (high - from) / (0.5f64 * from.max(NEAREST)).max(0.5 * high);
            assert!(high >= from && width <= 1.0 / 32.0, "{from}: {high}");
        }
    }

    #[test]
    fn what_flips_already_is_at_zero_and_what_never_does_at_the_far_end() {
        assert_eq!(found(0.0), (0.0, true, 0));
        assert_eq!(found(f64::INFINITY), (FARTHEST_FLIP, false, 9));
    }
}
