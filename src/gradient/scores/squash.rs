// SPDX-License-Identifier: MPL-2.0
//! What the graph says of its scores: the way up from them, to what squashed them.

use crate::gradient::extents::{axis_of, is_row};
use std::collections::HashMap;

use crate::gradient::facts::Facts;
use crate::onnx::{NodeProto, Values};

/// Nodes that are looked at on the way up; the ends of classifiers are shorter.
const STEPS: usize = 32;
/// A Clip that keeps this much of 0..1 changes no probability that anybody sees.
const CLIPPED: f32 = 1e-6;

/// What makes probabilities of logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SquashOp {
    Softmax,
    LogSoftmax,
    Sigmoid,
}

impl SquashOp {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Softmax => "Softmax",
            Self::LogSoftmax => "LogSoftmax",
            Self::Sigmoid => "Sigmoid",
        }
    }
}

/// Which elements of a tensor are the scores.
#[derive(Debug, Clone, Copy)]
pub(super) enum Extent {
    /// All of them, so many.
    All(usize),
    /// Some along this axis.
    Along(usize),
}

/// The nodes by what they make.
pub(super) struct Producers<'a> {
    producers: HashMap<&'a str, &'a NodeProto>,
    facts: &'a Facts,
}

impl<'a> Producers<'a> {
    pub(super) fn new(nodes: &'a [NodeProto], facts: &'a Facts) -> Self {
        let made = |n: &'a NodeProto| n.output.iter().map(move |o| (o.as_str(), n));
        Self {
            producers: nodes.iter().flat_map(made).collect(),
            facts,
        }
    }

    fn count(&self, name: &str) -> usize {
        self.facts.shape(name).unwrap_or_default().iter().product()
    }

    fn producer(&self, name: &str) -> Option<(&'a NodeProto, &'a str)> {
        let node = *self.producers.get(name)?;
        Some((node, node.input(0)?))
    }

