// SPDX-License-Identifier: MPL-2.0
//! Nodes in topological order, and every name given once.
//!
//! The format asks for it, ONNX Runtime tolerates less, and what is written here (a pattern looks at a node's
//! producers, the walk goes in reverse) relies on it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use super::Error;
use super::proto::{GraphProto, NodeProto};

/// Sorts a graph and the graphs inside it; nodes that are in order stay where they are.
///
/// # Errors
/// [`Error::Graph`] when a name is given twice, a name that is read is never given, or nodes need each other.
pub(crate) fn sort(graph: &mut GraphProto) -> Result<(), Error> {
    sort_within(graph, None)
}

/// Names that can be read inside a graph.
struct Scope<'a> {
    names: HashSet<String>,
    outer: Option<&'a Self>,
}

impl Scope<'_> {
    fn has(&self, name: &str) -> bool {
        self.names.contains(name) || self.outer.is_some_and(|outer| outer.has(name))
    }
}

fn sort_within(graph: &mut GraphProto, outer: Option<&Scope<'_>>) -> Result<(), Error> {
    let given = graph.input.iter().map(|v| &v.name);
    let given = given.chain(graph.initializer.iter().map(|t| &t.name));
    let mut scope = Scope {
        names: given.flatten().cloned().collect(),
        outer,
    };
    let order = order(&graph.node, &scope)?;
    let mut nodes: Vec<_> = std::mem::take(&mut graph.node).into_iter().map(Some).collect();
    graph.node = order.iter().filter_map(|at| nodes[*at].take()).collect();
    let outputs = graph.node.iter().flat_map(|n| &n.output);
    scope.names.extend(outputs.filter(|o| !o.is_empty()).cloned());
    for name in graph.output.iter().filter_map(|o| o.name.as_deref()) {
        if !scope.has(name) {
            return Err(Error::Graph {
                reason: format!("its output \"{name}\" is given by no node"),
            });
        }
    }
    let attributes = graph.node.iter_mut().flat_map(|n| &mut n.attribute);
    attributes
        .flat_map(|a| a.g.iter_mut().chain(&mut a.graphs))
        .try_for_each(|inner| sort_within(inner, Some(&scope)))
}

/// Where each node of the sorted graph stands now.
fn order(nodes: &[NodeProto], scope: &Scope<'_>) -> Result<Vec<usize>, Error> {
    let refuse = |reason: String| Err(Error::Graph { reason });
    let mut givers: HashMap<&str, usize> = HashMap::new();
    for (at, node) in nodes.iter().enumerate() {
        for name in node.output.iter().filter(|o| !o.is_empty()) {
            if scope.names.contains(name) || givers.insert(name, at).is_some() {
                return refuse(format!(
                    "the tensor \"{name}\" is given twice, the second time by the node \"{}\"",
                    node.label()
                ));
            }
        }
    }
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut waits = vec![0usize; nodes.len()];
    for (at, node) in nodes.iter().enumerate() {
        for name in reads(node) {
            match givers.get(name) {
                Some(giver) => {
                    readers[*giver].push(at);
                    waits[at] += 1;
                }
                None if scope.has(name) => {}
                None => {
                    return refuse(format!(
                        "the node \"{}\" reads \"{name}\", which is neither an input, nor a weight, nor given by \
                         another node",
                        node.label()
                    ));
                }
            }
        }
    }
    let mut ready: BinaryHeap<_> = (0..nodes.len())
        .filter(|at| waits[*at] == 0)
        .map(Reverse)
        .collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(Reverse(at)) = ready.pop() {
        order.push(at);
        for reader in &readers[at] {
            waits[*reader] -= 1;
            if waits[*reader] == 0 {
                ready.push(Reverse(*reader));
            }
        }
    }
    match (0..nodes.len()).find(|at| waits[*at] > 0) {
        Some(at) => refuse(format!(
            "the node \"{}\" needs its own output, by way of others",
            nodes[at].label()
        )),
        None => Ok(order),
    }
}

