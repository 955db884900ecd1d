// SPDX-License-Identifier: MPL-2.0
//! Models that several elements share under a name (`model-instance-id`).
//!
//! A model lives as long as an element holds it. The list of names is never locked while a model is opened; one name
//! is, so that two elements that start at once open their model once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use steerlens::{Classifier, ClassifierSettings};

use super::errors;

/// An open model, and what it was opened with.
#[derive(Debug)]
pub(super) struct Instance {
    settings: ClassifierSettings,
    classifier: Classifier,
}

/// A model for one element.
pub(super) struct Model {
    pub(super) classifier: Classifier,
    /// Whether it was open already.
    pub(super) shared: bool,
    /// Keeps the name alive.
    pub(super) instance: Option<Arc<Instance>>,
}

type Slot = Arc<Mutex<Weak<Instance>>>;

static NAMES: Mutex<BTreeMap<String, Slot>> = Mutex::new(BTreeMap::new());

/// The model with these settings: the one that goes under `name`, or a new one.
///
/// # Errors
/// When the model cannot be opened, or another one goes under that name.
pub(super) fn open(name: Option<&str>, settings: &ClassifierSettings) -> Result<Model, gst::ErrorMessage> {
    let bus = |error| errors::bus_error(&error);
    let Some(name) = name else {
        return Ok(Model {
            classifier: Classifier::open(settings).map_err(bus)?,
            shared: false,
            instance: None,
        });
    };
    let slot = slot(name);
    let mut slot = lock(&slot);
    let (instance, shared) = match slot.upgrade() {
        Some(open) => {
            if let Some(property) = difference(&open.settings, settings) {
                return Err(conflict(name, property, &open.settings));
            }
            (open, true)
        }
        None => {
            let opened = Arc::new(Instance {
                settings: settings.clone(),
                classifier: Classifier::open(settings).map_err(bus)?,
            });
            *slot = Arc::downgrade(&opened);
            (opened, false)
        }
    };
    Ok(Model {
        classifier: instance.classifier.share().map_err(bus)?,
        shared,
        instance: Some(instance),
    })
}

/// The place of a name; names that nobody uses any more are forgotten on the way.
fn slot(name: &str) -> Slot {
    let mut names = lock(&NAMES);
    names.retain(|_, slot| {
        Arc::strong_count(slot) > 1 || slot.try_lock().map_or(true, |model| model.strong_count() > 0)
    });
    names.entry(name.to_owned()).or_default().clone()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first property in which two models differ.
fn difference(open: &ClassifierSettings, wanted: &ClassifierSettings) -> Option<&'static str> {
    let differs = [
        ("model-file", open.model_file != wanted.model_file),
        ("label-file", open.label_file != wanted.label_file),
        ("model-info", open.model_info != wanted.model_info),
        ("output-name", open.output_name != wanted.output_name),
        ("input-size", open.input_size != wanted.input_size),
        (
            "onnxruntime-library",
            open.runtime_library != wanted.runtime_library,
        ),
        (
            "execution-provider",
            open.execution_provider != wanted.execution_provider,
        ),
        ("device", open.device != wanted.device),
        (
            "optimization-level",
            open.optimization_level != wanted.optimization_level,
        ),
        ("threads", open.threads != wanted.threads),
    ];
    let named = differs
        .into_iter()
        .find(|(_, differs)| *differs)
        .map(|(name, _)| name);
    named.or_else(|| (open != wanted).then_some("how frames become its input"))
}

fn conflict(name: &str, property: &str, open: &ClassifierSettings) -> gst::ErrorMessage {
    let file = open.model_file.display();
    gst::error_msg!(
        gst::ResourceError::Settings,
        ("model-instance-id={name} is the model {file}, opened by another element that differs from this one in: \
             {property}. Set it alike in both, or give this element another model-instance-id")
    )
}
