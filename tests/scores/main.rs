// SPDX-License-Identifier: MPL-2.0
//! What the scores of a model are taken for, over the ways in which exporters end a classifier.
//!
//! Every network here is one linear layer with some head, so that the gradient of a difference of logits is known: a
//! difference of two rows of weights. The probabilities are those that ONNX Runtime gives for the stock file.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops at a surprise, and says at which head"
)]

mod network;
mod opened;
mod probabilities;
mod rows;
mod side_car;
mod stock;

use steerlens::Runtime;
use steerlens::runtime::Tensor;

const CLASSES: usize = 5;
const SIDE: usize = 4;
const INPUTS: usize = 3 * SIDE * SIDE;

/// The cosine of two gradients that point the same way. Not 1: float32 rounds, most where a score is the logarithm of a
/// probability near 0 or 1. The gradient of another pair of classes is far from it.
const ALONG: f64 = 0.999_9;

fn runtime() -> &'static Runtime {
    Runtime::open(None).unwrap_or_else(|e| panic!("{e}\nRun `make setup` first."))
}

/// Weights of the linear layer, row by row: one per class.
fn weight(class: usize, input: usize) -> f32 {
    let k = class * INPUTS + input;
    ((k * 7919 + 13) % 101) as f32 / 101.0 - 0.5
}

/// Interleaved bytes, none of them near black or white.
fn picture() -> Vec<u8> {
    (0..INPUTS)
        .map(|k| u8::try_from(40 + (k * 37) % 170).unwrap())
        .collect()
}

/// The same picture as the network's input.
fn input() -> Tensor {
    let bytes = picture();
    let at = |k: usize| f32::from(bytes[(k % (SIDE * SIDE)) * 3 + k / (SIDE * SIDE)]) / 255.0;
    Tensor::f32([1, 3, SIDE, SIDE], (0..INPUTS).map(at).collect::<Vec<_>>())
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot =
        |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn close(got: &[f32], wanted: &[f32], within: f32) {
    assert_eq!(got.len(), wanted.len());
    let off = got
        .iter()
        .zip(wanted)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!(off <= within, "{got:?} is not {wanted:?}");
}
