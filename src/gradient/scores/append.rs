// SPDX-License-Identifier: MPL-2.0
//! Nodes that bring scores into the form of logits, at the end of the forward half.

use super::place::Row;
use crate::gradient::extents::signed;
use crate::gradient::facts::Facts;
use crate::onnx::{Array, ModelProto, NodeProto};

/// A probability below this counts as this: its logarithm stays finite, and so does its slope in float32.
const FLOOR: f32 = 1e-30;
/// What lies below 1 by less is 1 in float32.
const BELOW_ONE: f32 = 5.960_464_5e-8;

/// The writer.
pub(super) struct Append<'a> {
    model: &'a mut ModelProto,
    facts: &'a mut Facts,
}

impl<'a> Append<'a> {
    pub(super) fn new(model: &'a mut ModelProto, facts: &'a mut Facts) -> Self {
        Self { model, facts }
    }

    /// The row as `[1, classes]`.
    pub(super) fn row(&mut self, tensor: &str, row: &Row) -> String {
        let shape = row.shape();
        let classes = shape.iter().product();
        let base = format!("{tensor}_row");
        let bounds = [&row.starts, &row.ends].map(|v| self.constant(&base, Array::whole(signed(v))));
        let part = self.node(
            "Slice",
            &[tensor, &bounds[0], &bounds[1]],
            &format!("{base}_part"),
            &shape,
        );
        let to = self.constant(&base, Array::whole(signed(&[1, classes])));
        self.node("Reshape", &[&part, &to], &base, &[1, classes])
    }

    /// The logarithm of `tensor / total`.
    pub(super) fn log(&mut self, tensor: &str, total: f32) -> String {
        let base = format!("{tensor}_log");
        let shares = match total {
            1.0 => tensor.to_owned(),
            total => {
                let shape = self.shape(tensor);
                let factor = self.constant(&base, Array::real([], [1.0 / total]));
                self.node("Mul", &[tensor, &factor], &format!("{base}_share"), &shape)
            }
        };
        self.floored_log(&shares, FLOOR, &base)
    }

    /// `log(p / (1 - p))`.
    pub(super) fn log_odds(&mut self, tensor: &str) -> String {
        let base = format!("{tensor}_log_odds");
        let shape = self.shape(tensor);
        let one = self.constant(&base, Array::real([], [1.0]));
        let rest = self.node("Sub", &[&one, tensor], &format!("{base}_rest"), &shape);
        let yes = self.floored_log(tensor, FLOOR, &format!("{base}_yes"));
        let no = self.floored_log(&rest, BELOW_ONE, &format!("{base}_no"));
        self.node("Sub", &[&yes, &no], &base, &shape)
    }

    fn floored_log(&mut self, p: &str, floor: f32, name: &str) -> String {
        let shape = self.shape(p);
        let floor = self.constant(name, Array::real([], [floor]));
        let floored = self.node("Max", &[p, &floor], &format!("{name}_floored"), &shape);
        self.node("Log", &[&floored], name, &shape)
    }

    fn shape(&self, tensor: &str) -> Vec<usize> {
        self.facts.shape(tensor).unwrap_or_default().to_vec()
    }

    /// A name that nothing in the model has.
    fn free(&self, base: &str) -> String {
        let mut name = base.to_owned();
        while self.facts.shape(&name).is_some() {
            name.push('_');
        }
        name
    }

    fn constant(&mut self, base: &str, value: Array) -> String {
        let name = self.free(&format!("{base}_constant"));
        let tensor = value.encode(&name);
        self.facts.insert_constant(tensor.clone());
        self.model.graph.get_or_insert_default().initializer.push(tensor);
        name
    }

    fn node(&mut self, op: &str, inputs: &[&str], name: &str, shape: &[usize]) -> String {
        let name = self.free(name);
        let node = NodeProto::new(op, &name, inputs, &[&name]);
        self.facts.insert(&name, shape.to_vec());
        self.model.graph.get_or_insert_default().node.push(node);
        name
    }
}
