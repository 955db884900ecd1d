// SPDX-License-Identifier: MPL-2.0
//! What is written for other runtimes: without what one of them reads otherwise, and the same function.

use std::collections::HashMap;

use steerlens::gradient::Profile;
use steerlens::onnx::{ModelProto, NodeProto};

use crate::networks::NETWORKS;
use crate::profiles::{SIZE, compared, differentiated, run};

/// How a node reads a weight, where its shape may not tell.
fn turned(node: &NodeProto) -> Option<bool> {
    match node.op() {
        "Conv" => Some(false),
        "ConvTranspose" => Some(true),
        "Gemm" => Some(node.int("transB", 0) != 0),
        "MatMul" => Some(false),
        _ => None,
    }
}

/// What another runtime would read otherwise.
fn stumbling_blocks(model: &ModelProto) -> Vec<String> {
    let graph = model.graph.clone().unwrap_or_default();
    let is_square = |name: &&str, group: i64| {
        let weight = graph.initializer.iter().find(|t| t.name.as_deref() == Some(name));
        weight.is_some_and(|w| matches!(w.dims[..], [a, b, ..] if a == b * group))
    };
    let mut ways: HashMap<&str, bool> = HashMap::new();
    let mut found = Vec::new();
    for node in &graph.node {
        if node.op() == "HardSigmoid" && node.float("beta", 0.5) == 0.0 {
            found.push(format!("{}: beta is 0", node.label()));
        }
        if node.op() == "LayerNormalization" && node.output.len() > 1 {
            found.push(format!("{}: optional outputs", node.label()));
        }
        let group = node.int("group", 1).max(1);
        if let (Some(way), Some(weight)) = (turned(node), node.input(1).filter(|w| is_square(w, group)))
            && *ways.entry(weight).or_insert(way) != way
        {
            found.push(format!("{}: its weight is read both ways", node.label()));
        }
    }
    found
}

#[test]
fn written_files_keep_clear_of_what_other_runtimes_read_otherwise() {
    let mut avoided = 0;
    for network in NETWORKS {
        let model = (network.build)(SIZE);
        for profile in [Profile::Plain, Profile::Cpu] {
            let [ours, portable] = [false, true].map(|portable| differentiated(&model, profile, portable));
            assert_eq!(
                stumbling_blocks(&portable.model),
                [""; 0],
                "{} {profile:?}",
                network.name
            );
            avoided += stumbling_blocks(&ours.model).len();
            let [[_, reference], [_, gradient]] = [run(&ours), run(&portable)];
            // The normalisations' statistics are summed in another order; all else is the same to the bit.
            let same = model
                .graph
                .iter()
                .flat_map(|g| &g.node)
                .all(|n| n.op() != "LayerNormalization");
            if same {
                assert_eq!(gradient, reference, "{} {profile:?}", network.name);
            } else {
                let (off, _) = compared(&gradient, &reference);
                assert!(off < 1e-5, "{} {profile:?}: off by {off}", network.name);
            }
        }
    }
    assert!(avoided > 0, "no network has anything to avoid");
}
