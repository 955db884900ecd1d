// SPDX-License-Identifier: MPL-2.0
//! One walk over everything in a model, however deep.
//!
//! Each message is taken apart field by field, without `..`: a field that the format gains cannot be forgotten here.

use super::proto::{
    AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto,
};

/// What is done with what is met.
pub(crate) trait Visitor {
    /// Why the walk ends early.
    type Stop;

    /// A constant: an initializer, or in an attribute.
    fn tensor(&mut self, _: &mut TensorProto) -> Result<(), Self::Stop> {
        Ok(())
    }

    /// A node, before what is inside it.
    fn node(&mut self, _: &mut NodeProto) -> Result<(), Self::Stop> {
        Ok(())
    }

    /// An input, an output or an inner tensor's type.
    fn value(&mut self, _: &mut ValueInfoProto) -> Result<(), Self::Stop> {
        Ok(())
    }
}

/// Shows the visitor all that a model holds, its functions included.
pub(crate) fn model<V: Visitor>(model: &mut ModelProto, visitor: &mut V) -> Result<(), V::Stop> {
    let ModelProto {
        ir_version: _,
        producer_name: _,
        producer_version: _,
        domain: _,
        model_version: _,
        doc_string: _,
        graph,
        opset_import: _,
        metadata_props: _,
        functions,
    } = model;
    graph.iter_mut().try_for_each(|g| self::graph(g, visitor))?;
    functions.iter_mut().try_for_each(|f| function(f, visitor))
}

/// Shows the visitor all that a graph holds.
pub(crate) fn graph<V: Visitor>(graph: &mut GraphProto, visitor: &mut V) -> Result<(), V::Stop> {
    let GraphProto {
        node,
        name: _,
        initializer,
        doc_string: _,
        input,
        output,
        value_info,
        // Has nothing inside: it is read only to be refused.
        sparse_initializer: _,
    } = graph;
    initializer.iter_mut().try_for_each(|t| visitor.tensor(t))?;
    let mut values = input.iter_mut().chain(output).chain(value_info);
    values.try_for_each(|v| visitor.value(v))?;
    node.iter_mut().try_for_each(|n| self::node(n, visitor))
}

fn node<V: Visitor>(node: &mut NodeProto, visitor: &mut V) -> Result<(), V::Stop> {
    visitor.node(node)?;
    let NodeProto {
        input: _,
        output: _,
        name: _,
        op_type: _,
        attribute,
        doc_string: _,
        domain: _,
        overload: _,
    } = node;
    attribute.iter_mut().try_for_each(|a| self::attribute(a, visitor))
}

fn function<V: Visitor>(function: &mut FunctionProto, visitor: &mut V) -> Result<(), V::Stop> {
    let FunctionProto {
        name: _,
        input: _,
        output: _,
        attribute: _,
        node,
        opset_import: _,
        domain: _,
        attribute_proto,
        overload: _,
    } = function;
    attribute_proto
        .iter_mut()
        .try_for_each(|a| attribute(a, visitor))?;
    node.iter_mut().try_for_each(|n| self::node(n, visitor))
}

fn attribute<V: Visitor>(attribute: &mut AttributeProto, visitor: &mut V) -> Result<(), V::Stop> {
    let AttributeProto {
        name: _,
        f: _,
        i: _,
        s: _,
        t,
        g,
        floats: _,
        ints: _,
        strings: _,
        tensors,
        graphs,
        r#type: _,
        ref_attr_name: _,
    } = attribute;
    t.iter_mut().chain(tensors).try_for_each(|t| visitor.tensor(t))?;
    g.iter_mut().chain(graphs).try_for_each(|g| graph(g, visitor))
}
