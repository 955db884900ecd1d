// SPDX-License-Identifier: MPL-2.0
//! Frames that are not what people see: the classifier reads the pixels as they lie. What mends it is an element in
//! front, which a warning names, once.

use gst_video::prelude::*;
use gst_video::{VideoFrameFlags, VideoFrameRef, VideoInfo, VideoInterlaceMode, VideoMultiviewMode};

use super::imp::ClassMorph;
use super::warnings::Kind;

impl ClassMorph {
    /// Pictures that are to be turned before they are shown.
    pub(super) fn look_at_tags(&self, tags: &gst::TagListRef) {
        let Some(orientation) = tags.get::<gst::tags::ImageOrientation>() else {
            return;
        };
        let orientation = orientation.get();
        if orientation != "rotate-0" {
            self.warn(
                Kind::Content,
                &format!(
                    "the stream is to be shown turned (image-orientation={orientation}), and the classifier reads its frames \
                     as they lie: put videoflip video-direction=auto in front of classmorph"
                ),
            );
        }
    }

    /// Pictures that are two moments, or several views.
    pub(super) fn look_at_content(&self, info: &VideoInfo) {
        match info.interlace_mode() {
            VideoInterlaceMode::Progressive | VideoInterlaceMode::Mixed => (),
            mode => self.interlaced(mode),
        }
        match info.multiview_mode() {
            VideoMultiviewMode::None
            | VideoMultiviewMode::Mono
            | VideoMultiviewMode::Left
            | VideoMultiviewMode::Right => (),
            mode => {
                let mode = mode.to_caps_string();
                self.warn(
                    Kind::Content,
                    &format!(
                        "the stream holds several views (multiview-mode={}), and the classifier takes each buffer for one \
                         picture: put glupload ! glcolorconvert ! glviewconvert output-mode-override=mono ! glcolorconvert \
                         ! gldownload in front of classmorph",
                        mode.as_deref().unwrap_or("unknown")
                    ),
                );
            }
        }
    }

    /// A frame of two moments in a stream of both kinds.
    pub(super) fn look_at_frame(&self, frame: &VideoFrameRef<&gst::BufferRef>) {
        let mode = frame.info().interlace_mode();
        if mode == VideoInterlaceMode::Mixed && frame.flags().contains(VideoFrameFlags::INTERLACED) {
            self.interlaced(mode);
        }
    }

    fn interlaced(&self, mode: VideoInterlaceMode) {
        self.warn(
            Kind::Content,
            &format!(
                "the frames are interlaced (interlace-mode={}), two moments in one picture: put deinterlace in front of classmorph",
                mode.to_str()
            ),
        );
    }
}
