// SPDX-License-Identifier: MPL-2.0
//! Opening a model: description, reverse half, sessions.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::error::Misfit;
use super::statements::Statements;
use super::{ClassifierSettings, Error, Fact, Labels, ModelDescription, Signature};
use crate::gradient::{
    self, Differentiated, INPUT_GRADIENT, OBJECTIVE_SCORES, OBJECTIVE_SHARE, Profile, Squash,
};
use crate::guard::shielded;
use crate::onnx;
use crate::opened;
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
    misfit: Option<Misfit>,
    facts: Vec<Fact>,
    warnings: Vec<String>,
    squash: Squash,
    scores: usize,
    threads: usize,
    runtime: &'static Runtime,
    provider: Provider,
    model_file: PathBuf,
    /// See [`Classifier::files`].
    files: Vec<PathBuf>,
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

impl Loaded {
    fn open(settings: &ClassifierSettings) -> Result<Self, Error> {
        let start = Instant::now();
        if settings.model_file.as_os_str().is_empty() {
            return Err(Error::NoModel);
        }
        let model = onnx::read(&settings.model_file)?;
        let mut described = Statements::find(settings, &model)?;
        let runtime = Runtime::open(settings.runtime_library.as_deref())?;
        let description = ModelDescription::of(&model);
        let profile = match settings.execution_provider {
            Provider::Cpu => Profile::Cpu,
            Provider::Cuda => Profile::Plain,
        };
        let differentiated = gradient::differentiate(model, runtime, &described.options(settings, profile))?;
        differentiated.require_row()?;
        described.choose_labels(settings, &differentiated.output)?;
        let scores = differentiated.classes();
        if scores == 0 {
            return Err(Error::NoScores {
                output: differentiated.logits,
                shape: differentiated.logits_shape,
            });
        }
        let squash = differentiated.meaning.squash;
        let known = described.conclude(settings, &differentiated)?;
        let differentiated = differentiated.with_objective()?;
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
        Ok(Self {
            signature: known.signature,
            labels: known.labels,
            misfit: known.misfit,
            facts: known.facts,
            warnings: known.warnings,
            squash,
            scores,
            threads: options.threads,
            runtime,
            provider: settings.execution_provider,
            model_file: settings.model_file.clone(),
            description,
            nodes: differentiated.forward_nodes,
            gradient_nodes: differentiated.gradient_nodes,
            // Listed by whoever calls this.
            files: Vec::new(),
            load_time: start.elapsed(),
            sessions,
        })
    }
}

impl Classifier {
    /// Reads the model and its description, appends the reverse half and loads both into ONNX Runtime.
    ///
    /// # Errors
    /// When a file cannot be read, ONNX Runtime cannot be used, the model is no image classifier, or something
    /// in it has no gradient here.
    pub fn open(settings: &ClassifierSettings) -> Result<Self, Error> {
        let (loaded, files) = opened::listing(|| shielded(|| Loaded::open(settings)));
        Ok(Self {
            loaded: Arc::new(Loaded { files, ..loaded? }),
            interrupter: Interrupter::new()?,
        })
    }

    /// Another handle on the same loaded model. Handles make their runs one after the other, and each is interrupted
    /// by itself.
    ///
    /// # Errors
    /// When ONNX Runtime gives nothing to interrupt runs with.
    pub fn share(&self) -> Result<Self, Error> {
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

    /// How probabilities follow from the scores.
    pub(super) fn squash(&self) -> Squash {
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

    /// Refuses labels whose number is not that of the classes. Who writes labels into results asks first; who only
    /// shows them has the same sentence among [`Classifier::warnings`].
    ///
    /// # Errors
    /// Says where the labels are, how many there are, and what to do.
    pub fn check_labels(&self) -> Result<(), Error> {
        self.loaded
            .misfit
            .clone()
            .map_or(Ok(()), |misfit| Err(misfit.into()))
    }

    /// The class that somebody means by its label, or by its number where no label is written so.
    ///
    /// # Errors
    /// When no class fits, or several do.
    pub fn class(&self, label: &str) -> Result<usize, Error> {
        super::choice::named(label, &self.loaded.labels, self.classes())
    }

    /// The model file.
    pub fn model_file(&self) -> &Path {
        &self.loaded.model_file
    }

    /// Every file that was read for it, each once: the model, its side-car, labels, weights, configurations beside it.
    /// A result must not be written over one.
    pub fn files(&self) -> &[PathBuf] {
        &self.loaded.files
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

    /// What had to be known to use it, and where each thing was taken from.
    pub fn facts(&self) -> &[Fact] {
        &self.loaded.facts
    }

    /// Everything that there is to warn of, in sentences for the user: what had to be guessed, was odd, or
    /// contradicts itself. Whoever opens a classifier for somebody shows them.
    pub fn warnings(&self) -> &[String] {
        &self.loaded.warnings
    }
}

fn threads(asked: u32) -> usize {
    if asked > 0 {
        asked as usize
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
        &[
            (&d.input, &picture),
            (OBJECTIVE_SCORES, &weights),
            (OBJECTIVE_SHARE, &weights),
        ],
        &[logits, (INPUT_GRADIENT, &d.input_shape)],
    )?;
    let forward = Session::new(runtime, &onnx::encode(&d.forward), options)?
        .bind(&[(&d.input, &picture)], &[logits])?;
    Ok(Sessions { both, forward })
}
