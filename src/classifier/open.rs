// SPDX-License-Identifier: MPL-2.0
//! Opening a model: description, reverse half, sessions.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{
    Activation, ClassifierSettings, Error, InputInfo, InputLayout, LabelSource, Labels, ModelInfo,
    OutputInfo, Signature,
};
use crate::gradient::{self, COTANGENT, Differentiated, INPUT_GRADIENT, Profile};
use crate::onnx::{self, ModelProto};
use crate::runtime::{BoundSession, Data, Runtime, Session, SessionOptions, Tensor};

/// A differentiated model, ready to read frames.
#[derive(Debug)]
pub struct Classifier {
    pub(super) signature: Signature,
    pub(super) labels: Labels,
    /// Logits and gradient: input, cotangent; logits, input gradient.
    pub(super) both: BoundSession,
    /// Logits alone.
    pub(super) forward: BoundSession,
    pub(super) scores: usize,
    pub(super) squash: Activation,
    runtime: &'static Runtime,
    model_file: PathBuf,
    nodes: usize,
    gradient_nodes: usize,
    load_time: Duration,
}

impl Classifier {
    /// Reads the model and its description, appends the reverse half and loads both into ONNX Runtime.
    ///
    /// # Errors
    /// When a file cannot be read, ONNX Runtime cannot be used, the model is no image classifier, or something
    /// in it has no gradient here.
    pub fn open(settings: &ClassifierSettings) -> Result<Self, crate::Error> {
        let start = Instant::now();
        if settings.model_file.as_os_str().is_empty() {
            return Err(Error::NoModel.into());
        }
        let model = onnx::read(&settings.model_file)?;
        let described = Described::find(settings, &model)?;
        let runtime = Runtime::open(settings.runtime_library.as_deref())?;
        let differentiated =
            gradient::differentiate(model, runtime, &described.options(settings, Profile::Cpu))?;
        let signature = Signature::decide(
            &differentiated.input,
            &differentiated.input_shape,
            differentiated.element,
            settings,
            described.input,
        )?;
        let scores = differentiated.classes();
        if scores == 0 {
            return Err(Error::NoScores {
                output: differentiated.logits,
                shape: differentiated.logits_shape,
            }
            .into());
        }
        let squash = match (differentiated.activation.as_deref(), described.output.activation) {
            (Some("Sigmoid"), _) | (None, Some(Activation::Sigmoid)) => Activation::Sigmoid,
            _ => Activation::Softmax,
        };
        let options = SessionOptions {
            threads: threads(settings.threads),
            // A quantised model runs as its file says, not fused into integer kernels: ONNX Runtime 1.21 would, and
            // their saturation is not the one that the gradient is taken of (cosine .96 instead of 1).
            disable_quant_qdq: true,
            ..Default::default()
        };
        let (both, forward) = sessions(&differentiated, runtime, &options)?;
        let mut classifier = Self {
            signature,
            labels: described.labels,
            both,
            forward,
            scores,
            squash,
            runtime,
            model_file: settings.model_file.clone(),
            nodes: differentiated.forward_nodes,
            gradient_nodes: differentiated.gradient_nodes,
            load_time: Duration::ZERO,
        };
        classifier.signature.warnings.extend(described.warnings);
        let (labels, classes) = (classifier.labels.len(), classifier.classes());
        if labels != 0 && labels != classes {
            let text =
                format!("there are {labels} labels for {classes} classes; is it the right label file?");
            classifier.signature.warnings.push(text);
        }
        classifier.load_time = start.elapsed();
        Ok(classifier)
    }

    /// How a picture becomes the model's input.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Number of classes; two for a model with a single score.
    pub fn classes(&self) -> usize {
        self.scores.max(2)
    }

    /// The name of a class, "class N" where it has none.
    pub fn label(&self, class: usize) -> Cow<'_, str> {
        self.labels.name(class)
    }

    /// The labels.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The model file.
    pub fn model_file(&self) -> &Path {
        &self.model_file
    }

    /// The library that runs it.
    pub fn runtime(&self) -> &'static Runtime {
        self.runtime
    }

    /// Nodes of the forward half, constants folded.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// Nodes of the reverse half.
    pub fn gradient_nodes(&self) -> usize {
        self.gradient_nodes
    }

    /// Wall time of opening.
    pub fn load_time(&self) -> Duration {
        self.load_time
    }

    /// Sentences for the user about what had to be guessed or was odd.
    pub fn warnings(&self) -> &[String] {
        &self.signature.warnings
    }
}

