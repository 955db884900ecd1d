// SPDX-License-Identifier: MPL-2.0
//! Attributes of a node: read with the operator's default, written with the right type.

use super::proto::{AttributeProto, GraphProto, NodeProto, TensorProto, attribute_type, is_onnx};

impl NodeProto {
    /// A node of ONNX's own domain; the name must be unique in its graph.
    pub fn new(op_type: &str, name: &str, inputs: &[&str], outputs: &[&str]) -> Self {
        Self {
            op_type: Some(op_type.into()),
            name: Some(name.into()),
            input: inputs.iter().map(|s| (*s).into()).collect(),
            output: outputs.iter().map(|s| (*s).into()).collect(),
            ..Default::default()
        }
    }

    /// The same node with one more attribute.
    pub fn with(mut self, name: &str, value: impl Into<AttributeValue>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets an attribute.
    pub fn set(&mut self, name: &str, value: impl Into<AttributeValue>) {
        self.remove(name);
        self.attribute.push(value.into().named(name));
    }

    /// Removes an attribute and returns it.
    pub fn remove(&mut self, name: &str) -> Option<AttributeProto> {
        let at = self
            .attribute
            .iter()
            .position(|a| a.name.as_deref() == Some(name))?;
        Some(self.attribute.remove(at))
    }

    /// The attribute, if it is there.
    pub fn attribute(&self, name: &str) -> Option<&AttributeProto> {
        self.attribute.iter().find(|a| a.name.as_deref() == Some(name))
    }

    /// A whole number, or the operator's default.
    pub fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).and_then(|a| a.i).unwrap_or(default)
    }

    /// A real number, or the operator's default.
    pub fn float(&self, name: &str, default: f32) -> f32 {
        self.attribute(name).and_then(|a| a.f).unwrap_or(default)
    }

    /// Whole numbers, if the attribute is there.
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        self.attribute(name).map(|a| a.ints.as_slice())
    }

    /// Text, or the operator's default.
    pub fn string<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        let bytes = self.attribute(name).and_then(|a| a.s.as_deref());
        bytes.and_then(|b| std::str::from_utf8(b).ok()).unwrap_or(default)
    }

    /// The operator.
    pub fn op(&self) -> &str {
        self.op_type.as_deref().unwrap_or_default()
    }

    /// Its name, or its first output's where it has none.
    pub fn label(&self) -> &str {
        match self.name.as_deref() {
            Some(name) if !name.is_empty() => name,
            _ => self.output.first().map_or("", String::as_str),
        }
    }

    /// Whether the operator is one of ONNX's own.
    pub fn is_standard(&self) -> bool {
        is_onnx(self.domain.as_deref())
    }

    /// Names of all tensors that it reads: its inputs, and what the graphs inside it (the branches of an If, the
    /// body of a Loop) take from outside. Names that such a graph gives itself are among them.
    pub fn reads(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self.input.iter().map(String::as_str).collect();
        let mut inner: Vec<&Self> = self.inner_nodes().collect();
        while let Some(node) = inner.pop() {
            names.extend(node.input.iter().map(String::as_str));
            inner.extend(node.inner_nodes());
        }
        names.into_iter().filter(|n| !n.is_empty())
    }

    /// The graphs inside it: the branches of an If, the body of a Loop.
    pub fn graphs(&self) -> impl Iterator<Item = &GraphProto> {
        self.attribute.iter().flat_map(|a| a.g.iter().chain(&a.graphs))
    }

    fn inner_nodes(&self) -> impl Iterator<Item = &Self> {
        self.graphs().flat_map(|g| &g.node)
    }

    /// The input's name, if it is there.
    pub fn input(&self, index: usize) -> Option<&str> {
        self.input
            .get(index)
            .map(String::as_str)
            .filter(|s| !s.is_empty())
    }

    /// The output's name, if it is there.
    pub fn output(&self, index: usize) -> Option<&str> {
        self.output
            .get(index)
            .map(String::as_str)
            .filter(|s| !s.is_empty())
    }
}

/// What an attribute can hold.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are the format's types")]
pub enum AttributeValue {
    Int(i64),
    Float(f32),
    Ints(Vec<i64>),
    Floats(Vec<f32>),
    Text(String),
    Tensor(Box<TensorProto>),
}

impl AttributeValue {
    fn named(self, name: &str) -> AttributeProto {
        let mut a = AttributeProto {
            name: Some(name.into()),
            ..Default::default()
        };
        a.r#type = Some(match &self {
            Self::Int(_) => attribute_type::INT,
            Self::Float(_) => attribute_type::FLOAT,
            Self::Ints(_) => attribute_type::INTS,
            Self::Floats(_) => attribute_type::FLOATS,
            Self::Text(_) => attribute_type::STRING,
            Self::Tensor(_) => attribute_type::TENSOR,
        });
        match self {
            Self::Int(v) => a.i = Some(v),
            Self::Float(v) => a.f = Some(v),
            Self::Ints(v) => a.ints = v,
            Self::Floats(v) => a.floats = v,
            Self::Text(v) => a.s = Some(v.into_bytes()),
            Self::Tensor(v) => a.t = Some(*v),
        }
        a
    }
}

macro_rules! into_value {
    ($($from:ty => $variant:ident: $convert:expr;)+) => {
        $(impl From<$from> for AttributeValue {
            fn from(v: $from) -> Self {
                Self::$variant($convert(v))
            }
        })+
    };
}

into_value! {
    i64 => Int: |v| v;
    f32 => Float: |v| v;
    Vec<i64> => Ints: |v| v;
    &[i64] => Ints: |v: &[i64]| v.to_vec();
    Vec<f32> => Floats: |v| v;
    &str => Text: |v: &str| v.to_owned();
    TensorProto => Tensor: Box::new;
}
