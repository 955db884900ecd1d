// SPDX-License-Identifier: MPL-2.0
//! What a graph's gradient has to be.

use steerlens::Runtime;
use steerlens::gradient::{COTANGENT, Error, INPUT_GRADIENT, Options, Profile, differentiate};
use steerlens::onnx::{self, ModelProto, NodeProto, ValueInfoProto};
use steerlens::runtime::{Data, Optimisation, Session, SessionOptions, Tensor};

use crate::graph::{self, PICTURE, SCORES};
use crate::random::Random;

/// Half the distance of the first difference, of a picture of spread 0.7.
const STEP: f32 = 5e-3;
/// Steps that are tried where the first difference and a gradient are not the same.
const STEPS: [f32; 4] = [2e-2, 5e-3, 1.25e-3, 3e-4];
/// How far an element may be off, in units of the largest one. Rounding gives 1e-3 (see [`FLAT`]), curvature less.
const TOLERANCE: f64 = 5e-3;
/// A gradient whose largest element is below this, in units of the scores, drowns in the rounding of float32:
/// 2^-24/(2 STEP TOLERANCE).
const FLAT: f64 = 1.2e-3;
/// Between two ways to compute the same scores, or the same gradient: rounding through 40 nodes, values to 40.
const AGREEMENT: f64 = 1e-3;

/// Pictures beside the first for which a gradient has to be wrong too. A picture has several elements with a kink on
/// both sides, nearer than the smallest step.
const OTHERS: u64 = 5;

/// What came of a graph.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// All four gradients are right.
    Right,
    /// ONNX Runtime takes the nodes one by one, but not together.
    NoModel,
    /// The model is refused, in these words.
    Refused(String),
    /// Wrong for one picture, right for another: an element too near to a kink.
    Kink,
    /// The scores hardly depend on the picture.
    Flat,
    /// ONNX Runtime itself has no single answer for the drawn model, and which.
    Unsound(&'static str),
    /// Wrong, and how.
    Failed(String),
}

pub(crate) fn runtime() -> &'static Runtime {
    Runtime::open(None).unwrap_or_else(|e| panic!("{e}\nRun `make setup` first."))
}

/// The opsets from 7 to 24 that the runtime takes.
pub(crate) fn opsets() -> Vec<i64> {
    let takes = |opset: &i64| {
        let input = ValueInfoProto::tensor(PICTURE, 1, &[1]);
        let model = graph::model(
            *opset,
            onnx::GraphProto {
                input: vec![input],
                output: vec![ValueInfoProto::untyped(SCORES)],
                node: vec![NodeProto::new("Relu", "one", &[PICTURE], &[SCORES])],
                ..Default::default()
            },
        );
        loaded(&model, Optimisation::Disable).is_ok()
    };
    (7..=24).filter(takes).collect()
}

/// Checks a model's gradient at the picture, and at others before it is called wrong.
pub(crate) fn check(model: &ModelProto, picture: &Tensor) -> Verdict {
    match judge(model, picture) {
        Verdict::Failed(fault) => match unsound(model, picture) {
            Some(reason) => Verdict::Unsound(reason),
            None => Verdict::Failed(fault),
        },
        verdict => verdict,
    }
}

/// Why there is nothing to compare with: ONNX Runtime's optimisation refuses the drawn model or makes another function of
/// it, or one of its kernels leaves elements as it found them in memory, as Pad does before 1.22 with some negative pads.
fn unsound(model: &ModelProto, picture: &Tensor) -> Option<&'static str> {
    let Ok(mut stock) = loaded(model, Optimisation::Disable) else {
        return None;
    };
    let Ok(mut optimised) = loaded(model, Optimisation::All) else {
        return Some("its optimisation refuses the model");
    };
    let large = Tensor::f32(picture.shape.clone(), vec![1e3; picture.shape.iter().product()]);
    let mut answers = Vec::new();
    for session in [&mut stock, &mut optimised] {
        for picture in [picture, &large, picture] {
            match scores(session, picture) {
                Ok(scores) => answers.push(scores),
                Err(_) => return Some("it cannot run the model"),
            }
        }
    }
    let alike =
        |a: usize, b: usize| largest_difference(&answers[a], &answers[b]) <= AGREEMENT * largest(&answers[a]);
    if !alike(0, 2) || !alike(3, 5) {
        return Some("two runs give two answers");
    }
    (!alike(0, 3)).then_some("its optimisation changes the answer")
}

