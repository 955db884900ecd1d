// SPDX-License-Identifier: MPL-2.0
//! The steps of a morph: one, or several with the gradient taken anew along the way (docs/method.md 2.8).

use std::time::{Duration, Instant};

use super::frame_editor::FrameEditor;
use super::input_planes::Shown;
use super::lead::{leads, shorten};
use super::reader::Reader;
use super::{LensSettings, Report};
use crate::Error;
use crate::classifier::Reading;
use crate::frame::{self, FramePosition, FrameView, luma_of_planes};
use crate::measure::{l2, norm};
use crate::morph::{ReachSettings, Search, StepMode, reach_budget};

/// How much further than its share of the budget a step may go that is not the last, in lengths of a step: where it ends is
/// no result, and each try costs a synthesis.
const STEP_TOLERANCE: f64 = 0.3;

/// Takes all steps, the first along `reading`, and leaves the morph in `editor`. Without a reader there is one step.
pub(super) fn walk(
    editor: &mut FrameEditor,
    mut reader: Option<&mut Reader>,
    settings: &LensSettings,
    (frame, position): (&FrameView<'_>, &FramePosition),
    reading: &Reading,
    report: &mut Report,
) -> Result<(), Error> {
    let reach = &settings.reach;
    let is_live = editor.is_live();
    report.led = leads(reach, &reading.around, reading.target);
    if report.led == Some(true) && !is_live {
        report.warning = Some("the target leads already: the frame is passed on unchanged".to_owned());
        report.attained = true;
        return Ok(editor.keep(frame)?);
    }
    let mut between = match &mut reader {
        Some(reader) if reach.steps > 1 && !is_live => Some(Between::new(editor, reader, frame, reading)),
        _ => None,
    };
    let steps = if between.is_some() { reach.steps } else { 1 };
    if is_live {
        report.warning = live_doubt(settings).map(Into::into);
    }
    // Distance and magnification of the step before.
    let mut last = None;
    for step in 1..=steps {
        let prepared = match &mut between {
            None => editor.prepare(frame, position, reading, settings),
            Some(between) => {
                if step > 1 {
                    report.led = between.read(editor, frame, reach, step - 1, &mut report.step_time)?;
                    if report.led == Some(true) {
                        break;
                    }
                }
                between.prepare(editor, settings, step - 1)
            }
        };
        if step == 1 {
            report.phase_rms = prepared.phase_rms;
            report.drivers_agreement = editor.drivers_agreement;
        }
        // Live, what has been carried is shown, and fades.
        let rests = prepared.phase_rms == 0.0 && !is_live;
        if !prepared.finite || rests {
            report.warning = Some(no_direction(prepared.finite, step));
            if step == 1 {
                return Ok(editor.keep(frame)?);
            }
            break;
        }
        // How far the picture then is from the frame.
        let mut place = |editor: &mut FrameEditor, magnification: f64| {
            editor.morpher.extrapolate(magnification, &mut editor.change);
            match &mut between {
                None => editor.write_step(frame),
                Some(between) => between.add(editor, frame),
            }
        };
        let magnification = if reach.l2_budget > 0.0 && !is_live {
            let budget = reach.l2_budget * f64::from(step) / f64::from(steps);
            let mut search = Search::from_source();
            if step < steps {
                search.tolerance = STEP_TOLERANCE / f64::from(step);
            }
            if let Some((distance, magnification)) = last {
                (search.start, search.first) = (distance, f64::min(magnification, 1.0));
            }
            let mut failed = None;
            let found = reach_budget(budget, search, |magnification| {
                place(editor, magnification).unwrap_or_else(|e| {
                    failed = Some(e);
                    f64::NAN
                })
            });
            if let Some(e) = failed {
                return Err(e.into());
            }
            report.attained = step == steps && found.attained;
            report.l2 = found.distance;
            last = Some((found.distance, found.magnification));
            found.magnification
        } else {
            // Live, a target that leads is left to fade until it does no longer.
            let magnification = match report.led {
                Some(true) => 0.0,
                _ => reach.magnification / f64::from(steps),
            };
            report.l2 = place(editor, magnification)?;
            magnification
        };
        report.magnification += magnification;
        if between.is_some() || is_live {
            editor.morpher.advance(magnification);
        }
    }
    if let Some(between) = &mut between
        && report.led == Some(false)
        && report.warning.is_none()
    {
        report.led = between.read(editor, frame, reach, steps, &mut report.step_time)?;
    }
    report.attained |= report.led == Some(true);
    match between {
        None => {
            match (reader, is_live, report.led) {
                (Some(reader), false, Some(_)) => shorten(editor, reader, reach, frame, report)?,
                (None, false, Some(_)) => {
                    (report.led, report.warning) = (None, Some(NEEDS_THE_MODEL.to_owned()));
                }
                _ => (),
            }
            report.change_norm = norm(&editor.change);
        }
        Some(between) => {
            let change = between.change();
            report.change_norm = norm(&change);
            report.l2 = editor.write(frame, &change)?;
            report.agreement = between.reading.agreement;
            editor.show_change(&change);
            editor.forget();
        }
    }
    Ok(())
}

const NEEDS_THE_MODEL: &str = "reach=auto has no effect on one step along a gradient that is held: it needs the model \
                               at the morph, as with step-mode=live or gradient-mode=sync";

/// What of the settings live steps cannot do.
fn live_doubt(settings: &LensSettings) -> Option<&'static str> {
    if settings.morph.tuning.temporal_smoothing.is_zero() {
        return Some(
            "step-mode=live carries nothing from frame to frame without temporal-smoothing: set how long steps last, for \
             instance 0.3 s",
        );
    }
    (settings.reach.l2_budget > 0.0)
        .then_some("l2-budget does not count with step-mode=live: steps go as far as magnification says")
}

