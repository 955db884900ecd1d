// SPDX-License-Identifier: MPL-2.0
//! Models that several elements share under a name (`model-instance-id`).
//!
//! A model lives as long as an element holds it, and goes under its name as long as an element that has been started
//! uses it: in READY, where an element keeps its model for the next start, the name may be given to another one. The list
//! of names is never locked while a model is opened; one name is, so that two elements that start at once open their
//! model once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use steerlens::{Classifier, ClassifierSettings};

use super::errors;

/// An open model, and what it was opened with.
#[derive(Debug)]
pub(super) struct Instance {
    settings: ClassifierSettings,
    classifier: Classifier,
    /// Held once more by each [`Share`].
    users: Arc<()>,
}

/// A model in use by an element that has been started; while there is one, no other model goes under the name.
#[derive(Debug)]
pub(super) struct Share {
    instance: Arc<Instance>,
    _use: Arc<()>,
    /// Whether the model was open already.
    pub(super) was_open: bool,
}

impl Instance {
    fn is_used(&self) -> bool {
        Arc::strong_count(&self.users) > 1
    }
}

impl Share {
    fn of(instance: Arc<Instance>, was_open: bool) -> Self {
        Self {
            _use: instance.users.clone(),
            instance,
            was_open,
        }
    }

    /// The model, to be kept without being used.
    pub(super) fn instance(&self) -> Arc<Instance> {
        self.instance.clone()
    }

    /// A handle on the model.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn classifier(&self) -> Result<Classifier, gst::ErrorMessage> {
        let handle = self.instance.classifier.share();
        handle.map_err(|error| errors::bus_error(&error.into()))
    }
}

type Slot = Arc<Mutex<Weak<Instance>>>;

static NAMES: Mutex<BTreeMap<String, Slot>> = Mutex::new(BTreeMap::new());

/// A share of the model with these settings: of the one that goes under `name`, or of a new one.
///
/// # Errors
/// When the model cannot be opened, or another one is in use under that name.
pub(super) fn open(name: &str, settings: &ClassifierSettings) -> Result<Share, gst::ErrorMessage> {
    let slot = slot(name);
    let mut slot = lock(&slot);
    if let Some(open) = slot.upgrade() {
        match difference(&open.settings, settings) {
            None => return Ok(Share::of(open, true)),
            Some(property) if open.is_used() => return Err(conflict(name, property, &open.settings)),
            Some(_) => (),
        }
    }
    let classifier = Classifier::open(settings).map_err(|error| errors::bus_error(&error.into()))?;
    let opened = Arc::new(Instance {
        settings: settings.clone(),
        classifier,
        users: Arc::default(),
    });
    *slot = Arc::downgrade(&opened);
    Ok(Share::of(opened, false))
}

/// A share of a model that was kept, if it still goes under that name.
pub(super) fn again(name: &str, instance: &Arc<Instance>) -> Option<Share> {
    let slot = slot(name);
    let slot = lock(&slot);
    let open = slot.upgrade().filter(|open| Arc::ptr_eq(open, instance))?;
    Some(Share::of(open, true))
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
