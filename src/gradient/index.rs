// SPDX-License-Identifier: MPL-2.0
//! Who makes and who reads a tensor.

use std::collections::HashMap;

use super::facts::Facts;
use crate::onnx::NodeProto;

/// Producer and readers of every tensor of a forward half.
pub(super) struct Index<'a> {
    pub(super) nodes: &'a [NodeProto],
    facts: &'a Facts,
    logits: &'a str,
    producers: HashMap<&'a str, &'a NodeProto>,
    readers: HashMap<&'a str, Vec<&'a NodeProto>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(nodes: &'a [NodeProto], facts: &'a Facts, logits: &'a str) -> Self {
        let mut producers = HashMap::new();
        let mut readers: HashMap<_, Vec<_>> = HashMap::new();
        for node in nodes {
            producers.extend(node.output.iter().map(|o| (o.as_str(), node)));
            for input in node.input.iter().filter(|i| !i.is_empty()) {
                readers.entry(input.as_str()).or_default().push(node);
            }
        }
        Self {
            nodes,
            facts,
            logits,
            producers,
            readers,
        }
    }

    /// The node that makes a tensor, if it is one of ONNX's own and of this operator.
    pub(super) fn made_by(&self, tensor: &str, operator: &str) -> Option<&'a NodeProto> {
        let node = self.producers.get(tensor)?;
        (node.op() == operator && node.is_standard()).then_some(node)
    }

    /// Every node that reads the tensor, once for each time it does; `None` where the tensor is read from outside.
    pub(super) fn readers(&self, tensor: &str) -> Option<&[&'a NodeProto]> {
        (tensor != self.logits).then(|| self.readers.get(tensor).map(Vec::as_slice).unwrap_or_default())
    }

    /// Whether the tensor is read once, and not from outside.
    pub(super) fn read_once(&self, tensor: &str) -> bool {
        self.readers(tensor).is_some_and(|r| r.len() == 1)
    }

    pub(super) fn shape(&self, tensor: &str) -> Option<&'a [usize]> {
        self.facts.shape(tensor)
    }

    pub(super) fn constant(&self, tensor: &str) -> Option<crate::onnx::Array> {
        self.facts.constant(tensor)
    }

    /// The value of a constant of one real element.
    pub(super) fn number(&self, tensor: &str) -> Option<f32> {
        self.shape(tensor).filter(|s| s.iter().product::<usize>() == 1)?;
        match self.constant(tensor)?.as_real() {
            Some([x]) => Some(*x),
            _ => None,
        }
    }
}
