// SPDX-License-Identifier: MPL-2.0
//! A pipeline that stops when it is let go.

use std::ops::Deref;

use gst::prelude::*;

use crate::error::{Error, Result};

/// A pipeline of this program's own.
#[derive(Debug)]
pub(crate) struct Pipeline(gst::Pipeline);

impl Pipeline {
    /// Builds a launch line; it does not run yet. Names of files belong into properties, where nothing needs quoting.
    pub(crate) fn build(line: &str) -> Result<Self> {
        let bin = gst::parse::launch(line).map_err(missing)?;
        match bin.downcast::<gst::Pipeline>() {
            Ok(pipeline) => Ok(Self(pipeline)),
            Err(_) => Err(Error::NoElement {
                element: "pipeline".to_owned(),
            }),
        }
    }

    /// The element of this name and type.
    pub(crate) fn part<T: IsA<gst::Element>>(&self, name: &str) -> Result<T> {
        let part = self.0.by_name(name).and_then(|part| part.downcast::<T>().ok());
        part.ok_or_else(|| Error::NoElement {
            element: name.to_owned(),
        })
    }

    /// Waits for the end of the stream, or what went wrong.
    pub(crate) fn wait(&self, patience: gst::ClockTime) -> Result<(), String> {
        let wanted = [gst::MessageType::Eos, gst::MessageType::Error];
        let message = self
            .0
            .bus()
            .and_then(|bus| bus.timed_pop_filtered(patience, &wanted));
        match message.as_ref().map(|message| message.view()) {
            Some(gst::MessageView::Eos(_)) => Ok(()),
            Some(gst::MessageView::Error(error)) => Err(sentence(error)),
            _ => Err("it does not end".to_owned()),
        }
    }

    /// What went wrong since this was asked last.
    pub(crate) fn trouble(&self) -> Option<String> {
        let message = self.0.bus()?.pop_filtered(&[gst::MessageType::Error])?;
        match message.view() {
            gst::MessageView::Error(error) => Some(sentence(error)),
            _ => None,
        }
    }
}

impl Deref for Pipeline {
    type Target = gst::Pipeline;

    fn deref(&self) -> &gst::Pipeline {
        &self.0
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        let _ = self.0.set_state(gst::State::Null);
    }
}

fn sentence(error: &gst::message::Error) -> String {
    error.error().message().trim_end_matches('.').to_owned()
}

/// A launch line fails where an element of it is missing.
fn missing(error: gst::glib::Error) -> Error {
    match error.message().split('"').nth(1) {
        Some(element) if error.matches(gst::ParseError::NoSuchElement) => Error::NoElement {
            element: element.to_owned(),
        },
        _ => Error::GStreamer(error),
    }
}
