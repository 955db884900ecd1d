// SPDX-License-Identifier: MPL-2.0
//! The element in a harness, with frames to push.

use gst::prelude::*;
use gst_check::Harness;

use super::{classmorph, messages, model, with_bus};

/// An element that takes faces from neutral to smile, playing in a harness.
pub(crate) struct Rig {
    pub(crate) harness: Harness,
    pub(crate) element: gst::Element,
    pub(crate) bus: gst::Bus,
    pub(crate) info: gst_video::VideoInfo,
}

impl Rig {
    pub(crate) fn new(
        format: gst_video::VideoFormat,
        width: u32,
        height: u32,
        set: impl FnOnce(&gst::Element),
    ) -> Self {
        let element = classmorph();
        element.set_property("model-file", model());
        element.set_property("source-label", "neutral");
        element.set_property("target-label", "smile");
        set(&element);
        let bus = with_bus(&element);
        let mut harness = Harness::with_element(&element, Some("sink"), Some("src"));
        harness.play();
        let errors = messages(&bus, gst::MessageType::Error);
        assert!(errors.is_empty(), "run `make setup`: {errors:?}");
        let info = gst_video::VideoInfo::builder(format, width, height)
            .fps((25, 1))
            .build()
            .unwrap();
        harness.set_src_caps(info.to_caps().unwrap());
        Self {
            harness,
            element,
            bus,
            info,
        }
    }

    pub(crate) fn rgb(width: u32, height: u32) -> Self {
        Self::new(gst_video::VideoFormat::Rgb, width, height, |_| ())
    }

    /// A frame with structure in it; padding and unused bytes hold 0xEE.
    pub(crate) fn frame(&self, number: u64) -> gst::Buffer {
        let mut buffer = gst::Buffer::from_mut_slice(vec![0xEEu8; self.info.size()]);
        let duration = gst::ClockTime::from_mseconds(40);
        {
            let buffer = buffer.get_mut().unwrap();
            buffer.set_pts(number * duration);
            buffer.set_duration(duration);
            buffer.set_offset(number);
            let mut map = buffer.map_writable().unwrap();
            let (stride, row) = (self.stride(), self.row());
            for (y, line) in map.chunks_mut(stride).enumerate() {
                for (x, byte) in line[..row].iter_mut().enumerate() {
                    let wave = (x as f32 * 0.21).sin() * (y as f32 * 0.17).cos();
                    *byte = (128.0 + 70.0 * wave) as u8;
                }
            }
        }
        buffer
    }

    pub(crate) fn stride(&self) -> usize {
        self.info.stride()[0] as usize
    }

    pub(crate) fn row(&self) -> usize {
        self.info.width() as usize * self.info.comp_pstride(0) as usize
    }

    pub(crate) fn push(&mut self, buffer: gst::Buffer) -> gst::Buffer {
        self.harness.push_and_pull(buffer).unwrap()
    }

    /// The visible bytes of a frame of `width` pixels, row by row.
    pub(crate) fn visible(&self, buffer: &gst::Buffer, width: u32) -> Vec<Vec<u8>> {
        let info = gst_video::VideoInfo::builder(self.info.format(), width, self.info.height())
            .build()
            .unwrap();
        let map = buffer.map_readable().unwrap();
        let row = width as usize * info.comp_pstride(0) as usize;
        map.chunks(info.stride()[0] as usize)
            .map(|line| line[..row].to_vec())
            .collect()
    }

    pub(crate) fn caps_width(&self) -> i32 {
        let caps = self.harness.sinkpad().unwrap().current_caps().unwrap();
        caps.structure(0).unwrap().get("width").unwrap()
    }

    pub(crate) fn stat(&self, name: &str) -> u64 {
        self.element
            .property::<gst::Structure>("stats")
            .get(name)
            .unwrap()
    }
}
