// SPDX-License-Identifier: MPL-2.0
//! The differentiated model as a file, for use in any runtime.

use std::path::Path;

use super::open::Described;
use super::{ClassifierSettings, Error};
use crate::gradient::{self, Cost, Profile};
use crate::onnx::{self, ElementType};
use crate::runtime::Runtime;

/// What [`write_gradient`] wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The model's input; the other one is [`gradient::COTANGENT`].
    pub input: String,
    /// Its element type: float32, or uint8. The gradient is float32.
    pub element: ElementType,
    /// Its shape, and so that of the gradient.
    pub input_shape: Vec<usize>,
    /// The logits; the other output is [`gradient::INPUT_GRADIENT`].
    pub logits: String,
    /// Their shape, and so that of the cotangent.
    pub logits_shape: Vec<usize>,
    /// Nodes of both halves.
    pub nodes: usize,
    /// What a run is expected to take.
    pub cost: Cost,
}

/// Writes the model with its reverse half to `out`: inputs the model's own and `cotangent`, outputs the logits and
/// `input_gradient`, all shapes static, batch 1.
///
/// # Errors
/// When the model cannot be read or differentiated, or `out` cannot be written.
pub fn write_gradient(
    settings: &ClassifierSettings,
    profile: Profile,
    out: &Path,
) -> Result<Written, crate::Error> {
    if settings.model_file.as_os_str().is_empty() {
        return Err(Error::NoModel.into());
    }
    let model = onnx::read(&settings.model_file)?;
    let described = Described::find(settings, &model)?;
    let runtime = Runtime::open(settings.runtime_library.as_deref())?;
    let options = gradient::Options {
        portable: true,
        ..described.options(settings, profile)
    };
    let d = gradient::differentiate(model, runtime, &options)?;
    std::fs::write(out, onnx::encode(&d.model)).map_err(|e| Error::Write {
        path: out.into(),
        reason: e.to_string(),
    })?;
    Ok(Written {
        input: d.input,
        element: d.element,
        input_shape: d.input_shape,
        logits: d.logits,
        logits_shape: d.logits_shape,
        nodes: d.forward_nodes + d.gradient_nodes,
        cost: d.cost,
    })
}
