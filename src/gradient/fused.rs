// SPDX-License-Identifier: MPL-2.0
//! What ONNX Runtime's own optimiser fused, written out again: files that were saved after its optimisation hold
//! operators of the domain com.microsoft, each of which is a few of ONNX's.
//!
//! Shapes are known here, and every node has the form of opset 17 already. What this cannot write out stays as it is,
//! and is refused if it lies on the way from the picture to the scores.

use std::collections::HashSet;

use super::extents::{broadcast, signed};
use super::facts::Facts;
use super::ops;
use crate::onnx::{Array, ModelProto, NodeProto, TensorProto};

/// Replaces every fused node whose form is known by the standard nodes that compute the same.
pub(super) fn write_out(model: &mut ModelProto, facts: &mut Facts) {
    let Some(graph) = &mut model.graph else { return };
    let nodes = std::mem::take(&mut graph.node);
    let read: HashSet<String> = nodes
        .iter()
        .flat_map(NodeProto::reads)
        .map(str::to_owned)
        .collect();
    let mut writer = Writer {
        facts,
        nodes: Vec::with_capacity(nodes.len()),
        constants: Vec::new(),
    };
    for node in nodes {
        let moments = || node.output.iter().skip(1).take(2).any(|o| read.contains(o));
        let is_read = node.op() == "SkipLayerNormalization" && moments();
        if is_read || ops::fused(&node) != Some(Ok(())) || !writer.out(&node) {
            writer.nodes.push(node);
        }
    }
    graph.node = writer.nodes;
    graph.initializer.append(&mut writer.constants);
}

struct Writer<'a> {
    facts: &'a mut Facts,
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
}

