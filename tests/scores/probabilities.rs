// SPDX-License-Identifier: MPL-2.0
//! Heads that end in probabilities: shown as they are, differentiated as their logits.

use steerlens::onnx::{self, ModelProto, NodeProto, ValueInfoProto};
use steerlens::runtime::{Session, SessionOptions, Tensor};
use steerlens::{Objective, Reading};

use crate::network::Network;
use crate::{ALONG, CLASSES, INPUTS, SIDE, cosine, input, runtime, weight};

/// Softmax, written in many ways, with what exporters put behind it. The output is `p`.
fn softmax_heads() -> Vec<(&'static str, Network)> {
    let network = || Network::new().output("p");
    let handwritten = |n: Network| {
        n.whole("axis", &[1])
            .with(NodeProto::new("ReduceMax", "top", &["z"], &["top"]).with("axes", vec![1i64]))
            .node("Sub", &["z", "top"], "centred")
            .node("Exp", &["centred"], "e")
            .node("ReduceSum", &["e", "axis"], "sum")
    };
    vec![
        ("Softmax", network().softmax("p")),
        ("by hand", handwritten(network()).node("Div", &["e", "sum"], "p")),
        (
            "by hand, by a reciprocal",
            handwritten(network())
                .node("Reciprocal", &["sum"], "inverse")
                .node("Mul", &["e", "inverse"], "p"),
        ),
        (
            "clipped as Keras does",
            network()
                .softmax("q")
                .real("low", &[], &[1e-7])
                .real("high", &[], &[1.0 - 1e-7])
                .node("Clip", &["q", "low", "high"], "p"),
        ),
        (
            "clipped hard",
            network()
                .softmax("q")
                .real("low", &[], &[1e-3])
                .real("high", &[], &[0.999])
                .node("Clip", &["q", "low", "high"], "p"),
        ),
        (
            "the exponential of its logarithm",
            network()
                .with(NodeProto::new("LogSoftmax", "log", &["z"], &["log"]).with("axis", 1i64))
                .node("Exp", &["log"], "p"),
        ),
        (
            "picked out of a batch",
            network()
                .softmax("q")
                .with(NodeProto::new("Reshape", "r", &["q", "flat5"], &["r"]))
                .whole("flat5", &[1, 1, 5])
                .with(NodeProto::new("Gather", "p", &["r", "zero"], &["p"]).with("axis", 1i64))
                .whole("zero", &[0]),
        ),
        (
            "squeezed",
            network()
                .softmax("q")
                .whole("batch", &[0])
                .node("Squeeze", &["q", "batch"], "p"),
        ),
        (
            "turned",
            network()
                .softmax("q")
                .with(NodeProto::new("Transpose", "p", &["q"], &["p"]).with("perm", vec![1i64, 0])),
        ),
    ]
}

#[test]
fn probabilities_are_shown_as_they_are_and_point_as_their_logits_do() {
    for (name, network) in softmax_heads() {
        for output in [None, Some("p")] {
            eprintln!("{name}");
            let mut opened = network.clone().open(output);
            let p = opened.stock("p");
            opened.shows(&p);
            for (source, target) in [(0, 1), (3, 2), (4, 0)] {
                opened.points_as_the_logits_do(source, target, &weight);
            }
            assert_eq!(
                opened.lens.classifier().warnings(),
                Vec::<String>::new(),
                "{name}"
            );
        }
    }
}

/// Numbers whose rows do not sum to 1 because classes were left out, or changed: logarithms all the same.
#[test]
fn what_was_made_of_a_softmax_is_read_as_probabilities() {
    let network = || Network::new().softmax("q").output("p");
    let sliced =
        network()
            .whole("one", &[1])
            .whole("five", &[5])
            .node("Slice", &["q", "one", "five", "one"], "p");
    let gathered = network()
        .whole("order", &[4, 0, 2])
        .with(NodeProto::new("Gather", "p", &["q", "order"], &["p"]).with("axis", 1i64));
    let percent = network()
        .real("hundred", &[], &[100.0])
        .node("Mul", &["q", "hundred"], "p");
    let mut opened = sliced.open(None);
    let p = opened.stock("p");
    opened.shows(&p);
    opened.points_as_the_logits_do(0, 2, &|class, i| weight(class + 1, i));
    // The derivative of log p is that of log p, though the rows do not sum to 1.
    let log = opened.read(0, 2, Objective::LogProbability);
    let q = opened.stock("q");
    let wanted: Vec<f32> = (0..INPUTS)
        .map(|i| weight(3, i) - (0..CLASSES).map(|c| q[c] * weight(c, i)).sum::<f32>())
        .collect();
    assert!(cosine(&log.gradient, &wanted) > ALONG);

    let mut opened = gathered.open(Some("p"));
    let p = opened.stock("p");
    opened.shows(&p);
    opened.points_as_the_logits_do(0, 1, &|class, i| weight([4, 0, 2][class], i));

    let mut opened = percent.open(None);
    let p: Vec<f32> = opened.stock("p").iter().map(|p| p / 100.0).collect();
    opened.shows(&p);
    opened.points_as_the_logits_do(0, 1, &weight);
}

