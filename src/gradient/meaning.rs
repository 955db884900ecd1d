// SPDX-License-Identifier: MPL-2.0
//! What scores mean: how probabilities follow from them, and how that is known.

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
