// SPDX-License-Identifier: MPL-2.0
//! A loaded model.

use crate::settings::choice;
use std::path::PathBuf;

use ort::session::SessionInputValue;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::value::ValueRef;

use super::{Error, Provider, Runtime, Tensor, convert};
use crate::guard::guard;

choice! {
    pub enum Optimisation = "optimization-level", All, "How far ONNX Runtime rewrites the model before it runs it" {
        Disable = "disable-all": "Not at all",
        Basic = "enable-basic": "Redundant nodes are removed",
        Extended = "enable-extended": "Nodes are fused too",
        All = "enable-all": "The memory layout is chosen too",
    }
}

impl From<Optimisation> for GraphOptimizationLevel {
    fn from(level: Optimisation) -> Self {
        match level {
            Optimisation::Disable => Self::Disable,
            Optimisation::Basic => Self::Level1,
            Optimisation::Extended => Self::Level2,
            Optimisation::All => Self::All,
        }
    }
}

/// How a model is loaded.
#[derive(Debug, Clone, Default)]
pub struct SessionOptions {
    /// Graph optimisation.
    pub optimisation: Optimisation,
    /// Threads of a run; 0 means 1.
    pub threads: usize,
    /// Where the optimised model is written, if anywhere.
    pub dump: Option<PathBuf>,
    /// Lets DequantizeLinear of weights fold (`session.disable_quant_qdq`).
    pub disable_quant_qdq: bool,
    /// What runs the model.
    pub provider: Provider,
    /// Which of the provider's devices, from 0; the processor has only one.
    pub device: u32,
}

/// A loaded model.
#[derive(Debug)]
pub struct Session {
    session: ort::session::Session,
}

impl Session {
    /// Loads a model from memory, one inter-op thread, spinning off.
    ///
    /// The bytes must hold the whole model, as those of [`crate::onnx::encode`] do: ONNX Runtime before 1.32 reads
    /// external weights from any path, and from any address, that a model names (docs/gstreamer.md 3.8), and writes functions
    /// out without a limit.
    ///
    /// # Errors
    /// [`Error::NotWhole`] when the model names data outside of it or has functions of its own; [`Error::Model`] when ONNX Runtime refuses the model, [`Error::Provider`] when the provider cannot be had.
    pub fn new(runtime: &'static Runtime, model: &[u8], options: &SessionOptions) -> Result<Self, Error> {
        let refused = |reason| match options.provider {
            Provider::Cpu => Error::Model {
                version: runtime.version().to_owned(),
                reason,
            },
            // Drivers and devices are looked for only now.
            provider => provider.refused(runtime, reason),
        };
        whole(model)?;
        let builder = guard(|| builder(runtime, options)).map_err(refused)?;
        let mut builder = options.provider.register(options.device, builder, runtime)?;
        guard(|| builder.commit_from_memory(model))
            .map(|session| Self { session })
            .map_err(refused)
    }

    /// Names of the inputs that a run needs, in the model's order.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = &str> {
        self.session.inputs().iter().map(|input| input.name())
    }

    /// Names of the outputs, in the model's order.
    pub fn outputs(&self) -> impl ExactSizeIterator<Item = &str> {
        self.session.outputs().iter().map(|output| output.name())
    }

    /// Shapes of the outputs as far as ONNX Runtime tells them before a run, in the model's order; `None` for what it
    /// cannot tell, and for what is no tensor.
    pub(crate) fn output_shapes(&self) -> impl Iterator<Item = (&str, Option<Vec<usize>>)> {
        self.session.outputs().iter().map(|output| {
            let shape = output.dtype().tensor_shape();
            let known = |shape: &ort::value::Shape| {
                let extents = shape.iter().map(|extent| usize::try_from(*extent).ok());
                extents.collect::<Option<Vec<_>>>()
            };
            (output.name(), shape.and_then(known))
        })
    }

    /// Runs the model once and returns all outputs by name, in the model's order. Allocates: for probing and tests,
    /// not for frames.
    ///
    /// # Errors
    /// [`Error::UnknownName`], [`Error::Shape`] or [`Error::ElementType`] when an input cannot be handed over;
    /// [`Error::Run`] when ONNX Runtime refuses the inputs or the run fails.
    pub fn run(&mut self, inputs: &[(&str, &Tensor)]) -> Result<Vec<(String, Tensor)>, Error> {
        let values = inputs
            .iter()
            .map(|(name, tensor)| {
                self.input_index(name)?;
                Ok((*name, SessionInputValue::from(convert::to_value(name, tensor)?)))
            })
            .collect::<Result<Vec<_>, Error>>()?;
        guard(|| {
            let outputs = self.session.run(values)?;
            let plain =
                |(name, value): (&str, ValueRef<'_>)| Ok((name.to_owned(), convert::from_value(&value)?));
            outputs.iter().map(plain).collect::<ort::Result<_>>()
        })
        .map_err(|reason| Error::Run { reason })
    }

    /// Position of an input in the model's order.
    pub(super) fn input_index(&self, name: &str) -> Result<usize, Error> {
        position(self.inputs(), "input", name)
    }

    /// Position of an output in the model's order.
    pub(super) fn output_index(&self, name: &str) -> Result<usize, Error> {
        position(self.outputs(), "output", name)
    }

    pub(super) fn ort(&self) -> &ort::session::Session {
        &self.session
    }

    pub(super) fn ort_mut(&mut self) -> &mut ort::session::Session {
        &mut self.session
    }
}

/// The one gate in front of ONNX Runtime: nothing that a model names outside of itself goes through.
fn whole(model: &[u8]) -> Result<(), Error> {
    let refuse = |reason: String| Err(Error::NotWhole { reason });
    let found = match crate::onnx::survey(model) {
        Ok(found) => found,
        Err(reason) => return refuse(reason),
    };
    if found.external {
        return refuse("some of its tensors lie outside of it, in a file or in memory".into());
    }
    if found.functions > 0 {
        return refuse("it has functions of its own, which are to be written out first".into());
    }
    Ok(())
}

fn builder(runtime: &Runtime, options: &SessionOptions) -> ort::Result<SessionBuilder> {
    let mut builder = ort::session::Session::builder(runtime.environment())?
        .with_optimization_level(options.optimisation.into())?
        .with_intra_threads(options.threads.max(1))?
        .with_inter_threads(1)?
        // Spinning workers take the cores from whatever runs between two frames (docs/gstreamer.md 3.5).
        .with_intra_op_spinning(false)?
        .with_memory_pattern(true)?;
    if options.disable_quant_qdq {
        builder = builder.with_quant_qdq(false)?;
    }
    if let Some(path) = &options.dump {
        builder = builder.with_optimized_model_path(path)?;
    }
    Ok(builder)
}

fn position<'a>(
    names: impl Iterator<Item = &'a str>,
    what: &'static str,
    name: &str,
) -> Result<usize, Error> {
    let known: Vec<_> = names.collect();
    known
        .iter()
        .position(|known| *known == name)
        .ok_or_else(|| Error::UnknownName {
            what,
            name: name.to_owned(),
            known: known.into_iter().map(str::to_owned).collect(),
        })
}