/// The mean of two softmaxes has no logits; the gradient of log p is then the score's, and central differences of the
/// stock file are the judge.
#[test]
fn an_ensembles_mean_moves_along_the_logarithm_of_its_probabilities() {
    let network = Network::new()
        .softmax("p1")
        .real("sharper", &[], &[2.5])
        .node("Mul", &["z", "sharper"], "z2")
        .with(NodeProto::new("Softmax", "p2", &["z2"], &["p2"]).with("axis", 1i64))
        .node("Add", &["p1", "p2"], "sum")
        .real("half", &[], &[0.5])
        .node("Mul", &["sum", "half"], "p")
        .output("p");
    let mut opened = network.open(None);
    let p = opened.stock("p");
    opened.shows(&p);
    let reading = opened.read(0, 3, Objective::Margin);
    let (margin, along) = slope(&opened.model, "p", &reading, &|p| p[3].ln() - p[0].ln());
    // The difference leaves out what is of third order in the step, and has the rounding of two runs.
    assert!((margin - along).abs() < 1e-3 * along, "{margin} and {along}");
}

/// Central difference of a function of the stock tensor along the reading's gradient, and what the gradient says of it.
fn slope(model: &ModelProto, name: &str, reading: &Reading, f: &dyn Fn(&[f32]) -> f32) -> (f64, f64) {
    let mut model = model.clone();
    model.graph.as_mut().unwrap().output = vec![ValueInfoProto::untyped(name)];
    let mut session = Session::new(runtime(), &onnx::encode(&model), &SessionOptions::default()).unwrap();
    let x = input();
    let length = reading.gradient_norm as f32;
    let mut at = |step: f32| {
        let moved = x.as_f32().unwrap().iter().zip(&reading.gradient);
        let moved: Vec<f32> = moved.map(|(x, g)| x + step * g / length).collect();
        let outputs = session
            .run(&[("x", &Tensor::f32([1, 3, SIDE, SIDE], moved))])
            .unwrap();
        f64::from(f(outputs[0].1.as_f32().unwrap()))
    };
    let step = 0.01f32;
    (
        (at(step) - at(-step)) / f64::from(2.0 * step),
        reading.gradient_norm,
    )
}

#[test]
fn each_class_by_itself_is_read_by_its_log_odds() {
    let sigmoid = |n: Network| n.node("Sigmoid", &["z"], "p").output("p");
    let by_hand = |n: Network| {
        n.node("Neg", &["z"], "minus")
            .node("Exp", &["minus"], "e")
            .real("one", &[], &[1.0])
            .node("Add", &["e", "one"], "sum")
            .node("Div", &["one", "sum"], "p")
            .output("p")
    };
    let clipped = |n: Network| {
        n.node("Sigmoid", &["z"], "q")
            .real("low", &[], &[0.01])
            .real("high", &[], &[0.99])
            .node("Clip", &["q", "low", "high"], "p")
            .output("p")
    };
    for (name, network) in [
        ("Sigmoid", sigmoid(Network::new())),
        ("by hand", by_hand(Network::new())),
        ("clipped", clipped(Network::new())),
    ] {
        eprintln!("{name}");
        let mut opened = network.open(Some("p"));
        let p = opened.stock("p");
        opened.shows(&p);
        for (source, target) in [(0, 1), (3, 2)] {
            opened.points_as_the_logits_do(source, target, &weight);
        }
    }
}

/// One probability is two classes, however it is shaped and squashed.
#[test]
fn a_single_probability_is_that_of_class_1() {
    let picked = || {
        Network::new()
            .whole("second", &[2])
            .with(NodeProto::new("Gather", "one", &["z", "second"], &["one"]).with("axis", 1i64))
    };
    let squeezed = |n: Network, axes: &[i64]| {
        n.whole("axes", axes)
            .node("Squeeze", &["q", "axes"], "p")
            .output("p")
    };
    let complement = picked()
        .node("Sigmoid", &["one"], "q")
        .real("unit", &[], &[1.0])
        .node("Sub", &["unit", "q"], "rest")
        .with(NodeProto::new("Concat", "p", &["rest", "q"], &["p"]).with("axis", 1i64))
        .output("p");
    for (name, network) in [
        ("[1,1]", picked().node("Sigmoid", &["one"], "p").output("p")),
        ("[1]", squeezed(picked().node("Sigmoid", &["one"], "q"), &[0])),
        ("[]", squeezed(picked().node("Sigmoid", &["one"], "q"), &[0, 1])),
        ("[1-p,p]", complement),
    ] {
        eprintln!("{name}");
        let mut opened = network.open(None);
        let stock = opened.stock("p");
        let p = *stock.last().unwrap();
        opened.shows(&[1.0 - p, p]);
        let wanted: Vec<f32> = (0..INPUTS).map(|i| weight(2, i)).collect();
        let reading = opened.read(0, 1, Objective::Margin);
        assert!(cosine(&reading.gradient, &wanted) > ALONG);
    }
}