/// Names that a node takes from the graph it stands in: its inputs, and what the graphs inside it do not give
/// themselves.
fn reads(node: &NodeProto) -> HashSet<&str> {
    let mut names: HashSet<&str> = node.input.iter().map(String::as_str).collect();
    for inner in node.graphs() {
        let given = inner.input.iter().map(|v| &v.name);
        let given = given.chain(inner.initializer.iter().map(|t| &t.name)).flatten();
        let outputs = inner.node.iter().flat_map(|n| &n.output);
        let own: HashSet<&str> = given.chain(outputs).map(String::as_str).collect();
        let read = inner.node.iter().flat_map(reads);
        let results = inner.output.iter().filter_map(|o| o.name.as_deref());
        names.extend(read.chain(results).filter(|name| !own.contains(name)));
    }
    names.remove("");
    names
}

#[cfg(test)]
mod tests {
    use super::super::proto::{AttributeProto, ValueInfoProto};
    use super::*;

    fn node(operator: &str, inputs: &[&str], output: &str) -> NodeProto {
        NodeProto::new(operator, output, inputs, &[output])
    }

    fn graph(node: Vec<NodeProto>) -> GraphProto {
        GraphProto {
            node,
            input: vec![ValueInfoProto::untyped("x")],
            ..Default::default()
        }
    }

    fn names(graph: &GraphProto) -> Vec<&str> {
        graph.node.iter().map(NodeProto::label).collect()
    }

    fn reason(nodes: Vec<NodeProto>) -> String {
        sort(&mut graph(nodes)).unwrap_err().to_string()
    }

    #[test]
    fn nodes_follow_their_producers_and_others_stay() {
        let mut unsorted = graph(vec![
            node("Add", &["a", "b"], "c"),
            node("Relu", &["x"], "a"),
            node("Neg", &["a"], "b"),
            node("Abs", &["x"], "d"),
        ]);
        sort(&mut unsorted).unwrap();
        assert_eq!(names(&unsorted), ["a", "b", "c", "d"]);
        let again = unsorted.clone();
        sort(&mut unsorted).unwrap();
        assert_eq!(unsorted, again);
    }

    #[test]
    fn a_graph_inside_a_node_reads_from_outside() {
        let branch = GraphProto {
            node: vec![node("Neg", &["inner"], "z"), node("Relu", &["late"], "inner")],
            output: vec![ValueInfoProto::untyped("z")],
            ..Default::default()
        };
        let attribute = AttributeProto {
            g: Some(branch),
            ..Default::default()
        };
        let decision = NodeProto {
            attribute: vec![attribute],
            ..node("If", &["x"], "chosen")
        };
        let mut unsorted = graph(vec![decision, node("Abs", &["x"], "late")]);
        sort(&mut unsorted).unwrap();
        assert_eq!(names(&unsorted), ["late", "chosen"]);
        let inner = unsorted.node[1].attribute[0].g.as_ref().unwrap();
        assert_eq!(names(inner), ["inner", "z"]);
        // Without its producer, what the branch reads is missing.
        unsorted.node.remove(0);
        let error = sort(&mut unsorted).unwrap_err().to_string();
        assert!(error.contains("\"chosen\" reads \"late\""), "{error}");
    }

    #[test]
    fn circles_doubles_and_gaps_are_named() {
        let circle = vec![node("Add", &["x", "b"], "a"), node("Relu", &["a"], "b")];
        assert!(reason(circle).contains("needs its own output"));
        assert!(reason(vec![node("Relu", &["x"], "x")]).contains("\"x\" is given twice"));
        let twice = vec![node("Relu", &["x"], "a"), node("Neg", &["x"], "a")];
        assert!(reason(twice).contains("\"a\" is given twice"));
        assert!(reason(vec![node("Relu", &["gone"], "a")]).contains("reads \"gone\""));
        let mut open = graph(vec![node("Relu", &["x"], "a")]);
        open.output = vec![ValueInfoProto::untyped("y")];
        assert!(
            sort(&mut open)
                .unwrap_err()
                .to_string()
                .contains("\"y\" is given by no node")
        );
    }
}