/// Why a step moves nothing.
fn no_direction(is_finite: bool, step: u32) -> String {
    match (is_finite, step) {
        (true, 1) => "the gradient moves nothing in this picture: it is passed on unchanged".to_owned(),
        (true, _) => format!("the gradient moves nothing at step {step}: the steps end there"),
        (false, 1) => "the gradient is not finite: the frame is passed on unchanged".to_owned(),
        (false, _) => format!("the gradient is not finite at step {step}: the steps end there"),
    }
}

/// The picture between two steps, where the pyramid works: R, G and B, or the one plane of a grey frame, in `f32`, since
/// bytes would round every step. For stills: it allocates.
struct Between<'r> {
    reader: &'r mut Reader,
    reading: Reading,
    source: Vec<f32>,
    /// What the next step is added to.
    base: Vec<f32>,
    current: Vec<f32>,
}

impl<'r> Between<'r> {
    fn new(
        editor: &mut FrameEditor,
        reader: &'r mut Reader,
        frame: &FrameView<'_>,
        reading: &Reading,
    ) -> Self {
        let planes = if frame.format().is_gray() { 1 } else { 3 };
        let mut source = vec![0.0; planes * editor.pixels()];
        editor.read_planes(frame, &mut source);
        Self {
            reader,
            reading: reading.clone(),
            base: source.clone(),
            current: source.clone(),
            source,
        }
    }

    /// Takes the gradient at the current picture, and adds how long that took. Whether the target leads, among the copies and
    /// on the picture itself: a few copies lead by chance.
    fn read(
        &mut self,
        editor: &mut FrameEditor,
        frame: &FrameView<'_>,
        reach: &ReachSettings,
        step: u32,
        time: &mut Duration,
    ) -> Result<Option<bool>, Error> {
        let start = Instant::now();
        let pixels = editor.pixels();
        let mut luma = Vec::new();
        let seen: Vec<&[f32]> = match (self.current.len() / pixels, editor.seen) {
            (1, seen) => vec![&self.current; seen],
            (_, 1) => {
                luma.resize(pixels, 0.0);
                luma_of_planes(&self.current, &mut luma);
                vec![&luma]
            }
            _ => self.current.chunks_exact(pixels).collect(),
        };
        let first = Shown::Planes {
            frame,
            planes: &seen,
            at_frame: editor.at_frame,
        };
        let mut others = first;
        let change;
        if self.reader.has_others() {
            change = editor.at_frame_size(&self.change());
            others = Shown::Changed {
                frame,
                change: &change,
            };
        }
        self.reader.read_step([first, others], step, &mut self.reading)?;
        let target = self.reading.target;
        let mut led = leads(reach, &self.reading.around, target);
        if led == Some(true) && self.reading.agreement.is_some() {
            led = leads(reach, &self.reader.score_shown(first)?.probabilities, target);
        }
        *time += start.elapsed();
        Ok(led)
    }

    /// Analysis of the current picture and of its gradient.
    fn prepare(
        &mut self,
        editor: &mut FrameEditor,
        settings: &LensSettings,
        step: u32,
    ) -> crate::morph::Prepared {
        editor.forget();
        editor.take_direction(&self.reading, settings, step);
        if editor.image.len() == self.current.len() {
            editor.image.copy_from_slice(&self.current);
        } else {
            luma_of_planes(&self.current, &mut editor.image);
        }
        if editor.morpher.step_mode() != StepMode::Source {
            self.base.copy_from_slice(&self.current);
        }
        match step {
            0 => editor.morpher.prepare(&editor.image, &editor.gradient),
            _ => editor.morpher.prepare_step(&editor.image, &editor.gradient),
        }
    }

    /// Adds the change of a step and clips; how far the frame then is from what it was.
    fn add(&mut self, editor: &mut FrameEditor, frame: &FrameView<'_>) -> Result<f64, frame::Error> {
        // A change of luma is added to all three planes.
        let change = editor.change.iter().cycle();
        self.current
            .iter_mut()
            .zip(self.base.iter().zip(change))
            .for_each(|(to, (b, c))| *to = (b + c).clamp(0.0, 1.0));
        match editor.at_frame {
            true => Ok(l2(&self.current, &self.source)),
            // A change that is enlarged is longer.
            false => editor.write(frame, &self.change()),
        }
    }

    /// What all steps have changed.
    fn change(&self) -> Vec<f32> {
        self.current
            .iter()
            .zip(&self.source)
            .map(|(c, s)| c - s)
            .collect()
    }
}
