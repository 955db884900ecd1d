// SPDX-License-Identifier: MPL-2.0
//! How pixels become a model's input and what its classes are called, from every place that can say so. The networks
//! answer red, green, blue, black and white for plain pictures of those colours, and for nothing else that they are fed:
//! a wrong range or order of channels gives another name.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use std::path::PathBuf;

use steerlens::classifier::{InputFormat, Normalization};
use steerlens::onnx::{Array, GraphProto, ModelProto, NodeProto, OperatorSetIdProto};
use steerlens::onnx::{StringStringEntryProto, ValueInfoProto, encode};
use steerlens::{Classifier, ClassifierSettings, FrameView, LensSettings, PixelFormat, Reader};
use tempfile::TempDir;

const NAMES: [&str; 5] = ["red", "green", "blue", "black", "white"];
const SIZE: usize = 8;
const IMAGENET: ([f32; 3], [f32; 3]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

/// A network of colours, and what describes it.
#[derive(Default)]
struct Colours {
    /// Nodes before the network: operator, and its constant, one value or one per channel.
    scaling: Vec<(&'static str, Vec<f32>)>,
    /// What the network itself takes for black and white, per channel.
    taken: Option<[(f32, f32); 3]>,
    bgr: bool,
    channels_last: bool,
    metadata: Vec<(&'static str, String)>,
    /// Files beside the model.
    beside: Vec<(&'static str, String)>,
    settings: ClassifierSettings,
}

impl Colours {
    /// Scores of a colour with values 0..1: weights of `[channel][class]`, and a bias.
    const WEIGHTS: [[f32; 5]; 3] = [
        [10.0, -5.0, -5.0, -6.0, 6.0],
        [-5.0, 10.0, -5.0, -6.0, 6.0],
        [-5.0, -5.0, 10.0, -6.0, 6.0],
    ];
    const BIAS: [f32; 5] = [0.0, 0.0, 0.0, 6.0, -12.0];

    fn taking(min: f32, max: f32) -> Self {
        Self {
            taken: Some([(min, max); 3]),
            ..Default::default()
        }
    }

    fn model(&self) -> ModelProto {
        let mut graph = GraphProto::default();
        let constant = |graph: &mut GraphProto, shape: &[usize], values: &[f32]| {
            let name = format!("c{}", graph.initializer.len());
            graph.initializer.push(Array::real(shape, values).encode(&name));
            name
        };
        let shape = if self.channels_last {
            [1, SIZE, SIZE, 3]
        } else {
            [1, 3, SIZE, SIZE]
        };
        let mut at = "x".to_owned();
        let node = |graph: &mut GraphProto, mut node: NodeProto| {
            let name = format!("t{}", graph.node.len());
            node.name = Some(name.clone());
            node.output = vec![name.clone()];
            graph.node.push(node);
            name
        };
        for (op, values) in &self.scaling {
            let shape: &[usize] = match (values.len(), self.channels_last) {
                (1, _) => &[],
                (_, true) => &[3],
                (_, false) => &[1, 3, 1, 1],
            };
            let c = constant(&mut graph, shape, values);
            at = node(&mut graph, NodeProto::new(op, "", &[&at, &c], &[]));
        }
        if self.channels_last {
            let transpose = NodeProto::new("Transpose", "", &[&at], &[]).with("perm", vec![0, 3, 1, 2]);
            at = node(&mut graph, transpose);
        }
        let pooled = node(&mut graph, NodeProto::new("GlobalAveragePool", "", &[&at], &[]));
        let flat = node(&mut graph, NodeProto::new("Flatten", "", &[&pooled], &[]));
        // The weights for values 0..1, rewritten for what the network takes.
        let (mut weights, mut bias) = (Vec::new(), Self::BIAS);
        for channel in 0..3 {
            let row = Self::WEIGHTS[if self.bgr { 2 - channel } else { channel }];
            let (min, max) = self.taken.map_or((0.0, 1.0), |taken| taken[channel]);
            for (class, weight) in row.iter().enumerate() {
                weights.push(weight / (max - min));
                bias[class] -= weight * min / (max - min);
            }
        }
        let w = constant(&mut graph, &[3, 5], &weights);
        let b = constant(&mut graph, &[5], &bias);
        graph
            .node
            .push(NodeProto::new("Gemm", "scores", &[&flat, &w, &b], &["scores"]));
        graph.name = Some("colours".into());
        graph.input = vec![ValueInfoProto::tensor("x", 1, &shape)];
        graph.output = vec![ValueInfoProto::tensor("scores", 1, &[1, 5])];
        let entry = |(key, value): &(&str, String)| StringStringEntryProto {
            key: Some((*key).into()),
            value: Some(value.clone()),
        };
        ModelProto {
            ir_version: Some(8),
            graph: Some(graph),
            opset_import: vec![OperatorSetIdProto {
                domain: None,
                version: Some(17),
            }],
            metadata_props: self.metadata.iter().map(entry).collect(),
            ..Default::default()
        }
    }

    fn write(&self) -> (TempDir, ClassifierSettings) {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| -> PathBuf { folder.path().join(name) };
        std::fs::write(at("m.onnx"), encode(&self.model())).unwrap();
        for (name, text) in &self.beside {
            std::fs::write(at(name), text).unwrap();
        }
        let settings = ClassifierSettings {
            model_file: at("m.onnx"),
            label_file: self
                .settings
                .label_file
                .as_ref()
                .map(|name| folder.path().join(name)),
            ..self.settings.clone()
        };
        (folder, settings)
    }

    /// The classes that it takes the five colours for, and the opened classifier.
    fn look(&self) -> ([usize; 5], Opened) {
        let (folder, settings) = self.write();
        let mut reader = Reader::open(&settings, &LensSettings::default())
            .unwrap_or_else(|error| panic!("{error}\nRun `make setup` first."));
        let colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0], [255, 255, 255]];
        let seen = colours.map(|colour: [u8; 3]| {
            let bytes = colour.repeat(SIZE * SIZE);
            let frame = FrameView::new(PixelFormat::Rgb, SIZE, SIZE, 3 * SIZE, &bytes).unwrap();
            reader.score(&frame).unwrap().top_class()
        });
        (
            seen,
            Opened {
                reader,
                _folder: folder,
            },
        )
    }

    /// Checks that all colours are seen as they are.
    #[track_caller]
    fn sees(&self) -> Opened {
        let (seen, opened) = self.look();
        assert_eq!(seen, [0, 1, 2, 3, 4], "{:?}", opened.classifier().facts());
        opened
    }
}

struct Opened {
    reader: Reader,
    _folder: TempDir,
}

impl Opened {
    fn classifier(&self) -> &Classifier {
        self.reader.classifier()
    }

    fn source(&self, name: &str) -> String {
        let facts = self.classifier().facts();
        let fact = facts.iter().find(|fact| fact.name == name);
        fact.map_or("nowhere".into(), |fact| fact.source.to_string())
    }

    #[track_caller]
    fn warns(&self, parts: &[&str]) {
        let warnings = self.classifier().warnings().join("\n");
        for part in parts {
            assert!(warnings.contains(part), "{part:?} in {warnings:?}");
        }
    }

    #[track_caller]
    fn warns_of_nothing(&self) -> &Self {
        assert_eq!(self.classifier().warnings(), &[] as &[String]);
        self
    }

    #[track_caller]
    fn names_the_colours(&self) {
        let classifier = self.classifier();
        let names: Vec<_> = (0..classifier.classes())
            .map(|class| classifier.label(class))
            .collect();
        assert_eq!(names, NAMES);
    }
}

fn normalised() -> [(f32, f32); 3] {
    let (mean, std) = IMAGENET;
    std::array::from_fn(|k| (-mean[k] / std[k], (1.0 - mean[k]) / std[k]))
}

#[test]
fn onnxs_own_image_metadata_decide() {
    for (range, (min, max)) in [
        ("NominalRange_0_255", (0.0, 255.0)),
        ("Normalized_0_1", (0.0, 1.0)),
        ("Normalized_1_1", (-1.0, 1.0)),
        ("NominalRange_16_235", (16.0, 235.0)),
    ] {
        for (format, bgr) in [("Bgr8", true), ("Rgb8", false)] {
            let model = Colours {
                bgr,
                metadata: vec![
                    ("Image.BitmapPixelFormat", format.into()),
                    ("Image.NominalPixelRange", range.into()),
                    ("Image.ColorSpaceGamma", "SRGB".into()),
                ],
                ..Colours::taking(min, max)
            };
            let opened = model.sees();
            assert_eq!(opened.warns_of_nothing().source("range"), "metadata (ONNX image)");
            assert_eq!(opened.source("channels"), "metadata (ONNX image)");
        }
    }
    let model = Colours {
        bgr: true,
        metadata: vec![("Image.BitmapPixelFormat", "Bgr8".into())],
        ..Colours::taking(0.0, 255.0)
    };
    let opened = model.sees();
    opened.warns(&["0..255", "assumed"]);
}

#[test]
fn ultralytics_exports_are_understood() {
    let model = Colours {
        metadata: vec![
            ("author", "Ultralytics".into()),
            ("task", "classify".into()),
            ("imgsz", "[8, 8]".into()),
            (
                "names",
                "{0: 'red', 1: 'green', 2: 'blue', 3: 'black', 4: 'white'}".into(),
            ),
        ],
        ..Default::default()
    };
    let opened = model.sees();
    opened.warns_of_nothing().names_the_colours();
    assert_eq!(opened.source("labels"), "metadata (Ultralytics)");
}

#[test]
fn a_size_that_is_not_the_models_own_is_warned_of_and_left() {
    let model = Colours {
        metadata: vec![("author", "Ultralytics".into()), ("imgsz", "[32, 16]".into())],
        ..Default::default()
    };
    let opened = model.sees();
    opened.warns(&["metadata (Ultralytics)", "32x16", "8x8"]);
    assert_eq!(opened.source("size"), "graph");
}

#[test]
fn getis_exports_are_understood() {
    let model = Colours {
        taken: Some(normalised()),
        metadata: vec![
            ("model_info model_type", "Classification".into()),
            ("model_info mean_values", "123.675 116.28 103.53".into()),
            ("model_info scale_values", "58.395 57.12 57.375".into()),
            ("model_info reverse_input_channels", "True".into()),
            ("model_info labels", NAMES.join(" ")),
        ],
        ..Default::default()
    };
    let opened = model.sees();
    opened.warns_of_nothing().names_the_colours();
    assert_eq!(opened.source("range"), "metadata (OpenVINO Model API)");
}

#[test]
fn hugging_faces_files_beside_the_model_are_understood() {
    let names: Vec<String> = (0..5).map(|k| format!("\"{k}\": \"{}\"", NAMES[k])).collect();
    let model = Colours {
        beside: vec![
            (
                "preprocessor_config.json",
                r#"{"do_rescale": true, "rescale_factor": 0.00392156862745098, "do_normalize": true,
                    "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "size": {"height": 8, "width": 8}}"#
                    .into(),
            ),
            ("config.json", format!("{{\"id2label\": {{{}}}}}", names.join(", "))),
        ],
        ..Colours::taking(-1.0, 1.0)
    };
    let opened = model.sees();
    opened.warns_of_nothing().names_the_colours();
    assert_eq!(opened.source("range"), "file preprocessor_config.json");
    assert_eq!(opened.source("labels"), "file config.json");
}

#[test]
fn a_neighbours_labels_for_another_model_are_left_aside() {
    let model = Colours {
        beside: vec![("config.json", r#"{"id2label": {"0": "cat", "1": "dog"}}"#.into())],
        ..Default::default()
    };
    let (_, opened) = model.look();
    assert_eq!(opened.classifier().label(0), "class 0");
    opened.warns(&["config.json", "2 labels", "5 classes"]);
    assert!(opened.classifier().check_labels().is_ok());
}

#[test]
fn a_graph_that_scales_its_input_is_fed_what_it_scales() {
    let (mean, std) = IMAGENET;
    let cases = [
        // Keras' Rescaling, with channels last.
        (
            Colours {
                scaling: vec![("Mul", vec![1.0 / 127.5]), ("Add", vec![-1.0])],
                channels_last: true,
                ..Colours::taking(-1.0, 1.0)
            },
            "0..255",
        ),
        (
            Colours {
                scaling: vec![("Sub", mean.to_vec()), ("Div", std.to_vec())],
                taken: Some(normalised()),
                ..Default::default()
            },
            "0..1",
        ),
        (
            Colours {
                scaling: vec![
                    ("Div", vec![255.0]),
                    ("Sub", mean.to_vec()),
                    ("Div", std.to_vec()),
                ],
                taken: Some(normalised()),
                ..Default::default()
            },
            "0..255",
        ),
        (
            Colours {
                scaling: vec![("Div", vec![255.0])],
                ..Default::default()
            },
            "0..255",
        ),
    ];
    for (model, range) in cases {
        let opened = model.sees();
        let fact = opened
            .classifier()
            .facts()
            .iter()
            .find(|fact| fact.name == "range");
        assert_eq!(fact.map(|fact| fact.value.as_str()), Some(range));
        assert_eq!(opened.source("range"), "graph");
        // ImageNet's means give the order of channels away, others do not.
        if opened.source("channels") == "guess" {
            opened.warns(&["RGB is assumed"]);
        } else {
            opened.warns_of_nothing();
        }
    }
}

#[test]
fn a_graph_that_contradicts_the_metadata_is_warned_of() {
    let model = Colours {
        scaling: vec![("Div", vec![255.0])],
        metadata: vec![
            ("Image.BitmapPixelFormat", "Rgb8".into()),
            ("Image.NominalPixelRange", "Normalized_0_1".into()),
        ],
        ..Default::default()
    };
    let (_, opened) = model.look();
    opened.warns(&["the graph scales its input itself", "normalization=byte"]);
}

#[test]
fn what_nothing_says_is_guessed_and_said_with_the_order_of_channels() {
    let model = Colours {
        taken: Some(normalised()),
        ..Default::default()
    };
    let opened = model.sees();
    opened.warns(&[
        "RGB and ImageNet's mean and standard deviation are assumed",
        "input-format",
    ]);
    assert_eq!(
        (opened.source("range"), opened.source("channels")),
        ("guess".into(), "guess".into())
    );
    // The advice taken: the range is no guess any more, and the order still is.
    let model = Colours {
        bgr: true,
        settings: ClassifierSettings {
            normalization: Normalization::Byte,
            ..Default::default()
        },
        ..Colours::taking(0.0, 255.0)
    };
    let (seen, opened) = model.look();
    assert_ne!(seen, [0, 1, 2, 3, 4]);
    opened.warns(&["RGB is assumed", "input-format"]);
}

#[test]
fn settings_win_over_everything_and_either_scale_of_means_is_understood() {
    let metadata = vec![
        ("Image.BitmapPixelFormat", "Bgr8".to_owned()),
        ("Image.NominalPixelRange", "NominalRange_0_255".to_owned()),
    ];
    let (mean, std) = IMAGENET;
    for (white, said) in [(1.0, false), (255.0, true)] {
        let scaled = |values: [f32; 3]| values.map(|value| f64::from(value) * white).to_vec();
        let model = Colours {
            taken: Some(normalised()),
            metadata: metadata.clone(),
            settings: ClassifierSettings {
                input_format: InputFormat::Rgb,
                mean: scaled(mean),
                std: scaled(std),
                ..Default::default()
            },
            ..Default::default()
        };
        let opened = model.sees();
        assert_eq!(opened.source("range"), "flag");
        if said {
            opened.warns(&["scale of 8-bit values"]);
        } else {
            opened.warns_of_nothing();
        }
    }
    let mixed = Colours {
        settings: ClassifierSettings {
            mean: vec![103.94],
            std: vec![0.017],
            ..Default::default()
        },
        ..Default::default()
    };
    let (_folder, settings) = mixed.write();
    let error = Classifier::open(&settings).unwrap_err().to_string();
    assert!(error.contains("not on one scale"), "{error}");
}

#[test]
fn every_form_of_label_file_gives_the_same_names() {
    for (text, said) in [
        ("red\ngreen\nblue\nblack\nwhite\n", ""),
        ("0 red\n1 green\n2 blue\n3 black\n4 white\n", ""),
        ("0: red\n1: green\n2: blue\n3: black\n4: white\n", ""),
        ("red;green;blue;black;white\n", ""),
        (
            "[\n \"red\",\n \"green\",\n \"blue\",\n \"black\",\n \"white\"\n]",
            "",
        ),
        (
            "{\"0\": \"red\", \"1\": \"green\", \"2\": \"blue\", \"3\": \"black\", \"4\": \"white\"}",
            "",
        ),
        ("background\nred\ngreen\nblue\nblack\nwhite\n", "left out"),
    ] {
        let model = Colours {
            beside: vec![("labels.txt", text.into())],
            settings: ClassifierSettings {
                label_file: Some("labels.txt".into()),
                input_format: InputFormat::Rgb,
                normalization: Normalization::Unit,
                ..Default::default()
            },
            ..Default::default()
        };
        let opened = model.sees();
        opened.names_the_colours();
        if said.is_empty() {
            opened.warns_of_nothing();
        } else {
            opened.warns(&[said]);
        }
    }
}

#[test]
fn labels_that_do_not_fit_are_warned_of_and_refused_for_results() {
    let model = Colours {
        beside: vec![("m.labels.txt", "red\ngreen\nblue\nblack\nwhite\ngrey\n".into())],
        ..Default::default()
    };
    let (_, opened) = model.look();
    opened.warns(&["m.labels.txt", "6 labels", "5 classes"]);
    let error = opened.classifier().check_labels().unwrap_err().to_string();
    assert!(error.contains("label-file"), "{error}");
    let (_folder, mut settings) = model.write();
    settings.label_file = Some(PathBuf::new());
    let classifier = Classifier::open(&settings).unwrap();
    assert!(classifier.check_labels().is_ok() && classifier.labels().is_empty());
}

#[test]
fn an_input_that_is_no_picture_is_refused_with_a_way_on() {
    for (shape, way) in [
        (&[1, 3, 1, 8, 8][..], "single frame"),
        (&[3, 8, 8], "[1,C,H,W]"),
        (&[], "stated shape"),
        (&[1, 4, 8, 8], "export the model with 3 channels"),
    ] {
        let colours = Colours::default();
        let (_folder, settings) = colours.write();
        let mut model = colours.model();
        if let Some(graph) = &mut model.graph {
            graph.input = vec![ValueInfoProto::tensor("x", 1, shape)];
            if shape.len() == 4 {
                // As models with transparency do: the first three of four.
                let parts = [("from", 0), ("to", 3), ("axis", 1)];
                let parts = parts.map(|(name, at)| Array::whole([at]).encode(name));
                graph.initializer.extend(parts);
                graph.node[0].input[0] = "rgb".into();
                let slice = NodeProto::new("Slice", "rgb", &["x", "from", "to", "axis"], &["rgb"]);
                graph.node.insert(0, slice);
            }
        }
        std::fs::write(&settings.model_file, encode(&model)).unwrap();
        let error = Classifier::open(&settings).unwrap_err().to_string();
        assert!(error.contains(way), "{error}");
    }
}
