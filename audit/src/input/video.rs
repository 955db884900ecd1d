// SPDX-License-Identifier: MPL-2.0
//! Videos through GStreamer: frames decoded by whatever plugins it has, as a player would show them, and short clips
//! encoded.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gst::prelude::*;
use gst_video::VideoFrameExt;
use image::{DynamicImage, RgbImage, RgbaImage};
use steerlens_files::Picture;

use super::container;
use crate::error::{Error, Result, bail, error};

/// A decoder that gives nothing for so long has stopped.
const PATIENCE: Duration = Duration::from_secs(30);
/// Decoded frames that wait: a worker that finishes early has its next one at once.
const WAITING: u32 = 2;

/// From a file to frames as a player shows them: interlaced ones made whole (one frame for each, so that numbers stay
/// those of the file), then turned as their tag says.
const DECODER: &str = "filesrc name=file ! decodebin ! videoconvert name=decoded ! deinterlace mode=auto fields=top ! \
                       videoconvert ! videoflip video-direction=auto ! appsink name=frames";

/// A video that is being decoded.
#[derive(Debug)]
pub(crate) struct Decoder {
    pipeline: gst::Pipeline,
    sink: gst_app::AppSink,
    /// What comes out of the decoder, before anything is done to it.
    decoded: Option<gst::Pad>,
    /// The transfer function of high dynamic range, where some frame had one.
    hdr: Option<&'static str>,
    /// Whether what is transparent in it was lost on the way.
    alpha_lost: Option<bool>,
    path: PathBuf,
}

