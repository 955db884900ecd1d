// SPDX-License-Identifier: MPL-2.0
//! Recordings: what is shown, as VP8 in WebM.

use std::fs::File;
use std::time::Instant;

use gst::prelude::*;
use tempfile::NamedTempFile;

use crate::encode::Picture;
use crate::error::{Error, Result};
use crate::pipeline::Pipeline;

/// A file that is not finished after so long never is.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(20);

/// A recording that goes on. All of it has the size of its first picture; others are brought to that.
#[derive(Debug)]
pub(crate) struct Recorder {
    pipeline: Pipeline,
    source: gst_app::AppSrc,
    start: Instant,
    file: NamedTempFile,
}

impl Recorder {
    pub(crate) fn start(like: &Picture) -> Result<Self> {
        let file = NamedTempFile::with_suffix(".webm").map_err(fails)?;
        // An encoder that cannot keep up loses pictures, and never holds up the ones that are shown.
        let line = format!(
            "appsrc name=source format=time is-live=true max-buffers=8 leaky-type=downstream ! videoconvert \
             ! videoscale add-borders=true ! video/x-raw,width={},height={},pixel-aspect-ratio=1/1 \
             ! vp8enc deadline=1 cpu-used=8 threads=2 end-usage=cq cq-level=12 target-bitrate=6000000 \
             keyframe-max-dist=60 ! webmmux ! filesink name=file",
            like.width, like.height
        );
        let pipeline = Pipeline::build(&line)?;
        let source = pipeline.part("source")?;
        pipeline
            .part::<gst::Element>("file")?
            .set_property("location", file.path());
        pipeline.set_state(gst::State::Playing).map_err(fails)?;
        let mut recorder = Self {
            pipeline,
            source,
            start: Instant::now(),
            file,
        };
        recorder.add(like)?;
        Ok(recorder)
    }

    pub(crate) fn add(&mut self, picture: &Picture) -> Result<()> {
        let time = gst::ClockTime::try_from(self.start.elapsed()).map_err(fails)?;
        self.source.push_sample(&picture.sample(time)?).map_err(fails)?;
        Ok(())
    }

    /// Ends the recording; the file goes when it is let go.
    pub(crate) fn finish(self) -> Result<Recording> {
        self.source.end_of_stream().map_err(fails)?;
        self.pipeline.wait(PATIENCE).map_err(fails)?;
        Ok(Recording(self.file))
    }
}

/// A finished recording.
#[derive(Debug)]
pub(crate) struct Recording(NamedTempFile);

impl Recording {
    /// The file, from its beginning.
    pub(crate) fn open(&self) -> Result<File> {
        self.0.reopen().map_err(fails)
    }
}

fn fails(reason: impl ToString) -> Error {
    Error::Record {
        reason: reason.to_string(),
    }
}
