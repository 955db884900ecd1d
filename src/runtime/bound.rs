// SPDX-License-Identifier: MPL-2.0
//! The hot path: a model whose tensors stay.
//!
//! Inputs are written where ONNX Runtime reads them, outputs are read where it wrote them. The outputs' memory goes
//! back to the session's arena when the next run begins, so that the arena hands it out again: no page is touched
//! for the first time after the first run. (Outputs preallocated in the run's options would save a few small
//! allocations; such options cannot be shared with the thread that interrupts.)

use std::fmt;

use ort::session::SessionInputValue;
use ort::value::{DynValue, PrimitiveTensorElementType, TensorElementType, ValueType};

use super::{Error, Interrupter, Session, Tensor, convert};
use crate::guard::guard;

/// A loaded model with its tensors: what a frame is run through. Outputs are `f32`.
pub struct BoundSession {
    /// In the model's order.
    inputs: Vec<SessionInputValue<'static>>,
    /// Where input `i` of [`Session::bind`] is in `inputs`.
    input_places: Vec<usize>,
    outputs: Vec<Output>,
    interrupter: Interrupter,
    session: Session,
}

#[derive(Debug)]
struct Output {
    name: String,
    shape: Vec<i64>,
    /// Of the last run; `None` before the first one and after one that failed.
    value: Option<DynValue>,
}

impl Session {
    /// Fixes the tensors of every run to come: every input, in its first state, and the wanted outputs, `f32`, with
    /// their shapes. Inputs and outputs may come in any order.
    ///
    /// # Errors
    /// [`Error::UnknownName`] when a name is not the model's, [`Error::MissingInput`] when an input is not given,
    /// [`Error::Shape`] and [`Error::ElementType`] when a tensor is not what it should be.
    pub fn bind(
        self,
        inputs: &[(&str, &Tensor)],
        outputs: &[(&str, &[usize])],
    ) -> Result<BoundSession, Error> {
        BoundSession::new(self, inputs, outputs)
    }
}

impl BoundSession {
    fn new(
        session: Session,
        inputs: &[(&str, &Tensor)],
        outputs: &[(&str, &[usize])],
    ) -> Result<Self, Error> {
        let input_places = inputs
            .iter()
            .map(|(name, _)| session.input_index(name))
            .collect::<Result<Vec<_>, _>>()?;
        let values =
            session
                .inputs()
                .map(|name| {
                    let (_, tensor) = inputs.iter().find(|(given, _)| *given == name).ok_or_else(|| {
                        Error::MissingInput {
                            name: name.to_owned(),
                        }
                    })?;
                    convert::to_value(name, tensor).map(SessionInputValue::from)
                })
                .collect::<Result<_, _>>()?;
        let outputs = outputs
            .iter()
            .map(|(name, shape)| output(&session, name, shape))
            .collect::<Result<_, _>>()?;
        let interrupter = Interrupter::new()?;
        Ok(Self {
            inputs: values,
            input_places,
            outputs,
            interrupter,
            session,
        })
    }

    /// The elements of input `index` (as passed to [`Session::bind`]), if they are `f32`. They keep their values
    /// from run to run.
    pub fn input_f32(&mut self, index: usize) -> Option<&mut [f32]> {
        self.input(index)
    }

    /// The elements of input `index`, if they are `u8`.
    pub fn input_u8(&mut self, index: usize) -> Option<&mut [u8]> {
        self.input(index)
    }

    fn input<T: PrimitiveTensorElementType>(&mut self, index: usize) -> Option<&mut [T]> {
        match self.inputs.get_mut(*self.input_places.get(index)?)? {
            SessionInputValue::Owned(value) => {
                value.try_extract_tensor_mut().ok().map(|(_, elements)| elements)
            }
            SessionInputValue::View(_) | SessionInputValue::ViewMut(_) => None,
        }
    }

    /// Runs the model on the inputs as they are now.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when an [`Interrupter`] ended the run, or was not cleared; [`Error::Run`] when it
    /// failed; [`Error::Shape`] when an output is not shaped as [`Session::bind`] was told.
    pub fn run(&mut self) -> Result<(), Error> {
        let own = self.interrupter.clone();
        self.run_under(&own)
    }

    /// [`BoundSession::run`] for one of several who share the session: only `interrupter` ends this run.
    ///
    /// # Errors
    /// As for [`BoundSession::run`].
    pub fn run_under(&mut self, interrupter: &Interrupter) -> Result<(), Error> {
        for output in &mut self.outputs {
            output.value = None;
        }
        let interruptions = interrupter.times();
        if interrupter.is_raised() {
            return Err(Error::Interrupted);
        }
        guard(|| {
            let mut results = self
                .session
                .ort_mut()
                .run_with_options(self.inputs.as_slice(), interrupter.options())?;
            for output in &mut self.outputs {
                output.value = results.remove(&output.name);
            }
            Ok::<_, ort::Error>(())
        })
        .map_err(|reason| {
            if interrupter.times() == interruptions {
                Error::Run { reason }
            } else {
                Error::Interrupted
            }
        })?;
        self.outputs.iter_mut().try_for_each(Output::check)
    }

    /// The elements of output `index` (as passed to [`Session::bind`]) after the last run, row major; empty before
    /// the first run and after one that failed.
    pub fn output(&self, index: usize) -> &[f32] {
        self.outputs
            .get(index)
            .and_then(|output| output.value.as_ref()?.try_extract_tensor().ok())
            .map_or(&[], |(_, elements)| elements)
    }

    /// A handle that ends a run from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }
}

impl fmt::Debug for BoundSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundSession")
            .field("session", &self.session)
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}

fn output(session: &Session, name: &str, shape: &[usize]) -> Result<Output, Error> {
    let declared = session.ort().outputs()[session.output_index(name)?].dtype();
    if !matches!(
        declared,
        ValueType::Tensor {
            ty: TensorElementType::Float32,
            ..
        }
    ) {
        let name = name.to_owned();
        return Err(Error::ElementType {
            name,
            expected: "f32",
            found: declared.to_string(),
        });
    }
    let shape = shape
        .iter()
        .map(|extent| i64::try_from(*extent))
        .collect::<Result<_, _>>()
        .map_err(|_| Error::Shape {
            name: name.to_owned(),
            reason: format!("no output can have the shape {shape:?}"),
        })?;
    Ok(Output {
        name: name.to_owned(),
        shape,
        value: None,
    })
}

impl Output {
    /// Forgets and refuses a value of another shape: callers index by the shape they asked for.
    fn check(&mut self) -> Result<(), Error> {
        let found = self.value.as_ref().map(|value| value.shape());
        if found.is_some_and(|found| **found == *self.shape) {
            return Ok(());
        }
        let reason = match found {
            Some(found) => format!("expected the shape {:?}, the run gave {found}", self.shape),
            None => "the run did not give it".to_owned(),
        };
        self.value = None;
        Err(Error::Shape {
            name: self.name.clone(),
            reason,
        })
    }
}
