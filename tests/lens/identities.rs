// SPDX-License-Identifier: MPL-2.0
//! What must hold without any figure, and the controls: a random direction, averaged gradients, refused settings.

use steerlens::frame::{PixelFormat, read_luma, write_luma_change};
use steerlens::morph::{self, ColorMode, MagnificationUnit, Method, Morpher, Tuning};
use steerlens::pyramid::{Grid, Spec};
use steerlens::{ClassChoice, Control, FrameViewMut, LensSettings, Preset, Reading, Resolution};

use crate::{Picture, lens, towards};

#[test]
fn magnification_0_and_equal_classes_are_the_frame_itself() {
    let picture = Picture::gray("faces/neutral-1.png");
    let mut lens = lens(
        "faces_robust.onnx",
        towards("smile").with(|s| s.reach.magnification = 0.0),
    );
    let (bytes, report, _) = picture.morph(&mut lens);
    assert_eq!(bytes, picture.bytes);
    assert_eq!((report.l2, report.warning), (0.0, None));

    let same = towards("smile").with(|s| s.gradient.source = ClassChoice::Label("smile".into()));
    lens.set_settings(same).unwrap();
    let (bytes, report, _) = picture.morph(&mut lens);
    assert_eq!(bytes, picture.bytes);
    assert!(report.warning.unwrap().contains("same class"));
}

/// White has no phases: there is nothing to move, in one step or in several, and no budget is reached.
#[test]
fn a_picture_without_phases_stays_and_is_warned_of() {
    let mut picture = Picture::gray("faces/neutral-1.png");
    picture.bytes.fill(255);
    for (steps, l2_budget) in [(1, 0.0), (1, 4.0), (3, 0.0), (3, 4.0)] {
        let settings = towards("smile").with(|s| {
            s.reach.steps = steps;
            s.reach.l2_budget = l2_budget;
        });
        let (bytes, report, _) = picture.morph(&mut lens("faces_robust.onnx", settings));
        assert_eq!(bytes, picture.bytes, "{steps} steps, budget {l2_budget}");
        assert_eq!((report.l2, report.magnification), (0.0, 0.0));
        assert_eq!(report.attained, l2_budget == 0.0);
        let warning = report.warning.unwrap();
        assert!(warning.contains("moves nothing"), "{warning}");
    }
}

#[test]
fn a_still_is_read_once_and_moved_as_often_as_wanted() {
    let picture = Picture::gray("faces/neutral-1.png");
    let mut one = lens("faces_robust.onnx", towards("smile"));
    one.read(&picture.view()).unwrap();
    for magnification in [0.3, 1.0, 0.5] {
        let settings = towards("smile").with(|s| s.reach.magnification = magnification);
        one.set_settings(settings.clone()).unwrap();
        let mut again = vec![0; picture.bytes.len()];
        let mut out = FrameViewMut::new(PixelFormat::Gray8, 64, 64, 64, &mut again).unwrap();
        one.apply(&picture.view(), &mut out).unwrap();
        let (fresh, _, _) = picture.morph(&mut lens("faces_robust.onnx", settings));
        assert_eq!(again, fresh, "at {magnification}");
    }
}

/// The preset `paper`, in the paper's own unit: a phase step that is the derivative by each phase, as `morph` takes it from
/// its own settings (docs/method.md 2.3). The picture is as large as the model's input, so that nothing lies between.
#[test]
fn the_papers_literal_form_reaches_the_phases() {
    let picture = Picture::gray("faces/neutral-1.png");
    let mut settings = towards("smile").with(|s| {
        s.morph.magnification_unit = MagnificationUnit::None;
        s.reach.magnification = 0.5;
    });
    Preset::find("paper").unwrap().apply(&mut settings);
    let (bytes, report, reading) = picture.morph(&mut lens("faces_robust.onnx", settings.clone()));

    let literal = morph::Settings {
        pyramid: Spec {
            grid: Grid::Exact,
            ..Spec::default()
        },
        amplitude_exponent: 0.0,
        scale_weight: 1.0,
        tuning: Tuning {
            phase_limit: 0.0,
            ..Tuning::default()
        },
        magnification_unit: MagnificationUnit::None,
        ..morph::Settings::default()
    };
    let mut morpher = Morpher::new(64, 64, 1, &literal).unwrap();
    let (mut image, mut change) = (vec![0.0; 64 * 64], vec![0.0; 64 * 64]);
    read_luma(&picture.view(), &mut image);
    morpher.prepare(&image, &reading.gradient);
    morpher.extrapolate(0.5, &mut change);
    let mut expected = vec![0; bytes.len()];
    let mut out = FrameViewMut::new(PixelFormat::Gray8, 64, 64, 64, &mut expected).unwrap();
    let squared = write_luma_change(&picture.view(), &change, &mut out).unwrap();
    assert_eq!(bytes, expected);
    assert!(squared > 0.0 && (report.l2 - squared.sqrt()).abs() < 1e-9);

    // Each of the two counts.
    for change in [
        |s: &mut LensSettings| s.morph.scale_weight = 0.0,
        |s: &mut LensSettings| s.morph.phase_smooth = 2.0,
    ] {
        let mut other = settings.clone();
        change(&mut other);
        let (other, _, _) = picture.morph(&mut lens("faces_robust.onnx", other));
        assert_ne!(other, bytes);
    }
}

