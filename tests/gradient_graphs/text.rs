// SPDX-License-Identifier: MPL-2.0
//! A graph in words, a line per node.

use std::collections::HashMap;
use std::fmt::Write;

use steerlens::onnx::{Array, AttributeProto, ModelProto, Values};
use steerlens::runtime::Tensor;

/// Constants of so few elements are written out.
const SHORT: usize = 10;

pub(crate) fn graph(model: &ModelProto, picture: &Tensor) -> String {
    let graph = model.graph.as_ref().unwrap();
    let opset = model.opset_import[0].version.unwrap_or(0);
    let mut text = format!("  opset {opset}, picture {:?}\n", picture.shape);
    let constants: HashMap<&str, String> = graph
        .initializer
        .iter()
        .map(|c| {
            (
                c.name.as_deref().unwrap_or_default(),
                Array::decode(c).map_or("?".into(), |a| array(&a)),
            )
        })
        .collect();
    for node in &graph.node {
        let inputs: Vec<&str> = node
            .input
            .iter()
            .map(|name| constants.get(&**name).map_or(&**name, |c| c))
            .collect();
        let attributes: Vec<String> = node.attribute.iter().map(attribute).collect();
        let _ = writeln!(
            text,
            "  {} = {}({}) {}",
            node.output.join(", "),
            node.op(),
            inputs.join(", "),
            attributes.join(" ")
        );
    }
    text
}

fn array(a: &Array) -> String {
    let values = match &a.values {
        Values::Real(v) if v.len() <= SHORT => format!(" {v:.3?}"),
        Values::Whole(v) if v.len() <= SHORT => format!(" {v:?}"),
        _ => String::new(),
    };
    format!("{:?}{values}", a.shape)
}

fn attribute(a: &AttributeProto) -> String {
    let value = match a {
        AttributeProto { i: Some(i), .. } => format!("{i}"),
        AttributeProto { f: Some(f), .. } => format!("{f}"),
        AttributeProto { s: Some(s), .. } => String::from_utf8_lossy(s).into_owned(),
        AttributeProto { floats, .. } if !floats.is_empty() => format!("{floats:?}"),
        AttributeProto { ints, .. } => format!("{ints:?}"),
    };
    format!("{}={value}", a.name.as_deref().unwrap_or_default())
}
