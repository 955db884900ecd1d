// SPDX-License-Identifier: MPL-2.0
//! What the CPU profile sees in several nodes at once (docs/reverse-mode.md 3.4).
//!
//! Two things are done before the walk. [`rewrite`] lets the forward half give what the reverse half would have to
//! compute again, or could not keep in the blocked layout. [`Patterns`] finds chains of nodes that are
//! differentiated as one function, and normalisations whose scale and centring the product before them in the
//! reverse half takes over. The plain profile sees single nodes only.

mod chain;
mod concat_conv;
mod excite;
mod gelu;
mod relu_pool;
mod split;
mod swish;

use std::collections::{HashMap, HashSet};

use super::blocking::Blocking;
use super::facts::Facts;
use super::index::Index;
use super::layout::Layout;
use super::ops::layer_norm;
use super::rule::Hints;
use crate::onnx::{Array, NodeProto, TensorProto};
use chain::Chain;

/// Finds the chain that a node ends.
type Find = for<'a> fn(&Index<'a>, &'a NodeProto) -> Option<Chain<'a>>;

const FINDERS: &[Find] = &[
    gelu::find,
    swish::find,
    relu_pool::find,
    excite::find,
    concat_conv::find,
];

/// What was found in a forward half.
#[derive(Default)]
pub(super) struct Patterns<'a> {
    chains: HashMap<&'a str, Chain<'a>>,
    /// Of tensors that products read: the scale of the normalisation that the products take over.
    scales: HashMap<&'a str, Array>,
    /// Outputs of normalisations whose cotangents come scaled and centred.
    normalised: HashSet<&'a str>,
    positive: HashSet<&'a str>,
}

impl<'a> Patterns<'a> {
    /// Looks at every node; `logits` is read from outside.
    pub(super) fn find(nodes: &'a [NodeProto], facts: &'a Facts, logits: &'a str) -> Self {
        let index = Index::new(nodes, facts, logits);
        let mut found = Self {
            positive: relu_pool::positive(&index),
            ..Default::default()
        };
        for node in nodes.iter().filter(|n| n.is_standard()) {
            let Some(y) = node.output(0) else { continue };
            if let Some(chain) = FINDERS.iter().find_map(|find| find(&index, node)) {
                found.chains.insert(y, chain);
            }
            if let Some((scale, products)) = layer_norm::find(&index, node) {
                found.normalised.insert(y);
                found
                    .scales
                    .extend(products.into_iter().map(|t| (t, scale.clone())));
            }
        }
        found
    }

    /// The chain that ends in a node.
    pub(super) fn chain(&self, node: &NodeProto) -> Option<&Chain<'a>> {
        self.chains.get(node.output(0)?)
    }

    /// What is known around a node.
    pub(super) fn hints(&self, node: &NodeProto) -> Hints<'_> {
        Hints {
            scale_before: node.input(0).and_then(|t| self.scales.get(t)),
            is_centred: node.output(0).is_some_and(|y| self.normalised.contains(y)),
            is_positive: node.input(0).is_some_and(|x| self.positive.contains(x)),
        }
    }
}

/// A forward half that gives more, and the constants that it needs.
pub(super) struct Rewritten {
    pub(super) nodes: Vec<NodeProto>,
    pub(super) constants: Vec<TensorProto>,
}

/// Rewrites the forward half, with the same results, for what the reverse half wants of it. `statistics`: whether
/// LayerNormalization may be asked for its optional outputs.
pub(super) fn rewrite(
    nodes: &[NodeProto],
    facts: &mut Facts,
    blocking: Blocking,
    statistics: bool,
) -> Rewritten {
    let mut layout = Layout::new(blocking);
    let mut rewritten = Rewritten {
        nodes: Vec::with_capacity(nodes.len()),
        constants: Vec::new(),
    };
    let mut splits = split::Splits::find(nodes, facts);
    let stock = nodes.iter().flat_map(|n| {
        let instead = splits.instead(n, facts, &mut rewritten.constants);
        instead.unwrap_or_else(|| vec![n.clone()])
    });
    let stock: Vec<NodeProto> = stock.collect();
    for mut node in stock {
        if node.is_standard() {
            if statistics {
                layer_norm::with_statistics(&mut node, facts);
            }
            if let Some(resize) = excite::with_full_gate(&mut node, facts, &layout, &mut rewritten.constants)
            {
                layout.follow(&resize, |t| facts.shape(t), |t| facts.is_constant(t));
                rewritten.nodes.push(resize);
            }
        }
        layout.follow(&node, |t| facts.shape(t), |t| facts.is_constant(t));
        rewritten.nodes.push(node);
    }
    rewritten
}
