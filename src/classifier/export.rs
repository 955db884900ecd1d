// SPDX-License-Identifier: MPL-2.0
//! The differentiated model as a file, for use in any runtime.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::described::Described;
use super::{ClassifierSettings, Error, Fact};
use crate::gradient::{self, Cost, Profile};
use crate::guard::shielded;
use crate::onnx::{self, ElementType};
use crate::opened;
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
    /// What had to be known to use the model, and where each thing was taken from.
    pub facts: Vec<Fact>,
    /// Sentences for the user: what there is to warn of when the model is opened.
    pub warnings: Vec<String>,
    /// The files that were read beside the model: side-cars, labels, weights. The result must not be written over one.
    pub files: Vec<PathBuf>,
}

/// The model with its reverse half, as the bytes of a model file: inputs the model's own and `cotangent`, outputs the
/// logits and `input_gradient`, all shapes static, batch 1.
///
/// # Errors
/// When the model cannot be read or differentiated.
pub fn encode_gradient(
    settings: &ClassifierSettings,
    profile: Profile,
) -> Result<(Vec<u8>, Written), crate::Error> {
    let (encoded, files) = opened::listing(|| shielded(|| encode(settings, profile)));
    encoded.map(|(bytes, written)| (bytes, Written { files, ..written }))
}

fn encode(settings: &ClassifierSettings, profile: Profile) -> Result<(Vec<u8>, Written), crate::Error> {
    if settings.model_file.as_os_str().is_empty() {
        return Err(Error::NoModel.into());
    }
    let model = onnx::read(&settings.model_file)?;
    let mut described = Described::find(settings, &model)?;
    let runtime = Runtime::open(settings.runtime_library.as_deref())?;
    let options = gradient::Options {
        portable: true,
        ..described.options(settings, profile)
    };
    let d = gradient::differentiate_to_load(model, runtime, &options)?;
    described.settle(settings, &d.output)?;
    let (scores, odd) = (described.scores(&d), described.warnings.clone());
    let (facts, warnings) = match described.conclude(settings, &d) {
        Ok(known) => (known.facts, known.warnings),
        // The gradient of any four axes can be written, as of the features in the middle of a network: how pixels would
        // become them is not asked then.
        Err(Error::Channels { .. }) => (vec![scores], [odd, d.meaning.warnings.clone()].concat()),
        Err(error) => return Err(error.into()),
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

/// Writes what [`encode_gradient`] gives to the file `out`, which is there whole or as it was before.
///
/// # Errors
/// When the model cannot be read or differentiated, or `out` cannot be written, or is the model or a
/// file that was read beside it.
pub fn write_gradient(
    settings: &ClassifierSettings,
    profile: Profile,
    out: &Path,
) -> Result<Written, crate::Error> {
    let failed = |reason: String| Error::Write {
        path: out.into(),
        reason,
    };
    // A link is written through.
    let place = std::fs::canonicalize(out).unwrap_or_else(|_| out.into());
    let is_place = |file: &Path| std::fs::canonicalize(file).is_ok_and(|file| file == place);
    if is_place(&settings.model_file) {
        return Err(failed("it is the model itself, which would be lost".into()).into());
    }
    let (bytes, written) = encode_gradient(settings, profile)?;
    if written.files.iter().any(|file| is_place(file)) {
        return Err(failed("it is a file of the model, which would be lost".into()).into());
    }
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
    let whole = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new()
            // What an ordinary file gets; the user's mask takes its part.
            .permissions(std::fs::Permissions::from_mode(0o666))
            .tempfile_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(&bytes)?;
        file.as_file().sync_all()?;
        file.persist(&place)?;
        Ok(())
    };
    whole().map_err(|error| failed(error.to_string()))?;
    Ok(written)
}
