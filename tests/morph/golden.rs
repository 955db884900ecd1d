// SPDX-License-Identifier: MPL-2.0
//! The golden arrays of docs/method.md's reference program.

use std::time::Duration;

use steerlens::morph::{
    ColorMode, Limit, MagnificationUnit, Method, Morpher, Reach, Search, Settings, StepMode, Tuning,
    reach_budget,
};
use steerlens::pyramid::{Grid, Spec};

use super::IMAGE;
use super::common::{self, Golden, golden, largest_error, relative_error};

/// Relative L2 of fields.
const FIELD: f64 = 1e-5;

fn settings_of(golden: &Golden) -> Settings {
    let pyramid = Spec {
        octaves: golden.settings["octaves"].as_u64().unwrap_or_default() as u32,
        orientations: golden.setting("orientations") as u32,
        bands_per_octave: golden.setting("bands_per_octave") as usize,
        grid: if golden.word("grid") == "fast" {
            Grid::Fast
        } else {
            Grid::Exact
        },
        ..Spec::default()
    };
    let budget = golden.settings.contains_key("l2_budget");
    Settings {
        method: match golden.word("method") {
            "csp-phase" => Method::CspPhase,
            "csp-joint" => Method::CspJoint,
            "fourier-phase" => Method::FourierPhase,
            "pixel" => Method::Pixel,
            other => panic!("unknown method {other}"),
        },
        color_mode: match golden.word("colour") {
            "luma" => ColorMode::Luma,
            "joint" => ColorMode::Joint,
            "independent" => ColorMode::Independent,
            other => panic!("unknown colour {other}"),
        },
        pyramid,
        amplitude_exponent: golden.setting("amplitude_exponent"),
        amplitude_floor: golden.setting("floor"),
        scale_weight: golden.setting("scale_weight"),
        magnification_unit: if golden.word("normalise") == "none" && !budget {
            MagnificationUnit::None
        } else {
            MagnificationUnit::Rms
        },
        phase_smooth: golden.setting("phase_smooth"),
        padding: golden.setting("pad") as u32,
        step_mode: match golden.settings.get("live").and_then(|live| live.as_str()) {
            Some("source") => StepMode::Source,
            _ => StepMode::Reanalyse,
        },
        threads: 1,
        tuning: Tuning {
            phase_limit: golden.setting("phase_limit"),
            limit: if golden.word("limit") == "clip" {
                Limit::Clip
            } else {
                Limit::Tanh
            },
            amplitude_gain: golden.setting("amplitude_gain"),
            amplitude_limit: golden.setting("amplitude_limit"),
            temporal_smoothing: golden.settings.get("tau").map_or(Duration::ZERO, |tau| {
                Duration::from_secs_f64(tau.as_f64().unwrap())
            }),
        },
    }
}

/// A picture on its way: what the Lens does around a [`Morpher`].
struct Walk {
    /// One or three planes.
    source: Vec<f32>,
    current: Vec<f32>,
    morpher: Morpher,
    luma: bool,
    change: Vec<f32>,
}

impl Walk {
    fn new(golden: &Golden, source: &common::Array, settings: &Settings) -> Self {
        let (width, height) = source.size();
        let luma = source.shape.len() == 3 && settings.color_mode == ColorMode::Luma;
        let channels = if source.shape.len() == 3 && !luma { 3 } else { 1 };
        let morpher = Morpher::new(width, height, channels, settings)
            .unwrap_or_else(|e| panic!("{}: {e}", golden.name));
        let source = source.to_f32();
        Self {
            current: source.clone(),
            source,
            morpher,
            luma,
            change: vec![f32::NAN; width * height * channels],
        }
    }

    /// What is edited of three planes with luma, else all of it.
    fn edited(&self, planes: &[f32], weights: [f32; 3]) -> Vec<f32> {
        if !self.luma {
            return planes.to_vec();
        }
        let n = planes.len() / 3;
        (0..n)
            .map(|i| weights[0] * planes[i] + weights[1] * planes[n + i] + weights[2] * planes[2 * n + i])
            .collect()
    }