/// Everything that is said about a model outside its graph.
pub(super) struct Described {
    pub(super) input: InputInfo,
    pub(super) output: OutputInfo,
    pub(super) labels: Labels,
    pub(super) warnings: Vec<String>,
}

impl Described {
    /// Property, side-car, metadata, in that order; labels also from `STEM.labels.txt` beside the model.
    pub(super) fn find(settings: &ClassifierSettings, model: &ModelProto) -> Result<Self, Error> {
        let side_car = match &settings.model_info {
            Some(path) if path.as_os_str().is_empty() => None,
            Some(path) => Some(path.clone()),
            None => ModelInfo::beside(&settings.model_file),
        };
        let side_car = side_car
            .map(|path| ModelInfo::read(&path))
            .transpose()?
            .unwrap_or_default();
        let entries = model
            .metadata_props
            .iter()
            .filter_map(|e| Some((e.key.as_deref()?, e.value.as_deref()?)));
        let metadata = ModelInfo::from_metadata(entries);
        let graph = model.graph.as_ref();
        let constant =
            |name: &Option<String>| graph.is_some_and(|g| g.initializer.iter().any(|t| t.name == *name));
        let input = graph
            .and_then(|g| g.input.iter().find(|i| !constant(&i.name)))
            .and_then(|i| i.name.as_deref());
        let output = settings.output_name.as_deref();
        let output = output.or_else(|| {
            graph
                .and_then(|g| g.output.first())
                .and_then(|o| o.name.as_deref())
        });
        let pick_input =
            |info: &ModelInfo| info.input(input.unwrap_or_default()).cloned().unwrap_or_default();
        let pick_output = |info: &ModelInfo| {
            info.output(output.unwrap_or_default())
                .cloned()
                .unwrap_or_default()
        };
        let input = pick_input(&side_car).or(pick_input(&metadata));
        let output = pick_output(&side_car).or(pick_output(&metadata));
        let labels = labels(settings, &output)?;
        let warnings = [side_car.warnings, metadata.warnings].concat();
        Ok(Self {
            input,
            output,
            labels,
            warnings,
        })
    }

    /// What the gradient room needs to know.
    pub(super) fn options(&self, settings: &ClassifierSettings, profile: Profile) -> gradient::Options {
        let layout = match settings.input_layout {
            InputLayout::Auto => self.input.layout,
            set => set,
        };
        gradient::Options {
            output: settings.output_name.clone(),
            input_size: settings.input_size.or(self.input.size),
            channels_last: match layout {
                InputLayout::Auto => None,
                layout => Some(layout == InputLayout::Nhwc),
            },
            labels: (!self.labels.is_empty()).then(|| self.labels.len()),
            profile,
        }
    }
}

fn labels(settings: &ClassifierSettings, output: &OutputInfo) -> Result<Labels, Error> {
    if let Some(path) = &settings.label_file {
        return Labels::read(path).map_err(Error::Labels);
    }
    match &output.labels {
        Some(LabelSource::Inline(labels)) => Ok(labels.clone()),
        // The side-car has put its own folder before the name.
        Some(LabelSource::File(path)) => Labels::read(path).map_err(Error::Labels),
        None => match Labels::read(&settings.model_file.with_extension("labels.txt")) {
            Err(e) if e.is_not_found() => Ok(Labels::default()),
            read => read.map_err(Error::Labels),
        },
    }
}

fn threads(asked: usize) -> usize {
    if asked > 0 {
        asked
    } else {
        num_cpus::get_physical().saturating_sub(1).max(1)
    }
}

fn sessions(
    d: &Differentiated,
    runtime: &'static Runtime,
    options: &SessionOptions,
) -> Result<(BoundSession, BoundSession), crate::runtime::Error> {
    let count = d.input_shape.iter().product();
    let data = match d.element {
        onnx::ElementType::Uint8 => Data::U8(vec![0; count]),
        _ => Data::F32(vec![0.0; count]),
    };
    let picture = Tensor {
        shape: d.input_shape.clone(),
        data,
    };
    let cotangent = Tensor::f32(d.logits_shape.clone(), vec![0.0; d.logits_shape.iter().product()]);
    let logits = (d.logits.as_str(), d.logits_shape.as_slice());
    let both = Session::new(runtime, &onnx::encode(&d.model), options)?.bind(
        &[(&d.input, &picture), (COTANGENT, &cotangent)],
        &[logits, (INPUT_GRADIENT, &d.input_shape)],
    )?;
    let forward = Session::new(runtime, &onnx::encode(&d.forward), options)?
        .bind(&[(&d.input, &picture)], &[logits])?;
    Ok((both, forward))
}
