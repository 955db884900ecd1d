// SPDX-License-Identifier: MPL-2.0
//! What is asked of a model file without a picture, ONNX Runtime, and the program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use steerlens::{ClassifierSettings, ErrorKind, Profile, Runtime};

use crate::call::{Turn, call};
use crate::error::Error;
use crate::settings::{self, Given};

/// Whether ONNX Runtime is open: who names no library gets the open one.
static OPEN: AtomicBool = AtomicBool::new(false);

/// Opens ONNX Runtime: the library that is named, else `usual` unless one is open.
///
/// # Errors
/// When it cannot be used, or another one is open.
pub(crate) fn open(named: Option<&Path>, usual: Option<&Path>) -> Result<&'static Runtime, Error> {
    let usual = usual.filter(|_| !OPEN.load(Ordering::Acquire));
    let runtime = Runtime::open(named.or(usual)).map_err(steerlens::Error::from)?;
    OPEN.store(true, Ordering::Release);
    Ok(runtime)
}

/// Opens ONNX Runtime; its path and version.
#[pyfunction]
pub(crate) fn runtime(
    py: Python<'_>,
    named: Option<PathBuf>,
    usual: Option<PathBuf>,
) -> PyResult<(PathBuf, &'static str)> {
    let runtime = call(py, &Turn::default(), || open(named.as_deref(), usual.as_deref()))?;
    Ok((runtime.path().to_owned(), runtime.version()))
}

/// What `steerlens inspect --json` answers.
#[pyfunction]
pub(crate) fn inspect(
    py: Python<'_>,
    model: PathBuf,
    input_size: Option<(usize, usize)>,
    rows: Given,
    usual: Option<PathBuf>,
) -> PyResult<String> {
    let settings = settings::classifier(model, input_size, &rows)?;
    call(py, &Turn::default(), || {
        open_for(&settings, usual.as_deref())?;
        steerlens_cli::inspect(&settings).map_err(|error| Error::of(error, ErrorKind::Internal))
    })
}

/// The differentiated model as bytes, and warnings.
#[pyfunction]
pub(crate) fn differentiate(
    py: Python<'_>,
    model: PathBuf,
    input_size: Option<(usize, usize)>,
    profile: &str,
    rows: Given,
    usual: Option<PathBuf>,
) -> PyResult<(Py<PyBytes>, Vec<String>)> {
    let settings = settings::classifier(model, input_size, &rows)?;
    let profile = match profile {
        "plain" => Profile::Plain,
        "cpu" => Profile::Cpu,
        _ => {
            let text = format!("there is no profile \"{profile}\"; there are: plain, cpu");
            return Err(Error::new(ErrorKind::Settings, text).into());
        }
    };
    let (bytes, written) = call(py, &Turn::default(), || {
        open_for(&settings, usual.as_deref())?;
        Ok(steerlens::encode_gradient(&settings, profile)?)
    })?;
    Ok((PyBytes::new(py, &bytes).unbind(), written.warnings))
}

/// Opens the library that a model is run with.
pub(crate) fn open_for(settings: &ClassifierSettings, usual: Option<&Path>) -> Result<(), Error> {
    open(settings.runtime_library.as_deref(), usual).map(|_| ())
}

/// Runs the program `steerlens`; its exit code.
#[pyfunction]
pub(crate) fn main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| steerlens_cli::main(arguments))
}
