// SPDX-License-Identifier: MPL-2.0
//! The smallest graph that still fails.

use steerlens::onnx::{Array, GraphProto, ModelProto, NodeProto, ValueInfoProto};
use steerlens::runtime::{Optimisation, Session, SessionOptions, Tensor};

use crate::check::{Verdict, check, runtime};
use crate::draw::Drawn;
use crate::graph::{PICTURE, SCORES, prune};
use crate::random::Random;

/// Shortens the graph from its end, then takes out single nodes, as long as something fails.
pub(crate) fn shrink(drawn: &Drawn) -> Drawn {
    let mut small = Drawn {
        model: first_failing_start(drawn).unwrap_or_else(|| drawn.model.clone()),
        picture: drawn.picture.clone(),
    };
    while let Some(model) = without_one_node(&small) {
        small.model = model;
    }
    small
}

fn fails(model: &ModelProto, picture: &Tensor) -> bool {
    matches!(check(model, picture), Verdict::Failed(_))
}

/// Every tensor of the graph with its value at the picture.
fn values(drawn: &Drawn) -> Option<Vec<(String, Tensor)>> {
    let mut model = drawn.model.clone();
    let graph = model.graph.as_mut()?;
    graph.output = graph
        .node
        .iter()
        .flat_map(|n| &n.output)
        .map(|o| ValueInfoProto::untyped(o))
        .collect();
    let options = SessionOptions {
        optimisation: Optimisation::Disable,
        ..Default::default()
    };
    let mut session = Session::new(runtime(), &steerlens::onnx::encode(&model), &options).ok()?;
    session.run(&[(PICTURE, &drawn.picture)]).ok()
}

/// The graph up to a tensor, with a linear layer of its own, for the first tensor that fails.
fn first_failing_start(drawn: &Drawn) -> Option<ModelProto> {
    for (name, value) in values(drawn)? {
        if name == SCORES || value.as_f32().is_none() {
            continue;
        }
        let mut model = drawn.model.clone();
        let graph = model.graph.as_mut()?;
        let end = graph.node.iter().position(|n| n.output.contains(&name))?;
        graph.node.truncate(end + 1);
        scored(graph, &name, value.shape.iter().product());
        if graph.node.iter().any(|n| n.input.iter().any(|i| i == PICTURE)) && fails(&model, &drawn.picture) {
            return Some(model);
        }
    }
    None
}

/// Makes the scores of one tensor.
fn scored(graph: &mut GraphProto, name: &str, count: usize) {
    let deviation = (count as f32).sqrt().recip();
    let weight = Random::new(7).normals(3 * count, deviation);
    graph
        .initializer
        .push(Array::real([count, 3], weight).encode("end_weight"));
    graph.initializer.push(Array::whole([1, -1]).encode("end_shape"));
    graph.node.push(NodeProto::new(
        "Reshape",
        "end_row",
        &[name, "end_shape"],
        &["end_row"],
    ));
    graph.node.push(NodeProto::new(
        "MatMul",
        "end",
        &["end_row", "end_weight"],
        &[SCORES],
    ));
    graph.output = vec![ValueInfoProto::tensor(SCORES, 1, &[1, 3])];
    prune(graph);
}

/// The graph without one of its nodes, another tensor of the same shape in its place.
fn without_one_node(drawn: &Drawn) -> Option<ModelProto> {
    let mut shapes: Vec<(String, Tensor)> = vec![(PICTURE.into(), drawn.picture.clone())];
    shapes.extend(values(drawn)?);
    let tensor = |name: &str| shapes.iter().find(|(n, _)| n == name).map(|(_, t)| t);
    let graph = drawn.model.graph.as_ref()?;
    for (at, node) in graph.node.iter().enumerate().rev() {
        let (Some(output), false) = (node.output(0), node.output(0) == Some(SCORES)) else {
            continue;
        };
        let made = tensor(output)?;
        let earlier = shapes.iter().take_while(|(name, _)| name != output);
        let like = |t: &Tensor| t.shape == made.shape && t.as_f32().is_some() && made.as_f32().is_some();
        for (name, _) in earlier.filter(|(_, t)| like(t)) {
            let mut model = drawn.model.clone();
            let shorter = model.graph.as_mut()?;
            shorter.node.remove(at);
            for input in shorter.node.iter_mut().flat_map(|n| &mut n.input) {
                if input == output {
                    input.clone_from(name);
                }
            }
            prune(shorter);
            if shorter.node.iter().any(|n| n.input.iter().any(|i| i == PICTURE))
                && fails(&model, &drawn.picture)
            {
                return Some(model);
            }
        }
    }
    None
}
