// SPDX-License-Identifier: MPL-2.0
//! Rows that look like an audit's, for tests and for looking at the page.

use serde_json::json;
use steerlens::morph::Method;

use super::record::{InputFailure, InputFile, InputWarning, ModelFact, ModelFile, Record};
use crate::table::{Direction, Reach, Row};

/// What an audit is of.
#[derive(Clone)]
pub(crate) struct MadeUp {
    pub(crate) pictures: usize,
    pub(crate) videos: usize,
    pub(crate) frames: usize,
    pub(crate) classes: usize,
    pub(crate) judges: usize,
    pub(crate) control: bool,
    pub(crate) flips: bool,
    pub(crate) methods: &'static [Method],
    pub(crate) budgets: &'static [f64],
    pub(crate) labels: fn(usize) -> String,
}

pub(crate) const ALL: &[Method] = &[
    Method::CspPhase,
    Method::CspJoint,
    Method::FourierPhase,
    Method::Pixel,
];

/// Words that no page may take for markup.
pub(crate) fn label(class: usize) -> String {
    let odd = [
        "<script>alert(1)</script>",
        "Granny \"Smith\" & co",
        "a name that goes on and on, as ImageNet's do, with commas, and never quite ends",
        "Ärger",
        "{{ 7*7 }}",
    ];
    odd.get(class)
        .map_or_else(|| format!("class {class}"), |label| (*label).to_owned())
}

impl Default for MadeUp {
    fn default() -> Self {
        Self {
            pictures: 40,
            videos: 2,
            frames: 150,
            classes: 7,
            judges: 2,
            control: true,
            flips: true,
            methods: ALL,
            budgets: &[1.0, 2.0],
            labels: |class| {
                [
                    "neutral",
                    "happy",
                    "sad",
                    "angry",
                    "fearful",
                    "disgusted",
                    "surprised",
                ][class % 7]
                    .to_owned()
            },
        }
    }
}

struct Random(u32);

impl Random {
    /// 0..1.
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.0 >> 8) / f64::from(1 << 24)
    }
}

