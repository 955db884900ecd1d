// SPDX-License-Identifier: MPL-2.0
//! Drawing graphs: for each operator that has a gradient rule, how a node of it is drawn.

mod indexing;
mod matrix;
mod movement;
mod norm;
mod parts;
mod pointwise;
mod window;

use std::collections::HashMap;
use std::sync::OnceLock;

use steerlens::gradient::operators;
use steerlens::onnx::ModelProto;
use steerlens::runtime::Tensor;

use crate::graph::{Graph, T};
use crate::random::Random;

type Draw = fn(&mut Graph, &str, &T) -> Option<T>;

/// How a node of an operator, or a part of several nodes, is drawn.
pub(crate) struct Entry {
    /// The operator, or the part's own name.
    pub(crate) name: &'static str,
    /// How often, in graphs of pictures in the blocked layout, of any tensors, and of sequences.
    weights: [usize; 3],
    draw: Draw,
}

const fn entry(name: &'static str, weights: [usize; 3], draw: Draw) -> Entry {
    Entry { name, weights, draw }
}

/// Operators of the rule table that are not drawn, and why.
pub(crate) const NOT_DRAWN: &[(&str, &str)] = &[
    (
        "QuantizeLinear",
        "a staircase: its gradient is straight-through, not its derivative",
    ),
    (
        "DequantizeLinear",
        "only after QuantizeLinear can it depend on the picture",
    ),
];

