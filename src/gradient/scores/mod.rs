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
use super::probe::Facts;
use super::trial::Trial;
use super::{Error, Options, limits};
use crate::onnx::{GraphProto, ModelProto};
use crate::runtime::Runtime;
use append::Append;
use choose::Chosen;
use decide::{Evidence, Treatment};
use numbers::Numbers;
use place::Row;
use squash::{Ends, Extent};

/// What the last operator made of the scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Logits,
    /// Probabilities that sum to one.
    Softmax,
    /// A probability for each class by itself.
    Sigmoid,
}

impl Activation {
    /// The activation with this name: `logits`, `softmax` or `sigmoid`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "logits" => Some(Self::Logits),
            "softmax" => Some(Self::Softmax),
            "sigmoid" => Some(Self::Sigmoid),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Logits => "logits",
            Self::Softmax => "softmax",
            Self::Sigmoid => "sigmoid",
        }
    }
}

/// What a side-car or a model's metadata state of an output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stated {
    /// The output; `None`: not said.
    pub name: Option<String>,
    /// What its numbers are.
    pub activation: Option<Activation>,
    /// How many labels it has.
    pub labels: Option<usize>,
}

impl Stated {
    /// What is stated of the output `name`; where only one output is spoken of, what is said of that.
    pub fn of<'a>(all: &'a [Self], name: &str) -> Option<&'a Self> {
        all.iter()
            .find(|s| s.name.as_deref() == Some(name))
            .or(match all {
                [only] => Some(only),
                _ => None,
            })
    }
}

/// How probabilities follow from scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Squash {
    /// The softmax over all classes; of a single score z that of 0 and z.
    #[default]
    Softmax,
    /// Each class's own sigmoid.
    Sigmoid,
    /// The scores are the probabilities' logarithms.
    Exp,
}

/// What was taken for the scores, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Meaning {
    /// How probabilities follow from them.
    pub squash: Squash,
    /// What they are, in words.
    pub text: String,
    /// How that is known.
    pub basis: Basis,
    /// Sentences for the user about what had to be assumed, or contradicts itself.
    pub warnings: Vec<String>,
}

/// How it is known what scores are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Basis {
    /// The graph's last operators say it.
    Graph,
    /// A side-car or the metadata state it.
    Stated,
    /// The numbers of several pictures show it.
    Numbers,
    /// Nothing says it.
    #[default]
    Guess,
}

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

/// Whether a tensor of this shape is one row of scores: at most one axis is longer than 1.
pub(super) fn is_row(shape: &[usize]) -> bool {
    shape.iter().filter(|d| **d != 1).count() <= 1 && !shape.contains(&0)
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
    let ends = Ends::new(&graph.node, facts);
    let shape = facts.shape(&chosen.tensor).unwrap_or_default();
    let extent = match &chosen.row {
        Some(row) => Extent::Along(row.shape().iter().position(|extent| *extent > 1).unwrap_or(0)),
        None => Extent::All(shape.iter().product()),
    };
    let is_row = chosen.row.is_some() || is_row(shape);
    let logits = match chosen.inner || !is_row {
        true => None,
        false => ends.logits(&chosen.tensor, extent),
    };
    Evidence {
        logits: logits.map(|(tensor, squash)| (tensor.to_owned(), squash)),
        made_of: ends.made_of(&chosen.tensor),
        is_linear: ends.is_linear(&chosen.tensor),
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
