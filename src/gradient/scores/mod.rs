// SPDX-License-Identifier: MPL-2.0
//! What the scores of a model are: the one place that decides it.
//!
//! In this order. A tensor is chosen: the one that is named, `name[..]` for a row of it, else the only output that is a
//! row of scores; of an ArgMax, a TopK or a ZipMap it is the row that went in ([`choose`]). Of an output the graph is
//! walked up to what squashed it: if the logits can be reached without changing what the scores say, they are the
//! scores ([`squash`]). Of everything else the forward half is run on a few pictures, and the numbers tell
//! probabilities from logits ([`numbers`]), together with what a side-car or the metadata state ([`decide`]). Of
//! probabilities the logarithm is taken, whose differences have the gradient of the logits' differences ([`append`]).

mod append;
mod choose;
mod decide;
mod numbers;
mod place;
mod squash;

use super::clean::Input;
use super::error::Error;
use super::extents::is_row;
use super::facts::Facts;
use super::limits;
use super::meaning::{Activation, Meaning, Stated};
use super::options::Options;
use super::trial::Trial;
use crate::onnx::{GraphProto, ModelProto};
use crate::runtime::Runtime;
use append::Append;
use choose::Chosen;
use decide::{Evidence, Treatment};
use numbers::Numbers;
use place::Row;
use squash::{Extent, Producers};

/// The tensor that the cotangent is fed to.
#[derive(Debug, Clone)]
pub(super) struct Logits {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    /// The output of the model that they were taken from; an inner tensor that was named.
    pub(super) output: String,
    /// What was stepped over.
    pub(super) activation: Option<String>,
    pub(super) meaning: Meaning,
}

/// Finds the scores, and appends what brings them into the form of logits. The runs that this takes come back too.
pub(super) fn find<'a>(
    model: &mut ModelProto,
    facts: &mut Facts,
    input: &'a Input,
    options: &Options,
    runtime: &'static Runtime,
) -> Result<(Logits, Trial<'a>), Error> {
    let empty = GraphProto::default();
    let graph = model.graph.as_ref().unwrap_or(&empty);
    let chosen = choose::choose(graph, facts, options)?;
    let stated = Stated::of(&options.stated, &chosen.output).and_then(|s| s.activation);
    let mut evidence = seen(graph, facts, &chosen, stated);
    let logits = evidence.logits.as_ref().map(|(tensor, _)| tensor.as_str());
    let tensors: Vec<&str> = std::iter::once(&*chosen.tensor).chain(logits).collect();
    let shape = facts.shape(&chosen.tensor).unwrap_or_default().to_vec();
    let taken = chosen.row.as_ref().map_or_else(|| shape.clone(), Row::shape);
    limits::scores(&chosen.output, &taken)?;
    let mut trial = Trial::new(model, &tensors, input, runtime)?;
    if !is_row(&taken) || options.literal && chosen.row.is_none() {
        let logits = Logits {
            meaning: decide::as_it_is(&chosen),
            name: chosen.tensor,
            shape,
            output: chosen.output,
            activation: None,
        };
        return Ok((logits, trial));
    }
    if evidence.logits.is_none() {
        evidence.numbers = measured(&mut trial, chosen.row.as_ref(), &shape)?;
    }
    let (treatment, meaning) = decide::decide(&evidence, &chosen, taken.iter().product());
    let (name, activation) = match evidence.logits {
        Some((tensor, squash)) => (tensor, Some(squash.name().to_owned())),
        None => (chosen.tensor, None),
    };
    let mut end = Append::new(model, facts);
    let name = match &chosen.row {
        Some(row) => end.row(&name, row),
        None => name,
    };
    let name = match treatment {
        Treatment::AsTheyAre => name,
        Treatment::Log { total } => end.log(&name, total),
        Treatment::LogOdds => end.log_odds(&name),
    };
    let logits = Logits {
        shape: facts.shape(&name).unwrap_or_default().to_vec(),
        name,
        output: chosen.output,
        activation,
        meaning,
    };
    Ok((logits, trial))
}

/// What the graph shows of the chosen tensor.
fn seen(graph: &GraphProto, facts: &Facts, chosen: &Chosen, stated: Option<Activation>) -> Evidence {
    let producers = Producers::new(&graph.node, facts);
    let shape = facts.shape(&chosen.tensor).unwrap_or_default();
    let extent = match &chosen.row {
        Some(row) => Extent::Along(row.shape().iter().position(|extent| *extent > 1).unwrap_or(0)),
        None => Extent::All(shape.iter().product()),
    };
    let is_row = chosen.row.is_some() || is_row(shape);
    let logits = match chosen.inner || !is_row {
        true => None,
        false => producers.logits(&chosen.tensor, extent),
    };
    Evidence {
        logits: logits.map(|(tensor, squash)| (tensor.to_owned(), squash)),
        made_of: producers.made_of(&chosen.tensor),
        is_linear: producers.is_linear(&chosen.tensor),
        stated,
        numbers: Numbers::Silent,
    }
}

/// What the numbers show of the first tensor of a trial, or of a row of it.
fn measured(trial: &mut Trial<'_>, row: Option<&Row>, shape: &[usize]) -> Result<Numbers, Error> {
    let mut rows: Vec<Vec<f32>> = Vec::new();
    while let Some(tensors) = trial.rows(rows.len())? {
        let all = tensors.first().map(Vec::as_slice).unwrap_or_default();
        let taken = row.map_or_else(|| all.to_vec(), |row| row.of(all, shape));
        if Numbers::rules_out(&taken) {
            return Ok(Numbers::Free);
        }
        rows.push(taken);
    }
    Ok(Numbers::of(&rows))
}