/// Every operator of the rule table that has a derivative.
pub(crate) const OPERATORS: &[Entry] = &[
    entry("Conv", [60, 12, 1], window::conv),
    entry("ConvTranspose", [6, 8, 0], window::conv_transpose),
    entry("Einsum", [1, 5, 6], matrix::einsum),
    entry("Gemm", [1, 8, 8], matrix::gemm),
    entry("MatMul", [3, 12, 30], matrix::matmul),
    entry("AveragePool", [22, 8, 0], window::pool),
    entry("GlobalAveragePool", [5, 2, 0], window::global_pool),
    entry("GlobalMaxPool", [2, 2, 0], window::global_pool),
    entry("MaxPool", [26, 8, 0], window::pool),
    entry("Abs", [3, 3, 2], pointwise::activation),
    entry("Atan", [1, 3, 1], pointwise::activation),
    entry("Celu", [1, 3, 1], pointwise::activation),
    entry("Clip", [14, 5, 2], pointwise::clip),
    entry("Cos", [1, 3, 1], pointwise::activation),
    entry("Cosh", [1, 2, 1], pointwise::bounded),
    entry("Elu", [3, 3, 1], pointwise::activation),
    entry("Erf", [1, 3, 2], pointwise::activation),
    entry("Exp", [1, 3, 2], pointwise::exponential),
    entry("Gelu", [4, 3, 6], pointwise::activation),
    entry("HardSigmoid", [6, 3, 1], pointwise::activation),
    entry("HardSwish", [6, 3, 1], pointwise::activation),
    entry("LeakyRelu", [5, 3, 1], pointwise::activation),
    entry("Log", [1, 3, 1], pointwise::of_positive),
    entry("Mish", [3, 3, 1], pointwise::activation),
    entry("Neg", [2, 2, 1], pointwise::activation),
    entry("PRelu", [5, 4, 1], pointwise::prelu),
    entry("Reciprocal", [1, 3, 1], pointwise::of_positive),
    entry("Relu", [16, 5, 3], pointwise::activation),
    entry("Selu", [1, 3, 1], pointwise::activation),
    entry("Sigmoid", [6, 3, 2], pointwise::activation),
    entry("Sin", [1, 3, 1], pointwise::activation),
    entry("Sinh", [1, 2, 1], pointwise::bounded),
    entry("Softplus", [2, 3, 1], pointwise::activation),
    entry("Softsign", [1, 3, 1], pointwise::activation),
    entry("Sqrt", [1, 3, 1], pointwise::of_positive),
    entry("Tan", [1, 2, 1], pointwise::bounded),
    entry("Tanh", [6, 3, 2], pointwise::activation),
    entry("ThresholdedRelu", [1, 3, 1], pointwise::activation),
    entry("Add", [10, 6, 8], pointwise::binary),
    entry("Div", [2, 4, 3], pointwise::binary),
    entry("Max", [3, 4, 2], pointwise::variadic),
    entry("Mean", [2, 4, 2], pointwise::variadic),
    entry("Min", [2, 4, 2], pointwise::variadic),
    entry("Mul", [8, 6, 6], pointwise::binary),
    entry("Pow", [2, 5, 4], pointwise::power),
    entry("Sub", [3, 4, 3], pointwise::binary),
    entry("Sum", [3, 4, 2], pointwise::variadic),
    entry("Where", [2, 4, 2], pointwise::choice),
    entry("BatchNormalization", [10, 4, 1], norm::batch),
    entry("GroupNormalization", [4, 4, 1], norm::group),
    entry("InstanceNormalization", [4, 4, 1], norm::instance),
    entry("LRN", [3, 3, 0], norm::local_response),
    entry("LayerNormalization", [3, 6, 20], norm::over_last),
    entry("LpNormalization", [2, 3, 2], norm::lp),
    entry("RMSNormalization", [2, 5, 12], norm::over_last),
    entry("CumSum", [1, 4, 2], indexing::running_sum),
    entry("ReduceL1", [1, 3, 1], norm::reduction),
    entry("ReduceL2", [1, 3, 1], norm::reduction),
    entry("ReduceLogSum", [1, 3, 1], norm::reduction),
    entry("ReduceLogSumExp", [1, 3, 1], norm::reduction),
    entry("ReduceMax", [2, 3, 1], norm::reduction),
    entry("ReduceMean", [8, 4, 3], norm::reduction),
    entry("ReduceMin", [1, 3, 1], norm::reduction),
    entry("ReduceProd", [1, 2, 1], norm::reduction),
    entry("ReduceSum", [3, 4, 2], norm::reduction),
    entry("ReduceSumSquare", [1, 3, 1], norm::reduction),
    entry("Cast", [1, 2, 1], movement::unchanged),
    entry("Concat", [14, 6, 3], movement::concat),
    entry("DepthToSpace", [3, 4, 0], movement::between_depth_and_space),
    entry("Dropout", [2, 2, 2], movement::unchanged),
    entry("Expand", [2, 5, 2], movement::expand),
    entry("Flatten", [1, 4, 1], movement::flatten),
    entry("Identity", [2, 2, 1], movement::unchanged),
    entry("Reshape", [2, 8, 6], movement::reshape),
    entry("SpaceToDepth", [3, 4, 0], movement::between_depth_and_space),
    entry("Split", [5, 5, 4], movement::split),
    entry("Squeeze", [1, 4, 2], movement::squeeze),
    entry("Tile", [2, 4, 1], movement::tile),
    entry("Transpose", [2, 8, 8], movement::transpose),
    entry("Unsqueeze", [1, 4, 2], movement::unsqueeze),
    entry("Gather", [3, 6, 4], indexing::gather),
    entry("GatherElements", [1, 4, 2], indexing::gather_elements),
    entry("GatherND", [1, 4, 2], indexing::gather_nd),
    entry("Pad", [8, 6, 2], indexing::pad),
    entry("ScatterElements", [1, 4, 2], indexing::scatter_elements),
    entry("ScatterND", [1, 4, 2], indexing::scatter_nd),
    entry("Slice", [6, 7, 5], indexing::slice),
    entry("TopK", [1, 4, 2], indexing::top),
    entry("Resize", [8, 8, 0], movement::resize),
    entry("Upsample", [5, 6, 0], movement::upsample),
    entry("LogSoftmax", [1, 4, 3], norm::softmax),
    entry("Softmax", [2, 4, 5], norm::softmax),
    entry("Attention", [0, 5, 12], matrix::attention),
    entry("RotaryEmbedding", [0, 4, 8], matrix::rotary),
];

const PARTS: &[Entry] = &[
    entry("gate", [10, 4, 3], parts::gate),
    entry("gelu", [5, 4, 10], parts::gelu),
    entry("excite", [14, 2, 0], parts::excite),
    entry("residual", [20, 6, 12], parts::residual),
    entry("block", [24, 4, 0], parts::block),
    entry("channels last", [8, 3, 0], parts::channels_last),
    entry("picks", [1, 4, 2], parts::picks),
    entry("halves", [6, 2, 0], parts::halves),
    entry("attention", [0, 4, 12], parts::attention),
    entry("own kernel", [3, 4, 0], parts::own_kernel),
];

