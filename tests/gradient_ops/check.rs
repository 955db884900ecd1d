// SPDX-License-Identifier: MPL-2.0
//! What is checked of a case's gradient.
//!
//! The model as written runs unoptimised, and its central differences are the judge: against the gradient element
//! by element, and as `<ct, J v> = <J^T ct, v>` along other directions with other cotangents. Both profiles, with
//! and without graph optimisation, have to pass, to agree with each other, and to leave the scores as they were.

use steerlens::Runtime;
use steerlens::gradient::{
    COTANGENT, Differentiated, Error, INPUT_GRADIENT, Options, Profile, differentiate,
};
use steerlens::onnx::{self, ModelProto, ValueInfoProto};
use steerlens::runtime::{Optimisation, Session, SessionOptions, Tensor};

use crate::case::Case;
use crate::common::noise;

/// Half the distance of a central difference, in units of the picture's spread.
const STEP: f32 = 1e-2;
/// Between profiles and levels: the same sums in another order, in float32.
const AGREEMENT: f64 = 1e-5;

impl Case {
    pub(crate) fn differentiated(&self, profile: Profile) -> Result<Differentiated, Error> {
        let options = Options {
            output: Some("scores".into()),
            literal: true,
            profile,
            ..Default::default()
        };
        differentiate(self.model(), runtime(), &options)
    }

    /// Why the case is refused, in words, which are the same in both profiles; panics when it is not.
    pub(crate) fn refusal(&self) -> String {
        let [plain, cpu] = [Profile::Plain, Profile::Cpu].map(|profile| match self.differentiated(profile) {
            Ok(_) => panic!("{} is not refused with {profile:?}", self.label()),
            Err(e) => e.to_string(),
        });
        assert_eq!(plain, cpu);
        plain
    }

    /// The case alone, and if its tensor is a picture also in the blocked layout, where operators have other rules: behind
    /// and in front of Convs.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.check_one()?;
        for channels in [16, 32] {
            let Some(mut wide) = self.wide(channels) else {
                continue;
            };
            let failed = |what: String| format!("{}: {what}", wide.label());
            let made = shape_of_result(&wide).map_err(failed)?;
            wide.between.as_mut().unwrap().made = made;
            wide.check_one()?;
        }
        Ok(())
    }

    /// Everything that is checked; the first thing that does not hold, in words.
    fn check_one(&self) -> Result<(), String> {
        let failed = |what: String| format!("{}: {what}", self.label());
        let x = self.values();
        let mut forward = Model::forward(self.model()).map_err(failed)?;
        let scores = forward.run(&x, None).map_err(failed)?.0;
        let cotangents: Vec<Vec<f32>> = (0..3).map(|k| centred(scores.len(), 900 + k)).collect();
        let judge = forward.differences(&x, &cotangents[0]).map_err(failed)?;
        let directions: Vec<Vec<f32>> = (0..3).map(|k| centred(x.len(), 40 + k)).collect();
        let along: Vec<Vec<f32>> = directions
            .iter()
            .map(|v| forward.difference_along(&x, v))
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        let mut first: Option<Vec<f32>> = None;
        for profile in [Profile::Plain, Profile::Cpu] {
            let d = self.differentiated(profile).map_err(|e| failed(e.to_string()))?;
            for level in [Optimisation::Disable, Optimisation::All] {
                let failed = |what: String| failed(format!("{profile:?} {level:?}: {what}"));
                let mut model = Model::gradient(&d, level).map_err(failed)?;
                let (z, gradient) = model.run(&x, Some(&cotangents[0])).map_err(failed)?;
                within("the scores", &z, &scores, AGREEMENT).map_err(failed)?;
                within("the gradient", &gradient, &judge, self.tolerance()).map_err(failed)?;
                let reference = first.get_or_insert_with(|| gradient.clone());
                within("the profiles", &gradient, reference, AGREEMENT).map_err(failed)?;
                for k in 1..3 {
                    let (_, g) = model.run(&x, Some(&cotangents[k])).map_err(failed)?;
                    let (left, right) = (dot(&cotangents[k], &along[k]), dot(&g, &directions[k]));
                    let size = norm(&g) * norm(&directions[k]);
                    if (left - right).abs() > self.tolerance() * size {
                        return Err(failed(format!("<ct, J v> = {left}, <J^T ct, v> = {right}")));
                    }
                }
            }
        }
        Ok(())
    }

    /// The gradient at `x` for a cotangent, in every profile and level.
    pub(crate) fn gradients(&self, x: &[f32], cotangent: &[f32]) -> Vec<Vec<f32>> {
        let mut all = Vec::new();
        for profile in [Profile::Plain, Profile::Cpu] {
            let d = self.differentiated(profile).unwrap();
            for level in [Optimisation::Disable, Optimisation::All] {
                all.push(
                    Model::gradient(&d, level)
                        .unwrap()
                        .run(x, Some(cotangent))
                        .unwrap()
                        .1,
                );
            }
        }
        all
    }
}

/// Checks every case, and tells of all that fail.
pub(crate) fn all(cases: impl IntoIterator<Item = Case>) {
    let results: Vec<Result<(), String>> = cases.into_iter().map(|c| c.check()).collect();
    let failures: Vec<String> = results.iter().filter_map(|r| r.clone().err()).collect();
    assert!(
        failures.is_empty(),
        "{} of {} fail:\n{}",
        failures.len(),
        results.len(),
        failures.join("\n")
    );
}

