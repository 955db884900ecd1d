// SPDX-License-Identifier: MPL-2.0
//! A case: a model built around one operator, on a tensor that comes from the picture.

use steerlens::onnx::{
    Array, AttributeProto, AttributeValue, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    TensorProto, ValueInfoProto, Values,
};

use crate::common::noise;

/// Of a linear or piecewise linear operator the central difference is exact but for rounding: 2^-24 of values of
/// about 10, over a distance of 2e-2, is 3e-5 per element. Three times the worst that was seen, 3e-4 where a mean
/// over 56 elements makes small slopes of large sums.
const LINEAR: f64 = 1e-3;
/// Of a smooth operator STEP^2 f'''/6 joins in, and the mixed derivatives along a direction: a product of 24
/// factors near 1 bends by (24 STEP / 2)^2 / 6 = 2.4e-3.
const SMOOTH: f64 = 5e-3;

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
    /// Why it is not checked in the blocked layout.
    narrow: Option<&'static str>,
    pub(crate) between: Option<Between>,
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
            narrow: None,
            between: None,
        }
    }

    /// Not checked in the blocked layout, for a reason.
    pub(crate) fn narrow(mut self, reason: &'static str) -> Self {
        self.narrow = Some(reason);
        self
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
        let between = self
            .between
            .as_ref()
            .map(|b| format!(" behind {} channels", b.channels));
        format!(
            "{} {:?} opset {} {}{}",
            self.operator,
            self.shape,
            self.opset,
            attributes.join(" "),
            between.unwrap_or_default()
        )
    }

    /// Whether the operator's tensor is a picture of few or many channels.
    pub(crate) fn is_picture(&self) -> bool {
        self.shape.len() == 4 && self.shape[0] == 1
    }

    pub(crate) fn model(&self) -> ModelProto {
        let direct = self.is_picture() && self.between.is_none();
        let count = self.shape.iter().product();
        let input_shape = if self.is_picture() {
            self.shape.clone()
        } else {
            vec![1, 1, 1, count]
        };
        let input = if direct { "x" } else { "picture" };
        let mut initializers = self.initializers.clone();
        let mut node = Vec::new();
        if let Some(between) = &self.between {
            initializers.push(between.first(self.shape[1]).encode("widen"));
            node.push(NodeProto::new("Conv", "in_front", &["picture", "widen"], &["x"]));
        } else if !direct {
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
        let mut result = self.result.as_str();
        if let Some(weight) = self.between.as_ref().and_then(Between::last) {
            initializers.push(weight.encode("narrow"));
            node.push(NodeProto::new("Conv", "behind", &[result, "narrow"], &["mixed"]));
            result = "mixed";
        }
        node.push(NodeProto::new("Flatten", "into_row", &[result], &["scores"]).with("axis", 0));
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

    /// The same case between Convs, in the blocked layout if the runtime has one: the operator's tensor is made of the
    /// picture by a Conv of so many channels. `None` for a tensor that is no picture.
    pub(crate) fn wide(&self, channels: usize) -> Option<Self> {
        let few = *self.shape.get(1)?;
        let single = self.shape.iter().all(|d| *d == 1);
        // What has as many channels is not asked for others: sums with what is beside it have that many too.
        if !self.is_picture() || single || self.narrow.is_some() || (few >= 16 && few != channels) {
            return None;
        }
        let mut wide = self.clone();
        wide.between = Some(Between {
            channels,
            made: Vec::new(),
        });
        let mut operator = NodeProto::new(&self.operator, "", &[], &[]);
        operator.input.clone_from(&self.inputs);
        for (name, value) in &self.attributes {
            operator.set(name, value.clone());
        }
        if operator.int("group", 1) == few as i64 && few > 1 {
            wide.attributes.retain(|(name, _)| name != "group");
            wide = wide.with("group", channels as i64);
        }
        for node in self.before.iter().chain([&operator]).chain(&self.after) {
            for (index, name) in node.input.iter().enumerate() {
                let found = wide
                    .initializers
                    .iter_mut()
                    .find(|t| t.name.as_ref() == Some(name));
                if let Some(tensor) = found {
                    widen(tensor, node, index, few, channels);
                }
            }
        }
        Some(wide)
    }

    /// The name of the tensor that the scores are made of.
    pub(crate) fn result(&self) -> &str {
        &self.result
    }

    /// The picture, row major.
    pub(crate) fn values(&self) -> Vec<f32> {
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

    /// How far the gradient may be from the central difference, relative to it.
    pub(crate) fn tolerance(&self) -> f64 {
        self.tolerance
    }
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

/// The Convs around an operator.
#[derive(Debug, Clone)]
pub(crate) struct Between {
    pub(crate) channels: usize,
    /// The shape that the operator makes.
    pub(crate) made: Vec<usize>,
}

impl Between {
    /// Each channel a picture's channel, or half of one: what is apart stays so, and what is positive.
    fn first(&self, few: usize) -> Array {
        let place = |k: usize| (k / few, k % few);
        let weight = |k: usize| match place(k) {
            (out, channel) if out % few != channel => 0.0,
            (out, _) if out < few => 1.0,
            (_, _) => 0.5,
        };
        let weights: Vec<f32> = (0..self.channels * few).map(weight).collect();
        Array::real([self.channels, few, 1, 1], weights)
    }

    /// All channels of the result mixed, if it is a picture.
    fn last(&self) -> Option<Array> {
        let [1, channels, _, _] = self.made[..] else {
            return None;
        };
        Some(signed_noise(&[8, channels, 1, 1], 63))
    }
}

/// A constant for `many` channels, those of the `few` over and over.
fn widen(tensor: &mut TensorProto, node: &NodeProto, index: usize, few: usize, many: usize) {
    let Ok(array) = Array::decode(tensor) else { return };
    let rank = array.shape.len();
    let group = node.int("group", 1) as usize;
    let depthwise = group == few && few > 1;
    let axis = match (node.op(), index) {
        ("Conv", 1) if !depthwise => Some(1),
        ("Conv", 2) if !depthwise => None,
        ("Conv" | "ConvTranspose", 2) if depthwise => Some(0),
        ("ConvTranspose", 2) => None,
        (
            "Conv" | "ConvTranspose" | "BatchNormalization" | "InstanceNormalization" | "GroupNormalization",
            _,
        ) => Some(0),
        ("Resize" | "Expand" | "Reshape", _) => None,
        _ => rank.checked_sub(3),
    };
    let widened = match (&array.values, axis) {
        (Values::Real(values), Some(axis)) if axis < rank => {
            // Of a group all, of each channel its own share.
            let each = if depthwise { array.shape[axis] / few } else { 1 };
            let had = if node.op() == "Conv" && !depthwise {
                few / group
            } else {
                few
            };
            if array.shape[axis] != had * each {
                return;
            }
            let want = if had == few { many } else { many / group };
            let inner: usize = array.shape[axis + 1..].iter().product::<usize>() * each;
            let rows = values.chunks(had * inner);
            let tiled = rows.flat_map(|row| (0..want).flat_map(move |k| &row[k % had * inner..][..inner]));
            let mut shape = array.shape.clone();
            shape[axis] = want * each;
            Array::real(shape, tiled.copied().collect::<Vec<_>>())
        }
        (Values::Whole(to), None) if rank == 1 && to.len() == 4 && to[1] == few as i64 => {
            let mut to = to.clone();
            to[1] = many as i64;
            Array::whole(to)
        }
        _ => return,
    };
    let name = tensor.name.clone().unwrap_or_default();
    *tensor = widened.encode(&name);
}
