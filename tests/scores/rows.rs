// SPDX-License-Identifier: MPL-2.0
//! Which tensor, and which row of it, holds the scores.

use steerlens::Objective;
use steerlens::onnx::NodeProto;

use crate::network::Network;
use crate::{ALONG, CLASSES, INPUTS, cosine, weight};

/// Labels, lists of the best and dictionaries are made of scores, and those are taken.
#[test]
fn the_scores_behind_a_label_are_taken() {
    let best = |x: &str| NodeProto::new("ArgMax", "best", &[x], &["label"]).with("axis", 1i64);
    let argmax = Network::new().with(best("z")).output("label");
    let both = Network::new()
        .softmax("p")
        .with(best("p"))
        .output("label")
        .output("p");
    let list = Network::new()
        .softmax("p")
        .whole("three", &[3])
        .with(NodeProto::new(
            "TopK",
            "list",
            &["p", "three"],
            &["scores", "classes"],
        ))
        .output("scores")
        .output("classes");
    let sure = Network::new()
        .softmax("p")
        .with(best("p"))
        .with(NodeProto::new("ReduceMax", "sure", &["p"], &["confidence"]).with("axes", vec![1i64]))
        .output("label")
        .output("confidence");
    let mut zip = NodeProto::new("ZipMap", "zip", &["p"], &["dictionary"])
        .with("classlabels_int64s", (0..5i64).collect::<Vec<_>>());
    zip.domain = Some("ai.onnx.ml".into());
    let zipped = Network::new().softmax("p").with(zip).output("dictionary");
    for (name, output, network) in [
        ("ArgMax", None, argmax),
        ("ArgMax beside its scores", None, both),
        ("TopK", None, list),
        ("ReduceMax", None, sure),
        ("ZipMap", None, zipped),
    ] {
        eprintln!("{name}");
        let mut opened = network.open(output);
        assert_eq!(opened.lens.classifier().classes(), CLASSES);
        opened.points_as_the_logits_do(1, 4, &weight);
    }
    let mut named = Network::new().with(best("z")).output("label").open(Some("label"));
    named.points_as_the_logits_do(1, 4, &weight);
}

#[test]
fn a_row_is_a_row_in_every_shape() {
    let shaped = |shape: &[i64]| {
        Network::new()
            .whole("shape", shape)
            .node("Reshape", &["z", "shape"], "scores")
            .output("scores")
    };
    for shape in [&[5][..], &[5, 1], &[1, 5], &[1, 5, 1, 1], &[1, 1, 5]] {
        for output in [None, Some("scores")] {
            let mut opened = shaped(shape).open(output);
            assert_eq!(opened.lens.classifier().classes(), CLASSES, "{shape:?}");
            opened.points_as_the_logits_do(2, 4, &weight);
            let reading = opened.read(2, 4, Objective::LogProbability);
            let p = &reading.probabilities;
            let wanted: Vec<f32> = (0..INPUTS)
                .map(|i| weight(4, i) - (0..CLASSES).map(|c| p[c] * weight(c, i)).sum::<f32>())
                .collect();
            assert!(cosine(&reading.gradient, &wanted) > ALONG, "{shape:?}");
        }
    }
}

/// `z` in two copies, the second negated, as `[1, 2, 5]`.
fn two_rows() -> Network {
    Network::new()
        .node("Neg", &["z"], "minus")
        .with(NodeProto::new("Concat", "rows", &["z", "minus"], &["rows"]).with("axis", 0i64))
        .whole("shape", &[1, 2, 5])
        .node("Reshape", &["rows", "shape"], "heads")
        .output("heads")
}

#[test]
fn one_row_of_many_is_named_by_its_index() {
    for (name, sign) in [
        ("heads[0,0]", 1.0),
        ("heads[:,1]", -1.0),
        ("heads[0, -1, :]", -1.0),
    ] {
        let mut opened = two_rows().open(Some(name));
        assert_eq!(opened.lens.classifier().classes(), CLASSES);
        opened.points_as_the_logits_do(0, 3, &|class, i| sign * weight(class, i));
    }
    let mut part = two_rows().open(Some("heads[0,0,1:4]"));
    assert_eq!(part.lens.classifier().classes(), 3);
    part.points_as_the_logits_do(0, 2, &|class, i| weight(class + 1, i));
    // A softmax over the classes is stepped over in each row.
    let mut squashed = two_rows();
    squashed.outputs = vec!["p".into()];
    let squashed = squashed.with(NodeProto::new("Softmax", "p", &["heads"], &["p"]).with("axis", -1i64));
    let mut opened = squashed.open(Some("p[0,1]"));
    let p = opened.stock("p");
    opened.shows(&p[5..]);
    opened.points_as_the_logits_do(0, 3, &|class, i| -weight(class, i));
}

#[test]
fn what_is_no_row_is_refused_in_a_sentence_whose_advice_works() {
    for output in [None, Some("heads")] {
        let said = two_rows().refusal(output);
        let advice = said.split("output-name=").nth(1).unwrap();
        assert_eq!(advice, "heads[0,0,:]", "{said}");
        two_rows().open(Some(advice));
    }
    let said = two_rows().refusal(Some("heads[0,7]"));
    assert!(
        said.contains("axis 1 of [1, 2, 5] has the entries 0 to 1"),
        "{said}"
    );
    let counts = Network::new().node("Shape", &["x"], "extents").output("extents");
    let said = counts.refusal(None);
    assert!(
        said.contains("no output") && said.contains("\"extents\" [4]"),
        "{said}"
    );
}

/// Logits and their softmax, both outputs, are one classifier; so are scores that leave as float64.
#[test]
fn outputs_that_say_the_same_are_no_choice() {
    let both = Network::new().softmax("p").output("p").output("z");
    let cast = |to: i64| {
        Network::new()
            .with(NodeProto::new("Cast", "wide", &["z"], &["wide"]).with("to", to))
            .output("wide")
    };
    for network in [both, cast(11), cast(7)] {
        let mut opened = network.open(None);
        opened.points_as_the_logits_do(0, 3, &weight);
    }
    let said = Network::new()
        .node("Relu", &["z"], "other")
        .output("other")
        .output("z")
        .refusal(None);
    assert!(said.contains("\"other\" [1,5], \"z\" [1,5]"), "{said}");
}