impl MadeUp {
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut random = Random(7);
        let mut rows = Vec::new();
        for file in 0..self.pictures + self.videos {
            let video = file >= self.pictures;
            let frames = if video { self.frames } else { 1 };
            for frame in 0..frames {
                let scene = frame / 60;
                let source = if video {
                    (file + scene) % self.classes
                } else {
                    file % self.classes
                };
                let target = (source + 1 + (file + scene) % 2.min(self.classes - 1)) % self.classes;
                let wave = 0.5 + 0.5 * (frame as f64 / 17.0).sin();
                let frame_row = Row {
                    input: if video {
                        format!("clips/clip & <{file}>.webm")
                    } else {
                        format!("photos/{file:05}.png")
                    },
                    input_sha256: format!("{file:064x}"),
                    frame: frame as u64 * 5,
                    time_ns: video.then_some(frame as u64 * 200_000_000),
                    width: 640,
                    height: 360,
                    truth: Some((self.labels)(if file % 11 == 3 { target } else { source })),
                    scene_cut: video && frame > 0 && frame % 60 == 0,
                    source_class: source as i32,
                    source_label: (self.labels)(source),
                    target_class: target as i32,
                    target_label: (self.labels)(target),
                    steps: 1,
                    p_source_before: (0.55 + 0.4 * wave) as f32,
                    p_target_before: (0.02 + 0.1 * (1.0 - wave)) as f32,
                    top_before: source as i32,
                    scales: 5,
                    orientations: 4,
                    gradient_norm: 1.0,
                    gradient_energy: (0..20)
                        .map(|band| (0.3 / (1 + band / 4 * 2 + band % 4) as f32).min(0.2))
                        .collect(),
                    judge_top_before: vec![source as i32; self.judges],
                    strip: (frame % 30 == 0).then(|| format!("strips/{file:05}-{frame:06}.png")),
                    ..Row::default()
                };
                self.moved(&frame_row, wave, &mut random, &mut rows);
            }
        }
        rows
    }

    fn moved(&self, frame: &Row, wave: f64, random: &mut Random, rows: &mut Vec<Row>) {
        let controls = if self.control {
            &[Direction::Gradient, Direction::Random][..]
        } else {
            &[Direction::Gradient]
        };
        let ease = 0.05 + random.uniform() * (1.2 - 0.8 * wave);
        for (at, &method) in self.methods.iter().enumerate() {
            for &control in controls {
                let gradient = control == Direction::Gradient;
                let reaches = self.budgets.iter().map(|&budget| (Reach::L2, budget));
                let flip = self.flips.then_some((Reach::Flip, f64::NAN));
                for (reach, requested) in reaches.chain(flip) {
                    let far = if reach == Reach::Flip {
                        ease * 3.0
                    } else {
                        requested
                    };
                    let p = if gradient {
                        1.0 - (-far * ease / (1 + at) as f64).exp()
                    } else {
                        0.03 * random.uniform()
                    };
                    let attained = reach != Reach::Flip && random.uniform() > 0.01 * requested
                        || reach == Reach::Flip && gradient && ease < 0.9;
                    let answered = if reach == Reach::Flip { attained } else { p > 0.5 };
                    let top = |yes: bool| {
                        if yes {
                            frame.target_class
                        } else {
                            frame.source_class
                        }
                    };
                    let failed = random.uniform() < 0.001;
                    rows.push(Row {
                        method,
                        control,
                        reach,
                        requested,
                        attained,
                        magnification: far * (0.4 + 0.1 * at as f64),
                        l2: far,
                        psnr: 30.0,
                        ssim: 0.9,
                        p_target_after: p as f32,
                        p_source_after: (1.0 - p) as f32,
                        top_after: top(answered),
                        judge_top_after: (0..self.judges)
                            .map(|_| top(gradient && random.uniform() < 0.1 + 0.4 * p))
                            .collect(),
                        judge_p_target_after: vec![0.1; self.judges],
                        e_warp: 0.5 - 0.1 * at as f64 + 0.1 * random.uniform(),
                        e_warp_gain: 0.7 - 0.1 * at as f64 + 0.1 * random.uniform(),
                        phase_rms: 0.05,
                        change_energy: frame.gradient_energy.iter().rev().copied().collect(),
                        failure: failed.then(|| {
                            "the gradient is not finite: the model overflows at this frame; leave it out"
                                .to_owned()
                        }),
                        ..frame.clone()
                    });
                }
            }
        }
    }

    pub(crate) fn run(&self) -> Record {
        let file = |name: &str, digit: &str| ModelFile {
            path: format!("models/{name}.onnx"),
            sha256: digit.repeat(64),
            facts: [
                ("scores", "logits of \"<logits>\"", "graph"),
                ("range", "0..1", "guess"),
            ]
            .map(|(name, value, source)| ModelFact {
                name: name.to_owned(),
                value: value.to_owned(),
                source: source.to_owned(),
            })
            .to_vec(),
            ..ModelFile::default()
        };
        Record {
            command: "steerlens audit media -m models/face_expression.onnx --judge models/mini_xception.onnx --control random -o audit".to_owned(),
            model: file("face_expression", "a"),
            judges: (0..self.judges).map(|judge| file(["mini_xception", "digits_tiny_mlp"][judge % 2], "b")).collect(),
            settings: [
                ("methods", json!(["csp-phase", "csp-joint"])),
                ("budgets", json!(self.budgets)),
                ("steps", json!(1)),
                ("source", json!("predicted")),
                ("grid", json!("exact")),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect(),
            versions: [("steerlens", "0.1.0"), ("onnxruntime", "1.32.0"), ("gstreamer", "1.22.0")]
                .map(|(name, version)| (name.to_owned(), json!(version)))
                .into_iter()
                .collect(),
            threads: 2,
            seed: 1,
            flip_range: self.flips.then_some(4.0),
            inputs: (0..self.pictures + self.videos)
                .map(|file| InputFile { path: format!("{file}"), sha256: format!("{file:064x}") })
                .collect(),
            failures: vec![InputFailure {
                input: "clips/<broken>.webm".to_owned(),
                failure: "the video ends in the middle of a frame: copy it again".to_owned(),
            }],
            input_warnings: vec![InputWarning {
                input: "clips/<bright>.webm".to_owned(),
                warning: "its colours are of high dynamic range (PQ)".to_owned(),
            }],
            warnings: vec!["2 files are left out for their endings <gif>".to_owned()],
            ..Record::default()
        }
    }

    pub(crate) fn summary(&self) -> super::Summary {
        super::Summary::of(self.rows().into_iter().map(Ok), self.run(), &[])
            .expect("these rows have no errors")
    }
}
