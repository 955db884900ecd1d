// SPDX-License-Identifier: MPL-2.0
//! A case: one operator on a tensor that comes from the picture, and everything that is checked of its gradient.
//!
//! The model as written runs unoptimised, and its central differences are the judge: against the gradient element
//! by element, and as `<ct, J v> = <J^T ct, v>` along other directions with other cotangents. Both profiles, with
//! and without graph optimisation, have to pass, to agree with each other, and to leave the scores as they were.

use steerlens::Runtime;
use steerlens::gradient::{
    COTANGENT, Differentiated, Error, INPUT_GRADIENT, Options, Profile, differentiate,
};
use steerlens::onnx::{
    self, Array, AttributeProto, AttributeValue, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    TensorProto, ValueInfoProto,
};
use steerlens::runtime::{Optimisation, Session, SessionOptions, Tensor};

use crate::common::noise;

/// Half the distance of a central difference, in units of the picture's spread.
const STEP: f32 = 1e-2;
/// Between profiles and levels: the same sums in another order, in float32.
const AGREEMENT: f64 = 1e-5;
/// Of a linear or piecewise linear operator the central difference is exact but for rounding: 2^-24 of values of
/// about 10, over a distance of 2e-2, is 3e-5; ten such errors in one sum leave a margin of ten.
const LINEAR: f64 = 4e-3;
/// Of a smooth operator STEP^2 f'''/6 joins in: a third derivative of a few hundred times the first is allowed.
const SMOOTH: f64 = 1e-2;

/// What the picture holds.
#[derive(Debug, Clone, Copy)]
enum Picture {
    /// Noise of variance 1.
    Noise,
    /// Noise in 0.3..2.3.
    Positive,
    /// A shuffle of values .1 apart, none within .05 of a multiple of .1: no tie and no kink at such a multiple
    /// comes within reach of a step.
    Apart,
}

/// A model built around one operator.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    operator: String,
    domain: Option<String>,
    shape: Vec<usize>,
    opset: i64,
    inputs: Vec<String>,
    outputs: usize,
    attributes: Vec<(String, AttributeValue)>,
    before: Vec<NodeProto>,
    after: Vec<NodeProto>,
    /// The tensor that the scores are made of.
    result: String,
    initializers: Vec<TensorProto>,
    picture: Picture,
    tolerance: f64,
}

impl Case {
    /// The operator on `"x"`, a tensor of the given shape made from the picture. Opset 17, noise, linear.
    pub(crate) fn of(operator: &str, shape: &[usize]) -> Self {
        Self {
            operator: operator.into(),
            domain: None,
            shape: shape.to_vec(),
            opset: 17,
            inputs: Vec::new(),
            outputs: 1,
            attributes: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            result: "y".into(),
            initializers: Vec::new(),
            picture: Picture::Noise,
            tolerance: LINEAR,
        }
    }

    pub(crate) fn opset(mut self, opset: i64) -> Self {
        self.opset = opset;
        self
    }

    pub(crate) fn smooth(mut self) -> Self {
        self.tolerance = SMOOTH;
        self
    }

    pub(crate) fn positive(mut self) -> Self {
        self.picture = Picture::Positive;
        self
    }

    pub(crate) fn apart(mut self) -> Self {
        self.picture = Picture::Apart;
        self
    }

    /// The next input is the tensor from the picture. Without this it is the first.
    pub(crate) fn x(self) -> Self {
        self.tensor("x")
    }

    /// The next input, by name; an empty one is absent.
    pub(crate) fn tensor(mut self, name: &str) -> Self {
        self.inputs.push(name.into());
        self
    }

    /// The next input is a constant.
    pub(crate) fn constant(self, array: &Array) -> Self {
        self.raw(array.encode(""))
    }

    /// The first input is a constant; the tensor from the picture comes wherever `x` is called.
    pub(crate) fn first(self, array: &Array) -> Self {
        self.named("first", array).tensor("first")
    }

    /// The next input is constant noise of variance 1.
    pub(crate) fn noise(self, shape: &[usize]) -> Self {
        let array = signed_noise(shape, 77 + self.initializers.len() as u64);
        self.constant(&array)
    }

    /// The next input is constant noise in 0.5..1.5.
    pub(crate) fn positive_noise(self, shape: &[usize]) -> Self {
        let array = positive_noise(shape, 177 + self.initializers.len() as u64);
        self.constant(&array)
    }

