// SPDX-License-Identifier: MPL-2.0
//! The function that is differentiated is the file's: both are run on the same pictures, and compared.
//!
//! Between the two lie the folding of constants, the upgrade of old forms and every assumption about an operator. What
//! differs by more than rounding is refused.

use super::clean::{Input, NEWEST_FORMAT};
use super::error::Error;
use super::trial::{self, Trial};
use crate::onnx::{ElementType, GraphProto, ModelProto, NodeProto, ValueInfoProto};
use crate::runtime::{Runtime, Session, Tensor};

/// Pictures that are compared: one dark, one of full range.
const PICTURES: usize = 2;

/// Largest difference that is rounding, as a share of the largest number of the tensor. The sums of a hundred layers of
/// float32 in another order give 1e-5.
const SINGLE: f32 = 1e-3;
/// Of a file in float16 each layer rounds to 2^-11, and the prepared graph, in float32, does not.
const HALF: f32 = 3e-2;
/// The least normal number of float16; below it a file in that type has 0, and the prepared graph has not.
const LEAST_HALF: f32 = 6.104e-5;
/// Of one in bfloat16 to 2^-8.
const BRAIN: f32 = 0.2;
/// Of a quantised one a sum that falls on the other side of a code's edge moves by a whole step of that code.
const CODES: f32 = 5e-2;

/// Names that the runs of the untouched file add.
const PICTURE: &str = "steerlens_picture";
const COPY: &str = "steerlens_copy";

/// A model file as it was read.
pub(super) struct Untouched {
    model: ModelProto,
    tolerance: f32,
}

impl Untouched {
    /// Keeps the file; its weights are shared, not copied.
    pub(super) fn of(model: &ModelProto) -> Self {
        Self {
            model: model.clone(),
            tolerance: tolerance(model),
        }
    }

    /// The least number that all its types have.
    fn least(&self) -> f32 {
        if self.tolerance >= HALF { LEAST_HALF } else { 0.0 }
    }

    /// The file's graph with the given tensors as its outputs, and those of them that it has. Only what is around the
    /// graph is changed: the picture comes as float32 and the tensors leave as such.
    fn with_outputs(&self, names: &[String], input: &Input) -> (ModelProto, Vec<String>) {
        let mut model = self.model.clone();
        // A runtime refuses a later format than its own for the number alone, as for the prepared graph.
        model.ir_version = model.ir_version.map(|version| version.min(NEWEST_FORMAT));
        let graph = model.graph.get_or_insert_default();
        let has = |name: &String| graph.node.iter().any(|n| n.output.contains(name));
        let found: Vec<String> = names.iter().filter(|name| has(name)).cloned().collect();
        let to = i64::from(ElementType::Float.number());
        graph.output = Vec::new();
        for (k, name) in found.iter().enumerate() {
            let copy = format!("{COPY}_{k}");
            graph
                .node
                .push(NodeProto::new("Cast", &copy, &[name], &[&copy]).with("to", to));
            graph.output.push(ValueInfoProto::untyped(&copy));
        }
        rename_half_input(graph, input);
        (model, found)
    }
}

/// A 16-bit input takes its picture through a Cast.
fn rename_half_input(graph: &mut GraphProto, input: &Input) {
    let Some(value) = graph
        .input
        .iter_mut()
        .find(|i| i.name.as_deref() == Some(&input.name))
    else {
        return;
    };
    let element = value.element();
    if !ElementType::from_number(element).is_half() {
        return;
    }
    *value = ValueInfoProto::tensor(PICTURE, ElementType::Float.number(), &input.shape);
    let cast = NodeProto::new("Cast", PICTURE, &[PICTURE], &[&input.name]).with("to", i64::from(element));
    graph.node.insert(0, cast);
}

/// What rounding may do, by the coarsest type in the file.
fn tolerance(model: &ModelProto) -> f32 {
    let graph = model.graph.iter();
    let nodes = graph
        .clone()
        .flat_map(|g| &g.node)
        .chain(model.functions.iter().flat_map(|f| &f.node));
    let constants = nodes
        .clone()
        .flat_map(|n| &n.attribute)
        .filter_map(|a| a.t.as_ref());
    let types = graph
        .clone()
        .flat_map(|g| &g.initializer)
        .chain(constants)
        .filter_map(|t| t.data_type)
        .chain(
            nodes
                .clone()
                .filter(|n| n.op() == "Cast")
                .filter_map(|n| i32::try_from(n.int("to", 0)).ok()),
        )
        .chain(graph.flat_map(|g| &g.input).map(ValueInfoProto::element));
    let of_type = |element| match ElementType::from_number(element) {
        ElementType::Float16 => HALF,
        ElementType::Bfloat16 => BRAIN,
        _ => SINGLE,
    };
    let of_node = |n: &NodeProto| {
        if n.op().contains("Quantize") {
            CODES
        } else {
            SINGLE
        }
    };
    types
        .map(of_type)
        .chain(nodes.map(of_node))
        .fold(SINGLE, f32::max)
}

