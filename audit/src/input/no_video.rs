// SPDX-License-Identifier: MPL-2.0
//! What stands for GStreamer where the program was built without the feature `video`.

use std::path::Path;

use image::RgbImage;
use steerlens_files::Picture;

use crate::error::{Result, bail};

const WITHOUT: &str = "this program was built without the feature `video`";

#[derive(Debug)]
pub(crate) struct Decoder;

impl Decoder {
    pub(crate) fn open(_: &Path) -> Result<Self> {
        bail!(Frame, "{WITHOUT}")
    }

    pub(crate) fn next(&mut self) -> Result<Option<(Picture, Option<u64>)>> {
        Ok(None)
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    pub(crate) fn duration_ns(&self) -> Option<u64> {
        None
    }
}

#[derive(Debug)]
pub(crate) struct Encoder;

impl Encoder {
    pub(crate) fn missing() -> Option<String> {
        Some(WITHOUT.to_owned())
    }

    pub(crate) fn open(_: &Path, _: (u32, u32), _: i32) -> Result<Self> {
        bail!(Frame, "{WITHOUT}")
    }

    pub(crate) fn size(&self) -> (u32, u32) {
        (0, 0)
    }

    pub(crate) fn add(&mut self, _: RgbImage) -> Result<()> {
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<()> {
        Ok(())
    }
}
