// SPDX-License-Identifier: MPL-2.0
//! Videos through GStreamer: frames decoded by whatever plugins it has, and short clips encoded.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use gst::prelude::*;
use gst_video::VideoFrameExt;
use image::RgbImage;

use crate::picture::Picture;

/// A decoder that gives nothing for so long has stopped.
const PATIENCE: Duration = Duration::from_secs(30);
/// Decoded frames that wait: a worker that finishes early has its next one at once.
const WAITING: u32 = 2;

/// A video that is being decoded.
#[derive(Debug)]
pub(super) struct Video {
    pipeline: gst::Pipeline,
    sink: gst_app::AppSink,
}

impl Video {
    /// Begins to decode a file.
    ///
    /// # Errors
    /// When GStreamer or one of its elements is missing.
    pub(super) fn open(path: &Path) -> Result<Self> {
        gst::init().map_err(|error| anyhow!("GStreamer cannot be started: {error}"))?;
        let line = "filesrc name=file ! decodebin ! videoconvert ! appsink name=frames";
        let pipeline = gst::parse::launch(line)
            .ok()
            .and_then(|pipeline| pipeline.downcast::<gst::Pipeline>().ok());
        let parts = pipeline.and_then(|pipeline| {
            let file = pipeline.by_name("file")?;
            let sink = pipeline.by_name("frames")?.downcast::<gst_app::AppSink>().ok()?;
            Some((pipeline, file, sink))
        });
        let Some((pipeline, file, sink)) = parts else {
            bail!(
                "GStreamer's elements filesrc, decodebin, videoconvert and appsink are needed: run `steerlens doctor`"
            );
        };
        file.set_property("location", path);
        sink.set_caps(Some(
            &gst_video::VideoCapsBuilder::new()
                .format(gst_video::VideoFormat::Rgb)
                .build(),
        ));
        sink.set_max_buffers(WAITING);
        sink.set_sync(false);
        let video = Self { pipeline, sink };
        // A failure has its reason on the bus, where the first frame is waited for.
        let _ = video.pipeline.set_state(gst::State::Playing);
        Ok(video)
    }

    /// The next frame and its time; `None` at the end.
    ///
    /// # Errors
    /// When decoding fails or stops.
    pub(super) fn next(&mut self) -> Result<Option<(Picture, Option<u64>)>> {
        let mut waited = Duration::ZERO;
        let step = Duration::from_millis(200);
        loop {
            if let Some(sample) = self.sink.try_pull_sample(gst::ClockTime::from_mseconds(200)) {
                return Ok(Some(picture(&sample)?));
            }
            if let Some(error) = self.error() {
                bail!("{error}");
            }
            if self.sink.is_eos() {
                return Ok(None);
            }
            waited += step;
            if waited >= PATIENCE {
                bail!("its decoder gave no frame for {} seconds", PATIENCE.as_secs());
            }
        }
    }

    /// How long the video is, where its container says so.
    pub(super) fn duration_ns(&self) -> Option<u64> {
        self.pipeline
            .query_duration::<gst::ClockTime>()
            .map(gst::ClockTime::nseconds)
    }

    fn error(&self) -> Option<String> {
        let bus = self.pipeline.bus()?;
        let message = bus.pop_filtered(&[gst::MessageType::Error])?;
        match message.view() {
            gst::MessageView::Error(error) => Some(error.error().message().trim_end_matches('.').to_owned()),
            _ => None,
        }
    }
}

impl Drop for Video {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

fn picture(sample: &gst::Sample) -> Result<(Picture, Option<u64>)> {
    let odd = || anyhow!("its decoder gave a frame of unknown shape");
    let info = sample
        .caps()
        .and_then(|caps| gst_video::VideoInfo::from_caps(caps).ok())
        .ok_or_else(odd)?;
    let buffer = sample.buffer().ok_or_else(odd)?;
    let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &info).map_err(|_| odd())?;
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let stride = usize::try_from(frame.plane_stride()[0]).map_err(|_| odd())?;
    let rows = frame.plane_data(0).map_err(|_| odd())?.chunks(stride);
    let bytes: Vec<u8> = rows
        .take(height)
        .filter_map(|row| row.get(..3 * width))
        .flatten()
        .copied()
        .collect();
    let image = RgbImage::from_raw(frame.width(), frame.height(), bytes).ok_or_else(odd)?;
    Ok((Picture::from(image), buffer.pts().map(gst::ClockTime::nseconds)))
}

