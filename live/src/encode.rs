// SPDX-License-Identifier: MPL-2.0
//! Pictures as files: JPEG for the page, PNG with its settings for keeping.

use gst::prelude::*;

use crate::error::{Error, Result};
use crate::pipeline::Pipeline;

/// A JPEG that is not there after so long never comes.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(10);

/// A picture of this program's own: RGB, rows one after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) rgb: Vec<u8>,
}

impl Picture {
    /// The picture as GStreamer has it, and what it says of it. Rows are padded to four bytes there.
    pub(crate) fn sample(&self, time: gst::ClockTime) -> Result<gst::Sample> {
        let encode = |error: gst::glib::BoolError| Error::Encode {
            reason: error.to_string(),
        };
        let (width, height) = (self.width as u32, self.height as u32);
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Rgb, width, height)
            .fps(gst::Fraction::new(30, 1))
            .build()
            .map_err(encode)?;
        let row = 3 * self.width;
        let stride = row.next_multiple_of(4);
        let mut bytes = vec![0; info.size()];
        for (to, from) in bytes.chunks_mut(stride).zip(self.rgb.chunks(row)) {
            if let Some(to) = to.get_mut(..row) {
                to.copy_from_slice(from);
            }
        }
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(time);
        }
        let caps = info.to_caps().map_err(encode)?;
        Ok(gst::Sample::builder().buffer(&buffer).caps(&caps).build())
    }

    /// The picture as a PNG file, with text that says how it was made, under the keyword `steerlens`.
    pub(crate) fn png(&self, settings: &str) -> Result<Vec<u8>> {
        let mut file = Vec::new();
        let encode = |error: png::EncodingError| Error::Encode {
            reason: error.to_string(),
        };
        let mut encoder = png::Encoder::new(&mut file, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder
            .add_itxt_chunk("steerlens".to_owned(), settings.to_owned())
            .map_err(encode)?;
        encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&self.rgb))
            .map_err(encode)?;
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
