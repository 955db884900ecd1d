// SPDX-License-Identifier: MPL-2.0
//! The element as GObject sees it: its state, properties, signals and pads.
//!
//! Each lock is held for its own data only, none while a model is loaded, and none while something is posted.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use gst::glib::{self, subclass::Signal};
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use steerlens::classifier::Interrupter;
use steerlens::{ClassifierSettings, Live, Preset};

use super::caps;
use super::instances::{Instance, Share};
use super::latency::Latency;
use super::properties::TABLE;
use super::region;
use super::settings::Settings;
use super::stats::Stats;
use super::warnings::Limiter;
use crate::message::FrameReport;

pub(super) static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "classmorph",
        gst::DebugColorFlags::empty(),
        Some("Class morph element"),
    )
});

/// The model in use, and what it was opened for.
pub(super) struct Opened {
    pub(super) classifier: ClassifierSettings,
    /// Further models that drive.
    pub(super) also: Vec<PathBuf>,
    /// The model that is shared with other elements.
    pub(super) instance: Option<Arc<Instance>>,
    /// The share in it, from start to stop; held, and read by nobody but `instances`.
    pub(super) share: Option<Share>,
    pub(super) live: Live,
}

#[derive(Default)]
pub struct ClassMorph {
    pub(super) settings: Mutex<Settings>,
    pub(super) opened: Mutex<Option<Opened>>,
    /// Apart from the lens, whose lock is held during a run.
    pub(super) interrupter: Mutex<Option<Interrupter>>,
    /// What earlier frames left behind is forgotten before the next one.
    pub(super) forget: AtomicBool,
    /// From start to stop.
    pub(super) started: AtomicBool,
    /// The colour mode was changed, and the pads have not been negotiated since.
    pub(super) color_changed: AtomicBool,
    /// The width of what goes out was changed, and the pads have not been negotiated since.
    pub(super) width_changed: AtomicBool,
    /// Frames in a row that did not fit the settings.
    pub(super) unmet: AtomicU32,
    /// Whether pictures go out twice as wide as they come in.
    pub(super) doubled: AtomicBool,
    /// What this frame's region of interest is to be told.
    pub(super) region: Mutex<Option<region::Classification>>,
    pub(super) segment: Mutex<Option<gst::Segment>>,
    pub(super) latency: Mutex<Latency>,
    pub(super) stats: Mutex<Stats>,
    pub(super) limiter: Mutex<Limiter>,
    /// The open model, as `model-description` shows it.
    pub(super) description: Mutex<Option<gst::Structure>>,
    /// What is to be attached to the buffer once it is no longer mapped.
    pub(super) attached: Mutex<Option<FrameReport>>,
}

/// The data behind a lock; a panic elsewhere has been reported and is no reason for another.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[glib::object_subclass]
impl ObjectSubclass for ClassMorph {
    const NAME: &'static str = "GstClassMorph";
    type Type = super::ClassMorph;
    type ParentType = gst_video::VideoFilter;
    type Interfaces = (gst::Preset,);
}

impl ObjectImpl for ClassMorph {
    fn constructed(&self) {
        self.parent_constructed();
        self.obj().set_gap_aware(true);
    }

    fn properties() -> &'static [glib::ParamSpec] {
        static SPECS: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            let stats = glib::ParamSpecBoxed::builder::<gst::Structure>("stats")
                .nick("Stats")
                .blurb("Counters since the start, times in nanoseconds")
                .read_only()
                .build();
            let description = glib::ParamSpecBoxed::builder::<gst::Structure>("model-description")
                .nick("Model description")
                .blurb(
                    "The open model: its tensors, exporter, nodes, and what runs it; unset before the start",
                )
                .read_only()
                .build();
            TABLE
                .iter()
                .map(|property| property.spec.clone())
                .chain([stats, description])
                .collect()
        });
        &SPECS
    }

    fn set_property(&self, id: usize, value: &glib::Value, _pspec: &glib::ParamSpec) {
        let Some(property) = TABLE.get(id - 1) else { return };
        self.change(|settings| property.set(settings, value));
        if property.needs_start() && self.obj().current_state() > gst::State::Ready {
            let name = property.spec.name();
            gst::warning!(
                CAT,
                imp = self,
                "{name} counts from the next start; set it in NULL or READY"
            );
        }
    }

    fn property(&self, id: usize, _pspec: &glib::ParamSpec) -> glib::Value {
        match TABLE.get(id - 1) {
            Some(property) => property.get(&mut lock(&self.settings)),
            None if id - 1 == TABLE.len() => lock(&self.stats).structure().to_value(),
            None => lock(&self.description).to_value(),
        }
    }

    fn signals() -> &'static [Signal] {
        static SIGNALS: LazyLock<Vec<Signal>> = LazyLock::new(|| {
            let reset = Signal::builder("reset")
                .action()
                .class_handler(|values| {
                    if let Some(Ok(element)) = values.first().map(|v| v.get::<super::ClassMorph>()) {
                        element.imp().start_over();
                    }
                    None
                })
                .build();
            vec![reset]
        });
        &SIGNALS
    }
}

impl GstObjectImpl for ClassMorph {}

impl ElementImpl for ClassMorph {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "Class morph",
                "Filter/Effect/Video",
                "Shows how an image classifier gets from one class to another, by moving local phases along \
                 its gradient",
                env!("CARGO_PKG_AUTHORS"),
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            [("src", gst::PadDirection::Src), ("sink", gst::PadDirection::Sink)]
                .into_iter()
                .filter_map(|(name, direction)| {
                    gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps::template()).ok()
                })
                .collect()
        });
        &TEMPLATES
    }

    fn change_state(
        &self,
        transition: gst::StateChange,
    ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        if transition == gst::StateChange::PausedToReady {
            self.interrupt();
        }
        let success = self.parent_change_state(transition)?;
        if transition == gst::StateChange::ReadyToNull {
            self.close();
        }
        Ok(success)
    }
}

impl ClassMorph {
    /// Sets the properties that a shipped preset holds.
    pub(super) fn take_on(&self, preset: &Preset) {
        self.change(|settings| preset.apply(&mut settings.lens));
        for name in Preset::SETTINGS {
            self.obj().notify(name);
        }
    }
}
