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

use std::path::Path;

use steerlens::onnx::{self, Array, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};
use steerlens::runtime::{Data, Optimisation, Session, SessionOptions, Tensor};
use steerlens::{
    ClassChoice, ClassifierSettings, FrameView, Lens, LensSettings, Objective, PixelFormat, Reading, Runtime,
};

const CLASSES: usize = 5;
const SIDE: usize = 4;
const INPUTS: usize = 3 * SIDE * SIDE;

fn runtime() -> &'static Runtime {
    Runtime::open(None).unwrap_or_else(|e| panic!("{e}\nRun `make setup` first."))
}

/// Weights of the linear layer, row by row: one per class.
fn weight(class: usize, input: usize) -> f32 {
    let k = class * INPUTS + input;
    ((k * 7919 + 13) % 101) as f32 / 101.0 - 0.5
}

/// A linear layer with outputs `z`, `[1, 5]`, and what a test appends.
struct Network {
    nodes: Vec<NodeProto>,
    constants: Vec<onnx::TensorProto>,
    outputs: Vec<String>,
    opset: i64,
}

impl Network {
    fn new() -> Self {
        Self::with_weights(1.0)
    }

    fn with_weights(factor: f32) -> Self {
        let weights = (0..INPUTS).flat_map(|i| (0..CLASSES).map(move |c| factor * weight(c, i)));
        Self {
            nodes: vec![
                NodeProto::new("Flatten", "flat", &["x"], &["flat"]),
                NodeProto::new("MatMul", "layer", &["flat", "weights"], &["z"]),
            ],
            constants: vec![Array::real([INPUTS, CLASSES], weights.collect::<Vec<_>>()).encode("weights")],
            outputs: Vec::new(),
            opset: 17,
        }
    }

    fn real(mut self, name: &str, shape: &[usize], values: &[f32]) -> Self {
        self.constants.push(Array::real(shape, values).encode(name));
        self
    }

    fn whole(mut self, name: &str, values: &[i64]) -> Self {
        self.constants.push(Array::whole(values).encode(name));
        self
    }

    fn node(self, op: &str, inputs: &[&str], output: &str) -> Self {
        self.with(NodeProto::new(op, output, inputs, &[output]))
    }

    fn with(mut self, node: NodeProto) -> Self {
        self.nodes.push(node);
        self
    }

    /// A softmax of `z`.
    fn softmax(self, output: &str) -> Self {
        self.with(NodeProto::new("Softmax", output, &["z"], &[output]).with("axis", 1i64))
    }

    fn output(mut self, name: &str) -> Self {
        self.outputs.push(name.into());
        self
    }

    fn model(self) -> ModelProto {
        let graph = GraphProto {
            name: Some("head".into()),
            input: vec![ValueInfoProto::tensor("x", 1, &[1, 3, SIDE, SIDE])],
            output: self
                .outputs
                .iter()
                .map(|name| ValueInfoProto::untyped(name))
                .collect(),
            node: self.nodes,
            initializer: self.constants,
            ..Default::default()
        };
        let import = |domain: Option<&str>, version| OperatorSetIdProto {
            domain: domain.map(Into::into),
            version: Some(version),
        };
        ModelProto {
            ir_version: Some(8),
            graph: Some(graph),
            opset_import: vec![import(None, self.opset), import(Some("ai.onnx.ml"), 3)],
            ..Default::default()
        }
    }

    fn open(self, output: Option<&str>) -> Eye {
        Eye::open(&self.model(), output, "").unwrap_or_else(|e| panic!("{e}"))
    }

    fn refusal(self, output: Option<&str>) -> String {
        match Eye::open(&self.model(), output, "") {
            Ok(_) => panic!("nothing is refused"),
            Err(e) => e.to_string(),
        }
    }
}

/// Whether one of the warnings of opening says so.
fn warned(eye: &Eye, text: &str) -> bool {
    eye.lens.classifier().warnings().iter().any(|w| w.contains(text))
}

/// A model behind the library's front door, and the stock file beside it.
struct Eye {
    lens: Lens,
    model: ModelProto,
    _folder: tempfile::TempDir,
}

impl Eye {
    /// With what a side-car says of its outputs.
    fn open(model: &ModelProto, output: Option<&str>, side_car: &str) -> Result<Self, steerlens::Error> {
        let folder = tempfile::tempdir().unwrap();
        let settings = write(folder.path(), model, output, side_car);
        Ok(Self {
            lens: Lens::open(&settings, LensSettings::default())?,
            model: model.clone(),
            _folder: folder,
        })
    }

    fn read(&mut self, source: usize, target: usize, objective: Objective) -> Reading {
        let settings = LensSettings {
            source: ClassChoice::Index(source),
            target: ClassChoice::Index(target),
            objective,
            ..LensSettings::default()
        };
        self.lens.set_settings(settings).unwrap();
        let bytes = picture();
        let frame = FrameView::new(PixelFormat::Rgb, SIDE, SIDE, 3 * SIDE, &bytes).unwrap();
        let mut reading = Reading::default();
        self.lens.read(&frame, &mut reading).unwrap();
        reading
    }

