// SPDX-License-Identifier: MPL-2.0
//! What is looked at: a camera, a clip over and over, a picture, an address, or a test picture.

use std::path::{Path, PathBuf};

use gst::prelude::*;

use crate::error::{Error, Result};
use crate::pipeline::Pipeline;

/// The word for a picture that GStreamer draws.
const TEST: &str = "test";
/// Pictures stand still; the others are played.
const PICTURES: [&str; 4] = ["png", "jpg", "jpeg", "webp"];

/// What is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Input {
    /// The first camera that is found.
    #[default]
    AnyCamera,
    /// A camera by its device, as `/dev/video0`.
    Camera(PathBuf),
    /// A clip, played over and over.
    Clip(PathBuf),
    /// A picture.
    Picture(PathBuf),
    /// Whatever GStreamer opens under this address.
    Address(String),
    /// A test picture, 640x480 at 30 frames a second.
    Test,
}

impl Input {
    /// What the user means by a word: `test`, an address with `://`, a device, a picture or a clip.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn named(word: &str) -> Result<Self> {
        let path = Path::new(word);
        let is_picture = || {
            let extension = path.extension().and_then(|extension| extension.to_str());
            extension.is_some_and(|extension| PICTURES.contains(&extension.to_lowercase().as_str()))
        };
        Ok(match word {
            TEST => Self::Test,
            _ if word.contains("://") => Self::Address(word.to_owned()),
            _ if !path.exists() => return Err(Error::NoInput(path.to_owned())),
            _ if path.starts_with("/dev") => Self::Camera(path.to_owned()),
            _ if is_picture() => Self::Picture(path.to_owned()),
            _ => Self::Clip(path.to_owned()),
        })
    }

    /// What it is called.
    pub fn name(&self) -> String {
        match self {
            Self::AnyCamera => "camera".to_owned(),
            Self::Camera(path) | Self::Clip(path) | Self::Picture(path) => path.display().to_string(),
            Self::Address(address) => address.clone(),
            Self::Test => TEST.to_owned(),
        }
    }

    /// Whether it begins anew when it ends, if it can.
    pub(crate) fn loops(&self) -> bool {
        matches!(self, Self::Clip(_) | Self::Address(_))
    }

    /// Whether frames are held back until their time: what comes from a file has no pace of its own.
    pub(crate) fn paced(&self) -> bool {
        matches!(self, Self::Clip(_) | Self::Picture(_) | Self::Address(_))
    }

    /// The beginning of a launch line, where what the user named stands in no text, and the element to set it in.
    fn head(&self) -> &'static str {
        match self {
            Self::AnyCamera => "identity name=camera",
            Self::Camera(_) => {
                "v4l2src name=input ! video/x-raw,width=640,height=480;image/jpeg,width=640,height=480;video/x-raw;\
                 image/jpeg ! decodebin"
            }
            Self::Clip(_) => "filesrc name=input ! decodebin",
            Self::Picture(_) => "filesrc name=input ! decodebin ! imagefreeze ! video/x-raw,framerate=30/1",
            Self::Address(_) => "uridecodebin name=input",
            Self::Test => {
                "videotestsrc name=input is-live=true ! video/x-raw,format=RGB,width=640,height=480,framerate=30/1"
            }
        }
    }

    /// The pipeline that ends in `tail`.
    pub(crate) fn pipeline(&self, tail: &str) -> Result<Pipeline> {
        let line = format!("{} ! {tail}", self.head());
        let pipeline = Pipeline::build(&line)?;
        if let Some(element) = pipeline.by_name("input") {
            match self {
                Self::Camera(path) => element.set_property("device", path.display().to_string()),
                Self::Clip(path) | Self::Picture(path) => element.set_property("location", path),
                Self::Address(address) => element.set_property("uri", address),
                Self::AnyCamera | Self::Test => (),
            }
        }
        if let Some(place) = pipeline.by_name("camera") {
            let camera = first_camera()?;
            pipeline.add(&camera).map_err(|error| self.fails(error))?;
            camera.link(&place).map_err(|error| self.fails(error))?;
        }
        Ok(pipeline)
    }

    /// The error that this input gives no frames.
    pub(crate) fn fails(&self, reason: impl ToString) -> Error {
        Error::Input {
            input: self.name(),
            reason: reason.to_string(),
        }
    }
}

/// The first camera that GStreamer lists, as pictures without compression.
fn first_camera() -> Result<gst::Element> {
    let monitor = gst::DeviceMonitor::new();
    monitor.add_filter(Some("Video/Source"), None);
    monitor.start().map_err(|_| Error::NoCamera)?;
    let devices = monitor.devices();
    monitor.stop();
    let camera = devices.front().ok_or(Error::NoCamera)?;
    let source = camera.create_element(None).map_err(|_| Error::NoCamera)?;
    let decoder = gst::ElementFactory::make("decodebin")
        .build()
        .map_err(|_| Error::NoElement {
            element: "decodebin".to_owned(),
        })?;
    let bin = gst::Bin::new();
    let parts = [&source, &decoder];
    let join = || -> Result<(), gst::glib::BoolError> {
        bin.add_many(parts)?;
        source.link(&decoder)?;
        let out = gst::GhostPad::new(gst::PadDirection::Src);
        bin.add_pad(&out)?;
        decoder.connect_pad_added(move |_, pad| {
            // A second stream of the camera finds the place taken.
            let _ = out.set_target(Some(pad));
        });
        Ok(())
    };
    join().map_err(|_| Error::NoCamera)?;
    Ok(bin.upcast())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_is_looked_at() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../media");
        let named = |word: &str| Input::named(word).unwrap();
        assert_eq!(named("test"), Input::Test);
        assert!(matches!(named("rtsp://127.0.0.1/a"), Input::Address(_)));
        assert!(matches!(named(&format!("{root}/face.webm")), Input::Clip(_)));
        assert!(matches!(named(&format!("{root}/apple.jpg")), Input::Picture(_)));
        assert!(matches!(named("/dev/null"), Input::Camera(_)));
        let error = Input::named("no-such.webm").unwrap_err();
        assert_eq!(error.to_string(), "the input no-such.webm is not there");
    }
}
