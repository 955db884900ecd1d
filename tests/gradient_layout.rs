// SPDX-License-Identifier: MPL-2.0
//! What ONNX Runtime makes of a model with its reverse half: how often a tensor leaves the blocked layout, and how
//! many activations of the forward half are still fused. Both decide what a gradient costs, and unlike times they
//! are the same on every run.
//!
//! The counts hold for the version and the processors that they were taken on, and are asserted only there.

#![expect(clippy::print_stdout, reason = "a test tells its figures")]

mod networks;

use networks::NETWORKS;
use steerlens::Runtime;
use steerlens::gradient::{Options, Profile, differentiate};
use steerlens::onnx::{self, ModelProto, NodeProto};
use steerlens::runtime::{Session, SessionOptions};

const VERSION: &str = "1.32.";
const SIZE: usize = 64;

/// Why the counts need not hold here.
fn elsewhere(runtime: &Runtime) -> Option<String> {
    if !runtime.version().starts_with(VERSION) {
        return Some(format!("ONNX Runtime is {}, not {VERSION}x", runtime.version()));
    }
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx512f") {
        return None;
    }
    Some("the processor has no AVX-512, and blocks of another size".into())
}

fn optimised(runtime: &'static Runtime, model: &ModelProto) -> Vec<NodeProto> {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let dump = folder.path().join("optimised.onnx");
    let options = SessionOptions {
        dump: Some(dump.clone()),
        ..Default::default()
    };
    let session = Session::new(runtime, &onnx::encode(model), &options);
    drop(session.unwrap_or_else(|e| panic!("{e}")));
    let model = onnx::read(&dump).unwrap_or_else(|e| panic!("{e}"));
    model.graph.map(|g| g.node).unwrap_or_default()
}

fn count(nodes: &[NodeProto], wanted: impl Fn(&NodeProto) -> bool) -> usize {
    nodes.iter().filter(|n| wanted(n)).count()
}

#[test]
fn tensors_stay_blocked_and_activations_fused() {
    let runtime = Runtime::open(None).unwrap_or_else(|e| panic!("{e}\nRun `make setup` first."));
    if let Some(reason) = elsewhere(runtime) {
        println!("not counted: {reason}");
        return;
    }
    // Times that a tensor leaves the layout, and activations fused into Convs: one for each Relu or Clip of the
    // forward half, and for all but the last tap of a pooling window (docs/reverse-mode.md 3.3, 5).
    let bounds = [
        ("ResNet-50", 12, 57),
        ("ResNet-18", 12, 25),
        ("MobileNetV2", 6, 35),
        ("EfficientNet-Lite0", 6, 33),
        ("EfficientNet-B0", 18, 16),
        ("SqueezeNet", 14, 50),
    ];
    let mut wrong = Vec::new();
    for (name, reorders, fused) in bounds {
        let network = NETWORKS
            .iter()
            .find(|n| n.name == name)
            .unwrap_or_else(|| panic!("there is no {name}"));
        let options = Options {
            profile: Profile::Cpu,
            ..Default::default()
        };
        let d = differentiate((network.build)(SIZE), runtime, &options).unwrap_or_else(|e| panic!("{e}"));
        let nodes = optimised(runtime, &d.model);
        let left = count(&nodes, |n| n.op() == "ReorderOutput");
        let with_activation =
            |n: &NodeProto| n.op().ends_with("Conv") && !n.string("activation", "").is_empty();
        let found = count(&nodes, with_activation);
        println!("{name:18} {left} ReorderOutput, {found} fused activations");
        if left > reorders {
            wrong.push(format!(
                "{name}: {left} tensors leave the blocked layout, not {reorders}"
            ));
        }
        if found < fused {
            wrong.push(format!("{name}: {found} activations are fused, not {fused}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
