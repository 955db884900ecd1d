// SPDX-License-Identifier: MPL-2.0
//! What the CPU profile sees in several nodes at once (docs/reverse-mode.md 3.4).
//!
//! Two things are done before the walk. [`prepare`] lets the forward half give what the reverse half would have to
//! compute again, or could not keep in the blocked layout. [`Patterns`] finds chains of nodes that are
//! differentiated as one function, and normalisations whose scale and centring the product before them in the
//! reverse half takes over. The plain profile sees single nodes only.

mod concat_conv;
mod excite;
mod gelu;
mod index;
mod layer_norm;
mod relu_pool;
mod split;
mod swish;

use std::collections::{HashMap, HashSet};

pub(super) use excite::enlarged;
pub(super) use index::Index;
pub(super) use layer_norm::{folded, statistics};

use super::blocking::Blocking;
use super::emit::{Emit, Value};
use super::layout::Layout;
use super::ops::{Call, Stop};
use super::probe::Facts;
use crate::onnx::{Array, NodeProto, TensorProto};

/// A chain of nodes `y = f(x)`; the call that `apply` gets is that of its last node.
pub(super) struct Chain<'a> {
    /// Where it starts: one tensor, or parts of one.
    pub(super) xs: Vec<&'a str>,
    /// The node between, where the derivative needs it.
    inner: Option<&'a NodeProto>,
    apply: Apply,
}

type Apply = fn(&mut Emit<'_>, &Chain<'_>, &Call<'_>) -> Result<Vec<Value>, Stop>;

impl Chain<'_> {
    /// The cotangents of `xs`.
    pub(super) fn apply(&self, e: &mut Emit<'_>, call: &Call<'_>) -> Result<Vec<Value>, Stop> {
        (self.apply)(e, self, call)
    }

    fn x(&self, e: &Emit<'_>) -> Result<Value, Stop> {
        let value = self.xs.first().and_then(|x| e.forward(x));
        value.ok_or_else(|| Stop::refuse("its input is absent"))
    }

    fn inner<'a>(&self, e: &Emit<'a>) -> Result<Value, Stop> {
        let name = self.inner.and_then(|n| n.output(0));
        let value = name.and_then(|n| e.forward(n));
        value.ok_or_else(|| Stop::refuse("a tensor inside it is absent"))
    }
}

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
    folds: HashMap<&'a str, Array>,
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
                    .folds
                    .extend(products.into_iter().map(|t| (t, scale.clone())));
            }
        }
        found
    }

    /// The chain that ends in a node.
    pub(super) fn chain(&self, node: &NodeProto) -> Option<&Chain<'a>> {
        self.chains.get(node.output(0)?)
    }

    /// The scale of the normalisation that a product takes over, for the tensor that the product reads.
    pub(super) fn fold(&self, tensor: &str) -> Option<&Array> {
        self.folds.get(tensor)
    }

    /// Whether the cotangent of a normalisation's output comes scaled and centred.
    pub(super) fn comes_centred(&self, tensor: &str) -> bool {
        self.normalised.contains(tensor)
    }

    /// Whether a tensor is nowhere negative, and where it is 0, its producers pass nothing on.
    pub(super) fn is_positive(&self, tensor: &str) -> bool {
        self.positive.contains(tensor)
    }
}

/// A forward half that gives more, and the constants that it needs.
pub(super) struct Prepared {
    pub(super) nodes: Vec<NodeProto>,
    pub(super) constants: Vec<TensorProto>,
}

/// Rewrites the forward half, with the same results, for what the reverse half wants of it. `statistics`: whether
/// LayerNormalization may be asked for its optional outputs.
pub(super) fn prepare(
    nodes: &[NodeProto],
    facts: &mut Facts,
    blocking: Blocking,
    statistics: bool,
) -> Prepared {
    let mut layout = Layout::new(blocking);
    let mut prepared = Prepared {
        nodes: Vec::with_capacity(nodes.len()),
        constants: Vec::new(),
    };
    let mut splits = split::Splits::find(nodes, facts);
    let stock = nodes.iter().flat_map(|n| {
        let instead = splits.instead(n, facts, &mut prepared.constants);
        instead.unwrap_or_else(|| vec![n.clone()])
    });
    let stock: Vec<NodeProto> = stock.collect();
    for mut node in stock {
        if node.is_standard() {
            if statistics {
                layer_norm::with_statistics(&mut node, facts);
            }
            if let Some(resize) = excite::with_full_gate(&mut node, facts, &layout, &mut prepared.constants) {
                layout.follow(&resize, |t| facts.shape(t), |t| facts.is_constant(t));
                prepared.nodes.push(resize);
            }
        }
        layout.follow(&node, |t| facts.shape(t), |t| facts.is_constant(t));
        prepared.nodes.push(node);
    }
    prepared
}

/// A name for a new tensor of the forward half, derived from one that it has.
fn fresh(facts: &Facts, stem: &str, suffix: &str) -> String {
    let mut name = format!("{stem}__{suffix}");
    while facts.shape(&name).is_some() {
        name.push('_');
    }
    name
}
