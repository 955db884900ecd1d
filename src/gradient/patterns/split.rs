// SPDX-License-Identifier: MPL-2.0
//! Gathers of one index each that together take a tensor apart, as query, key and value are: one Split instead, whose
//! gradient is one Concat rather than a padded tensor for each and their sum.

use crate::gradient::extents::{axis_of, signed};
use std::collections::HashMap;

use crate::gradient::facts::Facts;
use crate::onnx::{Array, NodeProto, TensorProto};

/// Tensors that are taken apart along an axis: the outputs of the Gathers, by index.
pub(super) struct Splits {
    by_input: HashMap<String, (i64, Vec<String>)>,
}

impl Splits {
    pub(super) fn find(nodes: &[NodeProto], facts: &Facts) -> Self {
        let mut found: HashMap<String, (i64, Vec<Option<String>>)> = HashMap::new();
        let mut spoilt = Vec::new();
        for node in nodes {
            for input in &node.input {
                match taken(node, facts) {
                    Some((axis, index, extent)) if node.input(0) == Some(input) => {
                        let entry = found
                            .entry(input.clone())
                            .or_insert_with(|| (axis, vec![None; extent]));
                        let free = entry.0 == axis && entry.1.get(index).is_some_and(Option::is_none);
                        match entry.1.get_mut(index).filter(|_| free) {
                            Some(place) => *place = node.output(0).map(Into::into),
                            None => spoilt.push(input.clone()),
                        }
                    }
                    _ => spoilt.push(input.clone()),
                }
            }
        }
        spoilt.iter().for_each(|input| {
            found.remove(input);
        });
        let complete = |(input, (axis, parts)): (String, (i64, Vec<Option<String>>))| {
            let parts: Option<Vec<String>> = parts.into_iter().collect();
            parts.filter(|p| p.len() > 1).map(|parts| (input, (axis, parts)))
        };
        Self {
            by_input: found.into_iter().filter_map(complete).collect(),
        }
    }

    /// The nodes in place of a Gather: all of the Split for the first, none for the others; `None` for other nodes.
    pub(super) fn instead(
        &mut self,
        node: &NodeProto,
        facts: &mut Facts,
        constants: &mut Vec<TensorProto>,
    ) -> Option<Vec<NodeProto>> {
        let input = node.input(0).filter(|_| node.op() == "Gather")?;
        let (axis, parts) = self.by_input.get_mut(input)?;
        let outputs = std::mem::take(parts);
        if outputs.is_empty() {
            return Some(Vec::new());
        }
        let mut constant = |facts: &mut Facts, stem: &str, suffix: &str, v: Vec<i64>| {
            let name = facts.fresh(stem, suffix);
            let tensor = Array::whole(v).encode(&name);
            facts.insert_constant(tensor.clone());
            constants.push(tensor);
            name
        };
        let sizes = constant(facts, input, "sizes", vec![1; outputs.len()]);
        let mut nodes = Vec::new();
        let mut cut = Vec::new();
        for output in &outputs {
            let shape = facts.shape(output).unwrap_or_default().to_vec();
            let mut whole = facts.shape(input).unwrap_or_default().to_vec();
            whole[usize::try_from(*axis).unwrap_or(0)] = 1;
            let name = facts.fresh(output, "slice");
            facts.insert(&name, whole);
            let to = constant(facts, output, "shape", signed(&shape));
            nodes.push(NodeProto::new(
                "Reshape",
                &format!("{name}__back"),
                &[&name, &to],
                &[output],
            ));
            cut.push(name);
        }
        let names: Vec<&str> = cut.iter().map(String::as_str).collect();
        let split = NodeProto::new("Split", &cut[0], &[input, &sizes], &names).with("axis", *axis);
        nodes.insert(0, split);
        Some(nodes)
    }
}

/// Axis, index and extent of a Gather of one constant index.
fn taken(node: &NodeProto, facts: &Facts) -> Option<(i64, usize, usize)> {
    let shape = facts.shape(node.input(0)?).filter(|_| node.op() == "Gather")?;
    let axis = axis_of(node.int("axis", 0), shape.len())?;
    let [index] = facts.whole(node.input(1)?)?[..] else {
        return None;
    };
    let index = axis_of(index, shape[axis])?;
    facts
        .is_real(node.output(0)?)
        .then_some((i64::try_from(axis).ok()?, index, shape[axis]))
}
