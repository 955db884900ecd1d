// SPDX-License-Identifier: MPL-2.0
//! One step along a gradient, from the frame or, live, from where the frames before have led.

use super::Report;
use super::frame_editor::{FrameEditor, Movement};
use super::lead::shorten;
use super::reader::Reader;
use crate::Error;
use crate::classifier::Reading;
use crate::frame::{self, FramePosition, FrameView};
use crate::measure::norm;
use crate::morph::{Reach, Search, reach_budget};

/// One step from the frame, as far as magnification, budget or lead say.
pub(super) fn one_step(
    editor: &mut FrameEditor,
    reader: Option<&mut Reader>,
    (settings, reach): Movement<'_>,
    (frame, position): (&FrameView<'_>, &FramePosition),
    reading: &Reading,
    report: &mut Report,
) -> Result<(), Error> {
    let prepared = editor.prepare(frame, position, reading, settings);
    report.direct(&prepared, editor.drivers_agreement);
    if !prepared.finite || prepared.phase_rms == 0.0 {
        report.warning = Some(no_direction(prepared.finite, 1));
        return Ok(editor.keep(frame)?);
    }
    if reach.l2_budget > 0.0 {
        let place = |magnification| place(editor, frame, magnification);
        let found = found(reach.l2_budget, Search::from_source(), place)?;
        (report.attained, report.l2) = (found.attained, found.distance);
        report.magnification = found.magnification;
    } else {
        report.l2 = place(editor, frame, reach.magnification)?;
        report.magnification = reach.magnification;
    }
    match (reader, report.led) {
        (Some(reader), Some(_)) => shorten(editor, reader, reach, frame, report)?,
        (None, Some(_)) => (report.led, report.warning) = (None, Some(NEEDS_THE_MODEL.to_owned())),
        (_, None) => (),
    }
    report.change_norm = norm(&editor.change);
    Ok(())
}

/// One step from where the frames before have led (docs/method.md 2.14).
pub(super) fn live_step(
    editor: &mut FrameEditor,
    (settings, reach): Movement<'_>,
    (frame, position): (&FrameView<'_>, &FramePosition),
    reading: &Reading,
    report: &mut Report,
) -> Result<(), Error> {
    report.warning = live_doubt((settings, reach)).map(Into::into);
    let prepared = editor.prepare(frame, position, reading, settings);
    report.direct(&prepared, editor.drivers_agreement);
    // Where nothing moves, what has been carried is shown, and fades.
    if !prepared.finite {
        report.warning = Some(no_direction(false, 1));
        return Ok(editor.keep(frame)?);
    }
    // A target that leads is left to fade until it does no longer.
    let has_led = report.led == Some(true);
    report.magnification = if has_led { 0.0 } else { reach.magnification };
    report.l2 = place(editor, frame, report.magnification)?;
    editor.morpher.advance(report.magnification);
    report.attained |= has_led;
    report.change_norm = norm(&editor.change);
    Ok(())
}

/// Moves the frame so far; how far it then is from what it was.
fn place(editor: &mut FrameEditor, frame: &FrameView<'_>, magnification: f64) -> Result<f64, frame::Error> {
    editor.morpher.extrapolate(magnification, &mut editor.change);
    editor.write_step(frame)
}

/// Where a budget is spent, of the distances that `place` finds.
pub(super) fn found(
    budget: f64,
    search: Search,
    mut place: impl FnMut(f64) -> Result<f64, frame::Error>,
) -> Result<Reach, frame::Error> {
    let mut failed = None;
    let found = reach_budget(budget, search, |magnification| {
        place(magnification).unwrap_or_else(|e| {
            failed = Some(e);
            f64::NAN
        })
    });
    failed.map_or(Ok(found), Err)
}

const NEEDS_THE_MODEL: &str = "reach=auto has no effect on one step along a gradient that is held: it needs the model \
                               at the morph, as with step-mode=live or gradient-mode=sync";

/// What of the settings live steps cannot do.
fn live_doubt((settings, reach): Movement<'_>) -> Option<&'static str> {
    if settings.morph.tuning.temporal_smoothing.is_zero() {
        return Some(
            "step-mode=live carries nothing from frame to frame without temporal-smoothing: set how long steps last, for \
             instance 0.3 s",
        );
    }
    (reach.l2_budget > 0.0)
        .then_some("l2-budget does not count with step-mode=live: steps go as far as magnification says")
}

/// Why a step moves nothing.
pub(super) fn no_direction(is_finite: bool, step: u32) -> String {
    match (is_finite, step) {
        (true, 1) => "the gradient moves nothing in this picture: it is passed on unchanged".to_owned(),
        (true, _) => format!("the gradient moves nothing at step {step}: the steps end there"),
        (false, 1) => "the gradient is not finite: the frame is passed on unchanged".to_owned(),
        (false, _) => format!("the gradient is not finite at step {step}: the steps end there"),
    }
}