/// Where the pyramid works at the model's size a budget still is one of the frame that is written.
#[test]
fn a_budget_is_of_the_frame_wherever_the_pyramid_works() {
    let picture = Picture::colour("face_astronaut.png");
    for resolution in [Resolution::Model, Resolution::Frame] {
        for (steps, color_mode) in [(1, ColorMode::Luma), (3, ColorMode::Luma), (3, ColorMode::Joint)] {
            let settings = towards("sad").with(|s| {
                s.resolution = resolution;
                s.morph.color_mode = color_mode;
                (s.reach.steps, s.reach.l2_budget) = (steps, 5.0);
            });
            let (bytes, report, _) = picture.morph(&mut lens("face_expression.onnx", settings));
            let changes = bytes.iter().zip(&picture.bytes);
            let squares = changes.map(|(a, b)| ((f64::from(*a) - f64::from(*b)) / 255.0).powi(2));
            let written = squares.sum::<f64>().sqrt();
            let place = format!("{resolution:?}, {steps} steps, {color_mode:?}: {written}");
            assert!(report.attained && (report.l2 - written).abs() < 1e-9, "{place}");
            // Bytes are rounded after a budget was looked for in real numbers.
            assert!((written - 5.0).abs() < 0.05, "{place}");
        }
    }
}

/// Along several steps the agreement is that of this way alone, whatever ways were gone from the picture before.
#[test]
fn a_way_agrees_with_itself_however_often_it_is_gone() {
    let picture = Picture::gray("faces/neutral-1.png");
    let way = |method| {
        towards("smile").with(|s| {
            (s.gradient.samples, s.reach.steps, s.reach.magnification) = (4, 3, 0.3);
            s.morph.method = method;
        })
    };
    let agreements = |lens: &mut steerlens::Lens, settings: LensSettings| {
        lens.set_settings(settings).unwrap();
        picture.morph(lens).1.agreement.unwrap()
    };
    let mut one = lens("faces_plain.onnx", way(Method::CspPhase));
    one.also(lens("faces_robust.onnx", way(Method::CspPhase)).into_classifier())
        .unwrap();
    let first = agreements(&mut one, way(Method::CspPhase));
    let other = agreements(&mut one, way(Method::Pixel));
    assert_ne!(first, other);
    assert_eq!(agreements(&mut one, way(Method::Pixel)), other);
    assert_eq!(agreements(&mut one, way(Method::CspPhase)), first);
}