    /// What ONNX Runtime gives for a tensor of the stock file.
    fn stock(&self, name: &str) -> Vec<f32> {
        stock(&self.model, name)
    }

    /// The gradient from one class to another has the direction of the difference of their weights.
    fn points_as_the_logits_do(&mut self, source: usize, target: usize, of: &dyn Fn(usize, usize) -> f32) {
        let reading = self.read(source, target, Objective::Margin);
        let wanted: Vec<f32> = (0..INPUTS).map(|i| of(target, i) - of(source, i)).collect();
        let cosine = cosine(&reading.gradient, &wanted);
        assert!(cosine > 0.999_9, "{source} to {target}: cosine {cosine}");
    }

    fn shows(&mut self, probabilities: &[f32]) {
        let reading = self.read(0, 1, Objective::Margin);
        close(&reading.probabilities, probabilities, 2e-5);
    }
}

fn write(folder: &Path, model: &ModelProto, output: Option<&str>, side_car: &str) -> ClassifierSettings {
    let file = folder.join("model.onnx");
    std::fs::write(&file, onnx::encode(model)).unwrap();
    let text = format!("[modelinfo]\nversion=1.0\n[x]\ndir=input\nranges=0,1\nchannels=rgb\n{side_car}");
    std::fs::write(folder.join("model.onnx.modelinfo"), text).unwrap();
    std::fs::write(folder.join("names.txt"), "a\nb\nc\nd\ne\n").unwrap();
    ClassifierSettings {
        model_file: file,
        output_name: output.map(Into::into),
        ..Default::default()
    }
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

fn stock(model: &ModelProto, name: &str) -> Vec<f32> {
    let mut model = model.clone();
    model.graph.as_mut().unwrap().output = vec![ValueInfoProto::untyped(name)];
    let options = SessionOptions {
        optimisation: Optimisation::Disable,
        ..Default::default()
    };
    let mut session = Session::new(runtime(), &onnx::encode(&model), &options).unwrap();
    let outputs = session.run(&[("x", &input())]).unwrap();
    match &outputs[0].1.data {
        Data::F32(values) => values.clone(),
        other => panic!("{other:?}"),
    }
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
            let network = Network {
                nodes: network.nodes.clone(),
                constants: network.constants.clone(),
                outputs: network.outputs.clone(),
                opset: network.opset,
            };
            eprintln!("{name}");
            let mut eye = network.open(output);
            let p = eye.stock("p");
            eye.shows(&p);
            for (source, target) in [(0, 1), (3, 2), (4, 0)] {
                eye.points_as_the_logits_do(source, target, &weight);
            }
            assert_eq!(eye.lens.classifier().warnings(), Vec::<String>::new(), "{name}");
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
    let mut eye = sliced.open(None);
    let p = eye.stock("p");
    eye.shows(&p);
    eye.points_as_the_logits_do(0, 2, &|class, i| weight(class + 1, i));
    // The derivative of log p is that of log p, though the rows do not sum to 1.
    let log = eye.read(0, 2, Objective::LogProbability);
    let q = eye.stock("q");
    let wanted: Vec<f32> = (0..INPUTS)
        .map(|i| weight(3, i) - (0..CLASSES).map(|c| q[c] * weight(c, i)).sum::<f32>())
        .collect();
    assert!(cosine(&log.gradient, &wanted) > 0.999_9);

    let mut eye = gathered.open(Some("p"));
    let p = eye.stock("p");
    eye.shows(&p);
    eye.points_as_the_logits_do(0, 1, &|class, i| weight([4, 0, 2][class], i));

    let mut eye = percent.open(None);
    let p: Vec<f32> = eye.stock("p").iter().map(|p| p / 100.0).collect();
    eye.shows(&p);
    eye.points_as_the_logits_do(0, 1, &weight);
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
    let mut eye = network.open(None);
    let p = eye.stock("p");
    eye.shows(&p);
    let reading = eye.read(0, 3, Objective::Margin);
    let (margin, along) = slope(&eye.model, "p", &reading, &|p| p[3].ln() - p[0].ln());
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
        let mut eye = network.open(Some("p"));
        let p = eye.stock("p");
        eye.shows(&p);
        for (source, target) in [(0, 1), (3, 2)] {
            eye.points_as_the_logits_do(source, target, &weight);
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
        let mut eye = network.open(None);
        let stock = eye.stock("p");
        let p = *stock.last().unwrap();
        eye.shows(&[1.0 - p, p]);
        let wanted: Vec<f32> = (0..INPUTS).map(|i| weight(2, i)).collect();
        let reading = eye.read(0, 1, Objective::Margin);
        assert!(cosine(&reading.gradient, &wanted) > 0.999_9);
    }
}

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
        let mut eye = network.open(output);
        assert_eq!(eye.lens.classifier().classes(), CLASSES);
        eye.points_as_the_logits_do(1, 4, &weight);
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
            let mut eye = shaped(shape).open(output);
            assert_eq!(eye.lens.classifier().classes(), CLASSES, "{shape:?}");
            eye.points_as_the_logits_do(2, 4, &weight);
            let reading = eye.read(2, 4, Objective::LogProbability);
            let p = &reading.probabilities;
            let wanted: Vec<f32> = (0..INPUTS)
                .map(|i| weight(4, i) - (0..CLASSES).map(|c| p[c] * weight(c, i)).sum::<f32>())
                .collect();
            assert!(cosine(&reading.gradient, &wanted) > 0.999_9, "{shape:?}");
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
        let mut eye = two_rows().open(Some(name));
        assert_eq!(eye.lens.classifier().classes(), CLASSES);
        eye.points_as_the_logits_do(0, 3, &|class, i| sign * weight(class, i));
    }
    let mut part = two_rows().open(Some("heads[0,0,1:4]"));
    assert_eq!(part.lens.classifier().classes(), 3);
    part.points_as_the_logits_do(0, 2, &|class, i| weight(class + 1, i));
    // A softmax over the classes is stepped over in each row.
    let mut squashed = two_rows();
    squashed.outputs = vec!["p".into()];
    let squashed = squashed.with(NodeProto::new("Softmax", "p", &["heads"], &["p"]).with("axis", -1i64));
    let mut eye = squashed.open(Some("p[0,1]"));
    let p = eye.stock("p");
    eye.shows(&p[5..]);
    eye.points_as_the_logits_do(0, 3, &|class, i| -weight(class, i));
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
        let mut eye = network.open(None);
        eye.points_as_the_logits_do(0, 3, &weight);
    }
    let said = Network::new()
        .node("Relu", &["z"], "other")
        .output("other")
        .output("z")
        .refusal(None);
    assert!(said.contains("\"other\" [1,5], \"z\" [1,5]"), "{said}");
}

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
        Eye::open(model, None, &text).unwrap()
    };
    // Logits, each to be squashed by itself.
    let mut eye = of(&model(), "sigmoid");
    let p: Vec<f32> = eye.stock("z").iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect();
    eye.shows(&p);
    // Numbers in 0..1 that are said to be logits.
    let squashed = Network::new()
        .node("Tanh", &["z"], "t")
        .node("Abs", &["t"], "scores")
        .output("scores")
        .model();
    let mut eye = of(&squashed, "logits");
    let scores = eye.stock("scores");
    let sum: f32 = scores.iter().map(|z| z.exp()).sum();
    let p: Vec<f32> = scores.iter().map(|z| z.exp() / sum).collect();
    eye.shows(&p);
    assert!(warned(&eye, "look like probabilities"));
    // What the graph shows is believed, and the contradiction told.
    let softmax = Network::new().softmax("scores").output("scores").model();
    let mut eye = of(&softmax, "sigmoid");
    let p = eye.stock("scores");
    eye.shows(&p);
    assert!(warned(&eye, "the graph is believed"));
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
    let mut eye = Eye::open(&model, None, side_car).unwrap();
    assert_eq!(eye.lens.classifier().label(1), "b");
    let p: Vec<f32> = eye.stock("z").iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect();
    eye.shows(&p);
}

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
        let mut eye = network.open(None);
        let stock = eye.stock(&name);
        let reading = eye.read(0, 1, Objective::Margin);
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
    for scale in [0.75, 0.5, 2.0] {
        let network = old(scale);
        let model = network.model();
        match Eye::open(&model, None, "") {
            Ok(mut eye) => {
                let stock = eye.stock("z");
                close(&eye.read(0, 1, Objective::Margin).logits, &stock, 1e-4);
            }
            Err(e) => assert!(
                e.to_string().contains("computes something else than the file"),
                "{e}"
            ),
        }
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
    let mut eye = network.open(None);
    eye.lens.set_settings(LensSettings::default()).unwrap();
    let bytes = picture();
    let frame = FrameView::new(PixelFormat::Rgb, SIDE, SIDE, 3 * SIDE, &bytes).unwrap();
    let mut reading = Reading::default();
    eye.lens.read(&frame, &mut reading).unwrap();
    assert!(reading.source != 0 && reading.target != 0 && reading.top_class() != 0);
    assert_eq!(reading.probabilities[0], 0.0);
    assert!((reading.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    let mut out = bytes.clone();
    let mut view = steerlens::FrameViewMut::new(PixelFormat::Rgb, SIDE, SIDE, 3 * SIDE, &mut out).unwrap();
    let report = eye.lens.apply(&frame, &reading, &mut view).unwrap();
    assert!(
        report
            .warning
            .unwrap()
            .contains("1 of the 5 scores are not numbers")
    );
}
