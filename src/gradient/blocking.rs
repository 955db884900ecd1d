// SPDX-License-Identifier: MPL-2.0
//! What the runtime on this machine keeps in its blocked layout, found out once by asking it.
//!
//! The layout depends on the processor (x86-64 with AVX, and since 1.2x some others) and on the version: only newer
//! ones let HardSigmoid, the mask of choice, stay in it (docs/reverse-mode.md 1.2, 3.3).

use std::sync::OnceLock;

use super::error::Error;
use crate::onnx::{
    self, Array, AttributeValue, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto,
};
use crate::runtime::{Runtime, Session, SessionOptions};

/// How far the blocked layout goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blocking {
    /// There is none.
    Never,
    /// HardSigmoid leaves it.
    ExceptMasks,
    /// HardSigmoid stays in it.
    Full,
}

const CHANNELS: usize = 32;
const EXTENT: usize = 8;

impl Blocking {
    /// Of this runtime; found out on the first call.
    pub(super) fn of(runtime: &'static Runtime) -> Result<Self, Error> {
        // A process opens one runtime.
        static FOUND: OnceLock<Blocking> = OnceLock::new();
        if let Some(found) = FOUND.get() {
            return Ok(*found);
        }
        let found = Self::probe(runtime)?;
        log::debug!("blocked layout of ONNX Runtime {}: {found:?}", runtime.version());
        Ok(*FOUND.get_or_init(|| found))
    }

    /// Counts in the optimised form of Conv, HardSigmoid, Conv how often the layout is left.
    fn probe(runtime: &'static Runtime) -> Result<Self, Error> {
        let folder = tempfile::tempdir()?;
        let dump = folder.path().join("optimised.onnx");
        let options = SessionOptions {
            dump: Some(dump.clone()),
            ..Default::default()
        };
        drop(Session::new(runtime, &onnx::encode(&sample()), &options)?);
        let optimised = onnx::read(&dump)?;
        let nodes = optimised.graph.map(|g| g.node).unwrap_or_default();
        let left = nodes.iter().filter(|n| n.op() == "ReorderOutput").count();
        Ok(match left {
            0 => Self::Never,
            1 => Self::Full,
            _ => Self::ExceptMasks,
        })
    }
}

/// Conv, Relu, HardSigmoid, Conv. The Relu fuses into the Conv, so that the HardSigmoid cannot.
fn sample() -> ModelProto {
    let shape = [1, CHANNELS, EXTENT, EXTENT];
    let weight = |seed: usize| -> Vec<f32> {
        let one = |k: usize| ((k * 7 + seed) % 11) as f32 / 11.0 - 0.5;
        (0..CHANNELS * CHANNELS).map(one).collect()
    };
    let weights = [("w", 1), ("v", 3)]
        .map(|(name, seed)| Array::real([CHANNELS, CHANNELS, 1, 1], weight(seed)).encode(name));
    let float = onnx::ElementType::Float.number();
    let one = AttributeValue::Ints(vec![1, 1]);
    let graph = GraphProto {
        name: Some("sample".into()),
        input: vec![ValueInfoProto::tensor("x", float, &shape)],
        output: vec![ValueInfoProto::tensor("y", float, &shape)],
        node: vec![
            NodeProto::new("Conv", "first", &["x", "w"], &["a"]).with("kernel_shape", one.clone()),
            NodeProto::new("Relu", "relu", &["a"], &["b"]),
            NodeProto::new("HardSigmoid", "mask", &["b"], &["c"]),
            NodeProto::new("Conv", "second", &["c", "v"], &["y"]).with("kernel_shape", one),
        ],
        initializer: weights.into(),
        ..Default::default()
    };
    ModelProto {
        ir_version: Some(8),
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto {
            domain: None,
            version: Some(17),
        }],
        ..Default::default()
    }
}
