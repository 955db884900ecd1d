// SPDX-License-Identifier: MPL-2.0
//! What the scores are, from everything that is known of them.

use super::choose::Chosen;
use super::numbers::Numbers;
use super::squash::SquashOp;
use crate::gradient::meaning::{Activation, Basis, Meaning, Squash};

/// What is known.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    /// The logits, where they can be had, and what the graph squashes them with.
    pub(super) logits: Option<(String, SquashOp)>,
    /// What the scores were made of in a way that cannot be gone back.
    pub(super) made_of: Option<SquashOp>,
    /// Whether a linear layer gives them.
    pub(super) is_linear: bool,
    /// What side-car or metadata state.
    pub(super) stated: Option<Activation>,
    pub(super) numbers: Numbers,
}

/// What is done to bring the scores into the form of logits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Treatment {
    AsTheyAre,
    /// The logarithm of the shares of a total.
    Log {
        total: f32,
    },
    /// The logarithm of p / (1 - p).
    LogOdds,
}

/// Of a row of scores.
pub(super) fn decide(evidence: &Evidence, chosen: &Chosen, classes: usize) -> (Treatment, Meaning) {
    use Numbers::{Each, Free, LogShares, Shares, Silent};
    use Treatment::{AsTheyAre, Log, LogOdds};
    let output = match &chosen.through {
        Some(by) => format!(
            "\"{}\", which \"{}\" is the {by} of",
            chosen.tensor, chosen.output
        ),
        None => format!("\"{}\"", chosen.output),
    };
    let sigmoid = if classes > 1 {
        Squash::Sigmoid
    } else {
        Squash::Softmax
    };
    let made = |text: String, squash, basis| Meaning {
        squash,
        text,
        basis,
        warnings: Vec::new(),
    };
    if let Some((logits, node)) = &evidence.logits {
        let squash = if *node == SquashOp::Sigmoid {
            sigmoid
        } else {
            Squash::Softmax
        };
        let text = format!("logits \"{logits}\", before the {} of {output}", node.name());
        let mut meaning = made(text, squash, Basis::Graph);
        let other = match (evidence.stated, node) {
            (Some(Activation::Sigmoid), SquashOp::Softmax | SquashOp::LogSoftmax) => classes > 1,
            (Some(Activation::Softmax), SquashOp::Sigmoid) => classes > 1,
            _ => false,
        };
        if let (true, Some(stated)) = (other, evidence.stated) {
            meaning.warnings.push(format!(
                "the model's description says activation={}, and its graph ends in a {}: the graph is believed",
                stated.name(),
                node.name()
            ));
        }
        return (AsTheyAre, meaning);
    }
    let as_logits =
        |why: &str, squash, basis| (AsTheyAre, made(format!("logits {output}, {why}"), squash, basis));
    let as_log = |why: &str, total, basis| {
        let text = format!("logarithms of the probabilities {output}, {why}");
        (Log { total }, made(text, Squash::Exp, basis))
    };
    let as_odds = |why: &str, basis| {
        let text = match classes {
            1 => format!("log-odds of the probability {output}, {why}"),
            _ => format!("log-odds of the probabilities {output}, each class by itself, {why}"),
        };
        (LogOdds, made(text, sigmoid, basis))
    };
    let warn = |(treatment, mut meaning): (Treatment, Meaning), text: String| {
        meaning.warnings.push(text);
        (treatment, meaning)
    };
    match (evidence.stated, evidence.numbers, evidence.made_of) {
        (Some(Activation::Logits), Shares(_) | Each, _) if !evidence.is_linear => warn(
            as_logits("as its description says", Squash::Softmax, Basis::Stated),
            format!(
                "the scores {output} look like probabilities, and the model's description says that they are logits: \
                 they are taken for logits"
            ),
        ),
        (Some(Activation::Logits), _, _) => {
            as_logits("as its description says", Squash::Softmax, Basis::Stated)
        }
        (Some(Activation::Softmax), Shares(total), _) => as_log(
            "as its description says and its numbers show",
            total,
            Basis::Stated,
        ),
        (Some(Activation::Softmax), Each, _) if classes > 1 => as_log(
            "as its description says, though they do not sum to 1",
            1.0,
            Basis::Stated,
        ),
        (Some(Activation::Softmax), _, _) => as_logits(
            "of the softmax that its description speaks of: they are no probabilities yet",
            Squash::Softmax,
            Basis::Stated,
        ),
        (Some(Activation::Sigmoid), Shares(1.0) | Each, _) => {
            as_odds("as its description says and its numbers show", Basis::Stated)
        }
        (Some(Activation::Sigmoid), _, _) => as_logits(
            "of the sigmoids that its description speaks of: they are no probabilities yet",
            sigmoid,
            Basis::Stated,
        ),
        (None, Shares(total), _) if total == 1.0 => as_log("whose rows sum to 1", total, Basis::Numbers),
        (None, Shares(total), _) => as_log(&format!("whose rows sum to {total}"), total, Basis::Numbers),
        (None, LogShares, _) => as_logits("logarithms of probabilities", Squash::Softmax, Basis::Numbers),
        (None, Each, Some(SquashOp::Softmax | SquashOp::LogSoftmax)) if classes > 1 => {
            as_log("made of those of a Softmax", 1.0, Basis::Graph)
        }
        (None, Each, Some(_)) => as_odds("made of those of a Sigmoid", Basis::Graph),
        (None, _, _) if evidence.is_linear => as_logits("of a linear layer", Squash::Softmax, Basis::Graph),
        (None, Each, _) => as_odds("since they stay within 0..1 on every picture", Basis::Numbers),
        (None, Free, _) => as_logits("which are no probabilities", Squash::Softmax, Basis::Numbers),
        (None, Silent, _) => warn(
            as_logits("which is assumed", Squash::Softmax, Basis::Guess),
            format!(
                "the scores {output} are the same for every picture that was tried, or no numbers: they are assumed to \
                 be logits; state output.kind or activation if they are not"
            ),
        ),
    }
}

/// Of a named tensor that is no row of scores, or that is asked for as it is: its gradient can be taken, as that of any
/// tensor.
pub(super) fn as_it_is(chosen: &Chosen) -> Meaning {
    Meaning {
        squash: Squash::Softmax,
        text: format!("\"{}\" as it is", chosen.output),
        basis: Basis::Graph,
        warnings: Vec::new(),
    }
}
