// SPDX-License-Identifier: MPL-2.0
//! Objectives that need the probabilities of the very run they steer (docs/reverse-mode.md 1.1 [G]).
//!
//! The cotangent of `sum_k a_k z_k + sum_k b_k log p_k` is `a + b - (sum_k b_k) p` where p is the softmax of the
//! logits z, and `a + b - b p` where each p is its own sigmoid. Both are `scores - share * p` with weights that are
//! known before the run; only p is not, and it is computed in the graph. One run remains one run.

use super::differentiated::{COTANGENT, Differentiated};
use super::error::Error;
use super::extents::signed;
use super::meaning::Squash;
use crate::onnx::{Array, ElementType, GraphProto, NodeProto, ValueInfoProto};

/// Name of the input with the weights of the logits, shaped as they are.
pub const OBJECTIVE_SCORES: &str = "objective_scores";
/// Name of the input with the weights of the probabilities, shaped as the logits.
pub const OBJECTIVE_SHARE: &str = "objective_share";

const PROBABILITIES: &str = "objective_probabilities";
const PART: &str = "objective_part";
/// Around a softmax: the logits as one row, and back; only where they are not one already.
const ROW: [&str; 2] = ["objective_row", "objective_row_probabilities"];
const SHAPES: [&str; 2] = ["objective_row_shape", "objective_shape"];

impl Differentiated {
    /// Lets the model make its own cotangent, `objective_scores - objective_share * p`, in the place of the input
    /// [`COTANGENT`]: p is the softmax over the classes, or each class's own sigmoid, as the logits are to be read. A
    /// share of 0 leaves the weights of the logits as they are, to the last bit.
    ///
    /// # Errors
    /// When a name that this needs is taken in the model.
    pub fn with_objective(mut self) -> Result<Self, Error> {
        let sigmoid = self.meaning.squash == Squash::Sigmoid || self.classes() == 1;
        let mut graph = self.model.graph.take().unwrap_or_default();
        let new = [
            [OBJECTIVE_SCORES, OBJECTIVE_SHARE, PROBABILITIES, PART],
            [ROW[0], ROW[1], SHAPES[0], SHAPES[1]],
        ];
        if let Some(name) = new.into_iter().flatten().find(|name| is_taken(&graph, name)) {
            return Err(Error::NameTaken(name.into()));
        }
        let node = |op, inputs: &[&str], output| NodeProto::new(op, output, inputs, &[output]);
        let softmax = |from: &str, to| node("Softmax", &[from], to).with("axis", 1i64);
        let mut nodes = match (sigmoid, self.logits_shape.as_slice()) {
            (true, _) => vec![node("Sigmoid", &[&self.logits], PROBABILITIES)],
            (false, [1, _]) => vec![softmax(&self.logits, PROBABILITIES)],
            (false, _) => {
                let shapes = [vec![1, self.classes()], self.logits_shape.clone()];
                let constants = shapes.iter().zip(SHAPES);
                graph
                    .initializer
                    .extend(constants.map(|(shape, name)| Array::whole(signed(shape)).encode(name)));
                vec![
                    node("Reshape", &[&self.logits, SHAPES[0]], ROW[0]),
                    softmax(ROW[0], ROW[1]),
                    node("Reshape", &[ROW[1], SHAPES[1]], PROBABILITIES),
                ]
            }
        };
        nodes.push(node("Mul", &[OBJECTIVE_SHARE, PROBABILITIES], PART));
        nodes.push(node("Sub", &[OBJECTIVE_SCORES, PART], COTANGENT));

        graph
            .input
            .retain(|input| input.name.as_deref() != Some(COTANGENT));
        let float = ElementType::Float.number();
        let weights = [OBJECTIVE_SCORES, OBJECTIVE_SHARE]
            .map(|name| ValueInfoProto::tensor(name, float, &self.logits_shape));
        graph.input.extend(weights);
        // The reverse half begins with the first node that reads the cotangent.
        let reads = |node: &NodeProto| node.reads().any(|read| read == COTANGENT);
        let reverse = graph.node.iter().position(reads).unwrap_or(graph.node.len());
        graph.node.splice(reverse..reverse, nodes);
        self.model.graph = Some(graph);
        Ok(self)
    }
}

fn is_taken(graph: &GraphProto, name: &str) -> bool {
    let produced = graph.node.iter().flat_map(|node| &node.output);
    let inputs = graph.input.iter().filter_map(|input| input.name.as_ref());
    let constants = graph.initializer.iter().filter_map(|tensor| tensor.name.as_ref());
    produced.chain(inputs).chain(constants).any(|known| known == name)
}
