// SPDX-License-Identifier: MPL-2.0
//! The open model: loaded when the element starts, kept from one start to the next while it is the one wanted, and
//! gone in NULL.

use std::path::PathBuf;
use std::time::Instant;

use gst::prelude::*;
use gst::subclass::prelude::*;
use steerlens::ReachSettings;
use steerlens::{Classifier, ClassifierSettings, Error, Lens, LensSettings, Live};

use super::imp::{CAT, ClassMorph, Opened, lock};
use super::instances::Share;
use super::stats::Stats;
use super::{errors, instances, messages};

impl ClassMorph {
    /// Loads the model, unless the last run's is still the one wanted.
    pub(super) fn open(&self) -> Result<(), gst::ErrorMessage> {
        let settings = lock(&self.settings).clone();
        let classifier = settings.classifier()?;
        let name = settings.instance();
        let wanted = settings.lens(None);
        let mut opened = match self.kept(&classifier, &settings.also, name.as_deref()) {
            Some(opened) => opened,
            None => self.load(classifier, settings.also, name.as_deref(), wanted.clone())?,
        };
        opened
            .live
            .prepare(wanted)
            .map_err(|error| errors::bus_error(&error))?;

        let interrupter = opened.live.interrupter();
        interrupter.clear();
        *lock(&self.interrupter) = Some(interrupter);
        *lock(&self.opened) = Some(opened);
        Ok(())
    }

    /// The last run's model, if it is still the one wanted, and still the one that goes under the name.
    fn kept(&self, classifier: &ClassifierSettings, also: &[PathBuf], name: Option<&str>) -> Option<Opened> {
        let kept = lock(&self.opened).take()?;
        if kept.classifier != *classifier || kept.also != also {
            return None;
        }
        let share = match (name, &kept.instance) {
            (None, None) => None,
            (Some(name), Some(instance)) => Some(instances::again(name, instance)?),
            _ => return None,
        };
        Some(Opened { share, ..kept })
    }

    /// Opens the model, which may take long; says so before and after.
    fn load(
        &self,
        classifier: ClassifierSettings,
        also: Vec<PathBuf>,
        name: Option<&str>,
        lens: LensSettings,
    ) -> Result<Opened, gst::ErrorMessage> {
        let file = classifier.model_file.display();
        gst::info!(CAT, imp = self, "loading {file}");
        self.post((&messages::loading(&classifier)).into());
        let begun = Instant::now();
        let share = name.map(|name| instances::open(name, &classifier)).transpose()?;
        let model = match &share {
            Some(share) => share.classifier()?,
            None => Classifier::open(&classifier).map_err(|error| errors::bus_error(&error.into()))?,
        };
        let mut lens = Lens::new(model, lens).map_err(|error| errors::bus_error(&error))?;
        for file in &also {
            let further = Classifier::open(&classifier.beside(file.clone())).map_err(Error::from);
            further
                .and_then(|further| lens.also(further))
                .map_err(|error| errors::bus_error(&error))?;
        }
        let time = begun.elapsed();
        let shared = share.as_ref().is_some_and(|share| share.was_open);
        let model = lens.classifier();
        let runtime = model.runtime();
        let library = runtime.path().display();
        gst::info!(
            CAT,
            imp = self,
            "loaded {file} in {time:.1?}, ONNX Runtime {} at {library}, provider {}{}",
            runtime.version(),
            model.provider().name(),
            if shared { ", shared" } else { "" }
        );
        *lock(&self.stats) = Stats::since_loading(time);
        *lock(&self.description) = Some(messages::description(model));
        self.obj().notify("model-description");
        self.post((&messages::loaded(model, time, shared)).into());
        for warning in model.warnings() {
            gst::element_imp_warning!(self, gst::ResourceError::Settings, ("{warning}"));
        }
        self.advise(model.signature().magnification);
        Ok(Opened {
            classifier,
            also,
            instance: share.as_ref().map(Share::instance),
            share,
            live: Live::new(lens),
        })
    }

    /// Says how far the model's description advises to go, where nobody has said how far.
    fn advise(&self, magnification: Option<f64>) {
        let settings = lock(&self.settings).lens.clone();
        let is_default = settings.reach.magnification == ReachSettings::MAGNIFICATION.default
            && settings.reach.l2_budget == 0.0;
        if let (Some(advised), true) = (magnification, is_default)
            && advised != settings.reach.magnification
        {
            gst::element_imp_info!(
                self,
                gst::ResourceError::Settings,
                (
                    "the description of this model advises magnification={advised}, and the default {} is in force",
                    settings.reach.magnification
                )
            );
        }
    }

    /// Ends the model's thread; the model is kept for the next start, and its name is free.
    pub(super) fn stop_model(&self) {
        let mut opened = lock(&self.opened);
        if let Some(kept) = opened.as_mut() {
            kept.share = None;
            if !kept.live.stop_thread() {
                *opened = None;
            }
        }
    }

    /// Lets go of the model.
    pub(super) fn close(&self) {
        let opened = lock(&self.opened).take();
        drop(opened);
        lock(&self.interrupter).take();
        lock(&self.description).take();
    }
}
