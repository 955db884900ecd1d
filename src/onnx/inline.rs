// SPDX-License-Identifier: MPL-2.0
//! Functions of the model's own, written out where they are called.
//!
//! ONNX Runtime would do it too, without a limit: forty functions that each call the next one twice are four
//! kilobytes in a file, and 2^40 nodes. Here every node that is written counts.

use std::collections::{HashMap, HashSet};

use prost::Message;

use super::limits::{MAX_DEPTH, MAX_NODES};
use super::proto::{
    AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, is_onnx,
};
use super::{Error, versions};

/// Bytes that all calls together may be written out to, the names that are looked up for them included.
const MAX_WRITTEN: usize = 1 << 30;

/// Replaces every call of a function by the function's nodes; afterwards the model has no functions.
///
/// # Errors
/// [`Error::Function`] when a function calls itself, is called with more than it takes, is written for another
/// version of an operator than the model, or all of them together become too large.
pub(crate) fn inline(model: &mut ModelProto) -> Result<(), Error> {
    if model.functions.is_empty() {
        return Ok(());
    }
    let functions = std::mem::take(&mut model.functions);
    let mut by_name = HashMap::new();
    for function in &functions {
        if by_name
            .insert(
                key(&function.domain, &function.name, &function.overload),
                function,
            )
            .is_some()
        {
            return Err(refuse(function, "there are two of this name".into()));
        }
    }
    let mut graph = model.graph.take().unwrap_or_default();
    let mut taken = HashSet::new();
    let nodes = collect_names(&graph, &mut taken);
    let mut inliner = Inliner {
        functions: by_name,
        imports: &mut model.opset_import,
        taken,
        calls: Vec::new(),
        nodes,
        bytes: 0,
        fresh: 0,
    };
    inliner.graph(&mut graph, 0)?;
    model.graph = Some(graph);
    drop_unused_imports(model);
    Ok(())
}

/// Domain, name and overload.
type Key = (String, String, String);

fn key(domain: &Option<String>, name: &Option<String>, overload: &Option<String>) -> Key {
    let text = |s: &Option<String>| s.clone().unwrap_or_default();
    let domain = if is_onnx(domain.as_deref()) {
        String::new()
    } else {
        text(domain)
    };
    (domain, text(name), text(overload))
}

fn refuse(function: &FunctionProto, reason: String) -> Error {
    Error::Function {
        name: function.name.clone().unwrap_or_default(),
        reason,
    }
}

struct Inliner<'a> {
    functions: HashMap<Key, &'a FunctionProto>,
    imports: &'a mut Vec<OperatorSetIdProto>,
    /// Names of tensors that are in use.
    taken: HashSet<String>,
    /// Functions that are being written out, each called by the one before.
    calls: Vec<&'a FunctionProto>,
    nodes: usize,
    bytes: usize,
    fresh: usize,
}

impl<'a> Inliner<'a> {
    fn graph(&mut self, graph: &mut GraphProto, depth: usize) -> Result<(), Error> {
        let nodes = std::mem::take(&mut graph.node);
        self.expand(nodes, depth, &mut graph.node)
    }

    fn expand(&mut self, nodes: Vec<NodeProto>, depth: usize, out: &mut Vec<NodeProto>) -> Result<(), Error> {
        for mut node in nodes {
            let called = key(&node.domain, &node.op_type, &node.overload);
            let Some(function) = self.functions.get(&called).copied() else {
                for attribute in &mut node.attribute {
                    for inner in attribute.g.iter_mut().chain(&mut attribute.graphs) {
                        self.graph(inner, depth + 1)?;
                    }
                }
                out.push(node);
                continue;
            };
            if self.calls.iter().any(|calling| std::ptr::eq(*calling, function)) {
                return Err(refuse(function, "it calls itself".into()));
            }
            if depth >= MAX_DEPTH {
                let reason = format!("functions call each other deeper than {MAX_DEPTH}");
                return Err(refuse(function, reason));
            }
            self.import(function)?;
            let body = self.body(function, &node)?;
            self.calls.push(function);
            self.expand(body, depth + 1, out)?;
            self.calls.pop();
        }
        Ok(())
    }