pub(crate) fn runtime() -> &'static Runtime {
    Runtime::open(None).unwrap_or_else(|e| panic!("{e}\nRun `make setup` first."))
}

/// Whether the runtime knows an opset.
pub(crate) fn runs(opset: i64) -> bool {
    let case = Case::of("Relu", &[1, 1, 2, 2]).opset(opset);
    session(&case.model(), Optimisation::Disable).is_ok()
}

/// The shape of what the case's scores are made of.
fn shape_of_result(case: &Case) -> Result<Vec<usize>, String> {
    let mut model = case.model();
    let graph = model.graph.as_mut().unwrap();
    graph.output = vec![ValueInfoProto::untyped(case.result())];
    let mut model = Model::forward(model)?;
    let x = Tensor::f32(model.input_shape.clone(), case.values());
    let outputs = model.session.run(&[(model.input.as_str(), &x)]);
    Ok(outputs.map_err(|e| e.to_string())?.swap_remove(0).1.shape)
}

/// A loaded model with what a run needs.
struct Model {
    session: Session,
    input: String,
    input_shape: Vec<usize>,
    scores: String,
    scores_shape: Vec<usize>,
}

impl Model {
    fn forward(model: ModelProto) -> Result<Self, String> {
        let graph = model.graph.as_ref().unwrap();
        let dims = graph.input[0].dims().unwrap();
        let input_shape = dims.iter().map(|d| d.known().unwrap()).collect();
        let input = graph.input[0].name.clone().unwrap();
        Ok(Self {
            session: session(&model, Optimisation::Disable)?,
            input,
            input_shape,
            scores: "scores".into(),
            scores_shape: Vec::new(),
        })
    }

    fn gradient(d: &Differentiated, level: Optimisation) -> Result<Self, String> {
        Ok(Self {
            session: session(&d.model, level)?,
            input: d.input.clone(),
            input_shape: d.input_shape.clone(),
            scores: d.logits.clone(),
            scores_shape: d.logits_shape.clone(),
        })
    }

    /// Scores and, for a cotangent, the gradient.
    fn run(&mut self, x: &[f32], cotangent: Option<&[f32]>) -> Result<(Vec<f32>, Vec<f32>), String> {
        let x = Tensor::f32(self.input_shape.clone(), x);
        let cotangent = cotangent.map(|c| Tensor::f32(self.scores_shape.clone(), c));
        let mut inputs = vec![(self.input.as_str(), &x)];
        inputs.extend(cotangent.iter().map(|c| (COTANGENT, c)));
        let outputs = self.session.run(&inputs).map_err(|e| e.to_string())?;
        let take = |name: &str| {
            let found = outputs.iter().find(|(n, _)| n == name);
            found.and_then(|(_, t)| t.as_f32()).unwrap_or_default().to_vec()
        };
        Ok((take(&self.scores), take(INPUT_GRADIENT)))
    }

    /// `J v` by a central difference; the distance is what float32 makes of it.
    fn difference_along(&mut self, x: &[f32], v: &[f32]) -> Result<Vec<f32>, String> {
        let moved = |sign: f32| -> Vec<f32> { x.iter().zip(v).map(|(x, v)| x + sign * STEP * v).collect() };
        let (up, down) = (self.run(&moved(1.0), None)?.0, self.run(&moved(-1.0), None)?.0);
        Ok(up
            .iter()
            .zip(&down)
            .map(|(a, b)| (a - b) / (2.0 * STEP))
            .collect())
    }

    /// The gradient for a cotangent, one central difference per element.
    fn differences(&mut self, x: &[f32], cotangent: &[f32]) -> Result<Vec<f32>, String> {
        let mut gradient = Vec::with_capacity(x.len());
        for k in 0..x.len() {
            let mut moved = x.to_vec();
            moved[k] = x[k] + STEP;
            let up = self.run(&moved, None)?.0;
            let distance = moved[k];
            moved[k] = x[k] - STEP;
            let distance = f64::from(distance) - f64::from(moved[k]);
            let down = self.run(&moved, None)?.0;
            let change: Vec<f32> = up.iter().zip(&down).map(|(a, b)| a - b).collect();
            gradient.push((dot(&change, cotangent) / distance) as f32);
        }
        Ok(gradient)
    }
}

fn session(model: &ModelProto, level: Optimisation) -> Result<Session, String> {
    let options = SessionOptions {
        optimisation: level,
        ..Default::default()
    };
    Session::new(runtime(), &onnx::encode(model), &options).map_err(|e| e.to_string())
}

/// Noise in -1..1: a step along it moves no element further than STEP.
fn centred(count: usize, seed: u64) -> Vec<f32> {
    noise(count, seed).iter().map(|u| 2.0 * u - 1.0).collect()
}

fn within(what: &str, got: &[f32], want: &[f32], tolerance: f64) -> Result<(), String> {
    if got.len() != want.len() {
        return Err(format!("{what}: {} elements, not {}", got.len(), want.len()));
    }
    let off: Vec<f32> = got.iter().zip(want).map(|(a, b)| a - b).collect();
    let relative = norm(&off) / norm(want);
    // Written so that NaN fails, and a gradient of zeros too: a case has to show something.
    if relative <= tolerance {
        Ok(())
    } else {
        Err(format!("{what} off by {relative:.1e} (<= {tolerance:.0e})"))
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn norm(a: &[f32]) -> f64 {
    dot(a, a).sqrt()
}
