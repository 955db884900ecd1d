// SPDX-License-Identifier: MPL-2.0
//! What a morph does to the classes, in figures: how far one step gets, and that the gradient is the derivative.

use steerlens::frame::{Fit, PixelFormat};
use steerlens::morph::{ColorMode, MagnificationUnit, Method, ReachMode, StepMode};
use steerlens::{ClassChoice, Control, Editor, FrameViewMut, LensSettings, Reader, Reading, Resolution};

use crate::{Picture, lens, root, towards};

#[test]
fn a_neutral_face_smiles_and_frowns_in_one_step() {
    for label in ["smile", "frown"] {
        let mut driver = lens("faces_robust.onnx", towards(label));
        let mut judge = lens("faces_judge.onnx", towards(label));
        let mut said = 0;
        let faces: Vec<_> = std::fs::read_dir(root().join("media/faces"))
            .unwrap()
            .filter_map(|e| e.unwrap().file_name().into_string().ok())
            .filter(|n| n.contains("neutral"))
            .collect();
        assert!(!faces.is_empty());
        for face in &faces {
            let picture = Picture::gray(&format!("faces/{face}"));
            let (bytes, report, reading) = picture.morph(&mut driver);
            let after = report.after.unwrap();
            println!(
                "{face} {label}: {:.3} -> {:.3}, L2 {:.2}",
                reading.probabilities[report.target], after.target_probability, report.l2
            );
            assert!(report.warning.is_none() && report.attained);
            assert!(
                after.target_probability > 0.5,
                "{face}: the driver says {}",
                after.target_probability
            );
            let morphed = Picture { bytes, ..picture };
            let seen = judge.read(&morphed.view()).unwrap().clone();
            said += usize::from(judge.classifier().label(seen.top_class()) == label);
        }
        // 20 of 20 faces of the test set; all of these few.
        assert!(
            said == faces.len(),
            "the judge sees {label} in {said} of {}",
            faces.len()
        );
    }
}

#[test]
fn the_judge_sees_clothes_become_others_and_by_chance_does_not() {
    let pairs = [
        ("T-shirt", "dress"),
        ("dress", "T-shirt"),
        ("T-shirt", "pullover"),
        ("pullover", "coat"),
        ("trousers", "dress"),
        ("sneaker", "ankle boot"),
        ("ankle boot", "sneaker"),
        ("sandal", "sneaker"),
    ];
    let mut judge = lens("clothes_judge.onnx", LensSettings::default());
    let seen = [Control::None, Control::Random].map(|control| {
        let mut seen = 0;
        for (source, target) in pairs {
            let settings = towards(target).with(|s| {
                s.morph.method = Method::CspJoint;
                s.reach.steps = 8;
                s.reach.l2_budget = 5.0;
                s.control = control;
            });
            let mut driver = lens("clothes_robust.onnx", settings);
            for number in [1, 2] {
                let file = format!("clothes/{}-{number}.png", source.replace(' ', "-"));
                let picture = Picture::gray(&file);
                let (bytes, ..) = picture.morph(&mut driver);
                let morphed = Picture { bytes, ..picture };
                let class = judge.read(&morphed.view()).unwrap().top_class();
                seen += usize::from(judge.classifier().label(class) == target);
            }
        }
        seen
    });
    // 14 and 1 of these 16.
    assert!(
        seen[0] >= 12 && seen[1] <= 4,
        "along the gradient {}, by chance {}",
        seen[0],
        seen[1]
    );
}

#[test]
fn a_budget_is_met_by_the_picture_as_written() {
    let picture = Picture::gray("faces/neutral-1.png");
    for (steps, step_mode) in [
        (1, StepMode::Reanalyse),
        (3, StepMode::Reanalyse),
        (3, StepMode::Source),
    ] {
        let settings = towards("smile").with(|s| {
            s.reach.l2_budget = 2.0;
            s.reach.steps = steps;
            s.morph.step_mode = step_mode;
        });
        let (bytes, report, _) = picture.morph(&mut lens("faces_robust.onnx", settings));
        let square = |(a, b): (&u8, &u8)| (f64::from(*a) - f64::from(*b)).powi(2);
        let l2 = bytes.iter().zip(&picture.bytes).map(square).sum::<f64>().sqrt() / 255.0;
        assert!(report.attained);
        assert!(
            (report.l2 - l2).abs() < 1e-6,
            "{} is reported, {l2} was written",
            report.l2
        );
        // Rounding to 8 bit moves a distance of 2 over 4096 pixels by less than 1 %.
        assert!((l2 - 2.0).abs() < 0.02, "{steps} steps, {step_mode:?}: {l2}");
    }
    let far = towards("smile").with(|s| s.reach.l2_budget = 1000.0);
    let (_, report, _) = picture.morph(&mut lens("faces_robust.onnx", far));
    assert!(!report.attained && report.l2 < 1000.0);
}