fn judge(model: &ModelProto, picture: &Tensor) -> Verdict {
    // Where ONNX Runtime infers other shapes than its kernels give, as for some pools, it does not take the graph.
    let Ok(stock) = loaded(model, Optimisation::Disable) else {
        return Verdict::NoModel;
    };
    let mut gradients = Vec::new();
    let mut refusals = Vec::new();
    for profile in [Profile::Plain, Profile::Cpu] {
        let options = Options {
            output: Some(SCORES.into()),
            literal: true,
            profile,
            ..Default::default()
        };
        let differentiated = match differentiate(model.clone(), runtime(), &options) {
            Ok(differentiated) => differentiated.model,
            // By name, and nothing else: a panic, for one, comes as another error.
            Err(e @ Error::Unsupported(_)) => {
                refusals.push(e);
                continue;
            }
            Err(e) => return Verdict::Failed(format!("{profile:?}: {e}")),
        };
        for level in [Optimisation::Disable, Optimisation::All] {
            match loaded(&differentiated, level) {
                Ok(session) => gradients.push((format!("{profile:?} {level:?}"), session)),
                Err(e) => return Verdict::Failed(format!("{profile:?} {level:?}: {e}")),
            }
        }
    }
    match &refusals[..] {
        [] => {}
        [one, _] => return Verdict::Refused(reason(one)),
        [one, ..] => return Verdict::Failed(format!("one profile only refuses: {one}")),
    }
    let mut models = Models { stock, gradients };
    let first = match models.compare(picture) {
        Err(fault) => fault,
        Ok(verdict) => return verdict,
    };
    if first.certain {
        return Verdict::Failed(first.text);
    }
    for seed in 0..OTHERS {
        let values = Random::new(seed).normals(picture.shape.iter().product(), 0.7);
        match models.compare(&Tensor::f32(picture.shape.clone(), values)) {
            Ok(_) => return Verdict::Kink,
            Err(fault) if fault.certain => return Verdict::Failed(fault.text),
            Err(_) => {}
        }
    }
    Verdict::Failed(first.text)
}

/// A refusal without the names of nodes.
fn reason(e: &Error) -> String {
    match e {
        Error::Unsupported(refusals) => {
            let mut all: Vec<_> = refusals
                .iter()
                .map(|r| format!("{}: {}", r.operator, r.reason))
                .collect();
            all.sort();
            all.dedup();
            all.join("; ")
        }
        other => other.to_string(),
    }
}

fn loaded(model: &ModelProto, optimisation: Optimisation) -> Result<Session, String> {
    let options = SessionOptions {
        optimisation,
        ..Default::default()
    };
    Session::new(runtime(), &onnx::encode(model), &options).map_err(|e| e.to_string())
}

/// What is wrong.
struct Fault {
    text: String,
    /// Whether no kink can be the cause.
    certain: bool,
}

impl Fault {
    fn certain(text: String) -> Self {
        Self { text, certain: true }
    }

    fn perhaps(text: String) -> Self {
        Self { text, certain: false }
    }
}

/// The drawn model, and its differentiated forms.
struct Models {
    stock: Session,
    gradients: Vec<(String, Session)>,
}

impl Models {
    fn compare(&mut self, picture: &Tensor) -> Result<Verdict, Fault> {
        let scores = scores(&mut self.stock, picture)?;
        let cotangent = Random::new(5).normals(scores.len(), 1.0);
        let size: f64 = scores
            .iter()
            .zip(&cotangent)
            .map(|(a, b)| f64::from((a * b).abs()))
            .sum();
        let gradients = self.gradients(picture, &cotangent, &scores)?;
        let mut scalar = Scalar {
            session: &mut self.stock,
            picture: picture.clone(),
            cotangent,
        };
        let count = picture.shape.iter().product::<usize>();
        let slopes = (0..count)
            .map(|at| Ok(scalar.slopes(at, &[STEP])?.central[0]))
            .collect::<Result<Vec<f64>, Fault>>()?;
        let top = slopes.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        if top < FLAT * size {
            return match gradients.iter().find(|(_, g)| largest(g) > 10.0 * FLAT * size) {
                Some((name, _)) => Err(Fault::perhaps(format!(
                    "{name}: a gradient where the scores are flat"
                ))),
                None => Ok(Verdict::Flat),
            };
        }
        let off = |gradient: &[f32], at: usize, from: f64| (f64::from(gradient[at]) - from).abs();
        let mut wrong: Vec<(usize, f64)> = vec![(0, 0.0); gradients.len()];
        for (at, slope) in slopes.iter().enumerate() {
            if gradients
                .iter()
                .all(|(_, g)| off(g, at, *slope) <= TOLERANCE * top)
            {
                continue;
            }
            let Slopes { central, bend } = scalar.slopes(at, &STEPS)?;
            let spread = central.iter().fold(f64::MIN, |a, b| a.max(*b))
                - central.iter().fold(f64::MAX, |a, b| a.min(*b));
            for ((_, gradient), (count, worst)) in gradients.iter().zip(&mut wrong) {
                let nearest = central
                    .iter()
                    .map(|d| off(gradient, at, *d))
                    .fold(f64::MAX, f64::min);
                if nearest > TOLERANCE * top + 2.0 * spread + bend {
                    *count += 1;
                    *worst = worst.max(nearest / top);
                }
            }
        }
        for ((name, _), (elements, worst)) in gradients.iter().zip(&wrong) {
            if *elements > 0 {
                return Err(Fault::perhaps(format!(
                    "{name}: {elements} of {count} elements are off, one by {worst:.2} of the largest"
                )));
            }
        }
        for (name, gradient) in &gradients[1..] {
            let (first, reference) = &gradients[0];
            let off = largest_difference(gradient, reference);
            if off > AGREEMENT * top {
                return Err(Fault::perhaps(format!(
                    "{name} and {first} differ by {:.1e} of the largest",
                    off / top
                )));
            }
        }
        Ok(Verdict::Right)
    }

