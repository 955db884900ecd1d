// SPDX-License-Identifier: MPL-2.0
//! The edits are METHOD.md's: golden arrays of every method, and the identities that need none.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what it compared, and fails by panic"
)]

mod common;

use std::time::Duration;

use common::{Golden, golden, largest_error, noise, relative_error};
use steerlens::morph::{
    ColorMode, Limit, Method, Morpher, Normalise, Reach, Settings, StepMode, reach_budget,
};
use steerlens::pyramid::{Grid, Spec};

/// METHOD.md 4: f32 code against the f64 reference, largest difference of a pixel.
const IMAGE: f64 = 2e-6;
/// Relative L2 of fields.
const FIELD: f64 = 1e-5;

fn settings_of(golden: &Golden) -> Settings {
    let pyramid = Spec {
        octaves: golden.settings["octaves"].as_u64().map(|n| n as usize),
        orientations: golden.setting("orientations") as usize,
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
        normalise: if golden.word("normalise") == "none" && !budget {
            Normalise::None
        } else {
            Normalise::Rms
        },
        phase_limit: golden.setting("phase_limit"),
        limit: if golden.word("limit") == "clip" {
            Limit::Clip
        } else {
            Limit::Tanh
        },
        phase_smooth: golden.setting("phase_smooth"),
        amplitude_gain: golden.setting("amplitude_gain"),
        amplitude_limit: golden.setting("amplitude_limit"),
        padding: golden.setting("pad") as usize,
        step_mode: match golden.settings.get("live").and_then(|live| live.as_str()) {
            Some("source") => StepMode::Source,
            _ => StepMode::Reanalyse,
        },
        temporal_smooth: golden
            .settings
            .get("tau")
            .map_or(0.0, |tau| tau.as_f64().unwrap()),
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
            StepMode::Source => &self.source,
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
        let reach = reach_budget(budget, |t| {
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
        // The matrices of the resize belong to the room `frame`.
        let known = input || golden.case() == "resize" || elsewhere.iter().any(|kind| stem.starts_with(kind));
        let here = ["morph", "live4_", "delta_", "eta_"]
            .iter()
            .any(|kind| stem.starts_with(kind));
        assert!(known || here, "no test compares {}", golden.name);
    }
}

const METHODS: [Method; 4] = [
    Method::CspPhase,
    Method::CspJoint,
    Method::FourierPhase,
    Method::Pixel,
];

/// A picture, and a gradient of both signs.
fn pair(width: usize, height: usize, channels: usize) -> (Vec<f32>, Vec<f32>) {
    let image = noise(width * height * channels, 5);
    let gradient = noise(width * height * channels, 6)
        .iter()
        .map(|g| g - 0.5)
        .collect();
    (image, gradient)
}

fn change(size: (usize, usize, usize), settings: &Settings, x: &[f32], g: &[f32], m: f64) -> Vec<f32> {
    let mut morpher = Morpher::new(size.0, size.1, size.2, settings).unwrap();
    morpher.prepare(x, g);
    let mut change = vec![f32::NAN; x.len()];
    morpher.extrapolate(m, &mut change);
    change
}

#[test]
fn magnification_zero_is_the_picture_bit_for_bit() {
    for method in METHODS {
        for step_mode in [StepMode::Reanalyse, StepMode::Source] {
            for size in [(37, 20, 1), (16, 12, 3), (1, 1, 1), (1, 9, 3)] {
                let settings = Settings {
                    method,
                    step_mode,
                    ..Settings::default()
                };
                let (x, g) = pair(size.0, size.1, size.2);
                let moved = change(size, &settings, &x, &g, 0.0);
                assert!(
                    moved.iter().all(|&d| d == 0.0),
                    "{method:?} {step_mode:?} {size:?}"
                );
            }
        }
    }
}

#[test]
fn no_gradient_and_no_number_move_nothing() {
    for method in METHODS {
        let settings = Settings {
            method,
            ..Settings::default()
        };
        let (x, g) = pair(24, 18, 1);
        let mut morpher = Morpher::new(24, 18, 1, &settings).unwrap();
        let mut moved = vec![f32::NAN; x.len()];
        let prepared = morpher.prepare(&x, &vec![0.0; x.len()]);
        assert!(prepared.finite && prepared.phase_rms == 0.0, "{method:?}");
        morpher.extrapolate(1.0, &mut moved);
        assert!(moved.iter().all(|&d| d == 0.0), "{method:?}");
        for poison in [f32::NAN, f32::INFINITY] {
            let (mut bad_x, mut bad_g) = (x.clone(), g.clone());
            bad_x[7] = poison;
            bad_g[9] = poison;
            for (x, g) in [(&bad_x, &g), (&x, &bad_g)] {
                assert!(!morpher.prepare(x, g).finite, "{method:?}");
                moved.fill(f32::NAN);
                morpher.extrapolate(1.0, &mut moved);
                assert!(moved.iter().all(|&d| d == 0.0), "{method:?}");
            }
        }
        // What went before leaves no trace.
        morpher.prepare(&x, &g);
        morpher.extrapolate(1.0, &mut moved);
        assert_eq!(moved, change((24, 18, 1), &settings, &x, &g, 1.0), "{method:?}");
    }
}

#[test]
fn extreme_gradients_and_blank_pictures_stay_finite() {
    for method in METHODS {
        for (exponent, floor, phase_limit) in [(1.0, 0.1, 1.5), (2.0, 0.0, 0.0), (0.0, 0.0, 0.0)] {
            let settings = Settings {
                method,
                amplitude_exponent: exponent,
                amplitude_floor: floor,
                phase_limit,
                ..Settings::default()
            };
            let (x, g) = pair(24, 18, 1);
            for scale in [1e-38, 1e-20, 1.0, 1e30, 3e38] {
                let g: Vec<f32> = g.iter().map(|g| g * scale).collect();
                for x in [x.clone(), vec![0.0; x.len()], vec![0.5; x.len()]] {
                    let moved = change((24, 18, 1), &settings, &x, &g, 64.0);
                    assert!(
                        moved.iter().all(|d| d.is_finite()),
                        "{method:?} p {exponent} scale {scale}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_scale_of_the_gradient_does_not_count() {
    for method in METHODS {
        let settings = Settings {
            method,
            ..Settings::default()
        };
        let (x, g) = pair(33, 20, 1);
        let want = change((33, 20, 1), &settings, &x, &g, 1.0);
        for scale in [1e-30, 1e-3, 7.0, 1e30] {
            let g: Vec<f32> = g.iter().map(|g| g * scale).collect();
            let got = change((33, 20, 1), &settings, &x, &g, 1.0);
            let error = largest_error(&got, &want.iter().map(|&d| f64::from(d)).collect::<Vec<_>>());
            assert!(error <= IMAGE, "{method:?} {scale}: {error:e}");
        }
    }
}

/// METHOD.md 4, identities 9 and 10, and 8: the mean stays.
#[test]
fn small_edits_ascend_and_stay_within_their_bound() {
    for (method, exponent) in [
        (Method::CspPhase, 0.0),
        (Method::CspPhase, 1.0),
        (Method::CspPhase, 1.3),
        (Method::CspPhase, 2.0),
        (Method::CspJoint, 1.0),
        (Method::FourierPhase, 1.0),
    ] {
        for (width, height) in [(40, 31), (17, 1), (29, 64)] {
            let settings = Settings {
                method,
                amplitude_exponent: exponent,
                ..Settings::default()
            };
            let (x, g) = pair(width, height, 1);
            let moved = change((width, height, 1), &settings, &x, &g, 0.01);
            let gain: f64 = moved.iter().zip(&g).map(|(d, g)| f64::from(d * g)).sum();
            assert!(gain > 0.0, "{method:?} p {exponent}: {gain}");
            let mean: f64 = moved.iter().map(|&d| f64::from(d)).sum::<f64>() / x.len() as f64;
            assert!(mean.abs() < 1e-7, "{method:?}: the mean moved by {mean:e}");
            if method == Method::CspPhase {
                let norm =
                    |v: &[f32], c: f64| v.iter().map(|&d| (f64::from(d) - c).powi(2)).sum::<f64>().sqrt();
                let average = x.iter().map(|&v| f64::from(v)).sum::<f64>() / x.len() as f64;
                for m in [0.01, 0.5, 3.0] {
                    let moved = change((width, height, 1), &settings, &x, &g, m);
                    assert!(norm(&moved, 0.0) <= m * norm(&x, average), "{m}");
                }
            }
        }
    }
}

/// METHOD.md 2.2 and 4.12: the raw step with p = 0 *is* the gradient in the phases. The central difference of
/// `<g, x(t)>` along it is `sum w a2^0 d^2`: checked through the RMS-free literal form, by energies alone.
#[test]
fn the_phase_step_is_the_gradient_in_the_phases() {
    use steerlens::pyramid::Plan;
    for grid in [Grid::Exact, Grid::Fast] {
        let (width, height) = (37, 26);
        let settings = Settings {
            amplitude_exponent: 0.0,
            normalise: Normalise::None,
            phase_limit: 0.0,
            pyramid: Spec {
                grid,
                ..Spec::default()
            },
            ..Settings::default()
        };
        let (x, g) = pair(width, height, 1);
        let mut morpher = Morpher::new(width, height, 1, &settings).unwrap();
        morpher.prepare(&x, &g);
        // d loss / d delta = w Im(conj(c) G) = w d; along the direction d itself that is sum w d^2.
        let step = morpher.steps(0, 1.0).unwrap().phase;
        let plan = Plan::new(width, height, &settings.pyramid).unwrap();
        let slope: f64 = plan
            .bands()
            .iter()
            .map(|band| {
                band.weight
                    * step[band.range()]
                        .iter()
                        .map(|&d| f64::from(d).powi(2))
                        .sum::<f64>()
            })
            .sum();
        // The largest step turns by about 0.1 rad: the second-order remainder of a central difference is
        // (0.1)^2 / 6 of the slope at most, and f32 leaves 1e-5 of it.
        let most = f64::from(step.iter().fold(0.0f32, |a, b| a.max(b.abs())));
        let t = 0.1 / most;
        let mut loss = |t: f64| {
            let mut moved = vec![0.0; x.len()];
            morpher.extrapolate(t, &mut moved);
            moved
                .iter()
                .zip(&g)
                .map(|(&d, &g)| f64::from(d) * f64::from(g))
                .sum::<f64>()
        };
        let difference = (loss(t) - loss(-t)) / (2.0 * t);
        let error = (difference - slope).abs() / slope;
        assert!(error <= 0.01 / 6.0 + 1e-5, "{grid:?}: {difference} {slope}");
        // Halving the step must quarter the remainder: what is left is no constant factor.
        let half = ((loss(t / 2.0) - loss(-t / 2.0)) / t - slope).abs() / slope;
        assert!(half <= 0.3 * error + 1e-5, "{grid:?}: {half:e} {error:e}");
    }
}

/// METHOD.md 4.11.
#[test]
fn methods_and_colours_agree_where_they_must() {
    let (width, height) = (32, 23);
    let (x, g) = pair(width, height, 1);
    let size = (width, height, 1);
    let grey = change(size, &Settings::default(), &x, &g, 1.0);
    let joint = Settings {
        method: Method::CspJoint,
        amplitude_gain: 0.0,
        ..Settings::default()
    };
    assert_eq!(
        change(size, &joint, &x, &g, 1.0),
        grey,
        "csp-joint without amplitude"
    );

    let (x3, g3) = (x.repeat(3), g.repeat(3));
    for color_mode in [ColorMode::Joint, ColorMode::Independent] {
        let settings = Settings {
            color_mode,
            ..Settings::default()
        };
        let moved = change((width, height, 3), &settings, &x3, &g3, 1.0);
        let want: Vec<f64> = grey.repeat(3).iter().map(|&d| f64::from(d)).collect();
        assert!(largest_error(&moved, &want) <= IMAGE, "{color_mode:?}");
    }
}

#[test]
fn limits_change_without_a_new_analysis() {
    let (x, g) = pair(40, 24, 1);
    let tight = Settings {
        phase_limit: 0.4,
        limit: Limit::Clip,
        ..Settings::default()
    };
    let mut morpher = Morpher::new(40, 24, 1, &Settings::default()).unwrap();
    morpher.prepare(&x, &g);
    let mut moved = vec![f32::NAN; x.len()];
    morpher.extrapolate(2.0, &mut moved);
    morpher.tune(&tight).unwrap();
    morpher.extrapolate(1.5, &mut moved);
    assert_eq!(moved, change((40, 24, 1), &tight, &x, &g, 1.5));
}

#[test]
fn bad_settings_are_refused_with_a_sentence() {
    let refuse = |width, channels, settings: Settings| {
        Morpher::new(width, 8, channels, &settings)
            .unwrap_err()
            .to_string()
    };
    let base = Settings::default;
    assert!(
        refuse(
            8,
            1,
            Settings {
                amplitude_exponent: 3.0,
                ..base()
            }
        )
        .contains("amplitude-exponent is 3")
    );
    assert!(
        refuse(
            8,
            1,
            Settings {
                phase_limit: f64::NAN,
                ..base()
            }
        )
        .contains("phase-limit")
    );
    assert!(refuse(8, 1, Settings { padding: 9, ..base() }).contains("9 pixels"));
    assert!(refuse(8, 2, base()).contains("2 planes"));
    for method in METHODS {
        assert!(refuse(0, 1, Settings { method, ..base() }).contains("0x8"));
    }
}
