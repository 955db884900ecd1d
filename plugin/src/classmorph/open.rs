// SPDX-License-Identifier: MPL-2.0
//! The open model: loaded when the element starts, kept from one start to the next while it is the one wanted, and
//! gone in NULL.

use std::time::Instant;

use gst::prelude::*;
use gst::subclass::prelude::*;
use steerlens::{ClassifierSettings, Lens, LensSettings};

use super::engine::Engine;
use super::imp::{CAT, ClassMorph, Opened, lock};
use super::stats::Stats;
use super::{errors, instances, messages};

impl ClassMorph {
    /// Loads the model, unless the last run's is still the one wanted.
    pub(super) fn open(&self) -> Result<(), gst::ErrorMessage> {
        let settings = lock(&self.settings).clone();
        let classifier = settings.classifier()?;
        let name = settings.instance();
        let wanted = settings.lens(None);

        let kept = lock(&self.opened)
            .take()
            .filter(|opened| opened.classifier == classifier && opened.name == name);
        let mut opened = match kept {
            Some(opened) => opened,
            None => self.load(classifier, name, wanted.clone())?,
        };
        opened
            .engine
            .prepare(wanted)
            .map_err(|failure| errors::of_failure(&failure))?;

        let interrupter = opened.engine.interrupter();
        interrupter.clear();
        *lock(&self.interrupter) = Some(interrupter);
        *lock(&self.opened) = Some(opened);
        Ok(())
    }

    /// Opens the model, which may take long; says so before and after.
    fn load(
        &self,
        classifier: ClassifierSettings,
        name: Option<String>,
        lens: LensSettings,
    ) -> Result<Opened, gst::ErrorMessage> {
        let file = classifier.model_file.display();
        gst::info!(CAT, imp = self, "loading {file}");
        self.say((&messages::loading(&classifier)).into());
        let begun = Instant::now();
        let model = instances::open(name.as_deref(), &classifier)?;
        let lens = Lens::new(model.classifier, lens).map_err(|error| errors::bus_error(&error))?;
        let (time, shared, instance) = (begun.elapsed(), model.shared, model.instance);
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
        self.say((&messages::loaded(model, time, shared)).into());
        for warning in model.warnings() {
            gst::element_imp_warning!(self, gst::ResourceError::Settings, ("{warning}"));
        }
        Ok(Opened {
            classifier,
            name,
            instance,
            engine: Engine::new(lens),
        })
    }

    /// Joins the model's thread; the model is kept for the next start.
    pub(super) fn rest(&self) {
        let mut opened = lock(&self.opened);
        if let Some(Opened { engine, .. }) = opened.as_mut()
            && !engine.rest()
        {
            *opened = None;
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
