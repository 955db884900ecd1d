// SPDX-License-Identifier: MPL-2.0
//! The search for the smallest magnification at which the classifier changes its mind.

use super::bracket::Bracket;
use super::{Editor, Reader, Report};
use crate::Error;
use crate::classifier::Reading;
use crate::frame::{FrameView, FrameViewMut};
use crate::morph::ReachSettings;

impl Editor {
    /// Moves the frame to its flip: to the smallest magnification found at which the classifier's most probable class, on
    /// the picture as written, is the reading's target. Doubling from 1/64 up to [`super::FARTHEST_FLIP`] finds the first
    /// flip among the doublings, halving narrows it down; a class that flips and flips back between two doublings
    /// goes unseen. It goes in so many `steps`. At most 15 forward runs, those of further steps aside.
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
        (top, steps): (usize, u32),
        out: &mut FrameViewMut<'_>,
    ) -> Result<Report, Error> {
        let mut walk = |magnification: f64, reader: &mut Reader, out: &mut FrameViewMut<'_>| {
            let reach = ReachSettings {
                magnification,
                steps,
                ..ReachSettings::default()
            };
            self.walk(reader, frame, reading, &reach, out)
        };
        let mut bracket = Bracket::from_source(top == reading.target);
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
            attained: bracket.holds,
            ..last
        })
    }
}
