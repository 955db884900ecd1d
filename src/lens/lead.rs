// SPDX-License-Identifier: MPL-2.0
//! How far a morph goes where the classifier decides it (docs/method.md 2.15).

use super::Report;
use super::bracket::Bracket;
use super::frame_editor::FrameEditor;
use super::reader::Reader;
use crate::Error;
use crate::frame::FrameView;
use crate::morph::{ReachMode, ReachSettings};

/// Whether the target leads as far as is asked for; `None` where nobody asks, or nobody knows.
pub(super) fn leads(reach: &ReachSettings, probabilities: &[f32], target: usize) -> Option<bool> {
    if reach.mode == ReachMode::Fixed {
        return None;
    }
    let of_target = probabilities.get(target)?;
    let rivals = probabilities
        .iter()
        .enumerate()
        .filter(|(class, _)| *class != target);
    let rival = rivals.map(|(_, p)| *p).fold(0.0, f32::max);
    // At a lead of 0 the target is ahead, not level.
    let lead = f64::from(of_target - rival);
    Some(lead > 0.0 && lead >= reach.lead)
}

/// Takes a single step back to where the target begins to lead, between the frame and where the step has led to. A lead
/// that is lost again on the way goes unseen.
pub(super) fn shorten(
    editor: &mut FrameEditor,
    reader: &mut Reader,
    reach: &ReachSettings,
    frame: &FrameView<'_>,
    report: &mut Report,
) -> Result<(), Error> {
    let target = report.target;
    let mut leads_here = |editor: &FrameEditor| -> Result<bool, Error> {
        let Some(morph) = editor.morph() else {
            return Ok(false);
        };
        Ok(leads(reach, &reader.score(&morph)?.probabilities, target) == Some(true))
    };
    let mut go_to = |editor: &mut FrameEditor, magnification: f64| -> Result<(), Error> {
        editor.morpher.extrapolate(magnification, &mut editor.change);
        report.l2 = editor.write_step(frame)?;
        Ok(())
    };
    report.led = Some(leads_here(editor)?);
    if report.led == Some(false) {
        return Ok(());
    }
    let mut bracket = Bracket::up_to(report.magnification);
    let mut last = bracket.high;
    while let Some(magnification) = bracket.next() {
        last = magnification;
        go_to(editor, last)?;
        bracket.narrow(last, leads_here(editor)?);
    }
    if last != bracket.high {
        go_to(editor, bracket.high)?;
    }
    (report.magnification, report.attained) = (bracket.high, true);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_leads_by_its_distance_to_the_best_other_class() {
        let reach = |lead: f64| ReachSettings {
            mode: ReachMode::Auto,
            lead,
            ..ReachSettings::default()
        };
        let scores = [0.125, 0.5, 0.375];
        assert_eq!(leads(&reach(0.125), &scores, 1), Some(true));
        assert_eq!(leads(&reach(0.126), &scores, 1), Some(false));
        assert_eq!(
            leads(&reach(0.0), &[0.5, 0.5], 1),
            Some(false),
            "level is no lead"
        );
        assert_eq!(leads(&reach(0.0), &[0.5, 0.51], 1), Some(true));
        assert_eq!(leads(&reach(0.1), &[f32::NAN, 0.5], 0), Some(false));
        assert_eq!(leads(&reach(0.1), &[f32::NAN, 0.5], 1), Some(true));
        assert_eq!(leads(&reach(0.1), &[], 1), None);
        assert_eq!(leads(&ReachSettings::default(), &scores, 1), None);
    }
}
