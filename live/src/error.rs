// SPDX-License-Identifier: MPL-2.0
//! What can go wrong, in sentences for the user.

use std::io;
use std::path::PathBuf;

/// Everything that can go wrong in a live session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The model, a label or a setting does not fit, or a run failed.
    #[error(transparent)]
    Lens(#[from] steerlens::Error),
    /// GStreamer cannot be used.
    #[error("GStreamer cannot be started: {0}")]
    GStreamer(#[from] gst::glib::Error),
    /// There is no camera.
    #[error(
        "no camera was found: name a clip, a picture, an address (rtsp://, http://) or `test`, a picture that \
         GStreamer draws"
    )]
    NoCamera,
    /// The input is not there.
    #[error("the input {} is not there", .0.display())]
    NoInput(PathBuf),
    /// An element is missing.
    #[error("GStreamer's element {element} is missing: `steerlens doctor` names its package")]
    NoElement {
        /// The element.
        element: String,
    },
    /// The input gives no frames, or none any more.
    #[error("the input {input} cannot be shown: {reason}")]
    Input {
        /// What was named.
        input: String,
        /// What GStreamer says.
        reason: String,
    },
    /// A frame cannot be encoded.
    #[error("a frame cannot be encoded: {reason}")]
    Encode {
        /// What the encoder says.
        reason: String,
    },
    /// No window can be opened.
    #[error("no window can be shown: {0}; without --window a browser shows the same")]
    Window(String),
    /// A recording failed.
    #[error("the recording failed: {reason}")]
    Record {
        /// What GStreamer or the file system says.
        reason: String,
    },
    /// The page cannot be served.
    #[error("the page cannot be served on 127.0.0.1, port {port}: {error}; name another port with --port")]
    Listen {
        /// The port that was asked for; 0 leaves the choice to the system.
        port: u16,
        /// What the system says.
        error: io::Error,
    },
    /// The system starts no thread, or gives no random numbers.
    #[error("the system refuses what the page needs: {0}")]
    System(io::Error),
}

/// The result of something that can go wrong in a live session.
pub type Result<T, E = Error> = std::result::Result<T, E>;