impl Decoder {
    /// Begins to decode a file.
    ///
    /// # Errors
    /// When GStreamer or one of its elements is missing.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        gst::init().map_err(|error| Error::file("GStreamer cannot be started", error))?;
        let pipeline = gst::parse::launch(DECODER)
            .ok()
            .and_then(|pipeline| pipeline.downcast::<gst::Pipeline>().ok());
        let parts = pipeline.and_then(|pipeline| {
            let file = pipeline.by_name("file")?;
            let sink = pipeline.by_name("frames")?.downcast::<gst_app::AppSink>().ok()?;
            Some((pipeline, file, sink))
        });
        let Some((pipeline, file, sink)) = parts else {
            bail!(
                Frame,
                "GStreamer's elements filesrc, decodebin, videoconvert, deinterlace, videoflip and appsink are \
                 needed: run `steerlens doctor`"
            );
        };
        file.set_property("location", path);
        sink.set_caps(Some(
            &gst_video::VideoCapsBuilder::new()
                .format_list([gst_video::VideoFormat::Rgb, gst_video::VideoFormat::Rgba])
                .build(),
        ));
        sink.set_max_buffers(WAITING);
        sink.set_sync(false);
        let decoded = pipeline
            .by_name("decoded")
            .and_then(|element| element.static_pad("sink"));
        let video = Self {
            pipeline,
            sink,
            decoded,
            hdr: None,
            alpha_lost: None,
            path: path.to_owned(),
        };
        // A failure has its reason on the bus, where the first frame is waited for.
        let _ = video.pipeline.set_state(gst::State::Playing);
        Ok(video)
    }

    /// The next frame and its time; `None` at the end.
    ///
    /// # Errors
    /// When decoding fails or stops.
    pub(crate) fn next(&mut self) -> Result<Option<(Picture, Option<u64>)>> {
        let mut waited = Duration::ZERO;
        let step = Duration::from_millis(200);
        loop {
            if let Some(sample) = self.sink.try_pull_sample(gst::ClockTime::from_mseconds(200)) {
                self.hdr = self.hdr.or_else(|| self.transfer());
                self.alpha_lost = self.alpha_lost.or_else(|| Some(self.loses_alpha()));
                return Ok(Some(picture(&sample)?));
            }
            if let Some(error) = self.error() {
                bail!(Frame, "{}", container::missing(&self.path).unwrap_or(error));
            }
            if self.sink.is_eos() {
                if let Some(missing) = container::missing(&self.path) {
                    bail!(Frame, "{missing}");
                }
                return Ok(None);
            }
            waited += step;
            if waited >= PATIENCE {
                bail!(
                    Frame,
                    "its decoder gave no frame for {} seconds",
                    PATIENCE.as_secs()
                );
            }
        }
    }

    /// How long the video is, where its container says so.
    pub(crate) fn duration_ns(&self) -> Option<u64> {
        self.pipeline
            .query_duration::<gst::ClockTime>()
            .map(gst::ClockTime::nseconds)
    }

    /// What is to be said of how its frames were read.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let hdr = self.hdr.map(|transfer| {
            format!(
                "its colours are of high dynamic range ({transfer}) and are taken as they are stored: flatter than a \
                 screen shows them"
            )
        });
        let alpha = self.alpha_lost.filter(|lost| *lost).map(|_| {
            "what is transparent in it cannot be decoded here, and colours are taken that nobody sees: GStreamer's \
             plugin codecalpha is missing"
                .to_owned()
        });
        hdr.into_iter().chain(alpha).collect()
    }

    /// Whether the container says that there is alpha, and the decoder gives none.
    fn loses_alpha(&self) -> bool {
        let decoded = self
            .decoded_caps()
            .and_then(|caps| gst_video::VideoInfo::from_caps(&caps).ok());
        let says_so = |pad: &gst::Pad| {
            let caps = pad.current_caps()?;
            caps.structure(0)?.get::<bool>("codec-alpha").ok()
        };
        let elements = self.pipeline.iterate_recurse().into_iter().flatten();
        decoded.is_some_and(|info| !info.has_alpha())
            && elements
                .flat_map(|element| element.src_pads())
                .any(|pad| says_so(&pad) == Some(true))
    }

    fn decoded_caps(&self) -> Option<gst::Caps> {
        self.decoded.as_ref()?.current_caps()
    }

    fn transfer(&self) -> Option<&'static str> {
        let caps = self.decoded_caps()?;
        let info = gst_video::VideoInfo::from_caps(&caps).ok()?;
        match info.colorimetry().transfer() {
            gst_video::VideoTransferFunction::Smpte2084 => Some("PQ"),
            gst_video::VideoTransferFunction::AribStdB67 => Some("HLG"),
            _ => None,
        }
    }

    fn error(&self) -> Option<String> {
        let bus = self.pipeline.bus()?;
        let wanted = [gst::MessageType::Error, gst::MessageType::Warning];
        let none = || Some("there is no video in it".to_owned());
        while let Some(message) = bus.pop_filtered(&wanted) {
            match message.view() {
                // All streams were found, and none is one that the rest of the pipeline takes.
                gst::MessageView::Warning(warning)
                    if warning.error().matches(gst::ParseError::DelayedLink) =>
                {
                    return none();
                }
                gst::MessageView::Error(error) => {
                    let error = error.error();
                    return match error.matches(gst::StreamError::Failed) && self.decoded_caps().is_none() {
                        true => none(),
                        false => Some(error.message().trim_end_matches('.').to_owned()),
                    };
                }
                _ => {}
            }
        }
        None
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

fn picture(sample: &gst::Sample) -> Result<(Picture, Option<u64>)> {
    let odd = || error!(Frame, "its decoder gave a frame of unknown shape");
    let info = sample
        .caps()
        .and_then(|caps| gst_video::VideoInfo::from_caps(caps).ok())
        .ok_or_else(odd)?;
    let buffer = sample.buffer().ok_or_else(odd)?;
    let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &info).map_err(|_| odd())?;
    let (width, height) = (frame.width(), frame.height());
    let stride = usize::try_from(frame.plane_stride()[0]).map_err(|_| odd())?;
    let row = width as usize * info.format_info().pixel_stride()[0] as usize;
    let rows = frame.plane_data(0).map_err(|_| odd())?.chunks(stride);
    let bytes: Vec<u8> = rows
        .take(height as usize)
        .filter_map(|bytes| bytes.get(..row))
        .flatten()
        .copied()
        .collect();
    let image = match info.has_alpha() {
        true => RgbaImage::from_raw(width, height, bytes).map(DynamicImage::from),
        false => RgbImage::from_raw(width, height, bytes).map(DynamicImage::from),
    };
    let par = info.par();
    let aspect = (u32::try_from(par.numer()), u32::try_from(par.denom()));
    let aspect = (aspect.0.unwrap_or(1), aspect.1.unwrap_or(1));
    let time = sample
        .segment()
        .and_then(|segment| segment.downcast_ref::<gst::ClockTime>())
        .zip(buffer.pts())
        .and_then(|(segment, pts)| segment.to_stream_time(pts));
    let picture = Picture::from(image.ok_or_else(odd)?).with_aspect(aspect);
    Ok((picture, time.map(gst::ClockTime::nseconds)))
}

