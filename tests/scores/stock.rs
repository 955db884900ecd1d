// SPDX-License-Identifier: MPL-2.0
//! The scores that are shown are those of the stock file, or it is refused.

use steerlens::onnx::NodeProto;
use steerlens::{FrameView, LensSettings, Objective, PixelFormat};

use crate::network::Network;
use crate::{CLASSES, INPUTS, SIDE, close, picture, weight};

/// A Cast to float16 is widened before the gradient is taken; a file that lives by its rounding is another function then.
#[test]
fn a_file_that_lives_by_the_rounding_of_float16_is_refused() {
    let cast =
        |from: &str, to: &str, element: i64| NodeProto::new("Cast", to, &[from], &[to]).with("to", element);
    let said = Network::new()
        // float16 has steps of 2 there.
        .real("far", &[], &[2048.0])
        .node("Add", &["z", "far"], "sum")
        .with(cast("sum", "half", 10))
        .with(cast("half", "full", 1))
        .node("Sub", &["full", "far"], "scores")
        .output("scores")
        .refusal(None);
    assert!(
        said.contains("computes something else than the file: output \"scores\""),
        "{said}"
    );
}

#[test]
fn raw_scores_stay_as_they_are() {
    for network in [
        Network::new().output("z"),
        Network::new().node("Relu", &["z"], "scores").output("scores"),
        // Tiny, and the same for every picture.
        Network::with_weights(1e-38).output("z"),
        Network::with_weights(0.0).output("z"),
        // Within 0..1 by a linear layer, as far as small pictures go.
        Network::with_weights(1e-4)
            .real("half", &[], &[0.5])
            .node("Add", &["z", "half"], "scores")
            .output("scores"),
    ] {
        let name = network.outputs[0].clone();
        let mut opened = network.open(None);
        let stock = opened.stock(&name);
        let reading = opened.read(0, 1, Objective::Margin);
        assert_eq!(reading.logits, stock);
    }
}

#[test]
fn a_file_is_not_run_as_another_function() {
    // An attribute that the upgrade of old forms would have to know: nearest takes the pixel above here.
    let old = |scale: f32| {
        let mut network = Network::new();
        network.nodes[0] = NodeProto::new("Flatten", "flat", &["shrunk"], &["all"]);
        network.nodes.insert(
            0,
            NodeProto::new("Resize", "shrink", &["x", "scales"], &["shrunk"]).with("mode", "nearest"),
        );
        network.opset = 10;
        let side = (SIDE as f32 * scale) as usize;
        let count = 3 * side * side;
        let weights: Vec<f32> = (0..count * CLASSES)
            .map(|k| weight(k / INPUTS, k % INPUTS))
            .collect();
        network.nodes[2] = NodeProto::new("MatMul", "layer", &["all", "small"], &["z"]);
        network
            .real("scales", &[4], &[1.0, 1.0, scale, scale])
            .real("small", &[count, CLASSES], &weights)
            .output("z")
    };
    // Up along axes that shrink and down along those that grow, which the upgrade writes out: each is taken.
    for scale in [0.75, 0.5, 2.0] {
        let mut opened = old(scale).open(None);
        let stock = opened.stock("z");
        // Sums of up to 192 products in another order.
        close(&opened.read(0, 1, Objective::Margin).logits, &stock, 1e-4);
    }
}

#[test]
fn a_file_whose_scores_are_random_is_refused() {
    let noise = NodeProto::new("RandomNormal", "noise", &[], &["noise"]).with("shape", vec![1i64, 5]);
    let network = Network::new()
        .with(noise)
        .node("Add", &["z", "noise"], "scores")
        .output("scores");
    let said = network.refusal(None);
    assert!(
        said.contains("two runs of the file") && said.contains("\"scores\""),
        "{said}"
    );
}

/// One class of five has no number.
#[test]
fn a_score_that_is_not_a_number_is_never_chosen_and_told() {
    let network = Network::new()
        .real("hole", &[1, 5], &[f32::NAN, 0.0, 0.0, 0.0, 0.0])
        .node("Add", &["z", "hole"], "scores")
        .output("scores");
    let mut opened = network.open(None);
    opened.lens.set_settings(LensSettings::default()).unwrap();
    let bytes = picture();
    let frame = FrameView::new(PixelFormat::Rgb, SIDE, SIDE, 3 * SIDE, &bytes).unwrap();
    let reading = opened.lens.read(&frame).unwrap().clone();
    assert!(reading.source != 0 && reading.target != 0 && reading.top_class() != 0);
    assert_eq!(reading.probabilities[0], 0.0);
    // A sum of five in float32.
    assert!((reading.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    let mut out = bytes.clone();
    let mut view = steerlens::FrameViewMut::new(PixelFormat::Rgb, SIDE, SIDE, 3 * SIDE, &mut out).unwrap();
    let report = opened.lens.apply(&frame, &mut view).unwrap();
    assert!(
        report
            .warning
            .unwrap()
            .contains("1 of the 5 scores are not numbers")
    );
}
