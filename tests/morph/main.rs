// SPDX-License-Identifier: MPL-2.0
//! The edits are docs/method.md's: golden arrays of every method, and what must hold without them.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what it compared, and fails by panic"
)]

#[path = "../common/mod.rs"]
mod common;
mod golden;
mod identities;
mod photographs;
mod symmetry;
mod threads;

use common::noise;
use steerlens::morph::{Method, Morpher, Settings};

/// docs/method.md 4: f32 code against the f64 reference, largest difference of a pixel.
const IMAGE: f64 = 2e-6;

const METHODS: [Method; 4] = [
    Method::CspPhase,
    Method::CspJoint,
    Method::FourierPhase,
    Method::Pixel,
];

/// A picture, and a gradient of both signs.
fn pair(width: usize, height: usize, channels: usize) -> (Vec<f32>, Vec<f32>) {
    let image = noise(width * height * channels, 5);
    let gradient = noise(width * height * channels, 6)
        .iter()
        .map(|g| g - 0.5)
        .collect();
    (image, gradient)
}

fn change(size: (usize, usize, usize), settings: &Settings, x: &[f32], g: &[f32], m: f64) -> Vec<f32> {
    let mut morpher = Morpher::new(size.0, size.1, size.2, settings).unwrap();
    morpher.prepare(x, g);
    let mut change = vec![f32::NAN; x.len()];
    morpher.extrapolate(m, &mut change);
    change
}
