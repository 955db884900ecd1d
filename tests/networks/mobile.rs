// SPDX-License-Identifier: MPL-2.0
//! Inverted residuals: MobileNetV2 and V3-small, EfficientNet-B0 and -Lite0.

use steerlens::onnx::ModelProto;

use super::graph::{Graph, T};

/// What keeps the variance through Conv and a rectifier, and through Conv alone.
const RECTIFIED: f32 = 2.0;
const LINEAR: f32 = 1.0;

type Activation = fn(&mut Graph, &T) -> T;

/// One inverted residual: expansion, depthwise Conv, squeeze-excite, projection.
struct Block {
    wide: usize,
    kernel: usize,
    stride: usize,
    out: usize,
    activation: Activation,
    /// Channels of the squeeze and its two activations.
    excite: Option<(usize, Activation, &'static str)>,
}

fn inverted(g: &mut Graph, x: &T, b: &Block) -> T {
    let mut inner = x.clone();
    if b.wide != x.channels() {
        inner = g.conv(x, b.wide, 1, 1, RECTIFIED);
        inner = (b.activation)(g, &inner);
    }
    inner = g.depthwise(&inner, b.kernel, b.stride, RECTIFIED);
    inner = (b.activation)(g, &inner);
    if let Some((squeeze, first, second)) = b.excite {
        let pooled = g.global_average(&inner);
        let gate = g.conv(&pooled, squeeze, 1, 1, RECTIFIED);
        let gate = first(g, &gate);
        let gate = g.conv(&gate, b.wide, 1, 1, LINEAR);
        let gate = g.unary(second, &gate);
        inner = g.binary("Mul", &inner, &gate);
    }
    let out = g.conv(&inner, b.out, 1, 1, LINEAR);
    if out.shape == x.shape {
        g.binary("Add", &out, x)
    } else {
        out
    }
}

pub(super) fn mobilenet_v2(size: usize) -> ModelProto {
    let (mut g, x) = Graph::new(size);
    let x = g.conv(&x, 32, 3, 2, RECTIFIED);
    let mut x = g.relu6(&x);
    // expansion, channels, repeats, stride
    let stages = [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ];
    for (expansion, out, repeats, stride) in stages {
        for k in 0..repeats {
            let block = Block {
                wide: expansion * x.channels(),
                kernel: 3,
                stride: if k == 0 { stride } else { 1 },
                out,
                activation: Graph::relu6,
                excite: None,
            };
            x = inverted(&mut g, &x, &block);
        }
    }
    finish(g, &x, 1280, Graph::relu6)
}

/// expansion, kernel, channels, repeats, stride: of EfficientNet-B0 and -Lite0.
const EFFICIENT: [(usize, usize, usize, usize, usize); 7] = [
    (1, 3, 16, 1, 1),
    (6, 3, 24, 2, 2),
    (6, 5, 40, 2, 2),
    (6, 3, 80, 3, 2),
    (6, 5, 112, 3, 1),
    (6, 5, 192, 4, 2),
    (6, 3, 320, 1, 1),
];

pub(super) fn efficientnet_lite0(size: usize) -> ModelProto {
    efficientnet(size, Graph::relu6, false)
}

pub(super) fn efficientnet_b0(size: usize) -> ModelProto {
    efficientnet(size, Graph::silu, true)
}

fn efficientnet(size: usize, activation: Activation, excited: bool) -> ModelProto {
    let (mut g, x) = Graph::new(size);
    let x = g.conv(&x, 32, 3, 2, RECTIFIED);
    let mut x = activation(&mut g, &x);
    for (expansion, kernel, out, repeats, stride) in EFFICIENT {
        for k in 0..repeats {
            let excite = excited.then_some((x.channels() / 4, Graph::silu as Activation, "Sigmoid"));
            let block = Block {
                wide: expansion * x.channels(),
                kernel,
                stride: if k == 0 { stride } else { 1 },
                out,
                activation,
                excite,
            };
            x = inverted(&mut g, &x, &block);
        }
    }
    finish(g, &x, 1280, activation)
}

fn finish(mut g: Graph, x: &T, channels: usize, activation: Activation) -> ModelProto {
    let x = g.conv(x, channels, 1, 1, RECTIFIED);
    let x = activation(&mut g, &x);
    let logits = g.head(&x);
    g.finish(&logits)
}

pub(super) fn mobilenet_v3_small(size: usize) -> ModelProto {
    let (mut g, x) = Graph::new(size);
    let x = g.conv(&x, 16, 3, 2, RECTIFIED);
    let mut x = g.hard_swish(&x);
    let (relu, swish): (Activation, Activation) = (Graph::relu, Graph::hard_swish);
    // kernel, wide, channels, channels of the squeeze, activation, stride
    let blocks = [
        (3, 16, 16, 8, relu, 2),
        (3, 72, 24, 0, relu, 2),
        (3, 88, 24, 0, relu, 1),
        (5, 96, 40, 24, swish, 2),
        (5, 240, 40, 64, swish, 1),
        (5, 240, 40, 64, swish, 1),
        (5, 120, 48, 32, swish, 1),
        (5, 144, 48, 40, swish, 1),
        (5, 288, 96, 72, swish, 2),
        (5, 576, 96, 144, swish, 1),
        (5, 576, 96, 144, swish, 1),
    ];
    for (kernel, wide, out, squeeze, activation, stride) in blocks {
        let block = Block {
            wide,
            kernel,
            stride,
            out,
            activation,
            excite: (squeeze > 0).then_some((squeeze, relu, "HardSigmoid")),
        };
        x = inverted(&mut g, &x, &block);
    }
    let x = g.conv(&x, 576, 1, 1, RECTIFIED);
    let x = g.hard_swish(&x);
    let pooled = g.global_average(&x);
    let flat = g.op("Flatten", &[&pooled.name], &[], &[1, 576]);
    let wide = g.gemm(&flat, 1024);
    let wide = g.hard_swish(&wide);
    let logits = g.gemm(&wide, 1000);
    g.finish(&logits)
}
