// SPDX-License-Identifier: MPL-2.0
//! Opening a model: description, reverse half, sessions.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{
    Activation, ClassifierSettings, Error, InputInfo, InputLayout, LabelSource, Labels, ModelDescription,
    ModelInfo, OutputInfo, Signature,
};
use crate::gradient::{self, Differentiated, INPUT_GRADIENT, Profile, SCORES, SHARE};
use crate::onnx::{self, ModelProto};
use crate::runtime::{BoundSession, Data, Interrupter, Provider, Runtime, Session, SessionOptions, Tensor};

/// A differentiated model, ready to read frames.
#[derive(Debug)]
pub struct Classifier {
    loaded: Arc<Loaded>,
    /// Of this handle's runs alone.
    pub(super) interrupter: Interrupter,
}

/// What all handles on a model have in common.
#[derive(Debug)]
struct Loaded {
    signature: Signature,
    labels: Labels,
    squash: Activation,
    scores: usize,
    threads: usize,
    runtime: &'static Runtime,
    provider: Provider,
    model_file: PathBuf,
    description: ModelDescription,
    nodes: usize,
    gradient_nodes: usize,
    load_time: Duration,
    sessions: Mutex<Sessions>,
}

/// The loaded model. Whoever runs it holds the lock from filling the input to copying the output.
#[derive(Debug)]
pub(super) struct Sessions {
    /// Logits and gradient: input, weights of scores and probabilities; logits, input gradient.
    pub(super) both: BoundSession,
    /// Logits alone.
    pub(super) forward: BoundSession,
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
        let description = ModelDescription::of(&model);
        let profile = match settings.execution_provider {
            Provider::Cpu => Profile::Cpu,
            Provider::Cuda => Profile::Plain,
        };
        let differentiated = gradient::differentiate(model, runtime, &described.options(settings, profile))?;
        let mut signature = Signature::decide(
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
        let differentiated = differentiated.with_objective(squash == Activation::Sigmoid || scores == 1)?;
        let options = SessionOptions {
            optimisation: settings.optimization_level,
            threads: threads(settings.threads),
            // A quantised model runs as its file says, not fused into integer kernels: ONNX Runtime 1.21 would, and
            // their saturation is not the one that the gradient is taken of (cosine .96 instead of 1).
            disable_quant_qdq: true,
            provider: settings.execution_provider,
            device: device(settings)?,
            ..Default::default()
        };
        let sessions = Mutex::new(sessions(&differentiated, runtime, &options)?);
        signature.warnings.extend(described.warnings);
        let (labels, classes) = (described.labels.len(), scores.max(2));
        if labels != 0 && labels != classes {
            let text =
                format!("there are {labels} labels for {classes} classes; is it the right label file?");
            signature.warnings.push(text);
        }
        let loaded = Loaded {
            signature,
            labels: described.labels,
            squash,
            scores,
            threads: options.threads,
            runtime,
            provider: settings.execution_provider,
            model_file: settings.model_file.clone(),
            description,
            nodes: differentiated.forward_nodes,
            gradient_nodes: differentiated.gradient_nodes,
            load_time: start.elapsed(),
            sessions,
        };
        Ok(Self {
            loaded: Arc::new(loaded),
            interrupter: Interrupter::new()?,
        })
    }

    /// Another handle on the same loaded model. Handles make their runs one after the other, and each is interrupted
    /// by itself.
    ///
    /// # Errors
    /// When ONNX Runtime gives nothing to interrupt runs with.
    pub fn share(&self) -> Result<Self, crate::Error> {
        Ok(Self {
            loaded: self.loaded.clone(),
            interrupter: Interrupter::new()?,
        })
    }

    /// The loaded model, for one run. A run that panicked left nothing behind that the next one does not write.
    pub(super) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.loaded
            .sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What the scores are.
    pub(super) fn squash(&self) -> Activation {
        self.loaded.squash
    }

    /// How a picture becomes the model's input.
    pub fn signature(&self) -> &Signature {
        &self.loaded.signature
    }

    /// Threads of a run, and of what follows it.
    pub(crate) fn threads(&self) -> usize {
        self.loaded.threads
    }

    /// Number of classes; two for a model with a single score.
    pub fn classes(&self) -> usize {
        self.loaded.scores.max(2)
    }

    /// The name of a class, "class N" where it has none.
    pub fn label(&self, class: usize) -> Cow<'_, str> {
        self.loaded.labels.name(class)
    }

    /// The labels.
    pub fn labels(&self) -> &Labels {
        &self.loaded.labels
    }

    /// The model file.
    pub fn model_file(&self) -> &Path {
        &self.loaded.model_file
    }

    /// The library that runs it.
    pub fn runtime(&self) -> &'static Runtime {
        self.loaded.runtime
    }

    /// Nodes of the forward half, constants folded.
    pub fn nodes(&self) -> usize {
        self.loaded.nodes
    }

    /// Nodes of the reverse half.
    pub fn gradient_nodes(&self) -> usize {
        self.loaded.gradient_nodes
    }

    /// Wall time of opening.
    pub fn load_time(&self) -> Duration {
        self.loaded.load_time
    }

    /// What runs it.
    pub fn provider(&self) -> Provider {
        self.loaded.provider
    }

    /// What its file says of itself.
    pub fn description(&self) -> &ModelDescription {
        &self.loaded.description
    }

    /// Sentences for the user about what had to be guessed or was odd.
    pub fn warnings(&self) -> &[String] {
        &self.loaded.signature.warnings
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
            ..Default::default()
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

fn device(settings: &ClassifierSettings) -> Result<u32, Error> {
    let Some(device) = &settings.device else {
        return Ok(0);
    };
    let wants = match (settings.execution_provider, device.parse()) {
        (Provider::Cuda, Ok(number)) => return Ok(number),
        (Provider::Cuda, Err(_)) => "wants the number of one: 0 is the first",
        (Provider::Cpu, _) => "has none to choose: leave it unset",
    };
    Err(Error::Device {
        device: device.clone(),
        provider: settings.execution_provider.name(),
        wants,
    })
}

fn sessions(
    d: &Differentiated,
    runtime: &'static Runtime,
    options: &SessionOptions,
) -> Result<Sessions, crate::runtime::Error> {
    let count = d.input_shape.iter().product();
    let data = match d.element {
        onnx::ElementType::Uint8 => Data::U8(vec![0; count]),
        _ => Data::F32(vec![0.0; count]),
    };
    let picture = Tensor {
        shape: d.input_shape.clone(),
        data,
    };
    let weights = Tensor::f32(d.logits_shape.clone(), vec![0.0; d.logits_shape.iter().product()]);
    let logits = (d.logits.as_str(), d.logits_shape.as_slice());
    let both = Session::new(runtime, &onnx::encode(&d.model), options)?.bind(
        &[(&d.input, &picture), (SCORES, &weights), (SHARE, &weights)],
        &[logits, (INPUT_GRADIENT, &d.input_shape)],
    )?;
    let forward = Session::new(runtime, &onnx::encode(&d.forward), options)?
        .bind(&[(&d.input, &picture)], &[logits])?;
    Ok(Sessions { both, forward })
}
