// SPDX-License-Identifier: MPL-2.0
//! Why a model has no gradient that can be taken.

/// A node on the way from the input to the logits that has no gradient here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The node's name.
    pub node: String,
    /// Its operator, with the domain where it is not ONNX's own.
    pub operator: String,
    /// Why, and what to do.
    pub reason: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "unsupported operator {} (node \"{}\"): {}",
            self.operator, self.node, self.reason
        )
    }
}

/// Why a model has no gradient that can be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Operators without a gradient lie between the input and the logits.
    #[error("{}", listed(.0))]
    Unsupported(Vec<Refusal>),
    /// The model has not exactly one input.
    #[error("the model has {} inputs ({}); a classifier of pictures has one", .0.len(), .0.join(", "))]
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
    /// The scores do not depend on the input.
    #[error("the output \"{output}\" does not depend on the input{}", .cut.as_ref().map(|c| format!(": {c}")).unwrap_or_default())]
    Independent {
        /// The output.
        output: String,
        /// The first operator that cuts the way.
        cut: Option<String>,
    },
    /// A name that the reverse half needs is taken.
    #[error("the model already has a tensor named \"{0}\", which the gradient needs; rename it in the model")]
    NameTaken(String),
    /// The operator set is too old, or absent.
    #[error("the model uses opset {0}; 7 and later are supported, convert it with onnx.version_converter")]
    Opset(i64),
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

fn listed(refusals: &[Refusal]) -> String {
    const SHOWN: usize = 3;
    let mut text: Vec<String> = refusals.iter().take(SHOWN).map(ToString::to_string).collect();
    if refusals.len() > SHOWN {
        text.push(format!("and {} more nodes", refusals.len() - SHOWN));
    }
    text.join("; ")
}