impl Writer<'_> {
    /// Writes a node out; `false` where nothing was written.
    fn out(&mut self, node: &NodeProto) -> bool {
        let (Some(x), Some(y)) = (node.input(0), node.output(0)) else {
            return false;
        };
        match node.op() {
            "FusedConv" => self.conv(node, y),
            "FusedGemm" => self.gemm(node, y),
            "FusedMatMul" => self.product(node, [x, node.input(1).unwrap_or_default()], y),
            "Gelu" => self.gelu(x, y),
            "BiasGelu" => {
                let sum = self.sum(&[Some(x), node.input(1)], y);
                self.gelu(&sum, y);
            }
            "FastGelu" => {
                let sum = self.sum(&[Some(x), node.input(1)], y);
                self.gelu_by_tanh(&sum, y);
            }
            "QuickGelu" => {
                let scaled = self.by(x, node.float("alpha", 1.702), y);
                let gate = self.unary("Sigmoid", &scaled, y);
                self.put("Mul", &[x, &gate], y);
            }
            "SkipLayerNormalization" => self.layer_norm(node, y),
            _ => return false,
        }
        true
    }

    /// `activation(Conv(x, w, b) + z)`
    fn conv(&mut self, node: &NodeProto, y: &str) {
        let mut conv = node.clone();
        conv.op_type = Some("Conv".into());
        conv.domain = None;
        conv.remove("activation");
        conv.remove("activation_params");
        conv.input.truncate(3);
        let added = node.input(3);
        let parameters = node.attribute("activation_params").map(|a| a.floats.clone());
        let activation = node.string("activation", "").to_owned();
        let made = if added.is_none() && activation.is_empty() {
            y.to_owned()
        } else {
            self.between(y, &self.shape(y))
        };
        conv.output = vec![made.clone()];
        self.nodes.push(conv);
        let made = match added {
            None => made,
            Some(z) if activation.is_empty() => return self.put("Add", &[&made, z], y),
            Some(z) => self.binary("Add", &made, z, y),
        };
        self.activation(&activation, &parameters.unwrap_or_default(), &made, y);
    }

    /// `activation(Gemm(a, b, c))`
    fn gemm(&mut self, node: &NodeProto, y: &str) {
        let mut gemm = node.clone();
        gemm.op_type = Some("Gemm".into());
        gemm.domain = None;
        let parameters: Vec<f32> = ["activation_alpha", "activation_beta"]
            .iter()
            .filter_map(|name| gemm.remove(name)?.f)
            .collect();
        gemm.remove("activation_gamma");
        let activation = node.string("activation", "").to_owned();
        gemm.remove("activation");
        if !activation.is_empty() {
            gemm.output = vec![self.between(y, &self.shape(y))];
        }
        let made = gemm.output[0].clone();
        self.nodes.push(gemm);
        self.activation(&activation, &parameters, &made, y);
    }

    /// The activation of a fused Conv or Gemm, from `x` to `y`; nothing where it has none.
    fn activation(&mut self, activation: &str, parameters: &[f32], x: &str, y: &str) {
        let at = |k: usize, default: f32| parameters.get(k).copied().unwrap_or(default);
        match activation {
            "" => {}
            "Clip" => {
                let (low, high) = (self.number(at(0, f32::MIN), y), self.number(at(1, f32::MAX), y));
                self.put("Clip", &[x, &low, &high], y);
            }
            _ => {
                self.put(activation, &[x], y);
                if let Some(node) = self.nodes.last_mut() {
                    match activation {
                        "LeakyRelu" => node.set("alpha", at(0, 0.01)),
                        "Elu" => node.set("alpha", at(0, 1.0)),
                        "HardSigmoid" => {
                            node.set("alpha", at(0, 0.2));
                            node.set("beta", at(1, 0.5));
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// `alpha A B`, the last two axes of either turned round where that is asked for. (Of a vector nothing is turned.)
    fn product(&mut self, node: &NodeProto, operands: [&str; 2], y: &str) {
        let mut names = Vec::new();
        for (operand, turned) in operands.into_iter().zip(["transA", "transB"]) {
            let shape = self.shape(operand);
            if node.int(turned, 0) == 0 || shape.len() < 2 {
                names.push(operand.to_owned());
                continue;
            }
            let mut order: Vec<usize> = (0..shape.len()).collect();
            order.swap(shape.len() - 2, shape.len() - 1);
            let extents: Vec<usize> = order.iter().map(|axis| shape[*axis]).collect();
            names.push(self.turned(operand, &order, &extents, y));
        }
        let alpha = node.float("alpha", 1.0);
        if alpha == 1.0 {
            self.put("MatMul", &[&names[0], &names[1]], y);
        } else {
            let product = self.between(y, &self.shape(y));
            self.put("MatMul", &[&names[0], &names[1]], &product);
            let alpha = self.number(alpha, y);
            self.put("Mul", &[&product, &alpha], y);
        }
    }

    /// An operand with its axes in another order: of a constant a constant, as its rule may need.
    fn turned(&mut self, operand: &str, order: &[usize], extents: &[usize], y: &str) -> String {
        let constant = self.facts.constant(operand);
        let values = constant.as_ref().and_then(Array::as_real);
        if let (Some(values), [rows, columns]) = (values, extents) {
            let turned = (0..rows * columns).map(|k| values[k % columns * rows + k / columns]);
            return self.constant(&Array::real([*rows, *columns], turned.collect::<Vec<_>>()), y);
        }
        let name = self.between(y, extents);
        self.put("Transpose", &[operand], &name);
        if let Some(node) = self.nodes.last_mut() {
            node.set("perm", signed(order));
        }
        name
    }

    /// `x (1 + erf(x/sqrt2)) / 2`, its factors as the pattern of that function has them.
    fn gelu(&mut self, x: &str, y: &str) {
        let scaled = self.by(x, std::f32::consts::FRAC_1_SQRT_2, y);
        let erf = self.unary("Erf", &scaled, y);
        self.gated_half(x, &erf, y);
    }

    /// `x (1 + tanh(k0 x (1 + k1 x^2))) / 2`, `k0 = sqrt(2/pi)`, `k1 = 0.044715`
    fn gelu_by_tanh(&mut self, x: &str, y: &str) {
        let square = self.binary("Mul", x, x, y);
        let bend = self.by(&square, 0.044_715 * 0.797_884_6, y);
        let factor = self.number(0.797_884_6, y);
        let factor = self.binary("Add", &bend, &factor, y);
        let argument = self.binary("Mul", x, &factor, y);
        let t = self.unary("Tanh", &argument, y);
        self.gated_half(x, &t, y);
    }

    /// `x (1 + t) / 2`
    fn gated_half(&mut self, x: &str, t: &str, y: &str) {
        let one = self.number(1.0, y);
        let above = self.binary("Add", t, &one, y);
        let twice = self.binary("Mul", x, &above, y);
        let half = self.number(0.5, y);
        self.put("Mul", &[&twice, &half], y);
    }

    /// `LayerNormalization(input + skip + bias)`; the sum is an output too. Mean and deviation are not written.
    fn layer_norm(&mut self, node: &NodeProto, y: &str) {
        let terms = [node.input(0), node.input(1), node.input(4)];
        let sum = self.sum(&terms, y);
        let mut inputs = vec![sum.as_str(), node.input(2).unwrap_or_default()];
        inputs.extend(node.input(3));
        self.put("LayerNormalization", &inputs, y);
        if let Some(made) = self.nodes.last_mut() {
            made.set("epsilon", node.float("epsilon", 1e-12));
            made.set("axis", -1);
        }
        if let Some(copy) = node.output(3) {
            self.put("Identity", &[&sum], copy);
        }
    }

    /// The sum of the terms that are there.
    fn sum(&mut self, terms: &[Option<&str>], y: &str) -> String {
        let mut present = terms.iter().copied().flatten();
        let first = present.next().unwrap_or_default().to_owned();
        present.fold(first, |sum, term| self.binary("Add", &sum, term, y))
    }

    fn by(&mut self, x: &str, factor: f32, y: &str) -> String {
        let factor = self.number(factor, y);
        self.binary("Mul", x, &factor, y)
    }

    fn unary(&mut self, op: &str, x: &str, y: &str) -> String {
        let name = self.between(y, &self.shape(x));
        self.put(op, &[x], &name);
        name
    }

    fn binary(&mut self, op: &str, a: &str, b: &str, y: &str) -> String {
        let name = self.between(y, &broadcast(&self.shape(a), &self.shape(b)));
        self.put(op, &[a, b], &name);
        name
    }

    fn put(&mut self, op: &str, inputs: &[&str], output: &str) {
        let name = format!("{output}__written");
        self.nodes.push(NodeProto::new(op, &name, inputs, &[output]));
    }

    fn number(&mut self, value: f32, y: &str) -> String {
        self.constant(&Array::real([], [value]), y)
    }

    fn constant(&mut self, array: &Array, y: &str) -> String {
        let name = self.facts.fresh(y, "number");
        let tensor = array.encode(&name);
        self.facts.insert_constant(tensor.clone());
        self.constants.push(tensor);
        name
    }

    /// The name of a tensor on the way to `y`.
    fn between(&mut self, y: &str, shape: &[usize]) -> String {
        let name = self.facts.fresh(y, "part");
        self.facts.insert(&name, shape.to_vec());
        name
    }

    fn shape(&self, name: &str) -> Vec<usize> {
        self.facts.shape(name).unwrap_or_default().to_vec()
    }
}
