// SPDX-License-Identifier: MPL-2.0
//! Reverse mode on an ONNX graph (docs/reverse-mode.md): logits and input gradient in one run of the inference runtime.
//!
//! [`differentiate`] takes a stock model and appends the nodes that carry a cotangent of the logits back to the
//! input, all of them standard operators. The way is: clean the graph, let ONNX Runtime fold its constants,
//! probe every tensor's shape with one run, bring old forms up to opset 17 and write out what was fused (`fused`), decide
//! what the scores are (`scores`), walk the active nodes in reverse with one rule per operator (`ops`), compare the scores
//! with the file's own (`fidelity`), and put the two halves together.
//!
//! A cotangent may stay *lazily broadcast* (extent 1 where the tensor has more) until a rule needs all of it.

mod assemble;
mod blocking;
mod ceil_mode;
mod clean;
mod cost;
mod cotangent;
mod dependence;
mod differentiated;
mod emit;
mod error;
mod extents;
mod facts;
mod fidelity;
mod finite;
mod fold;
mod fused;
mod index;
mod infer;
mod layout;
mod limits;
mod lowering;
mod meaning;
mod one_node;
mod ops;
mod options;
mod patterns;
mod portable;
mod prune;
mod rule;
mod scores;
mod stated;
mod trial;
mod unsupported;
mod upgrade;
mod validate;
mod walk;
mod window;

pub use cost::{Cost, Work};
pub use cotangent::{OBJECTIVE_SCORES, OBJECTIVE_SHARE};
pub use differentiated::{COTANGENT, Differentiated, INPUT_GRADIENT};
pub use error::{Error, Refusal};
pub use meaning::{Activation, Basis, Meaning, Squash, Stated};
pub use ops::{OperatorRow, operators, supports};
pub use options::{Options, Profile};

use blocking::Blocking;
use emit::Emit;
use fidelity::Untouched;
use patterns::Patterns;
use rule::Forward;

use crate::guard::caught;
use crate::onnx::{self, ModelProto};
use crate::runtime::Runtime;

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
    let mut facts = infer::infer(&graph, runtime, &input).map_err(|e| fold::foreign(&graph, e))?;
    let opset = upgrade::upgrade(&mut graph, &mut facts)?;
    fused::write_out(&mut graph, &mut facts);
    ceil_mode::state_pads(&mut graph, &mut facts, opset, runtime)?;
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
    let rewritten = match options.profile {
        Profile::Plain => None,
        Profile::Cpu => Some(patterns::rewrite(stock, &mut facts, blocking, !options.portable)),
    };
    let nodes = rewritten.as_ref().map_or(stock, |p| &p.nodes);
    let patterns = match options.profile {
        Profile::Plain => Patterns::default(),
        Profile::Cpu => Patterns::find(nodes, &facts, &logits.name),
    };
    let forward = Forward::new(nodes, &facts, opset, runtime);
    let emit = Emit::new(nodes, &facts, options.profile, blocking);
    let mut reverse = walk::walk(nodes, &forward, &patterns, emit, &input, &logits)?;
    logits
        .meaning
        .warnings
        .extend(fidelity::compare(untouched, trial, &input, runtime)?);
    let added = std::mem::take(&mut reverse.shapes);
    let mut both = assemble::assemble(graph, rewritten, opset, &facts, input, logits, reverse)?;
    if let (true, Some(graph)) = (options.portable, &mut both.model.graph) {
        portable::rewrite(graph);
    }
    both.cost = Cost::of(&both.forward, &both.model, |t| {
        added.get(t).map(|s| &**s).or_else(|| facts.shape(t))
    });
    Ok(both)
}
