// SPDX-License-Identifier: MPL-2.0
//! The differentiated model as the bytes of a file, for use in any runtime.

use std::path::PathBuf;

use super::statements::Statements;
use super::{ClassifierSettings, Error, Fact};
use crate::gradient::{self, Cost, Profile};
use crate::guard::shielded;
use crate::onnx::{self, ElementType};
use crate::opened;
use crate::runtime::Runtime;

/// What [`encode_gradient`] wrote.
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
    /// What had to be known to use the model, and where each thing was taken from.
    pub facts: Vec<Fact>,
    /// Sentences for the user: what there is to warn of when the model is opened.
    pub warnings: Vec<String>,
    /// Every file that was read for it, the model among them, each once. The result must not be written over one.
    pub files: Vec<PathBuf>,
}

/// The model with its reverse half, as the bytes of a model file: inputs the model's own and `cotangent`, outputs the
/// logits and `input_gradient`, all shapes static, batch 1.
///
/// # Errors
/// When the model cannot be read or differentiated.
pub fn encode_gradient(settings: &ClassifierSettings, profile: Profile) -> Result<(Vec<u8>, Written), Error> {
    let (encoded, files) = opened::listing(|| shielded(|| encode(settings, profile)));
    encoded.map(|(bytes, written)| (bytes, Written { files, ..written }))
}

fn encode(settings: &ClassifierSettings, profile: Profile) -> Result<(Vec<u8>, Written), Error> {
    if settings.model_file.as_os_str().is_empty() {
        return Err(Error::NoModel);
    }
    let model = onnx::read(&settings.model_file)?;
    let mut described = Statements::find(settings, &model)?;
    let runtime = Runtime::open(settings.runtime_library.as_deref())?;
    let options = gradient::Options {
        portable: true,
        ..described.options(settings, profile)
    };
    let d = gradient::differentiate_to_load(model, runtime, &options)?;
    described.choose_labels(settings, &d.output)?;
    let (scores, odd) = (described.scores(&d), described.warnings.clone());
    let (facts, warnings) = match described.conclude(settings, &d) {
        Ok(known) => (known.facts, known.warnings),
        // The gradient of any four axes can be written, as of the features in the middle of a network: how pixels would
        // become them is not asked then.
        Err(Error::Channels { .. }) => (vec![scores], [odd, d.meaning.warnings.clone()].concat()),
        Err(error) => return Err(error),
    };
    let written = Written {
        nodes: d.forward_nodes + d.gradient_nodes,
        input: d.input,
        element: d.element,
        input_shape: d.input_shape,
        logits: d.logits,
        logits_shape: d.logits_shape,
        cost: d.cost,
        facts,
        warnings,
        files: Vec::new(),
    };
    Ok((onnx::encode(&d.model), written))
}
