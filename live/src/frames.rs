// SPDX-License-Identifier: MPL-2.0
//! The frames of the input: always the newest, as RGB, with the time since it was taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gst::prelude::*;
use gst_video::{VideoFrameExt, VideoFrameRef, VideoInfo};
use steerlens::{FrameView, PixelFormat};

use crate::error::Result;
use crate::input::Input;
use crate::pipeline::Pipeline;

/// An input that gives nothing for so long has stopped.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a call of [`Frames::next`] waits.
const TURN: Duration = Duration::from_millis(100);

/// A running input.
#[derive(Debug)]
pub(crate) struct Frames {
    input: Input,
    pipeline: Pipeline,
    sink: gst_app::AppSink,
    /// Frames that came as far as the sink.
    arrived: Arc<AtomicU64>,
    taken: u64,
    idle: Duration,
    last: Option<Duration>,
}

/// One frame.
pub(crate) struct Frame {
    buffer: gst::MappedBuffer<gst::buffer::Readable>,
    info: VideoInfo,
    /// When it is shown, on the input's time line.
    pub(crate) time: Option<Duration>,
    /// Whether it follows on the frame before.
    pub(crate) continuous: bool,
    /// When it was taken: by its time stamp, so that decoding and conversion come after.
    pub(crate) taken: Option<Instant>,
}

impl Frames {
    /// Begins to play the input; frames larger than `most` (width, height) are made smaller.
    pub(crate) fn start(input: &Input, most: (u32, u32)) -> Result<Self> {
        let tail = format!(
            "videoconvert ! videoscale ! video/x-raw,format=RGB,width=[16,{}],height=[16,{}],pixel-aspect-ratio=1/1 \
             ! appsink name=frames max-buffers=1 drop=true sync={}",
            most.0,
            most.1,
            input.paced()
        );
        let pipeline = input.pipeline(&tail)?;
        let sink: gst_app::AppSink = pipeline.part("frames")?;
        let arrived = Arc::new(AtomicU64::new(0));
        if let Some(pad) = sink.static_pad("sink") {
            let arrived = Arc::clone(&arrived);
            pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
                arrived.fetch_add(1, Ordering::Relaxed);
                gst::PadProbeReturn::Ok
            });
        }
        let frames = Self {
            input: input.clone(),
            pipeline,
            sink,
            arrived,
            taken: 0,
            idle: Duration::ZERO,
            last: None,
        };
        // A failure has its reason on the bus, where the first frame is waited for.
        let _ = frames.pipeline.set_state(gst::State::Playing);
        Ok(frames)
    }

    /// The newest frame; `None` where none came within a tenth of a second.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>> {
        if let Some(reason) = self.pipeline.trouble() {
            return Err(self.input.fails(reason));
        }
        let turn = gst::ClockTime::from_nseconds(TURN.as_nanos() as u64);
        if let Some(sample) = self.sink.try_pull_sample(turn) {
            (self.idle, self.taken) = (Duration::ZERO, self.taken + 1);
            return self.frame(&sample).map(Some);
        }
        if self.sink.is_eos() {
            if !self.input.loops() {
                return Err(self.input.fails("it has ended"));
            }
            let begin = gst::ClockTime::ZERO;
            self.pipeline
                .seek_simple(gst::SeekFlags::FLUSH, begin)
                .map_err(|_| self.input.fails("it has ended"))?;
        }
        self.idle += TURN;
        if self.idle >= PATIENCE {
            let text = format!("no frame came for {} seconds", PATIENCE.as_secs());
            return Err(self.input.fails(text));
        }
        Ok(None)
    }

    /// Frames that nobody looked at, since a newer one was there.
    pub(crate) fn dropped(&self) -> u64 {
        // The newest may still wait.
        self.arrived
            .load(Ordering::Relaxed)
            .saturating_sub(self.taken + 1)
    }

    fn frame(&mut self, sample: &gst::Sample) -> Result<Frame> {
        let odd = || self.input.fails("it gave a frame of unknown shape");
        let info = sample
            .caps()
            .and_then(|caps| VideoInfo::from_caps(caps).ok())
            .ok_or_else(odd)?;
        let buffer = sample.buffer_owned().ok_or_else(odd)?;
        let now = self.sink.current_running_time();
        let time = sample
            .segment()
            .and_then(|segment| segment.downcast_ref::<gst::ClockTime>())
            .zip(buffer.pts())
            .and_then(|(segment, pts)| segment.to_running_time(pts))
            // Network cameras may send no time stamps.
            .or(now);
        let age = now.zip(time).map(|(now, time)| now.saturating_sub(time));
        let time = time.map(Duration::from);
        let continuous = time.zip(self.last).is_some_and(|(time, last)| time > last);
        self.last = time;
        Ok(Frame {
            buffer: buffer
                .into_mapped_buffer_readable()
                .map_err(|_| self.input.fails("a frame cannot be read"))?,
            info,
            time,
            continuous,
            taken: age.and_then(|age| Instant::now().checked_sub(age.into())),
        })
    }
}

impl Frame {
    /// Width and height.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.info.width() as usize, self.info.height() as usize)
    }

    /// The frame as the library reads it.
    pub(crate) fn view(&self) -> Result<FrameView<'_>> {
        let (width, height) = self.size();
        let frame = VideoFrameRef::from_buffer_ref_readable(self.buffer.buffer(), &self.info);
        let stride = frame
            .ok()
            .and_then(|frame| usize::try_from(frame.plane_stride()[0]).ok());
        let stride = stride.unwrap_or(3 * width);
        let view = FrameView::new(PixelFormat::Rgb, width, height, stride, self.buffer.as_slice());
        Ok(view.map_err(steerlens::Error::from)?)
    }
}