    fn prepare(&mut self, gradient: &[f32], step: usize) -> steerlens::morph::Prepared {
        let (image, gradient) = (
            self.edited(&self.current, [0.299, 0.587, 0.114]),
            self.edited(gradient, [1.0; 3]),
        );
        match step {
            0 => self.morpher.prepare(&image, &gradient),
            _ => self.morpher.prepare_step(&image, &gradient),
        }
    }

    /// The clipped picture at a magnification.
    fn picture(&mut self, magnification: f64) -> Vec<f32> {
        self.change.fill(f32::NAN);
        self.morpher.extrapolate(magnification, &mut self.change);
        let base = match self.morpher.step_mode() {
            StepMode::Source | StepMode::Live => &self.source,
            StepMode::Reanalyse => &self.current,
        };
        let n = self.change.len();
        base.iter()
            .enumerate()
            .map(|(i, x)| (x + self.change[i % n]).clamp(0.0, 1.0))
            .collect()
    }

    fn distance(&self, picture: &[f32]) -> f64 {
        let squares = picture
            .iter()
            .zip(&self.source)
            .map(|(a, b)| f64::from(a - b).powi(2));
        squares.sum::<f64>().sqrt()
    }

    fn reach(&mut self, budget: f64) -> (Reach, Vec<f32>) {
        let mut picture = Vec::new();
        let reach = reach_budget(budget, Search::from_source(), |t| {
            picture = self.picture(t);
            self.distance(&picture)
        });
        (reach, picture)
    }
}

#[test]
fn golden_edits_are_met() {
    let (mut images, mut budgets, mut lives) = (0, 0, 0);
    let mut worst = (0.0, String::new());
    for golden in golden() {
        let (morph, live) = (
            golden.stem().starts_with("morph"),
            golden.stem().starts_with("live4_"),
        );
        if golden.case() == "temporal" || !(morph || live) {
            continue;
        }
        let settings = settings_of(&golden);
        let (x, g) = (golden.sibling("x"), golden.sibling("g"));
        let mut walk = Walk::new(&golden, &x, &settings);
        let budget = golden.settings.get("l2_budget").and_then(|b| b.as_f64());
        let steps = if live { 4 } else { 1 };
        let mut attained = true;
        for step in 0..steps {
            let gradient: Vec<f32> = match live {
                true => g
                    .to_f32()
                    .iter()
                    .zip(&walk.current)
                    .map(|(g, x)| g * (3.0 * x).cos())
                    .collect(),
                false => g.to_f32(),
            };
            assert!(walk.prepare(&gradient, step).finite);
            let magnification = match budget {
                Some(budget) => {
                    let (reach, picture) = walk.reach(budget * (step + 1) as f64 / f64::from(steps as u32));
                    attained = reach.attained;
                    walk.current = picture;
                    reach.magnification
                }
                None => {
                    let magnification = golden.setting("magnification") / f64::from(steps as u32);
                    walk.current = walk.picture(magnification);
                    magnification
                }
            };
            walk.morpher.advance(magnification);
        }
        let want = golden.load().values;
        let error = largest_error(&walk.current, &want);
        let distance = walk.distance(&walk.current);
        if budget.is_some() {
            assert_eq!(
                attained,
                golden.entry["attained"].as_bool().unwrap(),
                "{}",
                golden.name
            );
            let ratio = distance / golden.number("l2");
            assert!(
                (ratio - 1.0).abs() <= 2e-3,
                "{}: distance {distance}",
                golden.name
            );
            // Two pictures on one path differ by about the difference of their distances, 1e-3 of the budget per
            // search, and no pixel by more; where the path ends, there is nothing to search.
            let share = if attained {
                1.1e-3 * budget.unwrap_or(0.0) * f64::from(steps as u32)
            } else {
                IMAGE
            };
            assert!(error <= share, "{}: {error:.2e}", golden.name);
            budgets += 1;
        } else {
            assert!(error <= IMAGE, "{}: largest error {error:.2e}", golden.name);
            assert!(
                (distance - golden.number("l2")).abs() <= 1e-5 * distance.max(1.0),
                "{}",
                golden.name
            );
            if error > worst.0 {
                worst = (error, golden.name.clone());
            }
            if live { lives += 1 } else { images += 1 }
        }
    }
    println!("{images} one-step pictures, {lives} of several steps, {budgets} budgets; worst {worst:?}");
    assert!(
        images >= 80 && lives >= 6 && budgets >= 12,
        "{images} {lives} {budgets}"
    );
}

