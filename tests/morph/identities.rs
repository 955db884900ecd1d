// SPDX-License-Identifier: MPL-2.0
//! The identities of docs/method.md 4 that need no arrays.

use steerlens::morph::{ColorMode, Limit, MagnificationUnit, Method, Morpher, Settings, StepMode, Tuning};
use steerlens::pyramid::{Grid, Spec};

use super::common::largest_error;
use super::{IMAGE, METHODS, change, pair};

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
                tuning: Tuning {
                    phase_limit,
                    ..Tuning::default()
                },
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

/// docs/method.md 4, identities 9 and 10, and 8: the mean stays.
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

/// docs/method.md 2.2 and 4.12: the raw step with p = 0 *is* the gradient in the phases. The central difference of
/// `<g, x(t)>` along it is `sum w a2^0 d^2`: checked through the RMS-free literal form, by energies alone.
#[test]
fn the_phase_step_is_the_gradient_in_the_phases() {
    use steerlens::pyramid::Plan;
    for grid in [Grid::Exact, Grid::Fast] {
        let (width, height) = (37, 26);
        let settings = Settings {
            amplitude_exponent: 0.0,
            magnification_unit: MagnificationUnit::None,
            pyramid: Spec {
                grid,
                ..Spec::default()
            },
            tuning: Tuning {
                phase_limit: 0.0,
                ..Tuning::default()
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

/// docs/method.md 4.11.
#[test]
fn methods_and_colours_agree_where_they_must() {
    let (width, height) = (32, 23);
    let (x, g) = pair(width, height, 1);
    let size = (width, height, 1);
    let grey = change(size, &Settings::default(), &x, &g, 1.0);
    let joint = Settings {
        method: Method::CspJoint,
        tuning: Tuning {
            amplitude_gain: 0.0,
            ..Tuning::default()
        },
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
        tuning: Tuning {
            phase_limit: 0.4,
            limit: Limit::Clip,
            ..Tuning::default()
        },
        ..Settings::default()
    };
    let mut morpher = Morpher::new(40, 24, 1, &Settings::default()).unwrap();
    morpher.prepare(&x, &g);
    let mut moved = vec![f32::NAN; x.len()];
    morpher.extrapolate(2.0, &mut moved);
    morpher.tune(&tight.tuning).unwrap();
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
                tuning: Tuning {
                    phase_limit: f64::NAN,
                    ..Tuning::default()
                },
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