/// A clip that is being encoded: VP8 in WebM.
#[derive(Debug)]
pub(crate) struct Encoder {
    pipeline: gst::Pipeline,
    source: gst_app::AppSrc,
    info: gst_video::VideoInfo,
    frames: u64,
    per_second: i32,
}

impl Encoder {
    /// Why no clip can be encoded here, if none can.
    pub(crate) fn missing() -> Option<String> {
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
    pub(crate) fn open(path: &Path, (width, height): (u32, u32), per_second: i32) -> Result<Self> {
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
            bail!(Frame, "GStreamer's encoder cannot be built");
        };
        file.set_property("location", path);
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Rgb, width, height)
            .fps(gst::Fraction::new(per_second, 1))
            .build()
            .map_err(Error::format)?;
        source.set_caps(Some(&info.to_caps().map_err(Error::format)?));
        source.set_block(true);
        let encoder = Self {
            pipeline,
            source,
            info,
            frames: 0,
            per_second,
        };
        encoder
            .pipeline
            .set_state(gst::State::Playing)
            .map_err(Error::format)?;
        Ok(encoder)
    }

    /// Pixels per row, and rows.
    pub(crate) fn size(&self) -> (u32, u32) {
        (self.info.width(), self.info.height())
    }

    /// Adds a frame of the clip's size.
    ///
    /// # Errors
    /// When it is of another size, or cannot be encoded.
    pub(crate) fn add(&mut self, image: RgbImage) -> Result<()> {
        let info = &self.info;
        if image.dimensions() != self.size() {
            bail!(Frame, "the frames change their size");
        }
        let mut buffer = gst::Buffer::with_size(info.size()).map_err(Error::format)?;
        let length = gst::ClockTime::SECOND / u64::from(self.per_second.unsigned_abs().max(1));
        let begin = length * self.frames;
        self.frames += 1;
        {
            let buffer = buffer.make_mut();
            buffer.set_pts(begin);
            buffer.set_duration(length);
            let mut frame =
                gst_video::VideoFrameRef::from_buffer_ref_writable(buffer, info).map_err(Error::format)?;
            let stride = usize::try_from(frame.plane_stride()[0]).map_err(Error::format)?;
            let rows = frame.plane_data_mut(0).map_err(Error::format)?.chunks_mut(stride);
            for (to, from) in rows.zip(image.as_raw().chunks(3 * image.width() as usize)) {
                if let Some(to) = to.get_mut(..from.len()) {
                    to.copy_from_slice(from);
                }
            }
        }
        self.source.push_buffer(buffer).map_err(Error::format)?;
        Ok(())
    }

    /// Ends the clip.
    ///
    /// # Errors
    /// When it could not be encoded or written.
    pub(crate) fn finish(self) -> Result<()> {
        self.source.end_of_stream().map_err(Error::format)?;
        let wanted = [gst::MessageType::Eos, gst::MessageType::Error];
        let message = self.pipeline.bus().and_then(|bus| {
            bus.timed_pop_filtered(gst::ClockTime::from_seconds(PATIENCE.as_secs()), &wanted)
        });
        match message.as_ref().map(|message| message.view()) {
            Some(gst::MessageView::Eos(_)) => Ok(()),
            Some(gst::MessageView::Error(error)) => bail!(Frame, "{}", error.error().message()),
            _ => bail!(Frame, "its encoder does not end"),
        }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}
