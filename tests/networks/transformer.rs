// SPDX-License-Identifier: MPL-2.0
//! ViT-tiny/16 and ConvNeXt-tiny: LayerNormalization, linear layers, GELU, attention.

use steerlens::onnx::{Array, ModelProto};

use super::graph::{Graph, T};

/// The last layer of a residual branch adds little, as trained ones do.
const BRANCH: f32 = 0.2;

fn perceptron(g: &mut Graph, x: &T, wide: usize) -> T {
    let width = x.shape[x.shape.len() - 1];
    let inner = g.linear(x, wide, 1.0);
    let inner = g.gelu(&inner);
    g.linear(&inner, width, BRANCH)
}

pub(super) fn vit_tiny(size: usize) -> ModelProto {
    const WIDTH: usize = 192;
    let (mut g, x) = Graph::new(size);
    let patches = g.conv_with(&x, WIDTH, [16, 16, 0], 1, 1.0);
    let count = patches.shape[2] * patches.shape[3];
    let sequence = g.reshape(&patches, &[1, WIDTH, count]);
    let sequence = g.transpose(&sequence, &[0, 2, 1]);
    let token = g.noise(&[1, 1, WIDTH], 0.0, 1.0);
    let whole = [1, count + 1, WIDTH];
    let sequence = g.op(
        "Concat",
        &[&token.name, &sequence.name],
        &[("axis", 1.into())],
        &whole,
    );
    let position = g.noise(&whole, 0.0, 0.2);
    let mut x = g.binary("Add", &sequence, &position);
    for _ in 0..12 {
        let normal = g.layer_norm(&x);
        let branch = attention(&mut g, &normal, 3);
        x = g.binary("Add", &x, &branch);
        let normal = g.layer_norm(&x);
        let branch = perceptron(&mut g, &normal, 4 * WIDTH);
        x = g.binary("Add", &x, &branch);
    }
    let x = g.layer_norm(&x);
    let first = gather(&mut g, &x, 1, 0);
    let logits = g.gemm(&first, 1000);
    g.finish(&logits)
}

fn gather(g: &mut Graph, x: &T, axis: usize, index: i64) -> T {
    let mut at = Array::whole([index]);
    at.shape.clear();
    let at = g.constant(&at);
    let mut shape = x.shape.clone();
    shape.remove(axis);
    let axis = super::graph::ints(&[axis])[0];
    g.op("Gather", &[&x.name, &at.name], &[("axis", axis.into())], &shape)
}

fn attention(g: &mut Graph, x: &T, heads: usize) -> T {
    let (length, width) = (x.shape[1], x.shape[2]);
    let each = width / heads;
    let all = g.linear(x, 3 * width, 1.0);
    let all = g.reshape(&all, &[1, length, 3, heads, each]);
    let all = g.transpose(&all, &[2, 0, 3, 1, 4]);
    let [query, key, value] = [0, 1, 2].map(|k| gather(g, &all, 0, k));
    let scale = g.scalar((each as f32).powf(-0.5));
    let query = g.binary("Mul", &query, &scale);
    let key = g.transpose(&key, &[0, 1, 3, 2]);
    let scores = g.op(
        "MatMul",
        &[&query.name, &key.name],
        &[],
        &[1, heads, length, length],
    );
    let scores = g.op(
        "Softmax",
        &[&scores.name],
        &[("axis", (-1).into())],
        &scores.shape,
    );
    let mixed = g.op(
        "MatMul",
        &[&scores.name, &value.name],
        &[],
        &[1, heads, length, each],
    );
    let mixed = g.transpose(&mixed, &[0, 2, 1, 3]);
    let mixed = g.reshape(&mixed, &[1, length, width]);
    g.linear(&mixed, width, BRANCH)
}

pub(super) fn convnext_tiny(size: usize) -> ModelProto {
    let (mut g, x) = Graph::new(size);
    let x = g.conv_with(&x, 96, [4, 4, 0], 1, 1.0);
    let mut x = over_channels(&mut g, &x);
    for (stage, depth) in [3, 3, 9, 3].into_iter().enumerate() {
        let width = 96 << stage;
        if stage > 0 {
            let normal = over_channels(&mut g, &x);
            x = g.conv_with(&normal, width, [2, 2, 0], 1, 1.0);
        }
        for _ in 0..depth {
            let inner = g.depthwise(&x, 7, 1, 1.0);
            let inner = g.transpose(&inner, &[0, 2, 3, 1]);
            let inner = g.layer_norm(&inner);
            let inner = perceptron(&mut g, &inner, 4 * width);
            let inner = g.transpose(&inner, &[0, 3, 1, 2]);
            let scale = g.noise(&[width, 1, 1], 1.0, 0.2);
            let scaled = g.binary("Mul", &inner, &scale);
            x = g.binary("Add", &scaled, &x);
        }
    }
    let pooled = g.global_average(&x);
    let pooled = over_channels(&mut g, &pooled);
    let flat = g.op("Flatten", &[&pooled.name], &[], &[1, 768]);
    let logits = g.gemm(&flat, 1000);
    g.finish(&logits)
}

/// LayerNormalization of the channels of each pixel.
fn over_channels(g: &mut Graph, x: &T) -> T {
    let last = g.transpose(x, &[0, 2, 3, 1]);
    let normal = g.layer_norm(&last);
    g.transpose(&normal, &[0, 3, 1, 2])
}
