// SPDX-License-Identifier: MPL-2.0
//! Why a model has no gradient that can be taken.

use crate::onnx::NodeProto;

/// A node on the way from the input to the logits that has no gradient here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The node's name.
    pub node: String,
    /// Its operator, with the domain where it is not ONNX's own.
    pub operator: String,
    /// Why, and what to do.
    pub reason: String,
}

impl Refusal {
    /// Why `node` is refused.
    pub(super) fn of(node: &NodeProto, reason: impl Into<String>) -> Self {
        let operator = match node.domain.as_deref() {
            Some(domain) if !node.is_standard() => format!("{domain}.{}", node.op()),
            _ => node.op().to_owned(),
        };
        Self {
            node: node.label().into(),
            operator,
            reason: reason.into(),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&sentence(self, 1))
    }
}

/// What is said of one refused node, and of how many there are of that kind.
fn sentence(refusal: &Refusal, count: usize) -> String {
    let Refusal {
        node,
        operator,
        reason,
    } = refusal;
    let more = match count {
        1 => String::new(),
        _ => format!(" and {} more", count - 1),
    };
    format!("unsupported operator {operator} (node \"{node}\"{more}): {reason}")
}

/// Why a model has no gradient that can be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Operators without a gradient lie between the input and the logits.
    #[error("{}", listed(.0))]
    Unsupported(Vec<Refusal>),
    /// The model has not exactly one input.
    #[error(
        "the model has {} inputs ({}); a classifier of pictures has one: make constants of the others (initializers of the \
         same names), or export the model without them", .0.len(), .0.join(", ")
    )]
    Inputs(Vec<String>),
    /// The input's shape does not do.
    #[error("input \"{name}\" has shape [{shape}]: {reason}")]
    InputShape {
        /// The input.
        name: String,
        /// Its shape as the model states it.
        shape: String,
        /// What does not do, and what to do.
        reason: String,
    },
    /// The input's elements are of a type that pictures do not have.
    #[error("input \"{name}\" holds {element} elements; float32, float16, bfloat16 and uint8 are taken")]
    InputType {
        /// The input.
        name: String,
        /// Its element type.
        element: String,
    },
    /// The asked-for output is not in the model.
    #[error("the model has no tensor \"{name}\"; its outputs are {}", .outputs.join(", "))]
    NoSuchOutput {
        /// The name that was asked for.
        name: String,
        /// The model's outputs with their shapes.
        outputs: Vec<String>,
    },
    /// Which output holds the class scores cannot be told.
    #[error("which output holds the class scores? name one with output-name: {}", .0.join(", "))]
    AmbiguousOutput(Vec<String>),
    /// No output can hold class scores.
    #[error(
        "no output of the model holds real numbers that depend on the picture ({}): name the tensor with the class \
         scores with output-name, or export the model with its scores as an output", .0.join(", ")
    )]
    NoRealOutput(Vec<String>),
    /// The scores are no single row.
    #[error(
        "\"{tensor}\" {shape:?} is no single row of class scores, as a classifier gives: name one row of it by an index \
         for each axis but that of the classes, such as output-name={tensor}{}",
        example(shape)
    )]
    NoRow {
        /// The tensor.
        tensor: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// The index behind a tensor's name does not do.
    #[error("output-name={text}: {reason}")]
    Place {
        /// The name with its index.
        text: String,
        /// What does not do, and what would.
        reason: String,
    },
    /// What would be differentiated is another function than the file's.
    #[error(
        "the prepared graph computes something else than the file: output \"{output}\", largest difference {difference} \
         of {largest}; nothing is done with it, please report it"
    )]
    OtherFunction {
        /// The tensor.
        output: String,
        /// The largest difference on a picture of noise.
        difference: f32,
        /// The largest magnitude in the file's own tensor.
        largest: f32,
    },
    /// The file's scores are not a function of the picture.
    #[error(
        "two runs of the file on one picture give different \"{output}\": something in it is random, as Dropout in \
         training mode; export it for inference"
    )]
    Random {
        /// The tensor.
        output: String,
    },
    /// The scores do not depend on the input.
    #[error("the output \"{output}\" does not depend on the input{}", .cut.as_ref().map(|c| format!(": {c}")).unwrap_or_default())]
    Independent {
        /// The output.
        output: String,
        /// The first operator that cuts the way.
        cut: Option<String>,
    },
    /// The output holds no class scores.
    #[error("the output \"{output}\" holds no class scores: {reason} (shape {shape:?})")]
    Scores {
        /// The output.
        output: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Why these are none.
        reason: String,
    },
    /// A run would take more memory than any classifier does.
    #[error("the model is too large to be run: {reason}; with a smaller input-size it may do")]
    TooLarge {
        /// What is too large.
        reason: String,
    },
    /// A name that the reverse half needs is taken.
    #[error("the model already has a tensor named \"{0}\", which the gradient needs; rename it in the model")]
    NameTaken(String),
    /// The operator set is too old, unknown, or absent.
    #[error("{}", opset(*.0))]
    Opset(i64),
    /// The format is newer than this program.
    #[error(
        "the model is in version {found} of the ONNX format, and {newest} is the newest that is known here: export it \
         again with an older onnx package"
    )]
    Format {
        /// The model's version of the format.
        found: i64,
        /// The newest that is known.
        newest: i64,
    },
    /// The reverse half was written, and ONNX Runtime does not load it.
    #[error(
        "the gradient of this model was written, and cannot be loaded: {0}. The model may use a setting that its \
         operators do not have; export it again, or report it"
    )]
    Rejected(#[source] crate::runtime::Error),
    /// A fault of this program.
    #[error("internal error: {0}; the model is not to blame, please report it")]
    Internal(String),
    /// The model file is damaged.
    #[error(transparent)]
    Onnx(#[from] crate::onnx::Error),
    /// ONNX Runtime refuses the model.
    #[error(transparent)]
    Runtime(#[from] crate::runtime::Error),
    /// A scratch file cannot be written.
    #[error("a scratch file cannot be used ({0}); is the temporary folder full?")]
    Scratch(#[from] std::io::Error),
}

/// The index of a row, as an example: the last axis that is one is left whole.
fn example(shape: &[usize]) -> String {
    let whole = shape.iter().rposition(|extent| *extent > 1);
    let entries: Vec<&str> = (0..shape.len())
        .map(|axis| if Some(axis) == whole { ":" } else { "0" })
        .collect();
    format!("[{}]", entries.join(","))
}

fn opset(found: i64) -> String {
    match found {
        ..=0 => "the model does not say which opset it uses: export it again".into(),
        1..7 => format!(
            "opset {found} is older than 7: convert it with onnx.version_converter.convert_version(model, 17)"
        ),
        _ => format!(
            "opset {found} is newer than {}, the newest that is known here: export the model for an older one",
            crate::onnx::NEWEST
        ),
    }
}

/// One sentence for each operator and reason, however many nodes there are.
fn listed(refusals: &[Refusal]) -> String {
    const SHOWN: usize = 3;
    let mut kinds: Vec<(&Refusal, usize)> = Vec::new();
    for refusal in refusals {
        let same = |(first, _): &&mut (&Refusal, usize)| {
            first.operator == refusal.operator && first.reason == refusal.reason
        };
        match kinds.iter_mut().find(same) {
            Some((_, count)) => *count += 1,
            None => kinds.push((refusal, 1)),
        }
    }
    let shown = kinds.iter().take(SHOWN);
    let mut text: Vec<String> = shown.map(|(first, count)| sentence(first, *count)).collect();
    if kinds.len() > SHOWN {
        text.push(format!("and {} more kinds of nodes", kinds.len() - SHOWN));
    }
    text.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_has_one_sentence_however_many_nodes_there_are() {
        let refusal = |node: &str, operator: &str| Refusal {
            node: node.into(),
            operator: operator.into(),
            reason: "why".into(),
        };
        let all = [
            refusal("a", "RNN"),
            refusal("b", "DFT"),
            refusal("c", "RNN"),
            refusal("d", "RNN"),
        ];
        assert_eq!(
            Error::Unsupported(all.to_vec()).to_string(),
            "unsupported operator RNN (node \"a\" and 2 more): why; unsupported operator DFT (node \"b\"): why"
        );
    }
}
