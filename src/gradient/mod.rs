// SPDX-License-Identifier: MPL-2.0
//! Reverse mode on an ONNX graph (docs/reverse-mode.md): logits and input gradient in one run of the inference runtime.
//!
//! [`differentiate`] takes a stock model and appends the nodes that carry a cotangent of the logits back to the
//! input, all of them standard operators. The way is: clean the graph, let ONNX Runtime fold its constants,
//! probe every tensor's shape with one run, bring old forms up to opset 17, decide what the scores are (`scores`), walk the
//! active nodes in reverse with one rule per operator (`ops`), compare the scores with the file's own (`fidelity`), and put
//! the two halves together.
//!
//! A cotangent may stay *lazily broadcast* (extent 1 where the tensor has more) until a rule needs all of it.

mod assemble;
mod blocking;
mod clean;
mod cost;
mod dependence;
mod emit;
mod error;
mod fidelity;
mod fold;
mod layout;
mod limits;
mod masks;
mod objective;
mod ops;
mod patterns;
mod portable;
mod probe;
mod scores;
mod stated;
mod trial;
mod upgrade;
mod validate;
mod walk;
mod windows;

pub use cost::{Cost, Work};
pub use error::{Error, Refusal};
pub use objective::{SCORES, SHARE};
pub use ops::{OperatorRow, operators, supports};
pub use scores::{Activation, Basis, Meaning, Squash, Stated};

use blocking::Blocking;
use emit::Forward;
use fidelity::Untouched;
use patterns::Patterns;

use crate::guard::caught;
use crate::onnx::{self, ElementType, ModelProto};
use crate::runtime::{Runtime, Session, SessionOptions};

/// Name of the input that takes the cotangent of the logits, shaped as they are.
pub const COTANGENT: &str = "cotangent";
/// Name of the output with the gradient, shaped as the model's input.
pub const INPUT_GRADIENT: &str = "input_gradient";

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

/// A model with its reverse half.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Differentiated {
    /// Inputs: the model's own and [`COTANGENT`]; outputs: the logits and [`INPUT_GRADIENT`]. All shapes static.
    pub model: ModelProto,
    /// The forward half alone, folded, with the logits as its output.
    pub forward: ModelProto,
    /// Name of the model's input.
    pub input: String,
    /// Its element type: float32, or uint8.
    pub element: ElementType,
    /// Its shape, batch 1.
    pub input_shape: Vec<usize>,
    /// Name of the logits: the tensor before a Softmax or Sigmoid, or the logarithms of probabilities.
    pub logits: String,
    /// Their shape: one row, unless another tensor was named.
    pub logits_shape: Vec<usize>,
    /// The output of the model that they were taken from; an inner tensor that was named.
    pub output: String,
    /// What was stepped over to get to the logits: "Softmax", "Sigmoid", ..
    pub activation: Option<String>,
    /// What was taken for the scores, and why.
    pub meaning: Meaning,
    /// Nodes of the folded forward half.
    pub forward_nodes: usize,
    /// Nodes of the reverse half.
    pub gradient_nodes: usize,
    /// What a run is expected to take.
    pub cost: Cost,
}

impl Differentiated {
    /// Number of class scores.
    pub fn classes(&self) -> usize {
        self.logits_shape.iter().product()
    }

    /// Whether the logits are the scores of one classifier: at most one of their axes is longer than 1.
    ///
    /// # Errors
    /// [`Error::NoRow`], with what would do.
    pub fn require_row(&self) -> Result<(), Error> {
        match scores::is_row(&self.logits_shape) {
            true => Ok(()),
            false => Err(Error::NoRow {
                tensor: self.output.clone(),
                shape: self.logits_shape.clone(),
            }),
        }
    }

    /// Loads both halves once, without their large weights.
    fn load_once(&self, runtime: &'static Runtime) -> Result<(), Error> {
        let mut model = self.model.clone();
        if let Some(graph) = &mut model.graph {
            probe::without_weights(graph);
        }
        // With all optimisation: what contradicts itself may be found only there.
        let options = SessionOptions {
            disable_quant_qdq: true,
            ..Default::default()
        };
        let session = Session::new(runtime, &onnx::encode(&model), &options);
        session.map(drop).map_err(Error::Rejected)
    }
}

/// Appends the reverse half to a model.
///
/// # Errors
/// When the model is no classifier of one picture, or something between its input and its logits has no
/// gradient here; every such node is named.
pub fn differentiate(
    model: ModelProto,
    runtime: &'static Runtime,
    options: &Options,
) -> Result<Differentiated, Error> {
    caught(|| with_reverse_half(model, runtime, options)).unwrap_or_else(|panic| Err(Error::Internal(panic)))
}

/// [`differentiate`], and the result loaded once: for whoever promises that it can be, without loading it for frames.
pub(crate) fn differentiate_to_load(
    model: ModelProto,
    runtime: &'static Runtime,
    options: &Options,
) -> Result<Differentiated, Error> {
    let differentiated = differentiate(model, runtime, options)?;
    differentiated.load_once(runtime)?;
    Ok(differentiated)
}

fn with_reverse_half(
    mut model: ModelProto,
    runtime: &'static Runtime,
    options: &Options,
) -> Result<Differentiated, Error> {
    onnx::inline(&mut model)?;
    validate::validate(&model)?;
    let untouched = Untouched::of(&model);
    let input = clean::clean(&mut model, options)?;
    let mut graph = fold::fold(&model, runtime)?;
    let mut facts = probe::probe(&graph, runtime, &input).map_err(|e| fold::foreign(&graph, e))?;
    let opset = upgrade::upgrade(&mut graph, &mut facts)?;
    windows::explicit(&mut graph, &mut facts, opset, runtime)?;
    stated::state(&mut graph, &mut facts);
    let (mut logits, trial) = scores::find(&mut graph, &mut facts, &input, options, runtime)?;
    if let (true, Some(graph)) = (options.portable, &mut graph.graph) {
        portable::without_unread_outputs(graph);
    }
    let blocking = match options.profile {
        Profile::Plain => Blocking::Never,
        Profile::Cpu => Blocking::of(runtime)?,
    };
    let stock = graph
        .graph
        .as_ref()
        .map(|g| g.node.as_slice())
        .unwrap_or_default();
    let prepared = match options.profile {
        Profile::Plain => None,
        Profile::Cpu => Some(patterns::prepare(stock, &mut facts, blocking, !options.portable)),
    };
    let nodes = prepared.as_ref().map_or(stock, |p| &p.nodes);
    let patterns = match options.profile {
        Profile::Plain => Patterns::default(),
        Profile::Cpu => Patterns::find(nodes, &facts, &logits.name),
    };
    let forward = Forward {
        nodes,
        facts: &facts,
        patterns: &patterns,
        opset,
    };
    let mut reverse = walk::walk(&forward, runtime, &input, &logits, (options.profile, blocking))?;
    logits
        .meaning
        .warnings
        .extend(fidelity::compare(untouched, trial, &input, runtime)?);
    let added = std::mem::take(&mut reverse.shapes);
    let mut both = assemble::assemble(graph, prepared, opset, &facts, input, logits, reverse)?;
    if let (true, Some(graph)) = (options.portable, &mut both.model.graph) {
        portable::rewrite(graph);
    }
    both.cost = Cost::of(&both, |t| added.get(t).map(|s| &**s).or_else(|| facts.shape(t)));
    Ok(both)
}
