// SPDX-License-Identifier: MPL-2.0
//! The way of a morph: one step, or several with the gradient taken anew along the way (docs/method.md 2.8).

use std::time::{Duration, Instant};

use super::frame_editor::{FrameEditor, Movement};
use super::input_planes::Shown;
use super::lead::leads;
use super::one_step::{found, live_step, no_direction, one_step};
use super::reader::Reader;
use super::{LensSettings, Report};
use crate::Error;
use crate::classifier::Reading;
use crate::frame::{self, FramePosition, FrameView, luma_of_planes};
use crate::measure::{l2, norm};
use crate::morph::{ReachSettings, Search, StepMode};

/// How much further than its share of the budget a step may go that is not the last, in lengths of a step: where it ends is
/// no result, and each try costs a synthesis.
const STEP_TOLERANCE: f64 = 0.3;

/// Takes all steps, the first along `reading`, and leaves the morph in `editor`. Without a reader there is one step.
pub(super) fn walk(
    editor: &mut FrameEditor,
    reader: Option<&mut Reader>,
    movement: Movement<'_>,
    (frame, position): (&FrameView<'_>, &FramePosition),
    reading: &Reading,
    report: &mut Report,
) -> Result<(), Error> {
    let is_live = editor.is_live();
    let (_, reach) = movement;
    report.led = leads(reach, &reading.around, reading.target);
    if report.led == Some(true) && !is_live {
        report.warning = Some("the target leads already: the frame is passed on unchanged".to_owned());
        report.attained = true;
        return Ok(editor.keep(frame)?);
    }
    match reader {
        _ if is_live => live_step(editor, movement, (frame, position), reading, report),
        Some(reader) if reach.steps > 1 => several(editor, reader, movement, frame, reading, report),
        reader => one_step(editor, reader, movement, (frame, position), reading, report),
    }
}

/// Takes several steps, each along the gradient where the one before has led.
fn several(
    editor: &mut FrameEditor,
    reader: &mut Reader,
    (settings, reach): Movement<'_>,
    frame: &FrameView<'_>,
    reading: &Reading,
    report: &mut Report,
) -> Result<(), Error> {
    let steps = reach.steps;
    let mut between = Between::new(editor, reader, frame, reading);
    // Distance and magnification of the step before.
    let mut last = None;
    for step in 1..=steps {
        if step > 1 {
            report.led = between.read(editor, frame, reach, step - 1, &mut report.step_time)?;
            if report.led == Some(true) {
                break;
            }
        }
        let prepared = between.prepare(editor, settings, step - 1);
        if step == 1 {
            report.direct(&prepared, editor.drivers_agreement);
        }
        if !prepared.finite || prepared.phase_rms == 0.0 {
            report.warning = Some(no_direction(prepared.finite, step));
            if step == 1 {
                return Ok(editor.keep(frame)?);
            }
            break;
        }
        let magnification = if reach.l2_budget > 0.0 {
            let budget = reach.l2_budget * f64::from(step) / f64::from(steps);
            let mut search = Search::from_source();
            if step < steps {
                search.tolerance = STEP_TOLERANCE / f64::from(step);
            }
            if let Some((distance, magnification)) = last {
                (search.start, search.first) = (distance, f64::min(magnification, 1.0));
            }
            let found = found(budget, search, |magnification| {
                between.add(editor, magnification);
                between.distance(editor, frame)
            })?;
            report.attained = step == steps && found.attained;
            report.l2 = found.distance;
            last = Some((found.distance, found.magnification));
            found.magnification
        } else {
            let magnification = reach.magnification / f64::from(steps);
            between.add(editor, magnification);
            magnification
        };
        report.magnification += magnification;
        editor.morpher.advance(magnification);
    }
    if report.led == Some(false) && report.warning.is_none() {
        report.led = between.read(editor, frame, reach, steps, &mut report.step_time)?;
    }
    report.attained |= report.led == Some(true);
    let change = between.change();
    report.change_norm = norm(&change);
    report.l2 = editor.write(frame, &change)?;
    report.agreement = between.reading.agreement;
    editor.show_change(&change);
    editor.forget();
    Ok(())
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

    /// Adds the change of a step that goes so far, and clips.
    fn add(&mut self, editor: &mut FrameEditor, magnification: f64) {
        editor.morpher.extrapolate(magnification, &mut editor.change);
        // A change of luma is added to all three planes.
        let change = editor.change.iter().cycle();
        self.current
            .iter_mut()
            .zip(self.base.iter().zip(change))
            .for_each(|(to, (b, c))| *to = (b + c).clamp(0.0, 1.0));
    }

    /// How far the frame is from what it was.
    fn distance(&self, editor: &mut FrameEditor, frame: &FrameView<'_>) -> Result<f64, frame::Error> {
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
