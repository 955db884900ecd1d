// SPDX-License-Identifier: MPL-2.0
//! What a side-car says of the scores.

use steerlens::onnx::ModelProto;

use crate::network::Network;
use crate::opened::{Opened, warned};

#[test]
fn what_the_side_car_says_of_the_numbers_is_honoured() {
    let model = || {
        Network::new()
            .node("Identity", &["z"], "scores")
            .output("scores")
            .model()
    };
    let of = |model: &ModelProto, activation: &str| {
        let text = format!("[scores]\ndir=output\nactivation={activation}\n");
        Opened::open(model, None, &text).unwrap()
    };
    // Logits, each to be squashed by itself.
    let mut opened = of(&model(), "sigmoid");
    let p: Vec<f32> = opened
        .stock("z")
        .iter()
        .map(|z| 1.0 / (1.0 + (-z).exp()))
        .collect();
    opened.shows(&p);
    // Numbers in 0..1 that are said to be logits.
    let squashed = Network::new()
        .node("Tanh", &["z"], "t")
        .node("Abs", &["t"], "scores")
        .output("scores")
        .model();
    let mut opened = of(&squashed, "logits");
    let scores = opened.stock("scores");
    let sum: f32 = scores.iter().map(|z| z.exp()).sum();
    let p: Vec<f32> = scores.iter().map(|z| z.exp() / sum).collect();
    opened.shows(&p);
    assert!(warned(&opened, "look like probabilities"));
    // What the graph shows is believed, and the contradiction told.
    let softmax = Network::new().softmax("scores").output("scores").model();
    let mut opened = of(&softmax, "sigmoid");
    let p = opened.stock("scores");
    opened.shows(&p);
    assert!(warned(&opened, "the graph is believed"));
}

/// The section of the output that the scores were taken from counts, wherever that output stands.
#[test]
fn the_side_cars_section_is_that_of_the_scores() {
    let model = Network::new()
        .node("Relu", &["x"], "features")
        .output("features")
        .output("z")
        .model();
    let side_car = "[features]\ndir=output\n[z]\ndir=output\nactivation=sigmoid\nlabels=names.txt\n";
    let mut opened = Opened::open(&model, None, side_car).unwrap();
    assert_eq!(opened.lens.classifier().label(1), "b");
    let p: Vec<f32> = opened
        .stock("z")
        .iter()
        .map(|z| 1.0 / (1.0 + (-z).exp()))
        .collect();
    opened.shows(&p);
}
