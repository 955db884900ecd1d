// SPDX-License-Identifier: MPL-2.0
//! ONNX Runtime: find its library, open it once per process, load models, run them, interrupt a run.
//!
//! The library is loaded at run time. Nothing here is touched before the first model is opened, and no type of
//! the `ort` crate exists before the library has been probed: most of that crate's entry points panic without
//! one (FIELD.md 3.2).

mod tensor;

pub use tensor::{Data, Tensor};

use std::path::{Path, PathBuf};

/// Why ONNX Runtime, a model or a run cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No usable library.
    #[error("{0}")]
    Placeholder(String),
}

/// The opened library. One per process, for ever.
#[derive(Debug)]
pub struct Runtime {}

impl Runtime {
    /// Finds and opens the library: `requested`, else `ORT_DYLIB_PATH`, else the copy in the user's data folder,
    /// else the system's. The first success is kept for the process.
    ///
    /// # Errors
    /// When no library is usable, with every try and its reason; or when another one is open already.
    pub fn open(requested: Option<&Path>) -> Result<&'static Self, Error> {
        let _ = requested;
        unimplemented!()
    }

    /// Absolute path of the library.
    pub fn path(&self) -> &Path {
        unimplemented!()
    }

    /// Its version, for instance "1.32.0".
    pub fn version(&self) -> &str {
        unimplemented!()
    }
}

/// ONNX Runtime's graph optimisation levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "ONNX Runtime's own names")]
pub enum Optimisation {
    Disable,
    Basic,
    Extended,
    #[default]
    All,
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
}

/// A loaded model.
#[derive(Debug)]
pub struct Session {}

impl Session {
    /// Loads a model from memory, on the CPU provider, one inter-op thread, spinning off.
    ///
    /// # Errors
    /// When ONNX Runtime refuses the model.
    pub fn new(runtime: &'static Runtime, model: &[u8], options: &SessionOptions) -> Result<Self, Error> {
        let _ = (runtime, model, options);
        unimplemented!()
    }

    /// Runs the model once and returns all outputs by name. Allocates: for probing and tests, not for frames.
    ///
    /// # Errors
    /// When ONNX Runtime refuses the inputs or the run fails.
    pub fn run(&mut self, inputs: &[(&str, &Tensor)]) -> Result<Vec<(String, Tensor)>, Error> {
        let _ = inputs;
        unimplemented!()
    }

    /// Fixes the tensors of every run to come: inputs that are written in place, outputs that are preallocated.
    ///
    /// # Errors
    /// When a name is not the model's.
    pub fn bind(
        self,
        inputs: &[(&str, &Tensor)],
        outputs: &[(&str, &[usize])],
    ) -> Result<BoundSession, Error> {
        let _ = (inputs, outputs);
        unimplemented!()
    }
}

/// A loaded model with its tensors: what a frame is run through. Outputs are `f32`.
#[derive(Debug)]
pub struct BoundSession {}

impl BoundSession {
    /// The elements of input `index` (as passed to [`Session::bind`]), if they are `f32`.
    pub fn input_f32(&mut self, index: usize) -> Option<&mut [f32]> {
        let _ = index;
        unimplemented!()
    }

    /// The elements of input `index`, if they are `u8`.
    pub fn input_u8(&mut self, index: usize) -> Option<&mut [u8]> {
        let _ = index;
        unimplemented!()
    }

    /// Runs the model on the inputs as they are now.
    ///
    /// # Errors
    /// When the run fails or is interrupted.
    pub fn run(&mut self) -> Result<(), Error> {
        unimplemented!()
    }

    /// The elements of output `index` after the last run.
    pub fn output(&self, index: usize) -> &[f32] {
        let _ = index;
        unimplemented!()
    }

    /// A handle that ends a run from another thread.
    pub fn interrupter(&self) -> Interrupter {
        unimplemented!()
    }
}

/// Ends a run from another thread. Cheap to clone; outlives the session harmlessly.
#[derive(Debug, Clone)]
pub struct Interrupter {}

impl Interrupter {
    /// Ends the run in progress, and every later one until [`Interrupter::clear`].
    pub fn interrupt(&self) {
        unimplemented!()
    }

    /// Lets runs proceed again.
    pub fn clear(&self) {
        unimplemented!()
    }
}
