// SPDX-License-Identifier: MPL-2.0
//! The steps of a morph: one, or several with the gradient taken anew along the way (docs/method.md 2.8).

use std::time::{Duration, Instant};

use super::driver::Shown;
use super::reader::Reader;
use super::stage::Stage;
use super::{LensSettings, Report};
use crate::Error;
use crate::classifier::Reading;
use crate::frame::{FrameView, Moment, luma_of_planes};
use crate::measure::{l2, norm};
use crate::morph::{StepMode, reach_budget};

/// Takes all steps, the first along `reading`, and leaves the morph on the stage. Without a reader there is one step.
pub(super) fn walk(
    stage: &mut Stage,
    reader: Option<&mut Reader>,
    settings: &LensSettings,
    (frame, moment): (&FrameView<'_>, &Moment),
    reading: &Reading,
    report: &mut Report,
) -> Result<(), Error> {
    let reach = &settings.reach;
    let mut between = reader
        .filter(|_| reach.steps > 1 && !stage.is_live())
        .map(|reader| Between::new(stage, reader, frame, reading));
    let is_live = stage.is_live();
    let steps = if between.is_some() { reach.steps } else { 1 };
    if is_live {
        report.warning = live_doubt(settings).map(Into::into);
    }
    for step in 1..=steps {
        let prepared = match &mut between {
            None => stage.prepare(frame, moment, reading, settings),
            Some(between) => {
                if step > 1 {
                    report.step_time += between.read(stage, frame, step - 1)?;
                }
                between.prepare(stage, settings, step - 1)
            }
        };
        if step == 1 {
            report.phase_rms = prepared.phase_rms;
            report.drivers_agreement = stage.drivers_agreement;
        }
        // Live, what has been carried is shown, and fades.
        let rests = prepared.phase_rms == 0.0 && !is_live;
        if !prepared.finite || rests {
            report.warning = Some(no_direction(prepared.finite, step));
            if step == 1 {
                return Ok(stage.keep(frame)?);
            }
            break;
        }
        // How far the picture then is from the frame.
        let mut place = |stage: &mut Stage, magnification: f64| {
            stage.morpher.extrapolate(magnification, &mut stage.change);
            match &mut between {
                None => stage.write_step(frame),
                Some(between) => Ok(between.add(stage)),
            }
        };
        let magnification = if reach.l2_budget > 0.0 && !is_live {
            let budget = reach.l2_budget * f64::from(step) / f64::from(steps);
            let mut failed = None;
            let found = reach_budget(budget, |magnification| {
                place(stage, magnification).unwrap_or_else(|e| {
                    failed = Some(e);
                    f64::NAN
                })
            });
            if let Some(e) = failed {
                return Err(e.into());
            }
            report.attained = step == steps && found.attained;
            report.l2 = found.distance;
            found.magnification
        } else {
            let magnification = reach.magnification / f64::from(steps);
            report.l2 = place(stage, magnification)?;
            magnification
        };
        report.magnification += magnification;
        if between.is_some() || is_live {
            stage.morpher.advance(magnification);
        }
    }
    match between {
        None => report.change_norm = norm(&stage.change),
        Some(between) => {
            let change = between.change();
            report.change_norm = norm(&change);
            report.l2 = stage.write(frame, &change)?;
            report.agreement = between.reading.agreement;
            stage.show_change(&change);
            stage.forget();
        }
    }
    Ok(())
}

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
    fn new(stage: &mut Stage, reader: &'r mut Reader, frame: &FrameView<'_>, reading: &Reading) -> Self {
        let planes = if frame.format().is_gray() { 1 } else { 3 };
        let mut source = vec![0.0; planes * stage.pixels()];
        stage.read_planes(frame, &mut source);
        Self {
            reader,
            reading: reading.clone(),
            base: source.clone(),
            current: source.clone(),
            source,
        }
    }

    /// Takes the gradient at the current picture; how long that took.
    fn read(&mut self, stage: &mut Stage, frame: &FrameView<'_>, step: u32) -> Result<Duration, Error> {
        let start = Instant::now();
        let pixels = stage.pixels();
        let mut luma = Vec::new();
        let seen: Vec<&[f32]> = match (self.current.len() / pixels, stage.seen) {
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
            at_frame: stage.at_frame,
        };
        let mut others = first;
        let change;
        if self.reader.has_others() {
            change = stage.at_frame_size(&self.change());
            others = Shown::Changed {
                frame,
                change: &change,
            };
        }
        self.reader.read_step([first, others], step, &mut self.reading)?;
        Ok(start.elapsed())
    }

    /// Analysis of the current picture and of its gradient.
    fn prepare(&mut self, stage: &mut Stage, settings: &LensSettings, step: u32) -> crate::morph::Prepared {
        stage.forget();
        stage.take_direction(&self.reading, settings, step);
        if stage.image.len() == self.current.len() {
            stage.image.copy_from_slice(&self.current);
        } else {
            luma_of_planes(&self.current, &mut stage.image);
        }
        if stage.morpher.step_mode() != StepMode::Source {
            self.base.copy_from_slice(&self.current);
        }
        match step {
            0 => stage.morpher.prepare(&stage.image, &stage.gradient),
            _ => stage.morpher.prepare_step(&stage.image, &stage.gradient),
        }
    }

    /// Adds the change of a step and clips; the distance from the source.
    fn add(&mut self, stage: &Stage) -> f64 {
        // A change of luma is added to all three planes.
        let change = stage.change.iter().cycle();
        self.current
            .iter_mut()
            .zip(self.base.iter().zip(change))
            .for_each(|(to, (b, c))| *to = (b + c).clamp(0.0, 1.0));
        l2(&self.current, &self.source)
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