    /// What each of the differentiated forms gives, its scores being those of the drawn model.
    fn gradients(
        &mut self,
        picture: &Tensor,
        cotangent: &[f32],
        scores: &[f32],
    ) -> Result<Vec<(String, Vec<f32>)>, Fault> {
        let cotangent = Tensor::f32([1, cotangent.len()], cotangent);
        let mut gradients = Vec::new();
        for (name, session) in &mut self.gradients {
            let outputs = session.run(&[(PICTURE, picture), (COTANGENT, &cotangent)]);
            let outputs = outputs.map_err(|e| Fault::certain(format!("{name}: {e}")))?;
            let take = |output: &str| {
                let (_, tensor) = outputs.iter().find(|(n, _)| n == output).unwrap();
                tensor.as_f32().unwrap().to_vec()
            };
            let gradient = take(INPUT_GRADIENT);
            if !gradient.iter().all(|v| v.is_finite()) {
                return Err(Fault::certain(format!("{name}: the gradient is not finite")));
            }
            let off = largest_difference(&take(SCORES), scores);
            if off > AGREEMENT * largest(scores).max(1.0) {
                return Err(Fault::perhaps(format!("{name}: the scores differ by {off:.1e}")));
            }
            gradients.push((name.clone(), gradient));
        }
        Ok(gradients)
    }
}

fn scores(session: &mut Session, picture: &Tensor) -> Result<Vec<f32>, Fault> {
    let outputs = session.run(&[(PICTURE, picture)]);
    let outputs = outputs.map_err(|e| Fault::certain(format!("the drawn graph itself: {e}")))?;
    Ok(outputs[0].1.as_f32().unwrap().to_vec())
}

/// The scalar that is differentiated, of pictures with one element changed.
struct Scalar<'a> {
    session: &'a mut Session,
    picture: Tensor,
    cotangent: Vec<f32>,
}

/// Differences at one element.
struct Slopes {
    /// One per step.
    central: Vec<f64>,
    /// How much the slopes on both sides differ, for the last step.
    bend: f64,
}

impl Scalar<'_> {
    fn at(&mut self, element: usize, value: f32) -> Result<f64, Fault> {
        let Data::F32(values) = &mut self.picture.data else {
            unreachable!("the picture is float32");
        };
        let before = std::mem::replace(&mut values[element], value);
        let scores = scores(self.session, &self.picture);
        if let Data::F32(values) = &mut self.picture.data {
            values[element] = before;
        }
        Ok(dot(&scores?, &self.cotangent))
    }

    fn slopes(&mut self, element: usize, steps: &[f32]) -> Result<Slopes, Fault> {
        let x = self.picture.as_f32().unwrap()[element];
        let centre = if steps.len() > 1 {
            self.at(element, x)?
        } else {
            0.0
        };
        let mut slopes = Slopes {
            central: Vec::new(),
            bend: 0.0,
        };
        for step in steps {
            let (up, down) = (x + step, x - step);
            let (above, below) = (self.at(element, up)?, self.at(element, down)?);
            // What the float32 steps really are.
            let (right, left) = (f64::from(up) - f64::from(x), f64::from(x) - f64::from(down));
            slopes.central.push((above - below) / (right + left));
            slopes.bend = ((above - centre) / right - (centre - below) / left).abs();
        }
        Ok(slopes)
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn largest(a: &[f32]) -> f64 {
    a.iter().fold(0.0, |a: f64, b| a.max(f64::from(b.abs())))
}

fn largest_difference(a: &[f32], b: &[f32]) -> f64 {
    let differences: Vec<f32> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    largest(&differences)
}