/// Refuses a prepared graph that gives other numbers than the file. A file that the runtime cannot run as it is, as one
/// in bfloat16, is not compared: that comes back as a sentence.
pub(super) fn compare(
    file: Untouched,
    mut prepared: Trial<'_>,
    input: &Input,
    runtime: &'static Runtime,
) -> Result<Option<String>, Error> {
    let unchecked = |why: &str| {
        Ok(Some(format!(
            "whether the prepared graph computes what the file does was not checked: {why}"
        )))
    };
    let (model, names) = file.with_outputs(prepared.names(), input);
    let picture_name = if model_takes(&model, PICTURE) {
        PICTURE
    } else {
        &input.name
    };
    let mut session = match trial::session(runtime, &model) {
        Ok(session) if !names.is_empty() => session,
        Ok(_) => return unchecked("the file has no tensor of that name any more"),
        Err(error) => return unchecked(&error.to_string()),
    };
    drop(model);
    for number in 0..PICTURES {
        let Some(picture) = trial::picture(input, number) else {
            break;
        };
        let stock = match run(&mut session, picture_name, &picture) {
            Ok(stock) => stock,
            Err(error) => return unchecked(&error.to_string()),
        };
        let all = prepared.names().to_vec();
        let Some(ours) = prepared.rows(number)? else { break };
        for (name, stock) in names.iter().zip(&stock) {
            let Some(ours) = all.iter().position(|n| n == name).and_then(|k| ours.get(k)) else {
                continue;
            };
            // What squashes the scores has 1 for its unit: next to 0 it would tell one rounding of a score from another.
            let is_squashed = all.len() > 1 && *name == all[0];
            let unit = if is_squashed { 1.0 } else { file.least() };
            let Some((difference, largest)) = difference(ours, stock, file.tolerance, unit) else {
                continue;
            };
            // Whether the file agrees with itself.
            let again = run(&mut session, picture_name, &picture).unwrap_or_default();
            let position = names.iter().position(|n| n == name).unwrap_or(0);
            return Err(
                match again
                    .get(position)
                    .map(|again| self::difference(again, stock, 0.0, 0.0))
                {
                    Some(Some(_)) => Error::Random { output: name.clone() },
                    _ => Error::OtherFunction {
                        output: name.clone(),
                        difference,
                        largest,
                    },
                },
            );
        }
    }
    Ok(None)
}

fn model_takes(model: &ModelProto, name: &str) -> bool {
    let inputs = model.graph.iter().flat_map(|g| &g.input);
    inputs.filter_map(|i| i.name.as_deref()).any(|i| i == name)
}

fn run(session: &mut Session, input: &str, picture: &Tensor) -> Result<Vec<Vec<f32>>, crate::runtime::Error> {
    let outputs = session.run(&[(input, picture)])?;
    Ok(outputs.iter().map(|(_, tensor)| trial::numbers(tensor)).collect())
}

/// The largest difference and the largest number, where that is more than rounding, as a share of the largest number or
/// of `unit`. Where the file itself gives no number, there is nothing to compare.
fn difference(ours: &[f32], stock: &[f32], tolerance: f32, unit: f32) -> Option<(f32, f32)> {
    if ours.len() != stock.len() {
        return Some((f32::INFINITY, 0.0));
    }
    let finite = || ours.iter().zip(stock).filter(|(_, b)| b.is_finite());
    let largest = finite().fold(0.0, |top: f32, (_, b)| top.max(b.abs()));
    // Not a number counts as infinitely far.
    let far = |(a, b): (&f32, &f32)| {
        if a.is_finite() {
            (a - b).abs()
        } else {
            f32::INFINITY
        }
    };
    let difference = finite().map(far).fold(0.0, f32::max);
    (difference > tolerance * largest.max(unit)).then_some((difference, largest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_no_difference_and_nothing_is_compared_with_no_number() {
        let nan = f32::NAN;
        assert_eq!(difference(&[1.0, -20.0], &[1.001, -20.0], SINGLE, 0.0), None);
        assert!(difference(&[1.0, -20.0], &[1.1, -20.0], SINGLE, 0.0).is_some());
        assert_eq!(difference(&[nan, 2.0], &[nan, 2.0], SINGLE, 0.0), None);
        assert_eq!(difference(&[1.0, 2.0], &[nan, 2.0], SINGLE, 0.0), None);
        assert!(difference(&[nan, 2.0], &[1.0, 2.0], SINGLE, 0.0).is_some());
        assert!(difference(&[1e-38, 0.0], &[1e-38, 0.0], SINGLE, 0.0).is_none());
        assert!(
            difference(&[1e-38, 0.0], &[2e-38, 0.0], SINGLE, 0.0).is_some(),
            "tiny scores count too"
        );
        assert!(
            difference(&[1e-22], &[0.0], SINGLE, 1.0).is_none(),
            "probabilities next to 0"
        );
        assert!(difference(&[], &[1.0], SINGLE, 0.0).is_some());
    }
}
