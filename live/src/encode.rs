// SPDX-License-Identifier: MPL-2.0
//! Pictures as files: JPEG for the page, PNG with its settings for keeping.

use gst::prelude::*;
use hyper::body::Bytes;
use steerlens::{FrameView, PixelFormat};

use crate::error::{Error, Result};
use crate::pipeline::Pipeline;

/// A JPEG that is not there after so long never comes.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(10);

/// A picture of this program's own; copies share its pixels.
#[derive(Debug, Clone, Default)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// RGB, rows one after the other, each of [`Picture::stride`] bytes.
    pub(crate) rgb: Bytes,
}

impl Picture {
    /// Bytes from one row to the next: padded to four, as GStreamer has them.
    pub(crate) fn stride(width: usize) -> usize {
        (3 * width).next_multiple_of(4)
    }

    /// A copy of an RGB frame.
    pub(crate) fn of(frame: &FrameView<'_>) -> Self {
        let (width, height) = frame.size();
        let mut rgb = vec![0; Self::stride(width) * height];
        for (y, to) in rgb.chunks_mut(Self::stride(width)).enumerate() {
            to.iter_mut().zip(frame.row(y)).for_each(|(to, from)| *to = *from);
        }
        let rgb = rgb.into();
        Self { width, height, rgb }
    }

    /// The picture as the library reads it.
    pub(crate) fn view(&self) -> Result<FrameView<'_>> {
        let stride = Self::stride(self.width);
        let view = FrameView::new(PixelFormat::Rgb, self.width, self.height, stride, &self.rgb);
        Ok(view.map_err(steerlens::Error::from)?)
    }

    /// The picture as GStreamer has it, and what it says of it.
    pub(crate) fn sample(&self, time: gst::ClockTime) -> Result<gst::Sample> {
        let (width, height) = (self.width as u32, self.height as u32);
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Rgb, width, height)
            .fps(gst::Fraction::new(30, 1))
            .build()
            .map_err(fails)?;
        let mut buffer = gst::Buffer::from_slice(self.rgb.clone());
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(time);
        }
        let caps = info.to_caps().map_err(fails)?;
        Ok(gst::Sample::builder().buffer(&buffer).caps(&caps).build())
    }

    /// The picture as a PNG file, with text that says how it was made, under the keyword `steerlens`.
    pub(crate) fn png(&self, settings: &str) -> Result<Vec<u8>> {
        let mut file = Vec::new();
        let rows = self.rgb.chunks(Self::stride(self.width).max(1));
        let packed: Vec<u8> = rows
            .flat_map(|row| row.iter().take(3 * self.width).copied())
            .collect();
        let mut encoder = png::Encoder::new(&mut file, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder
            .add_itxt_chunk("steerlens".to_owned(), settings.to_owned())
            .map_err(fails)?;
        encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&packed))
            .map_err(fails)?;
        Ok(file)
    }
}

/// Makes JPEGs, with GStreamer's encoder.
#[derive(Debug)]
pub(crate) struct Jpeg {
    _pipeline: Pipeline,
    source: gst_app::AppSrc,
    sink: gst_app::AppSink,
    frames: u64,
}

impl Jpeg {
    pub(crate) fn start() -> Result<Self> {
        let line = "appsrc name=source format=time ! jpegenc quality=88 ! appsink name=sink sync=false";
        let pipeline = Pipeline::build(line)?;
        let (source, sink) = (pipeline.part("source")?, pipeline.part("sink")?);
        pipeline.set_state(gst::State::Playing).map_err(fails)?;
        Ok(Self {
            _pipeline: pipeline,
            source,
            sink,
            frames: 0,
        })
    }

    pub(crate) fn encode(&mut self, picture: &Picture) -> Result<Vec<u8>> {
        let time = gst::ClockTime::from_mseconds(self.frames);
        self.frames += 1;
        self.source.push_sample(&picture.sample(time)?).map_err(fails)?;
        let sample = self
            .sink
            .try_pull_sample(PATIENCE)
            .ok_or_else(|| fails("the encoder gives nothing"))?;
        let buffer = sample
            .buffer()
            .ok_or_else(|| fails("the encoder gives nothing"))?;
        Ok(buffer.map_readable().map_err(fails)?.to_vec())
    }
}

fn fails(reason: impl ToString) -> Error {
    Error::Encode {
        reason: reason.to_string(),
    }
}