    /// Takes over the operator sets of a function, and sees that its operators are the same in the model's.
    fn import(&mut self, function: &FunctionProto) -> Result<(), Error> {
        for import in &function.opset_import {
            let onnx = is_onnx(import.domain.as_deref());
            let same = |o: &&OperatorSetIdProto| match onnx {
                true => is_onnx(o.domain.as_deref()),
                false => o.domain == import.domain,
            };
            let Some(model) = self.imports.iter().find(same) else {
                self.imports.push(import.clone());
                continue;
            };
            let (model, own) = (model.version.unwrap_or(0), import.version.unwrap_or(0));
            if onnx && let Some(other) = versions::first_changed(&function.node, own, model) {
                return Err(refuse(
                    function,
                    format!(
                        "it is written for opset {own}, the model for {model}, where {other} is another operator"
                    ),
                ));
            }
        }
        Ok(())
    }

    /// The nodes of a function as they stand in place of the call.
    fn body(&mut self, function: &FunctionProto, call: &NodeProto) -> Result<Vec<NodeProto>, Error> {
        if call.input.len() > function.input.len() || call.output.len() > function.output.len() {
            let reason = format!("the node \"{}\" gives or takes more than it has", call.label());
            return Err(refuse(function, reason));
        }
        let mut scope = Body {
            function,
            call,
            names: HashMap::new(),
        };
        // What a name costs beside its letters: a thousand empty ones are work too.
        let entry = size_of::<(String, String)>();
        for (k, formal) in function.input.iter().enumerate() {
            let actual = call.input.get(k).map_or("", String::as_str);
            self.charge(function, 0, entry + formal.len() + actual.len())?;
            scope.names.insert(formal.clone(), actual.to_owned());
        }
        let mut nodes = Vec::with_capacity(function.node.len());
        for (k, formal) in function.output.iter().enumerate() {
            // One that the call leaves out is named once a node of the body gives it.
            let Some(actual) = call.output(k) else { continue };
            self.charge(function, 0, entry + formal.len() + actual.len())?;
            match scope.names.get(formal) {
                // An input that is handed through, or an output that is given twice.
                Some(name) => {
                    self.charge(function, 1, name.len() + actual.len())?;
                    nodes.push(NodeProto::new("Identity", "", &[name], &[actual]));
                }
                None => drop(scope.names.insert(formal.clone(), actual.to_owned())),
            }
        }
        for node in &function.node {
            nodes.push(self.node(node, &mut scope)?);
        }
        Ok(nodes)
    }

    /// Counts what is about to be written, and refuses what is too much.
    fn charge(&mut self, function: &FunctionProto, nodes: usize, bytes: usize) -> Result<(), Error> {
        self.nodes = self.nodes.saturating_add(nodes);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.nodes <= MAX_NODES && self.bytes <= MAX_WRITTEN {
            return Ok(());
        }
        let reason = format!(
            "written out, the functions are more than {MAX_NODES} nodes or {} MiB",
            MAX_WRITTEN >> 20
        );
        Err(refuse(function, reason))
    }

    fn node(&mut self, node: &NodeProto, scope: &mut Body<'_>) -> Result<NodeProto, Error> {
        let mut written = NodeProto {
            attribute: Vec::with_capacity(node.attribute.len()),
            name: Some(format!("{}/{}", scope.call.label(), node.label())),
            input: node.input.clone(),
            output: node.output.clone(),
            op_type: node.op_type.clone(),
            doc_string: None,
            domain: node.domain.clone(),
            overload: node.overload.clone(),
        };
        self.charge(scope.function, 1, written.encoded_len())?;
        for name in written.input.iter_mut().chain(&mut written.output) {
            self.rename(name, scope)?;
        }
        for attribute in &node.attribute {
            let Some(mut attribute) = scope.resolve(attribute)? else {
                continue;
            };
            self.charge(scope.function, 0, attribute.value.encoded_len())?;
            // What the call gave is the caller's, with the caller's names.
            if attribute.own {
                let value = &mut attribute.value;
                for inner in value.g.iter_mut().chain(&mut value.graphs) {
                    self.inner(inner, scope)?;
                }
            }
            written.attribute.push(attribute.value);
        }
        Ok(written)
    }