/// A morph that ends where the target leads is shorter than one that does not, and leads; what caps it is told.
#[test]
fn a_morph_may_end_where_the_target_leads() {
    let picture = Picture::gray("faces/neutral-2.png");
    // Two copies alone may lead by chance.
    for (steps, samples) in [(1, 1), (8, 1), (8, 2)] {
        let settings = towards("smile").with(|s| {
            s.gradient.samples = samples;
            s.reach.magnification = 2.0;
            s.reach.steps = steps;
        });
        let (_, far, _) = picture.morph(&mut lens("faces_robust.onnx", settings.clone()));
        assert_eq!(far.led, None);
        let auto = settings.with(|s| (s.reach.mode, s.reach.lead) = (ReachMode::Auto, 0.3));
        let lens_of = |s: LensSettings| lens("faces_robust.onnx", s);
        let (bytes, report, _) = picture.morph(&mut lens_of(auto.clone()));
        assert_eq!((report.led, report.attained), (Some(true), true));
        assert!(report.l2 < 0.8 * far.l2, "{steps}: {} of {}", report.l2, far.l2);
        // Another lens reads what was written. Rounding to 8 bit comes after the last look of several steps.
        let lead = |bytes: Vec<u8>| {
            let mut reader = lens_of(towards("smile"));
            let seen = reader.read(&Picture { bytes, ..picture }.view()).unwrap();
            let others = seen
                .probabilities
                .iter()
                .enumerate()
                .filter(|(k, _)| *k != report.target);
            seen.probabilities[report.target] - others.map(|(_, p)| *p).fold(0.0, f32::max)
        };
        assert!(lead(bytes) >= 0.29, "{steps} steps, {samples} samples");
        // A single step goes no further than it has to, to 1/64 of the way.
        if steps == 1 {
            let short =
                towards("smile").with(|s| s.reach.magnification = report.magnification - 2.0 / 64.0 - 1e-9);
            assert!(lead(picture.morph(&mut lens_of(short)).0) < 0.3);
        }
        let capped = auto.clone().with(|s| s.reach.magnification = 0.01);
        let (_, report, _) = picture.morph(&mut lens_of(capped));
        assert_eq!((report.led, report.warning), (Some(false), None));
        // The neutral face leads as it is.
        let there = auto.with(|s| s.gradient.target = ClassChoice::Label("neutral".into()));
        let (bytes, report, _) = picture.morph(&mut lens_of(there));
        assert!(bytes == picture.bytes && report.led == Some(true));
        assert!(report.warning.unwrap().contains("leads already"));
    }
}

/// A flip is searched by itself, whatever the settings say of how far to go.
#[test]
fn what_ends_a_morph_does_not_end_the_search_for_a_flip() {
    let picture = Picture::gray("faces/neutral-2.png");
    let flip = |mode: ReachMode, lead: f64| {
        let settings = towards("smile").with(|s| (s.reach.mode, s.reach.lead) = (mode, lead));
        let classifier = lens("faces_robust.onnx", settings.clone()).into_classifier();
        let mut reader = Reader::new(classifier, &settings).unwrap();
        let mut editor = Editor::new(&reader, settings).unwrap();
        let mut reading = Reading::default();
        reader.read(&picture.view(), &mut reading).unwrap();
        let mut bytes = picture.bytes.clone();
        let size = picture.width;
        let mut out = FrameViewMut::new(PixelFormat::Gray8, size, picture.height, size, &mut bytes).unwrap();
        let top = reading.top_class();
        let report = editor
            .flip(&mut reader, &picture.view(), &reading, (top, 1), &mut out)
            .unwrap();
        assert!(report.attained);
        (report.magnification, report.led, bytes)
    };
    let fixed = flip(ReachMode::Fixed, 0.0);
    for lead in [0.0, 0.9] {
        assert!(flip(ReachMode::Auto, lead) == fixed, "lead {lead}");
    }
}

