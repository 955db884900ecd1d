// SPDX-License-Identifier: MPL-2.0
//! Constant folding by ONNX Runtime itself, read back as standard operators.

use std::collections::HashSet;

use super::error::{Error, Refusal};
use super::infer::LARGE;
use super::unsupported;
use crate::onnx::{self, ElementType, ModelProto, TensorProto, ValueInfoProto};
use crate::runtime::{Optimisation, Runtime, Session, SessionOptions};

/// The model after ONNX Runtime's basic optimisations: shape arithmetic folded, BatchNormalization in its Conv.
///
/// Never a higher level: those contain operators of the runtime's own.
pub(super) fn fold(model: &ModelProto, runtime: &'static Runtime) -> Result<ModelProto, Error> {
    let (lean, matrices) = without_matrices(model);
    let folder = tempfile::tempdir()?;
    let dump = folder.path().join("folded.onnx");
    let options = SessionOptions {
        optimisation: Optimisation::Basic,
        dump: Some(dump.clone()),
        disable_quant_qdq: true,
        ..Default::default()
    };
    drop(Session::new(runtime, &onnx::encode(&lean), &options).map_err(|e| foreign(model, e.into()))?);
    let mut folded = onnx::read(&dump)?;
    if let Some(graph) = &mut folded.graph {
        let aside: HashSet<_> = matrices.iter().map(|t| t.name.clone()).collect();
        graph.input.retain(|input| !aside.contains(&input.name));
        graph.initializer.extend(matrices);
        onnx::sort(graph)?;
        constants_to_initializers(graph)?;
        name_nodes(graph);
    }
    Ok(folded)
}

/// The model with the large matrices of its products as inputs, and those matrices. Nothing is folded into them, and on
/// their way through the runtime and its file they would be copied five times: in a VGG or a ViT they are most of the
/// weights.
fn without_matrices(model: &ModelProto) -> (ModelProto, Vec<TensorProto>) {
    let mut lean = model.clone();
    let Some(graph) = &mut lean.graph else {
        return (lean, Vec::new());
    };
    let (mut factors, mut others) = (HashSet::new(), HashSet::new());
    for node in &graph.node {
        let product = node.is_standard() && matches!(node.op(), "MatMul" | "Gemm");
        for (index, name) in node.input.iter().enumerate() {
            let uses = if product && index < 2 {
                &mut factors
            } else {
                &mut others
            };
            uses.insert(name.clone());
        }
        // What a graph inside a node uses is not looked for: its outer names may be any.
        if node
            .attribute
            .iter()
            .any(|a| a.g.is_some() || !a.graphs.is_empty())
        {
            return (model.clone(), Vec::new());
        }
    }
    others.extend(
        graph
            .input
            .iter()
            .chain(&graph.output)
            .filter_map(|v| v.name.clone()),
    );
    let aside = |t: &TensorProto| {
        let name = t.name.as_deref().unwrap_or_default();
        let large = t.raw_data.as_ref().is_some_and(|raw| raw.len() >= LARGE);
        let real = t.data_type == Some(ElementType::Float.number());
        large && real && factors.contains(name) && !others.contains(name)
    };
    let (matrices, kept) = std::mem::take(&mut graph.initializer)
        .into_iter()
        .partition(aside);
    graph.initializer = kept;
    for matrix in &matrices {
        let shape: Option<Vec<_>> = matrix.dims.iter().map(|n| usize::try_from(*n).ok()).collect();
        let name = matrix.name.as_deref().unwrap_or_default();
        let input = ValueInfoProto::tensor(name, ElementType::Float.number(), &shape.unwrap_or_default());
        graph.input.push(input);
    }
    (lean, matrices)
}

/// Why the runtime cannot load or run a model: operators that are not ONNX's own, each by name, where there are any.
pub(super) fn foreign(model: &ModelProto, error: Error) -> Error {
    let nodes = model.graph.iter().flat_map(|g| &g.node);
    let foreign: Vec<_> = nodes
        .filter(|n| !n.is_standard())
        .map(|n| Refusal::of(n, unsupported::reason(n)))
        .collect();
    match error {
        Error::Runtime(_) if !foreign.is_empty() => Error::Unsupported(foreign),
        error => error,
    }
}

/// Some Constant nodes survive folding; a rule should have to look in one place only.
fn constants_to_initializers(graph: &mut onnx::GraphProto) -> Result<(), Error> {
    let outputs: HashSet<String> = graph.output.iter().filter_map(|o| o.name.clone()).collect();
    let mut kept = Vec::with_capacity(graph.node.len());
    for mut node in std::mem::take(&mut graph.node) {
        let name = node.output.first().cloned().unwrap_or_default();
        let constant = node.op() == "Constant" && node.is_standard() && !outputs.contains(&name);
        match constant.then(|| node.remove("value").and_then(|a| a.t)).flatten() {
            Some(mut tensor) => {
                tensor.name = Some(name);
                graph.initializer.push(tensor);
            }
            None => kept.push(node),
        }
    }
    graph.node = kept;
    Ok(())
}

/// Unique, non-empty node names: ONNX Runtime 1.21 derives names from them in its fusions and trips over doubles.
fn name_nodes(graph: &mut onnx::GraphProto) {
    let mut seen = HashSet::new();
    for (k, node) in graph.node.iter_mut().enumerate() {
        let name = node.name.clone().unwrap_or_default();
        if name.is_empty() || !seen.insert(name.clone()) {
            let unique = format!("{name}__n{k}");
            seen.insert(unique.clone());
            node.name = Some(unique);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::{Array, GraphProto, NodeProto};

    #[test]
    fn only_matrices_that_nothing_else_uses_are_set_aside() {
        let weight = |name: &str, rows: usize| Array::real([rows, 128], vec![0.5; rows * 128]).encode(name);
        let graph = GraphProto {
            node: vec![
                NodeProto::new("MatMul", "a", &["x", "large"], &["a"]),
                NodeProto::new("MatMul", "b", &["a", "small"], &["b"]),
                NodeProto::new("MatMul", "c", &["b", "shared"], &["c"]),
                NodeProto::new("Transpose", "d", &["shared"], &["d"]),
                NodeProto::new("Add", "e", &["c", "added"], &["e"]),
            ],
            initializer: vec![
                weight("large", 128),
                weight("small", 16),
                weight("shared", 128),
                weight("added", 128),
            ],
            ..Default::default()
        };
        let model = ModelProto {
            graph: Some(graph),
            ..Default::default()
        };
        let (lean, matrices) = without_matrices(&model);
        let names = |tensors: &[TensorProto]| -> Vec<_> { tensors.iter().map(|t| t.name.clone()).collect() };
        assert_eq!(names(&matrices), [Some("large".to_owned())]);
        let graph = lean.graph.unwrap();
        assert_eq!(graph.initializer.len(), 3);
        assert_eq!(graph.input, [ValueInfoProto::tensor("large", 1, &[128, 128])]);
    }
}
