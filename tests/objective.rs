// SPDX-License-Identifier: MPL-2.0
//! Every objective's gradient, against central differences of the scalar itself and against each other.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed test panics, and says what it compared"
)]

use std::path::{Path, PathBuf};

use steerlens::{
    ClassChoice, ClassifierSettings, FrameView, Lens, LensSettings, Objective, PixelFormat, Reading,
};

const OBJECTIVES: [Objective; 3] = [Objective::Margin, Objective::Logit, Objective::LogProbability];

/// A model, whether its scores are each squashed by themselves, and its input size.
struct Case {
    name: &'static str,
    settings: ClassifierSettings,
    sigmoid: bool,
    size: (usize, usize),
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Four classes with a softmax; the same read as four separate questions; one score against none.
fn cases(folder: &Path) -> [Case; 3] {
    let side_car = folder.join("questions.modelinfo");
    let questions = "[modelinfo]\nversion=1.0\n[logits]\ndir=output\nactivation=sigmoid\n\
                     [input]\ndir=input\nranges=0,1\nchannels=gray\n";
    std::fs::write(&side_car, questions).unwrap();
    let of = |file: PathBuf, model_info| ClassifierSettings {
        model_file: file,
        model_info,
        ..Default::default()
    };
    let faces = root().join("models/faces_robust.onnx");
    let one = root().join("tests/data/variety/sigmoid1.onnx");
    [
        Case {
            name: "softmax",
            settings: of(faces.clone(), None),
            sigmoid: false,
            size: (64, 64),
        },
        Case {
            name: "sigmoid",
            settings: of(faces, Some(side_car)),
            sigmoid: true,
            size: (64, 64),
        },
        Case {
            name: "one score",
            settings: of(one, None),
            sigmoid: false,
            size: (28, 28),
        },
    ]
}

/// Smooth, and far enough from black and white that a few levels more or less are not clipped.
fn picture((width, height): (usize, usize)) -> Vec<i32> {
    let at = |k: usize| ((k % width) as f32 * 0.21).sin() * ((k / width) as f32 * 0.17).cos();
    (0..width * height).map(|k| 128 + (70.0 * at(k)) as i32).collect()
}

struct Eye {
    lens: Lens,
    size: (usize, usize),
    sigmoid: bool,
}

impl Eye {
    fn open(case: &Case) -> Self {
        let lens = Lens::open(&case.settings, LensSettings::default())
            .unwrap_or_else(|e| panic!("{e}\nRun `make setup` first."));
        Self {
            lens,
            size: case.size,
            sigmoid: case.sigmoid,
        }
    }

    fn read(&mut self, levels: &[i32], objective: Objective, source: usize, target: usize) -> Reading {
        let settings = LensSettings::default().with(|s| {
            s.gradient.objective = objective;
            s.gradient.source = ClassChoice::Index(source);
            s.gradient.target = ClassChoice::Index(target);
        });
        self.lens.set_settings(settings).unwrap();
        let bytes: Vec<u8> = levels.iter().map(|level| u8::try_from(*level).unwrap()).collect();
        let (width, height) = self.size;
        let frame = FrameView::new(PixelFormat::Gray8, width, height, width, &bytes).unwrap();
        self.lens.read(&frame).unwrap().clone()
    }