    /// The tensor of real numbers that 8-bit codes are of; any other tensor is that itself.
    pub(super) fn decoded<'n>(&self, name: &'n str) -> &'n str
    where
        'a: 'n,
    {
        match self.producer(name) {
            Some((node, x)) if node.op() == "QuantizeLinear" => x,
            _ => name,
        }
    }

    /// The row of scores that a label, a list of the best classes, or a dictionary was made from, and by what.
    pub(super) fn behind(&self, name: &str) -> Option<(&'a str, &'a str)> {
        let (mut name, classes) = (name, self.count(name));
        for _ in 0..STEPS {
            let (node, x) = self.producer(name)?;
            let is_scores = |x: &str| {
                self.facts.is_real(x) && is_row(self.facts.shape(x).unwrap_or_default()) && self.count(x) > 1
            };
            name = match node.op() {
                "ArgMax" | "ZipMap" if is_scores(x) => return Some((x, node.op())),
                "TopK" if is_scores(x) && node.int("largest", 1) == 1 => return Some((x, node.op())),
                // Rounded, or in float64.
                "Cast" if is_scores(x) && !self.facts.is_real(name) => return Some((x, node.op())),
                "ReduceMax" if classes == 1 && is_scores(x) => return Some((x, node.op())),
                // Names, picked by number.
                "Gather" if self.facts.is_constant(x) => node.input(1)?,
                "ArrayFeatureExtractor" => node.input(1)?,
                "Cast" | "Identity" | "Squeeze" | "Unsqueeze" | "Reshape" | "Flatten" | "LabelEncoder"
                | "CategoryMapper" => x,
                _ => return None,
            };
        }
        None
    }

    /// The logits, where a squash can be stepped over without changing what the scores say.
    pub(super) fn logits(&self, scores: &'a str, extent: Extent) -> Option<(&'a str, SquashOp)> {
        let (mut name, mut exp, mut log, mut scaled) = (scores, false, false, false);
        for _ in 0..STEPS {
            let (node, x) = self.producer(name)?;
            let over = || self.is_over(node, x, extent);
            name = match node.op() {
                _ if self.keeps(node, x, name, extent) => x,
                "QuantizeLinear" | "DequantizeLinear" => x,
                "Clip" if !log && self.keeps_probabilities(node) => {
                    scaled = true;
                    x
                }
                "Mul" | "Div" if !log => {
                    scaled = true;
                    self.scaled(node)?
                }
                "Exp" if !exp && !log => {
                    exp = true;
                    x
                }
                "Log" if !exp && !log && !scaled => {
                    log = true;
                    x
                }
                "Softmax" if !exp && over() => {
                    let squash = if log {
                        SquashOp::LogSoftmax
                    } else {
                        SquashOp::Softmax
                    };
                    return Some((self.unflattened(x), squash));
                }
                "LogSoftmax" if !log && (exp || !scaled) && over() => {
                    let squash = if exp {
                        SquashOp::Softmax
                    } else {
                        SquashOp::LogSoftmax
                    };
                    return Some((self.unflattened(x), squash));
                }
                "Sigmoid" if !exp && !log => return Some((x, SquashOp::Sigmoid)),
                _ => return None,
            };
        }
        None
    }

    /// What squashed the numbers that the scores were made of, by picking, clipping, scaling or a power.
    pub(super) fn made_of(&self, scores: &'a str) -> Option<SquashOp> {
        let mut name = scores;
        for _ in 0..STEPS {
            let (node, x) = self.producer(name)?;
            name = match node.op() {
                "Softmax" => return Some(SquashOp::Softmax),
                "Sigmoid" => return Some(SquashOp::Sigmoid),
                "Mul" | "Div" | "Add" | "Pow" => self.variable(node)?,
                "Clip" | "Slice" | "Gather" | "Split" | "QuantizeLinear" | "DequantizeLinear" | "Max"
                | "Min" => x,
                _ if self.keeps(node, x, name, Extent::All(self.count(name))) => x,
                _ => return None,
            };
        }
        None
    }

    /// Whether a linear layer gives the scores, so that nothing holds them within 0..1.
    pub(super) fn is_linear(&self, scores: &'a str) -> bool {
        let mut name = scores;
        for _ in 0..STEPS {
            let Some((node, x)) = self.producer(name) else {
                return false;
            };
            let weighed = || node.input(1).is_some_and(|w| self.facts.is_constant(w));
            name = match node.op() {
                "MatMul" | "Gemm" | "Conv" if weighed() => return true,
                "Mul" | "Div" | "Add" | "Sub" => match self.variable(node) {
                    Some(x) => x,
                    None => return false,
                },
                "BatchNormalization" | "GlobalAveragePool" | "AveragePool" | "ReduceMean"
                | "QuantizeLinear" | "DequantizeLinear" => x,
                _ if self.keeps(node, x, name, Extent::All(self.count(name))) => x,
                _ => return false,
            };
        }
        false
    }

    /// Whether the node hands on the same elements in the same order.
    fn keeps(&self, node: &NodeProto, x: &str, y: &str, extent: Extent) -> bool {
        let same = match extent {
            Extent::All(classes) => self.count(x) == classes && self.count(y) == classes,
            Extent::Along(_) => self.facts.shape(x) == self.facts.shape(y),
        };
        let one = |k: usize| node.input(k).is_some_and(|i| self.count(i) == 1);
        let forward = || {
            let steps = node.input(4).map(|i| self.facts.whole(i).unwrap_or_default());
            steps.is_none_or(|steps| !steps.is_empty() && steps.iter().all(|s| *s > 0))
        };
        same && match node.op() {
            "Identity" | "Cast" => true,
            "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" | "Expand" => matches!(extent, Extent::All(_)),
            "Transpose" => {
                matches!(extent, Extent::All(_)) && is_row(self.facts.shape(x).unwrap_or_default())
            }
            "Gather" => one(1),
            "Slice" => forward(),
            "Concat" => node.input.len() == 1,
            _ => false,
        }
    }

    fn is_over(&self, node: &NodeProto, x: &str, extent: Extent) -> bool {
        let shape = self.facts.shape(x).unwrap_or_default();
        let axis = axis_of(node.int("axis", -1), shape.len());
        match extent {
            Extent::All(classes) => axis.is_some_and(|axis| shape[axis] == classes),
            Extent::Along(along) => axis == Some(along),
        }
    }

    /// The tensor before the Reshape that an upgraded Softmax has put before itself.
    fn unflattened(&self, x: &'a str) -> &'a str {
        match self.producer(x) {
            Some((node, before)) if node.op() == "Reshape" && x.ends_with("__flat") => before,
            _ => x,
        }
    }

    fn number(&self, name: &str) -> Option<f32> {
        match self.facts.constant(name)?.values {
            Values::Real(v) if v.len() == 1 => v.first().copied(),
            _ => None,
        }
    }

    fn keeps_probabilities(&self, clip: &NodeProto) -> bool {
        let bound = |k: usize, none: f32| match clip.input(k).filter(|i| !i.is_empty()) {
            Some(name) => self.number(name),
            None => Some(none),
        };
        bound(1, f32::MIN).is_some_and(|low| low <= CLIPPED)
            && bound(2, f32::MAX).is_some_and(|high| high >= 1.0 - CLIPPED)
    }

    /// What a node multiplies by, or divides by, one positive number.
    fn scaled(&self, node: &'a NodeProto) -> Option<&'a str> {
        let variable = self.variable(node)?;
        let other = node.input.iter().find(|i| *i != variable)?;
        self.number(other).filter(|factor| *factor > 0.0)?;
        // A number divided by the scores is no multiple of them.
        (node.op() != "Div" || node.input(0) == Some(variable)).then_some(variable)
    }

    /// The one input of two that is no constant.
    fn variable(&self, node: &'a NodeProto) -> Option<&'a str> {
        let (a, b) = (node.input(0)?, node.input(1)?);
        match (self.facts.is_constant(a), self.facts.is_constant(b)) {
            (false, true) => Some(a),
            (true, false) if node.op() != "Pow" => Some(b),
            _ => None,
        }
    }
}
