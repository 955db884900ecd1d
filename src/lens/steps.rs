// SPDX-License-Identifier: MPL-2.0
//! Several steps: the gradient is taken anew along the way (docs/method.md 2.8). For stills; this allocates.

use std::time::Instant;

use super::reader::Reader;
use super::stage::{MOVES_NOTHING, Stage, norm};
use super::{LensSettings, Report};
use crate::Error;
use crate::classifier::Reading;
use crate::frame::{FrameView, LUMA, read_luma, read_rgb};
use crate::morph::{StepMode, reach_budget};

/// Walks all steps, the first along `reading`, and leaves the morph on the stage.
pub(super) fn walk(
    stage: &mut Stage,
    reader: &mut Reader,
    settings: &LensSettings,
    frame: &FrameView<'_>,
    reading: &Reading,
    report: &mut Report,
) -> Result<(), Error> {
    let steps = settings.reach.steps;
    let source = planes_of(stage, frame);
    let mut current = source.clone();
    let mut latest = reading.clone();
    stage.forget();
    for step in 1..=steps {
        if step > 1 {
            let start = Instant::now();
            read(stage, reader, frame, (&current, step - 1), &mut latest)?;
            report.step_time += start.elapsed();
        }
        stage.take_direction(&latest.gradient, settings, step - 1);
        edit_planes(stage, &current);
        let prepared = match step {
            1 => stage.morpher.prepare(&stage.image, &stage.gradient),
            _ => stage.morpher.prepare_step(&stage.image, &stage.gradient),
        };
        if step == 1 {
            report.phase_rms = prepared.phase_rms;
        }
        if !prepared.finite {
            report.warning = Some(format!(
                "the gradient is not finite at step {step}: the steps end there"
            ));
            break;
        }
        if prepared.phase_rms == 0.0 {
            if step == 1 {
                report.warning = Some(MOVES_NOTHING.into());
                return Ok(stage.keep(frame)?);
            }
            report.warning = Some(format!(
                "the gradient moves nothing at step {step}: the steps end there"
            ));
            break;
        }
        let from_source = stage.morpher.step_mode() == StepMode::Source;
        let base = if from_source {
            source.clone()
        } else {
            current.clone()
        };
        let magnification = if settings.reach.l2_budget > 0.0 {
            let budget = settings.reach.l2_budget * f64::from(step) / f64::from(steps);
            let reach = reach_budget(budget, |magnification| {
                stage.morpher.extrapolate(magnification, &mut stage.change);
                moved(&base, &stage.change, &mut current);
                distance(&current, &source)
            });
            report.attained = step == steps && reach.attained;
            reach.magnification
        } else {
            let magnification = settings.reach.magnification / f64::from(steps);
            stage.morpher.extrapolate(magnification, &mut stage.change);
            moved(&base, &stage.change, &mut current);
            magnification
        };
        stage.morpher.advance(magnification);
        report.magnification += magnification;
    }
    let change: Vec<f32> = current.iter().zip(&source).map(|(c, s)| c - s).collect();
    report.change_norm = norm(&change);
    report.l2 = stage.write_planes(frame, &change)?;
    Ok(())
}

/// R, G and B of a frame where the pyramid works; one plane of a grey frame.
fn planes_of(stage: &mut Stage, frame: &FrameView<'_>) -> Vec<f32> {
    let gray = frame.format().is_gray();
    let mut planes = vec![0.0; stage.size.0 * stage.size.1 * if gray { 1 } else { 3 }];
    match (stage.at_frame, gray) {
        (true, true) => read_luma(frame, &mut planes),
        (true, false) => read_rgb(frame, &mut planes),
        (false, true) => stage.sampling.read_luma(frame, &mut planes),
        (false, false) => stage.sampling.read_rgb(frame, &mut planes),
    }
    planes
}

/// Reads the current planes.
fn read(
    stage: &Stage,
    reader: &mut Reader,
    frame: &FrameView<'_>,
    (current, step): (&[f32], u32),
    reading: &mut Reading,
) -> Result<(), Error> {
    let pixels = stage.size.0 * stage.size.1;
    let luma;
    let seen: Vec<&[f32]> = match (current.len() / pixels, stage.seen) {
        (1, seen) => vec![current; seen],
        (_, 1) => {
            luma = luma_of(current);
            vec![&luma]
        }
        _ => current.chunks_exact(pixels).collect(),
    };
    reader.read_step(frame, &seen, (stage.at_frame, step), reading)
}

/// The edited planes of the current ones.
fn edit_planes(stage: &mut Stage, current: &[f32]) {
    if stage.image.len() == current.len() {
        stage.image.copy_from_slice(current);
    } else {
        stage.image.copy_from_slice(&luma_of(current));
    }
}

fn luma_of(planes: &[f32]) -> Vec<f32> {
    let pixels = planes.len() / 3;
    (0..pixels)
        .map(|k| (0..3).map(|c| LUMA[c] * planes[c * pixels + k]).sum())
        .collect()
}

/// `base` plus the change of the edited planes, clipped.
fn moved(base: &[f32], change: &[f32], to: &mut [f32]) {
    // A change of luma is added to all three planes.
    let change = change.iter().cycle();
    to.iter_mut()
        .zip(base.iter().zip(change))
        .for_each(|(to, (b, c))| *to = (b + c).clamp(0.0, 1.0));
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| f64::from(a - b).powi(2))
        .sum::<f64>()
        .sqrt()
}
