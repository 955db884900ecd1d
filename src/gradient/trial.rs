// SPDX-License-Identifier: MPL-2.0
//! The forward half on a few pictures, for what only numbers tell.

use super::clean::Input;
use super::error::Error;
use super::infer::noise;
use super::prune::prune;
use crate::onnx::{self, ModelProto, ValueInfoProto};
use crate::runtime::{Data, Optimisation, Runtime, Session, SessionOptions, Tensor};

/// One row of numbers for each tensor asked for.
type Rows = Vec<Vec<f32>>;

/// What the pictures are made of, in units of the input: noise of black to white on the two usual scales comes first,
/// since it shows most of a function.
const REAL: [(f32, f32); 5] = [(0.0, 1.0), (0.0, 255.0), (0.0, 0.0), (1.0, 0.0), (-3.0, 6.0)];
const BYTES: [(u8, u8); 4] = [(0, 255), (0, 60), (0, 0), (255, 0)];

/// The pictures for an input, each by its number; `None` after the last.
pub(super) fn picture(input: &Input, number: usize) -> Option<Tensor> {
    let noise = noise(input);
    let data = match noise.data {
        Data::U8(bytes) => {
            let (low, span) = *BYTES.get(number)?;
            let scaled = |b: u8| low + u8::try_from(u16::from(b) * u16::from(span) / 255).unwrap_or(u8::MAX);
            Data::U8(bytes.into_iter().map(scaled).collect())
        }
        Data::F32(values) => {
            let (low, span) = *REAL.get(number)?;
            Data::F32(values.into_iter().map(|v| low + span * v).collect())
        }
        other => other,
    };
    Some(Tensor { data, ..noise })
}

/// A forward half that gives some of its tensors, and what it gave so far.
pub(super) struct Trial<'a> {
    session: Session,
    input: &'a Input,
    names: Vec<String>,
    rows: Vec<Rows>,
}

impl<'a> Trial<'a> {
    /// Loads the part of `model` that the named tensors need.
    pub(super) fn new(
        model: &ModelProto,
        names: &[&str],
        input: &'a Input,
        runtime: &'static Runtime,
    ) -> Result<Self, Error> {
        let mut part = model.clone();
        if let Some(graph) = &mut part.graph {
            graph.output = names.iter().map(|name| ValueInfoProto::untyped(name)).collect();
            graph.output.dedup();
            prune(graph);
        }
        Ok(Self {
            session: session(runtime, &part)?,
            input,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            rows: Vec::new(),
        })
    }

    /// The tensors that are given.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The numbers for one of the pictures; `None` after the last.
    pub(super) fn rows(&mut self, number: usize) -> Result<Option<&Rows>, Error> {
        while self.rows.len() <= number {
            let Some(picture) = picture(self.input, self.rows.len()) else {
                return Ok(None);
            };
            let outputs = self.session.run(&[(&self.input.name, &picture)])?;
            let of = |name: &String| {
                let tensor = outputs.iter().find(|(n, _)| n == name).map(|(_, t)| t);
                tensor.map(numbers).unwrap_or_default()
            };
            self.rows.push(self.names.iter().map(of).collect());
        }
        Ok(self.rows.get(number))
    }
}

/// A tensor's elements as real numbers; none where it holds others.
pub(super) fn numbers(tensor: &Tensor) -> Vec<f32> {
    match &tensor.data {
        Data::F32(v) => v.clone(),
        Data::U8(v) => v.iter().copied().map(f32::from).collect(),
        Data::I8(v) => v.iter().copied().map(f32::from).collect(),
        _ => Vec::new(),
    }
}

/// A model as it stands, to be run a few times: nothing is rewritten, nothing is fused.
pub(super) fn session(
    runtime: &'static Runtime,
    model: &ModelProto,
) -> Result<Session, crate::runtime::Error> {
    let options = SessionOptions {
        optimisation: Optimisation::Disable,
        ..Default::default()
    };
    Session::new(runtime, &onnx::encode(model), &options)
}
