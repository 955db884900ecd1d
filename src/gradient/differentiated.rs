// SPDX-License-Identifier: MPL-2.0
//! A model with its reverse half.

use super::cost::Cost;
use super::error::Error;
use super::extents::is_row;
use super::infer;
use super::meaning::Meaning;
use crate::onnx::{self, ElementType, ModelProto};
use crate::runtime::{Runtime, Session, SessionOptions};

/// Name of the input that takes the cotangent of the logits, shaped as they are.
pub const COTANGENT: &str = "cotangent";
/// Name of the output with the gradient, shaped as the model's input.
pub const INPUT_GRADIENT: &str = "input_gradient";

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
        match is_row(&self.logits_shape) {
            true => Ok(()),
            false => Err(Error::NoRow {
                tensor: self.output.clone(),
                shape: self.logits_shape.clone(),
            }),
        }
    }

    /// Loads both halves once, without their large weights.
    pub(super) fn load_once(&self, runtime: &'static Runtime) -> Result<(), Error> {
        let mut model = self.model.clone();
        if let Some(graph) = &mut model.graph {
            infer::without_weights(graph);
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