/// The gradient that arrives in the frame's planes is the derivative of the margin: a small step along the morph
/// raises the margin by the inner product, for any way of laying the frame into the model and any colour mode.
#[test]
fn small_morphs_raise_the_margin_everywhere() {
    let picture = Picture::colour("shapes/circle-1.png");
    let gray = Picture::gray("shapes/circle-1.png");
    for color_mode in [ColorMode::Luma, ColorMode::Joint, ColorMode::Independent] {
        for resolution in [Resolution::Frame, Resolution::Model] {
            for picture in [&picture, &gray] {
                let settings = towards("square").with(|s| {
                    s.morph.color_mode = color_mode;
                    s.resolution = resolution;
                    s.reach.magnification = 0.15;
                });
                let (_, report, reading) = picture.morph(&mut lens("shapes_robust.onnx", settings));
                let before = reading.probabilities[report.target];
                let after = report.after.unwrap().target_probability;
                assert!(
                    after > before,
                    "{color_mode:?} {resolution:?} {:?}: {before} -> {after}",
                    picture.format
                );
            }
        }
    }
}

/// The gradient that arrives in the frame's planes is the derivative of the margin, through crop, resize, bars, luma
/// and the model's channels: a step `k g` raises it by `k |g|^2`.
#[test]
fn the_gradient_at_the_frame_is_the_derivative_of_the_margin() {
    let (width, height) = (150, 101);
    let scene = |path: &str, gray: bool| {
        let image = image::open(root().join("media").join(path)).unwrap();
        let image = image.resize_exact(150, 101, image::imageops::FilterType::Triangle);
        let (format, bytes) = match gray {
            true => (PixelFormat::Gray8, image.to_luma8().into_raw()),
            false => (PixelFormat::Rgb, image.to_rgb8().into_raw()),
        };
        Picture {
            format,
            width,
            height,
            bytes,
        }
    };
    let (colour, gray) = (scene("cat_chelsea.png", false), scene("cat_chelsea.png", true));
    let (face, gray_face) = (
        scene("faces/neutral-1.png", false),
        scene("faces/neutral-1.png", true),
    );
    let cases = [
        ("shapes_robust.onnx", &colour, ColorMode::Luma),
        ("shapes_robust.onnx", &colour, ColorMode::Joint),
        ("shapes_robust.onnx", &gray, ColorMode::Luma),
        ("faces_robust.onnx", &face, ColorMode::Luma),
        ("faces_robust.onnx", &face, ColorMode::Joint),
        ("faces_robust.onnx", &gray_face, ColorMode::Luma),
    ];
    for (model, picture, color_mode) in cases {
        for fit in [Fit::CenterCrop, Fit::Stretch, Fit::Letterbox] {
            let mut settings = LensSettings::default().with(|s| {
                s.input.fit = fit;
                s.input.crop_fraction = 0.9;
                s.gradient.source = ClassChoice::Index(0);
                s.gradient.target = ClassChoice::Index(1);
                s.morph.method = Method::Pixel;
                s.morph.magnification_unit = MagnificationUnit::None;
                s.resolution = Resolution::Frame;
                s.morph.color_mode = color_mode;
                s.reach.magnification = 1e-3;
            });
            let mut lens = lens(model, settings.clone());
            let (_, tiny, before) = picture.morph(&mut lens);
            let norm = tiny.change_norm / settings.reach.magnification;
            // Far enough that rounding to 8 bit leaves it alone, near enough to be straight.
            settings.reach.magnification = 0.4 / norm;
            lens.set_settings(settings.clone()).unwrap();
            let (bytes, _, _) = picture.morph(&mut lens);
            let moved = Picture { bytes, ..*picture };
            let after = lens.read(&moved.view()).unwrap();
            let found = f64::from(after.margin() - before.margin());
            let expected = settings.reach.magnification * norm * norm;
            let ratio = found / expected;
            println!("{model} {color_mode:?} {:?} {fit:?}: {ratio:.3}", picture.format);
            // Curvature of the network over the step, and the rounding; a wrong scale or place is off by more.
            assert!(
                (0.75..1.25).contains(&ratio),
                "{model} {color_mode:?} {:?} {fit:?}: {ratio}",
                picture.format
            );
        }
    }
}