/// A clip that is being encoded: VP8 in WebM.
#[derive(Debug)]
pub(super) struct Encoder {
    pipeline: gst::Pipeline,
    source: gst_app::AppSrc,
    frames: u64,
    per_second: i32,
}

impl Encoder {
    /// Why no clip can be encoded here, if none can.
    pub(super) fn missing() -> Option<String> {
        if gst::init().is_err() {
            return Some("GStreamer cannot be started".to_owned());
        }
        let missing = ["appsrc", "videoconvert", "vp8enc", "webmmux", "filesink"]
            .into_iter()
            .find(|name| gst::ElementFactory::find(name).is_none())?;
        Some(format!("GStreamer's element {missing} is missing"))
    }

    /// Begins a clip.
    ///
    /// # Errors
    /// When the encoder cannot be started.
    pub(super) fn open(path: &Path, (width, height): (u32, u32), per_second: i32) -> Result<Self> {
        let line = "appsrc name=frames format=time ! videoconvert ! vp8enc threads=1 deadline=1 cpu-used=4 \
                    end-usage=cq cq-level=12 target-bitrate=4000000 ! webmmux ! filesink name=file";
        let parts = gst::parse::launch(line)
            .ok()
            .and_then(|pipeline| pipeline.downcast::<gst::Pipeline>().ok())
            .and_then(|pipeline| {
                let source = pipeline.by_name("frames")?.downcast::<gst_app::AppSrc>().ok()?;
                let file = pipeline.by_name("file")?;
                Some((pipeline, source, file))
            });
        let Some((pipeline, source, file)) = parts else {
            bail!("GStreamer's encoder cannot be built");
        };
        file.set_property("location", path);
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Rgb, width, height)
            .fps(gst::Fraction::new(per_second, 1))
            .build()?;
        source.set_caps(Some(&info.to_caps()?));
        source.set_block(true);
        let encoder = Self {
            pipeline,
            source,
            frames: 0,
            per_second,
        };
        encoder.pipeline.set_state(gst::State::Playing)?;
        Ok(encoder)
    }

    /// Adds a frame of the clip's size.
    ///
    /// # Errors
    /// When it is of another size, or cannot be encoded.
    pub(super) fn add(&mut self, image: RgbImage) -> Result<()> {
        let caps = self
            .source
            .caps()
            .ok_or_else(|| anyhow!("the encoder has no size"))?;
        let info = gst_video::VideoInfo::from_caps(&caps)?;
        if image.dimensions() != (info.width(), info.height()) {
            bail!("the frames change their size");
        }
        let mut buffer = gst::Buffer::with_size(info.size())?;
        let length = gst::ClockTime::SECOND / u64::from(self.per_second.unsigned_abs().max(1));
        let begin = length * self.frames;
        self.frames += 1;
        {
            let buffer = buffer.make_mut();
            buffer.set_pts(begin);
            buffer.set_duration(length);
            let mut frame = gst_video::VideoFrameRef::from_buffer_ref_writable(buffer, &info)?;
            let stride = usize::try_from(frame.plane_stride()[0])?;
            let rows = frame.plane_data_mut(0)?.chunks_mut(stride);
            for (to, from) in rows.zip(image.as_raw().chunks(3 * image.width() as usize)) {
                if let Some(to) = to.get_mut(..from.len()) {
                    to.copy_from_slice(from);
                }
            }
        }
        self.source.push_buffer(buffer)?;
        Ok(())
    }

    /// Ends the clip.
    ///
    /// # Errors
    /// When it could not be encoded or written.
    pub(super) fn finish(self) -> Result<()> {
        self.source.end_of_stream()?;
        let wanted = [gst::MessageType::Eos, gst::MessageType::Error];
        let message = self.pipeline.bus().and_then(|bus| {
            bus.timed_pop_filtered(gst::ClockTime::from_seconds(PATIENCE.as_secs()), &wanted)
        });
        match message.as_ref().map(|message| message.view()) {
            Some(gst::MessageView::Eos(_)) => Ok(()),
            Some(gst::MessageView::Error(error)) => bail!("{}", error.error().message()),
            _ => bail!("its encoder does not end"),
        }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}
