// SPDX-License-Identifier: MPL-2.0
//! Constant folding by ONNX Runtime itself, read back as standard operators.

use std::collections::HashSet;

use super::{Error, ops, walk};
use crate::onnx::{self, ModelProto};
use crate::runtime::{Optimisation, Runtime, Session, SessionOptions};

/// The model after ONNX Runtime's basic optimisations: shape arithmetic folded, BatchNormalization in its Conv.
///
/// Never a higher level: those contain operators of the runtime's own.
pub(super) fn fold(model: &ModelProto, runtime: &'static Runtime) -> Result<ModelProto, Error> {
    let folder = tempfile::tempdir()?;
    let dump = folder.path().join("folded.onnx");
    let options = SessionOptions {
        optimisation: Optimisation::Basic,
        dump: Some(dump.clone()),
        disable_quant_qdq: true,
        ..Default::default()
    };
    drop(Session::new(runtime, &onnx::encode(model), &options).map_err(|e| foreign(model, e))?);
    let mut folded = onnx::read(&dump)?;
    if let Some(graph) = &mut folded.graph {
        constants_to_initializers(graph)?;
        name_nodes(graph);
    }
    Ok(folded)
}

/// Why the runtime cannot load a model: operators that are not ONNX's own, each by name, where there are any.
fn foreign(model: &ModelProto, error: crate::runtime::Error) -> Error {
    let nodes = model.graph.iter().flat_map(|g| &g.node);
    let foreign: Vec<_> = nodes
        .filter(|n| !n.is_standard())
        .filter_map(|n| Some(walk::refusal(n, ops::rule(n).err()?)))
        .collect();
    match foreign.is_empty() {
        true => error.into(),
        false => Error::Unsupported(foreign),
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