    /// A graph inside a node of the function: it sees the function's names, and they are all renamed alike.
    fn inner(&mut self, graph: &mut GraphProto, scope: &mut Body<'_>) -> Result<(), Error> {
        graph.value_info.clear();
        let values = graph
            .input
            .iter_mut()
            .chain(&mut graph.output)
            .map(|v| &mut v.name);
        let names = values.chain(graph.initializer.iter_mut().map(|t| &mut t.name));
        for name in names.flatten() {
            self.rename(name, scope)?;
        }
        let nodes = std::mem::take(&mut graph.node);
        graph.node = nodes
            .iter()
            .map(|n| self.node(n, scope))
            .collect::<Result<_, _>>()?;
        Ok(())
    }

    fn rename(&mut self, name: &mut String, scope: &mut Body<'_>) -> Result<(), Error> {
        if name.is_empty() {
            return Ok(());
        }
        // A short name of the function may stand for a long one at the call.
        if let Some(known) = scope.names.get(name) {
            self.charge(scope.function, 0, known.len())?;
            known.clone_into(name);
            return Ok(());
        }
        let fresh = self.fresh(name);
        self.charge(scope.function, 0, fresh.len())?;
        scope.names.insert(std::mem::replace(name, fresh.clone()), fresh);
        Ok(())
    }

    fn fresh(&mut self, name: &str) -> String {
        loop {
            self.fresh += 1;
            let fresh = format!("{name}__f{}", self.fresh);
            if self.taken.insert(fresh.clone()) {
                return fresh;
            }
        }
    }
}

/// A function's body at one call.
struct Body<'a> {
    function: &'a FunctionProto,
    call: &'a NodeProto,
    /// What the function's names are outside; empty for an input that is not given.
    names: HashMap<String, String>,
}

/// An attribute of a node that is written out.
struct Resolved {
    value: AttributeProto,
    /// Whether it stands in the function, and not at the call.
    own: bool,
}

impl Body<'_> {
    /// The attribute with its value: its own, the call's, or the function's default; `None` when the call leaves it
    /// out.
    fn resolve(&self, attribute: &AttributeProto) -> Result<Option<Resolved>, Error> {
        let own = |value: &AttributeProto| Resolved {
            value: value.clone(),
            own: true,
        };
        let Some(wanted) = attribute.ref_attr_name.as_deref().filter(|name| !name.is_empty()) else {
            return Ok(Some(own(attribute)));
        };
        let given = self.call.attribute(wanted).map(|value| Resolved {
            value: value.clone(),
            own: false,
        });
        let defaults = &self.function.attribute_proto;
        let default = || {
            defaults
                .iter()
                .find(|a| a.name.as_deref() == Some(wanted))
                .map(own)
        };
        let Some(mut found) = given.or_else(default) else {
            return Ok(None);
        };
        let kind = |a: &AttributeProto| a.r#type.filter(|kind| *kind != 0);
        if let (Some(expected), Some(kind)) = (kind(attribute), kind(&found.value))
            && expected != kind
        {
            let reason = format!("its attribute \"{wanted}\" is given a value of another type");
            return Err(refuse(self.function, reason));
        }
        found.value.name = attribute.name.clone();
        found.value.ref_attr_name = None;
        Ok(Some(found))
    }
}

/// Names of a graph's tensors, also inside its nodes; returns how many nodes there are.
fn collect_names(graph: &GraphProto, names: &mut HashSet<String>) -> usize {
    let values = graph.input.iter().chain(&graph.output).map(|v| &v.name);
    let values = values.chain(graph.initializer.iter().map(|t| &t.name));
    names.extend(values.flatten().cloned());
    let mut nodes = graph.node.len();
    for node in &graph.node {
        names.extend(node.input.iter().chain(&node.output).cloned());
        nodes += node
            .graphs()
            .map(|graph| collect_names(graph, names))
            .sum::<usize>();
    }
    nodes
}

/// Domains that only functions had.
fn drop_unused_imports(model: &mut ModelProto) {
    fn collect(graph: &GraphProto, used: &mut HashSet<String>) {
        for node in &graph.node {
            used.extend(node.domain.clone());
            for inner in node.graphs() {
                collect(inner, used);
            }
        }
    }
    let mut used = HashSet::new();
    model.graph.iter().for_each(|g| collect(g, &mut used));
    model.opset_import.retain(|import| {
        let domain = import.domain.as_deref();
        is_onnx(domain) || domain.is_some_and(|domain| used.contains(domain))
    });
}
