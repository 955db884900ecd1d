// SPDX-License-Identifier: MPL-2.0
//! What stands for GStreamer where the program was built without the feature `video`.

use std::path::Path;

use anyhow::{Result, bail};
use image::RgbImage;

use crate::picture::Picture;

const WITHOUT: &str = "this program was built without the feature `video`";

#[derive(Debug)]
pub(super) struct Video;

impl Video {
    pub(super) fn open(_: &Path) -> Result<Self> {
        bail!(WITHOUT)
    }

    pub(super) fn next(&mut self) -> Result<Option<(Picture, Option<u64>)>> {
        Ok(None)
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    pub(super) fn duration_ns(&self) -> Option<u64> {
        None
    }
}

#[derive(Debug)]
pub(super) struct Encoder;

impl Encoder {
    pub(super) fn missing() -> Option<String> {
        Some(WITHOUT.to_owned())
    }

    pub(super) fn open(_: &Path, _: (u32, u32), _: i32) -> Result<Self> {
        bail!(WITHOUT)
    }

    pub(super) fn size(&self) -> (u32, u32) {
        (0, 0)
    }

    pub(super) fn add(&mut self, _: RgbImage) -> Result<()> {
        Ok(())
    }

    pub(super) fn finish(self) -> Result<()> {
        Ok(())
    }
}
