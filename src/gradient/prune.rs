// SPDX-License-Identifier: MPL-2.0
//! What no output needs.

use std::collections::HashSet;

use crate::onnx::GraphProto;

/// Keeps the nodes and constants that an output needs.
pub(super) fn prune(graph: &mut GraphProto) {
    let mut needed: HashSet<String> = graph.output.iter().filter_map(|o| o.name.clone()).collect();
    let mut kept = Vec::with_capacity(graph.node.len());
    for node in std::mem::take(&mut graph.node).into_iter().rev() {
        if node.output.iter().any(|o| needed.contains(o)) {
            needed.extend(node.reads().map(String::from));
            kept.push(node);
        }
    }
    kept.reverse();
    graph.node = kept;
    graph
        .initializer
        .retain(|t| t.name.as_ref().is_some_and(|n| needed.contains(n)));
    graph.value_info.clear();
}