impl Entry {
    pub(crate) fn of(operator: &str) -> Option<&'static Self> {
        OPERATORS.iter().find(|e| e.name == operator)
    }

    /// The first opset that has the operator.
    fn since(&self) -> i64 {
        static SINCE: OnceLock<HashMap<&'static str, i64>> = OnceLock::new();
        let known = SINCE.get_or_init(|| operators().map(|row| (row.operator, row.since)).collect());
        known.get(self.name).copied().unwrap_or(0)
    }
}

/// Adds what the entry draws, or nothing.
fn draw(g: &mut Graph, entry: &Entry, x: &T) -> Option<T> {
    if g.opset < entry.since() {
        return None;
    }
    let (nodes, active) = (g.len(), g.active.len());
    let drawn = (entry.draw)(g, entry.name, x);
    if drawn.is_none() {
        g.truncate(nodes);
        g.active.truncate(active);
    }
    drawn
}

/// A model, and the picture that its nodes were evaluated with.
pub(crate) struct Drawn {
    pub(crate) model: ModelProto,
    pub(crate) picture: Tensor,
}

/// The graph of a seed, at one of the opsets; `None` where the draws led nowhere.
pub(crate) fn graph(seed: u64, opsets: &[i64]) -> Option<Drawn> {
    let mut random = Random::new(seed);
    let opset = random.pick(opsets);
    let kind = random.pick(&[0, 0, 0, 1, 1, 2]);
    let shape = [
        1,
        random.pick(&[1, 2, 3, 3, 3, 4]),
        random.extent(3, if kind == 0 { 10 } else { 7 }),
        random.extent(3, if kind == 0 { 10 } else { 7 }),
    ];
    let nodes = random.pick(&[5, 6, 7, 8, 10, 12, 14, 18, 24, 32, 40]) - 3;
    let mut g = Graph::new(random, opset, kind == 0, &shape);
    let mut current = g.active[0].clone();
    if let Some(start) = start(&mut g, kind, &current) {
        current = start;
        g.active.push(current.clone());
    }
    let entries: Vec<&Entry> = OPERATORS.iter().chain(PARTS).collect();
    let total: usize = entries.iter().map(|e| e.weights[kind]).sum();
    let mut tries = 0;
    while g.len() < nodes && tries < 20 * nodes {
        tries += 1;
        let x = if g.random.chance(78) {
            current.clone()
        } else {
            g.active[g.random.below(g.active.len())].clone()
        };
        let mut at = g.random.below(total);
        let chosen = entries.iter().find(|e| {
            let found = at < e.weights[kind];
            at = at.saturating_sub(e.weights[kind]);
            found
        })?;
        // A tensor without axes has few operators, and one chain of those is like another.
        if x.rank() > 0
            && let Some(y) = draw(&mut g, chosen, &x)
        {
            g.active.push(y.clone());
            current = y;
        }
    }
    let mut results = vec![current];
    if g.random.chance(40) {
        let other = g.active[g.random.below(g.active.len())].clone();
        if other != results[0] {
            results.push(other);
        }
    }
    let picture = g.picture().clone();
    g.finish(&results).map(|model| Drawn { model, picture })
}

/// What the first tensor is made of: a Conv, whose channels the blocked layout needs, or a sequence of patches.
fn start(g: &mut Graph, kind: usize, x: &T) -> Option<T> {
    match kind {
        0 => (0..8).find_map(|_| draw(g, Entry::of("Conv")?, x).filter(|y| y.channels() >= 8)),
        1 if g.random.chance(40) => draw(g, Entry::of("Conv")?, x),
        1 => None,
        _ => {
            let channels = x.channels() as i64;
            let to = g.whole(&[1, channels, -1]);
            let flat = g.node("Reshape", &[x, &to], vec![])?;
            let rows = g.node("Transpose", &[&flat], vec![("perm", vec![0, 2, 1].into())])?;
            draw(g, Entry::of("MatMul")?, &rows)
        }
    }
}
