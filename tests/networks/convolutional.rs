// SPDX-License-Identifier: MPL-2.0
//! ResNets and SqueezeNet 1.1: Conv (normalisation folded into it), Relu, residual sums, Concat, pooling.

use steerlens::onnx::ModelProto;

use super::graph::{Graph, T};

/// What keeps the variance through Conv and Relu.
const RELU: f32 = 2.0;
/// The last Conv of a residual branch adds little, as trained ones do.
const BRANCH: f32 = 0.2;

pub(super) fn resnet18(size: usize) -> ModelProto {
    resnet(size, [2, 2, 2, 2], |g, x, width, stride| {
        let inner = g.conv(x, width, 3, stride, RELU);
        let inner = g.relu(&inner);
        let branch = g.conv(&inner, width, 3, 1, BRANCH);
        joined(g, x, &branch, stride)
    })
}

pub(super) fn resnet50(size: usize) -> ModelProto {
    resnet(size, [3, 4, 6, 3], |g, x, width, stride| {
        let inner = g.conv(x, width, 1, 1, RELU);
        let inner = g.relu(&inner);
        let inner = g.conv(&inner, width, 3, stride, RELU);
        let inner = g.relu(&inner);
        let branch = g.conv(&inner, 4 * width, 1, 1, BRANCH);
        joined(g, x, &branch, stride)
    })
}

fn resnet(size: usize, depths: [usize; 4], block: impl Fn(&mut Graph, &T, usize, usize) -> T) -> ModelProto {
    let (mut g, x) = Graph::new(size);
    let x = g.conv(&x, 64, 7, 2, RELU);
    let x = g.relu(&x);
    let mut x = g.max_pool(&x, 3, 2, 1);
    for (stage, depth) in depths.into_iter().enumerate() {
        for k in 0..depth {
            let stride = if k == 0 && stage > 0 { 2 } else { 1 };
            x = block(&mut g, &x, 64 << stage, stride);
        }
    }
    let logits = g.head(&x);
    g.finish(&logits)
}

fn joined(g: &mut Graph, x: &T, branch: &T, stride: usize) -> T {
    let shortcut = if stride == 1 && x.shape == branch.shape {
        x.clone()
    } else {
        g.conv_with(x, branch.channels(), [1, stride, 0], 1, 1.0)
    };
    let sum = g.binary("Add", branch, &shortcut);
    g.relu(&sum)
}

pub(super) fn squeezenet(size: usize) -> ModelProto {
    let (mut g, x) = Graph::new(size);
    let x = g.conv_with(&x, 64, [3, 2, 0], 1, RELU);
    let x = g.relu(&x);
    let mut x = g.max_pool(&x, 3, 2, 0);
    let squeezes = [16, 16, 0, 32, 32, 0, 48, 48, 64, 64];
    for squeeze in squeezes {
        x = match squeeze {
            0 => g.max_pool(&x, 3, 2, 0),
            n => fire(&mut g, &x, n),
        };
    }
    let x = g.conv(&x, 1000, 1, 1, RELU);
    let x = g.relu(&x);
    let pooled = g.global_average(&x);
    let logits = g.op("Flatten", &[&pooled.name], &[], &[1, 1000]);
    g.finish(&logits)
}

fn fire(g: &mut Graph, x: &T, squeeze: usize) -> T {
    let inner = g.conv(x, squeeze, 1, 1, RELU);
    let inner = g.relu(&inner);
    let halves = [1, 3].map(|kernel| {
        let half = g.conv(&inner, 4 * squeeze, kernel, 1, RELU);
        g.relu(&half)
    });
    let shape = [1, 8 * squeeze, x.shape[2], x.shape[3]];
    g.op(
        "Concat",
        &[&halves[0].name, &halves[1].name],
        &[("axis", 1.into())],
        &shape,
    )
}