    /// The next input is a vector of whole numbers.
    pub(crate) fn whole(self, values: &[i64]) -> Self {
        self.constant(&Array::whole(values))
    }

    /// The next input is one number.
    pub(crate) fn scalar(self, value: f32) -> Self {
        self.constant(&Array::real([], [value]))
    }

    /// The next input is a constant in the format's own form.
    pub(crate) fn raw(mut self, mut tensor: TensorProto) -> Self {
        let name = format!("c{}", self.initializers.len());
        tensor.name = Some(name.clone());
        self.initializers.push(tensor);
        if self.inputs.is_empty() {
            self.inputs.push("x".into());
        }
        self.tensor(&name)
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<AttributeValue>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// An attribute of whole numbers.
    pub(crate) fn ints(self, name: &str, values: &[i64]) -> Self {
        self.with(name, values)
    }

    pub(crate) fn domain(mut self, domain: &str) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Several outputs, `"y"`, `"y1"`, ..
    pub(crate) fn outputs(mut self, count: usize) -> Self {
        self.outputs = count;
        self
    }

    /// A node before the operator; it may take `"x"`, and the operator its output.
    pub(crate) fn before(mut self, operator: &str, inputs: &[&str], output: &str) -> Self {
        self.before.push(NodeProto::new(
            operator,
            &format!("before_{output}"),
            inputs,
            &[output],
        ));
        self
    }

    /// A node after the operator; it may take `"x"` and the operator's outputs, and makes the result.
    pub(crate) fn after(mut self, operator: &str, inputs: &[&str], output: &str) -> Self {
        self.after.push(NodeProto::new(
            operator,
            &format!("after_{output}"),
            inputs,
            &[output],
        ));
        self.result = output.into();
        self
    }

    /// An attribute of the last node added by `before` or `after`.
    pub(crate) fn having(mut self, name: &str, value: impl Into<AttributeValue>) -> Self {
        let nodes = if self.after.is_empty() {
            &mut self.before
        } else {
            &mut self.after
        };
        nodes.last_mut().unwrap().set(name, value);
        self
    }

    /// A constant to be taken by its name.
    pub(crate) fn named(self, name: &str, array: &Array) -> Self {
        self.proto(array.encode(name))
    }

    /// A constant in the format's own form, to be taken by its name.
    pub(crate) fn proto(mut self, tensor: TensorProto) -> Self {
        self.initializers.push(tensor);
        self
    }

    /// Before the operator an If on the sign of the sum of `"x"`. Each branch is an operator on a tensor from
    /// outside, which gives a tensor shaped as `"x"`.
    pub(crate) fn fork(mut self, branches: [(&str, &str); 2], output: &str) -> Self {
        self = self
            .named("zero", &Array::real([], [0.0]))
            .before("ReduceSum", &["x"], "sum")
            .having("keepdims", 0)
            .before("Greater", &["sum", "zero"], "condition");
        let mut node = NodeProto::new("If", "fork", &["condition"], &[output]);
        for (name, (operator, input)) in ["then_branch", "else_branch"].into_iter().zip(branches) {
            let made = format!("{name}_made");
            let graph = GraphProto {
                name: Some(name.into()),
                output: vec![ValueInfoProto::tensor(&made, 1, &self.shape)],
                node: vec![NodeProto::new(operator, name, &[input], &[&made])],
                ..Default::default()
            };
            node.attribute.push(AttributeProto {
                name: Some(name.into()),
                r#type: Some(5),
                g: Some(graph),
                ..Default::default()
            });
        }
        self.before.push(node);
        self
    }

    /// What a failure says of the case.
    pub(crate) fn label(&self) -> String {
        let attributes: Vec<String> = self
            .attributes
            .iter()
            .map(|(name, value)| format!("{name}={value:?}"))
            .collect();
        format!(
            "{} {:?} opset {} {}",
            self.operator,
            self.shape,
            self.opset,
            attributes.join(" ")
        )
    }

    pub(crate) fn model(&self) -> ModelProto {
        let direct = self.shape.len() == 4 && self.shape[0] == 1;
        let count = self.shape.iter().product();
        let input_shape = if direct {
            self.shape.clone()
        } else {
            vec![1, 1, 1, count]
        };
        let input = if direct { "x" } else { "picture" };
        let mut initializers = self.initializers.clone();
        let mut node = Vec::new();
        if !direct {
            let to: Vec<i64> = self.shape.iter().map(|d| *d as i64).collect();
            initializers.push(Array::whole(to).encode("shape"));
            node.push(NodeProto::new(
                "Reshape",
                "into_shape",
                &["picture", "shape"],
                &["x"],
            ));
        }
        node.extend(self.before.clone());
        let mut inputs: Vec<&str> = self.inputs.iter().map(String::as_str).collect();
        if inputs.is_empty() {
            inputs.push("x");
        }
        let more: Vec<String> = (1..self.outputs).map(|k| format!("y{k}")).collect();
        let outputs: Vec<&str> = std::iter::once("y")
            .chain(more.iter().map(String::as_str))
            .collect();
        let mut one = NodeProto::new(&self.operator, "the_node", &inputs, &outputs);
        one.domain.clone_from(&self.domain);
        for (name, value) in &self.attributes {
            one.set(name, value.clone());
        }
        node.push(one);
        node.extend(self.after.clone());
        node.push(NodeProto::new("Flatten", "into_row", &[&self.result], &["scores"]).with("axis", 0));
        // A type without a shape: the runtime is to work that out.
        let mut scores = ValueInfoProto::tensor("scores", 1, &[]);
        if let Some(tensor) = scores.r#type.as_mut().and_then(|t| t.tensor_type.as_mut()) {
            tensor.shape = None;
        }
        let import = |domain: &str, version| OperatorSetIdProto {
            domain: Some(domain.into()),
            version: Some(version),
        };
        ModelProto {
            ir_version: Some(if self.opset < 9 { 3 } else { 8 }),
            opset_import: vec![import("", self.opset), import("com.microsoft", 1)],
            graph: Some(GraphProto {
                name: Some("case".into()),
                input: vec![ValueInfoProto::tensor(input, 1, &input_shape)],
                output: vec![scores],
                node,
                initializer: initializers,
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    pub(crate) fn differentiated(&self, profile: Profile) -> Result<Differentiated, Error> {
        let options = Options {
            output: Some("scores".into()),
            profile,
            ..Default::default()
        };
        differentiate(self.model(), runtime(), &options)
    }

    /// Why the case is refused, in words; panics when it is not.
    pub(crate) fn refusal(&self) -> String {
        match self.differentiated(Profile::Plain) {
            Ok(_) => panic!("{} is not refused", self.label()),
            Err(e) => e.to_string(),
        }
    }

    fn values(&self) -> Vec<f32> {
        let count = self.shape.iter().product();
        let uniform = noise(count, 5);
        match self.picture {
            Picture::Noise => uniform.iter().map(|u| (2.0 * u - 1.0) * 1.7).collect(),
            Picture::Positive => uniform.iter().map(|u| 0.3 + 2.0 * u).collect(),
            Picture::Apart => {
                let mut order: Vec<usize> = (0..count).collect();
                order.sort_by(|a, b| uniform[*a].total_cmp(&uniform[*b]));
                let place = |k: &usize| (*k as f32 - (count / 2) as f32) * 0.1 + 0.05;
                order.iter().map(place).collect()
            }
        }
    }

    /// Everything that is checked; the first thing that does not hold, in words.
    pub(crate) fn check(&self) -> Result<(), String> {
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
                within("the gradient", &gradient, &judge, self.tolerance).map_err(failed)?;
                let reference = first.get_or_insert_with(|| gradient.clone());
                within("the profiles", &gradient, reference, AGREEMENT).map_err(failed)?;
                for k in 1..3 {
                    let (_, g) = model.run(&x, Some(&cotangents[k])).map_err(failed)?;
                    let (left, right) = (dot(&cotangents[k], &along[k]), dot(&g, &directions[k]));
                    let size = norm(&g) * norm(&directions[k]);
                    if (left - right).abs() > self.tolerance * size {
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

/// Noise of mean 0 and variance 1.
pub(crate) fn signed_noise(shape: &[usize], seed: u64) -> Array {
    let values: Vec<f32> = noise(shape.iter().product(), seed)
        .iter()
        .map(|u| (2.0 * u - 1.0) * 1.7)
        .collect();
    Array::real(shape, values)
}

/// Noise in 0.5..1.5.
pub(crate) fn positive_noise(shape: &[usize], seed: u64) -> Array {
    let values: Vec<f32> = noise(shape.iter().product(), seed)
        .iter()
        .map(|u| 0.5 + u)
        .collect();
    Array::real(shape, values)
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