    /// The scalar itself, in f64, from the logits of a run.
    fn value(&mut self, levels: &[i32], objective: Objective, source: usize, target: usize) -> f64 {
        let reading = self.read(levels, objective, source, target);
        let logits: Vec<f64> = reading.logits.iter().map(|z| f64::from(*z)).collect();
        match objective {
            Objective::Margin => logits[target] - logits[source],
            Objective::Logit => logits[target],
            Objective::LogProbability if self.sigmoid => -(-logits[target]).exp().ln_1p(),
            Objective::LogProbability => logits[target] - logits.iter().map(|z| z.exp()).sum::<f64>().ln(),
        }
    }
}

/// Along whole levels of 8 bits, up the gradient itself. Halving the step quarters the error of a central
/// difference, so that the difference of the two is three times the error that is left.
#[test]
fn the_gradient_is_that_of_the_scalar() {
    let folder = tempfile::tempdir().unwrap();
    let [softmax, sigmoid, _] = cases(folder.path());
    for case in [softmax, sigmoid] {
        let mut eye = Eye::open(&case);
        let levels = picture(case.size);
        for objective in OBJECTIVES {
            for (source, target) in [(0, 1), (1, 0)] {
                let reading = eye.read(&levels, objective, source, target);
                let steepest = reading.gradient.iter().fold(0f32, |top, g| top.max(g.abs()));
                assert!(steepest > 0.0);
                let way: Vec<i32> = reading
                    .gradient
                    .iter()
                    .map(|g| (1.6 * g / steepest).round() as i32)
                    .collect();
                let slope: f64 = way
                    .iter()
                    .zip(&reading.gradient)
                    .map(|(d, g)| f64::from(*d) / 255.0 * f64::from(*g))
                    .sum();
                let mut difference = |step: i32| {
                    let mut at = |sign: i32| {
                        let moved: Vec<i32> = levels
                            .iter()
                            .zip(&way)
                            .map(|(l, d)| l + sign * step * d)
                            .collect();
                        eye.value(&moved, objective, source, target)
                    };
                    (at(1) - at(-1)) / (2.0 * f64::from(step))
                };
                let (near, far) = (difference(1), difference(2));
                // The values are sums of f32 of size 10, so good to about 1e-5.
                let allowed = (far - near).abs() + 2e-5;
                println!(
                    "{} {objective:?} {source}->{target}: {slope:.6} {near:.6} {far:.6}",
                    case.name
                );
                assert!(
                    (near - slope).abs() <= allowed && allowed < 0.2 * slope.abs(),
                    "{} {objective:?} {source}->{target}: slope {slope}, differences {near} and {far}",
                    case.name
                );
            }
        }
    }
}

/// d ln p_t = d z_t - sum_c p_c d z_c, and the margin's gradient is the difference of two logits'.
#[test]
fn the_objectives_agree_with_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let [softmax, sigmoid, _] = cases(folder.path());
    for case in [softmax, sigmoid] {
        let mut eye = Eye::open(&case);
        let levels = picture(case.size);
        let (source, target) = (0, 2);
        let logits: Vec<Vec<f32>> = (0..4)
            .map(|class| eye.read(&levels, Objective::Logit, source, class).gradient)
            .collect();
        let mut close = |objective, weights: &dyn Fn(&Reading, usize) -> f32| {
            let reading = eye.read(&levels, objective, source, target);
            let off: f64 = (0..reading.gradient.len())
                .map(|k| {
                    let sum: f32 = (0..4).map(|c| weights(&reading, c) * logits[c][k]).sum();
                    f64::from(reading.gradient[k] - sum).powi(2)
                })
                .sum();
            let off = off.sqrt() / reading.gradient_norm;
            // Four gradients of f32 through a dozen layers.
            assert!(off < 1e-5, "{} {objective:?}: {off}", case.name);
        };
        let is = |class, one| f32::from(u8::from(class == one));
        close(Objective::Margin, &|_, class| {
            is(class, target) - is(class, source)
        });
        close(Objective::LogProbability, &|reading, class| {
            let p = reading.probabilities[class];
            match case.sigmoid {
                true => is(class, target) * (1.0 - p),
                false => is(class, target) - p,
            }
        });
    }
}

/// Its two classes have the logits 0 and z, and as a question of its own, -z and z.
#[test]
fn a_single_score_is_two_classes() {
    let folder = tempfile::tempdir().unwrap();
    let [.., case] = cases(folder.path());
    let mut eye = Eye::open(&case);
    let levels = picture(case.size);
    let z = eye.read(&levels, Objective::Margin, 0, 1);
    let p = z.probabilities[1];
    for (objective, target, factor) in [
        (Objective::Margin, 0, -1.0),
        (Objective::Logit, 1, 1.0),
        (Objective::Logit, 0, -1.0),
        (Objective::LogProbability, 1, 1.0 - p),
        (Objective::LogProbability, 0, -p),
    ] {
        let reading = eye.read(&levels, objective, 1 - target, target);
        for (g, z) in reading.gradient.iter().zip(&z.gradient) {
            // The factor and each layer round once.
            let allowed = 1e-5 * f64::from(factor.abs()) * reading.gradient_norm.max(1.0);
            assert!(
                f64::from((g - factor * z).abs()) <= allowed,
                "{objective:?} {target}: {g} and {factor} times {z}"
            );
        }
    }
}

#[test]
fn only_the_margin_needs_two_classes() {
    let folder = tempfile::tempdir().unwrap();
    let [case, ..] = cases(folder.path());
    let mut eye = Eye::open(&case);
    let levels = picture(case.size);
    for objective in OBJECTIVES {
        let reading = eye.read(&levels, objective, 1, 1);
        assert_eq!(reading.gradient_norm > 0.0, objective != Objective::Margin);
        let (width, height) = case.size;
        let bytes: Vec<u8> = levels.iter().map(|level| *level as u8).collect();
        let mut out = bytes.clone();
        let frame = FrameView::new(PixelFormat::Gray8, width, height, width, &bytes).unwrap();
        let mut view =
            steerlens::FrameViewMut::new(PixelFormat::Gray8, width, height, width, &mut out).unwrap();
        let report = eye.lens.apply(&frame, &mut view).unwrap();
        assert_eq!(report.warning.is_some(), objective == Objective::Margin);
    }
}