/// Chance moves as far as the gradient and gets nowhere, the same way each time.
#[test]
fn a_random_direction_is_repeatable_and_leads_to_no_class() {
    let picture = Picture::colour("shapes/circle-1.png");
    for steps in [1, 4] {
        let settings = |control, seed| {
            towards("square").with(|s| {
                s.morph.color_mode = ColorMode::Joint;
                s.reach.l2_budget = 8.0;
                s.reach.steps = steps;
                s.control = control;
                s.gradient.seed = seed;
            })
        };
        let mut one = lens("shapes_robust.onnx", settings(Control::None, 0));
        let (gradient, along, _) = picture.morph(&mut one);
        let mut random = |seed| {
            one.set_settings(settings(Control::Random, seed)).unwrap();
            picture.morph(&mut one)
        };
        let (first, report, _) = random(1);
        assert_eq!(random(1).0, first);
        assert_ne!(random(2).0, first);
        assert_ne!(first, gradient);
        assert!(report.attained && (report.l2 - along.l2).abs() < 0.05);
        let [along, by_chance] = [along, report].map(|r| r.after.unwrap().target_probability);
        assert!(
            by_chance < 0.2 * along,
            "{steps} steps: {along} along the gradient, {by_chance} by chance"
        );
        // A still that was analysed for one direction is analysed again for the other.
        one.read(&picture.view()).unwrap();
        let mut last = Vec::new();
        for control in [Control::Random, Control::None] {
            one.set_settings(settings(control, 1)).unwrap();
            last = vec![0; picture.bytes.len()];
            let mut out = FrameViewMut::new(picture.format, 64, 64, 3 * picture.width, &mut last).unwrap();
            one.apply(&picture.view(), &mut out).unwrap();
        }
        assert_eq!(last, gradient);
    }
}

/// Copies that are not changed leave the gradient; a mean over many says of another such mean how alike the two are; and
/// scores are the picture's own.
#[test]
fn samples_are_averaged() {
    let picture = Picture::gray("faces/neutral-1.png");
    let settings = |samples, seed| {
        towards("smile").with(|s| {
            s.gradient.samples = samples;
            s.gradient.seed = seed;
        })
    };
    let mut one = lens("faces_plain.onnx", towards("smile"));
    let mut read = |settings: LensSettings| {
        one.set_settings(settings).unwrap();
        one.read(&picture.view()).unwrap().clone()
    };
    let cosine = |a: &Reading, b: &Reading| {
        let dot: f64 = a
            .gradient
            .iter()
            .zip(&b.gradient)
            .map(|(a, b)| f64::from(a * b))
            .sum();
        dot / (a.gradient_norm * b.gradient_norm)
    };
    let plain = read(settings(1, 7));
    assert_eq!(
        (plain.agreement, &plain.gradient),
        (None, &read(settings(1, 0)).gradient)
    );
    let same = read(settings(3, 0).with(|s| {
        (s.gradient.shift, s.gradient.zoom, s.gradient.noise_level) = (0.0, 0.0, 0.0);
    }));
    assert!(cosine(&plain, &same) > 1.0 - 1e-6);
    assert!(same.agreement.unwrap() > 1.0 - 1e-6);

    let mut before = 0.0;
    // The copies of a sequence fill their range more evenly than those of a half of it: means of few are more alike than their
    // halves foretell (.04 off with four, .01 with 64).
    for (samples, bar) in [(4, 0.06), (64, 0.02)] {
        // One estimate from four copies is a rough one: eight of them.
        let seeds: Vec<Reading> = (1..=8).map(|seed| read(settings(samples, seed))).collect();
        assert_eq!(seeds[0].logits, plain.logits);
        assert_eq!(seeds[0].gradient, read(settings(samples, 1)).gradient);
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let pairs = seeds.iter().enumerate().flat_map(|(k, one)| {
            let others = seeds[k + 1..].iter();
            others.map(move |other| cosine(one, other))
        });
        let found = mean(&pairs.collect::<Vec<_>>());
        let foretold = mean(&seeds.iter().filter_map(|seed| seed.agreement).collect::<Vec<_>>());
        println!("{samples}: {found:.3}, foretold {foretold:.3}");
        assert!(found > before, "{samples}: {found}");
        before = found;
        assert!(
            (found - foretold).abs() < bar,
            "{samples}: {found}, not {foretold}"
        );
    }
}

/// Automatic classes stay, by default for as many frames as the setting says: what one picture is taken for is no new pair.
#[test]
fn an_automatic_pair_is_held() {
    let [neutral, smile] = ["faces/neutral-1.png", "faces/smile-1.png"].map(Picture::gray);
    let mut one = lens("faces_robust.onnx", LensSettings::default());
    let mut pairs = Vec::new();
    let hold = LensSettings::default().gradient.class_hold as usize;
    for picture in std::iter::once(&neutral).chain(std::iter::repeat_n(&smile, hold)) {
        let reading = one.read(&picture.view()).unwrap();
        pairs.push((reading.source, reading.target));
    }
    let (last, held) = pairs.split_last().unwrap();
    assert!(held.iter().all(|pair| *pair == pairs[0]), "{pairs:?}");
    assert_ne!(*last, pairs[0], "{pairs:?}");
}

