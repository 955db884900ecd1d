// SPDX-License-Identifier: MPL-2.0
//! What is to be differentiated, and how the reverse half is written.

use super::meaning::Stated;

/// How the reverse half is written. Both profiles compute the same numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// The plainest operators: for any runtime and provider, and the reference.
    #[default]
    Plain,
    /// Forms that stay in the blocked layout of ONNX Runtime's CPU provider (docs/reverse-mode.md 3).
    Cpu,
}

/// What to differentiate.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Tensor with the class scores, or `name[0,:,3]` for a row of one that holds more (a number, `:` or `a:b` for each
    /// axis); `None`: the only output that is a row of scores. What squashes an output's scores is stepped over; an
    /// inner tensor is taken as it is.
    pub output: Option<String>,
    /// Height and width, for models that leave them open.
    pub input_size: Option<(usize, usize)>,
    /// Whether the input is `[N, H, W, C]`, where the caller knows; decides which axes `input_size` fixes.
    pub channels_last: Option<bool>,
    /// Number of labels, which helps to find the scores among several outputs.
    pub labels: Option<usize>,
    /// What is stated of the outputs outside of the graph.
    pub stated: Vec<Stated>,
    /// Whether the named tensor is differentiated as it is, whatever its numbers mean: no Softmax is stepped over, and of
    /// probabilities no logarithm is taken.
    pub literal: bool,
    /// How the reverse half is written.
    pub profile: Profile,
    /// Whether the model has to be right in other runtimes too: for a file. It then keeps clear of what ONNX allows
    /// and another runtime is known to get wrong, at the price of copies of some weights.
    pub portable: bool,
}
