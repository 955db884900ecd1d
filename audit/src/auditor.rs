// SPDX-License-Identifier: MPL-2.0
//! An audit of pictures in memory.

use std::sync::Arc;

use steerlens_files::Picture;

use crate::error::Result;
use crate::input::{Frame, FrameInput};
use crate::protocol::Worker;
use crate::settings::Settings;
use crate::table::Row;

/// Audits pictures one by one, without files: what [`crate::run()`] does with each frame.
pub struct Auditor {
    worker: Worker,
}

impl Auditor {
    /// Opens the models. Of the settings, those of inputs, long work and results are not looked at.
    ///
    /// # Errors
    /// When a model cannot be opened, or a setting or class does not fit.
    pub fn open(settings: &Settings) -> Result<Self> {
        settings.check()?;
        Ok(Self {
            worker: Worker::open(settings)?,
        })
    }

    /// The rows of a picture: one for each target, method, direction and reach. What goes wrong is a row with its
    /// `failure`. `name` stands in the rows, and decides with the seed about random directions; `truth` is the label of
    /// the true class, where it is known.
    pub fn audit(&mut self, name: &str, truth: Option<&str>, picture: Picture) -> Vec<Row> {
        let frame = Frame {
            input: Arc::new(FrameInput {
                path: name.to_owned(),
                key: name.to_owned(),
                sha256: String::new(),
                truth: truth.map(ToOwned::to_owned),
                is_picture: true,
            }),
            index: 0,
            time_ns: None,
            scene_cut: false,
            picture,
        };
        let rows = self.worker.audit(&frame).rows.into_iter();
        rows.map(|row| Row { strip: None, ..row }).collect()
    }
}