#[test]
fn bad_wishes_are_refused_and_the_old_ones_stay() {
    let mut lens = lens("faces_robust.onnx", towards("smile"));
    for (bad, text) in [
        (towards("grin"), "grin"),
        (
            towards("smile").with(|s| s.reach.magnification = f64::NAN),
            "magnification",
        ),
        (
            towards("smile").with(|s| s.morph.pyramid.orientations = 9),
            "orientations",
        ),
        (
            towards("smile").with(|s| s.morph.tuning.phase_limit = 4.0),
            "phase-limit",
        ),
        (
            towards("smile").with(|s| s.gradient.target = ClassChoice::Index(4)),
            "class 4",
        ),
    ] {
        let error = lens.set_settings(bad).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
        assert_eq!(lens.settings(), &towards("smile"));
    }
}

/// A model beside itself agrees with itself, and moves the frame as it does alone; another one moves it elsewhere.
#[test]
fn several_drivers_move_a_frame_along_what_they_agree_on() {
    let picture = Picture::gray("faces/neutral-1.png");
    for steps in [1, 3] {
        let settings = towards("smile").with(|s| s.reach.steps = steps);
        let (alone, report, _) = picture.morph(&mut lens("faces_robust.onnx", settings.clone()));
        assert_eq!(report.drivers_agreement, None);
        let together = |other: &str, settings: LensSettings| {
            let mut one = lens("faces_robust.onnx", settings.clone());
            one.also(lens(other, settings).into_classifier()).unwrap();
            picture.morph(&mut one)
        };
        let (same, report, _) = together("faces_robust.onnx", settings.clone());
        assert!(
            (report.drivers_agreement.unwrap() - 1.0).abs() < 1e-5,
            "{report:?}"
        );
        let worst = alone.iter().zip(&same).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(1), "{steps} steps: {worst:?}");

        let (moved, report, reading) = together("faces_plain.onnx", settings.clone());
        let agreement = report.drivers_agreement.unwrap();
        assert!((-1.0..0.9).contains(&agreement), "{agreement}");
        assert_ne!(moved, alone);
        let (_, _, of_one) = picture.morph(&mut lens("faces_robust.onnx", settings));
        assert_eq!(reading.logits, of_one.logits, "scores are the first driver's");
    }
}

/// Against sums made by hand: at the frame's size, where drivers see the whole frame as it is, the direction is the sum of the
/// two gradients at unit length.
#[test]
fn the_direction_of_two_drivers_is_the_sum_of_their_unit_gradients() {
    use steerlens::morph::Method;
    let picture = Picture::gray("faces/neutral-1.png");
    let settings = towards("smile").with(|s| {
        s.morph.method = Method::Pixel;
        s.reach.magnification = 1e-3;
    });
    let files = ["faces_robust.onnx", "faces_plain.onnx"];
    let unit = files.map(|file| {
        let mut one = lens(file, settings.clone());
        let reading = one.read(&picture.view()).unwrap();
        let norm = reading.gradient_norm as f32;
        reading.gradient.iter().map(|g| g / norm).collect::<Vec<f32>>()
    });
    let cosine: f32 = unit[0].iter().zip(&unit[1]).map(|(a, b)| a * b).sum();
    let mut both = lens(files[0], settings.clone());
    both.also(lens(files[1], settings).into_classifier()).unwrap();
    let (_, report, _) = picture.morph(&mut both);
    assert!((report.drivers_agreement.unwrap() - f64::from(cosine)).abs() < 1e-5);
}

#[test]
fn a_driver_that_does_not_know_the_target_is_refused() {
    let mut one = lens("faces_robust.onnx", towards("smile"));
    let other = lens("shapes_robust.onnx", LensSettings::default()).into_classifier();
    let text = one.also(other).unwrap_err().to_string();
    assert!(text.contains("has no class \"smile\""), "{text}");
    let mut one = lens("faces_robust.onnx", LensSettings::default());
    let other = lens("shapes_robust.onnx", LensSettings::default()).into_classifier();
    one.also(other).unwrap();
    let picture = Picture::gray("faces/neutral-1.png");
    let text = one.read(&picture.view()).unwrap_err().to_string();
    assert!(
        text.contains("shapes_robust.onnx") && text.contains("has no class"),
        "{text}"
    );
}