#[test]
fn golden_fields_are_met() {
    let mut compared = 0;
    for golden in golden() {
        let (delta, eta) = (
            golden.stem().starts_with("delta_"),
            golden.stem().starts_with("eta_"),
        );
        if !(delta || eta) {
            continue;
        }
        let mut walk = Walk::new(&golden, &golden.sibling("x"), &settings_of(&golden));
        let prepared = walk.prepare(&golden.sibling("g").to_f32(), 0);
        let rms = golden.number("rms");
        assert!(
            (prepared.phase_rms - rms).abs() <= FIELD * rms,
            "{}: rms {}",
            golden.name,
            prepared.phase_rms
        );
        let steps = walk.morpher.steps(0, golden.setting("magnification")).unwrap();
        let got = if delta { steps.phase } else { steps.log_amplitude };
        let error = relative_error(&got, &golden.load().values);
        println!("{}: {error:.1e}", golden.name);
        assert!(error <= FIELD, "{}: relative error {error:.2e}", golden.name);
        compared += 1;
    }
    assert!(compared >= 7, "{compared}");
}

#[test]
fn golden_averages_over_time_are_met() {
    let frames: Vec<Golden> = golden()
        .into_iter()
        .filter(|g| g.case() == "temporal" && g.stem().starts_with("morph"))
        .collect();
    assert_eq!(frames.len(), 4);
    let mut walk = Walk::new(&frames[0], &frames[0].sibling("x0"), &settings_of(&frames[0]));
    for round in 0..2 {
        walk.morpher.reset();
        for (i, frame) in frames.iter().enumerate() {
            walk.source = frame.sibling(&format!("x{i}")).to_f32();
            walk.current = walk.source.clone();
            let gradient = frame.sibling(&format!("g{i}")).to_f32();
            let elapsed = Duration::from_secs_f64(frame.setting("dt"));
            let prepared = walk.morpher.prepare_frame(&walk.source, &gradient, elapsed);
            let rms = frame.number("rms");
            assert!(
                (prepared.phase_rms - rms).abs() <= FIELD * rms,
                "round {round}, {}",
                frame.name
            );
            let error = largest_error(
                &walk.picture(frame.setting("magnification")),
                &frame.load().values,
            );
            assert!(error <= IMAGE, "round {round}, {}: {error:.2e}", frame.name);
        }
    }
}

/// Every array of the index belongs to one of the tests, or is named here.
#[test]
fn no_golden_array_is_left_out() {
    let elsewhere = ["coef_", "hi_", "lo_", "bands_only_", "mask_", "explained_"];
    for golden in golden() {
        let stem = golden.stem();
        let input = matches!(stem, "x" | "g") || golden.case() == "temporal" && stem.len() == 2;
        // The matrices of the resize belong to the module `frame`.
        let known = input || golden.case() == "resize" || elsewhere.iter().any(|kind| stem.starts_with(kind));
        let here = ["morph", "live4_", "delta_", "eta_"]
            .iter()
            .any(|kind| stem.starts_with(kind));
        assert!(known || here, "no test compares {}", golden.name);
    }
}
