// SPDX-License-Identifier: MPL-2.0
//! What sort of file an input is, as its ending says.

use std::path::Path;

/// What is looked at in a folder: pictures.
pub(crate) const PICTURES: &[&str] = &["png", "jpg", "jpeg", "jpe", "jfif", "webp", "bmp"];
/// And videos. A file that is named itself may have any other ending.
const VIDEOS: &[&str] = &[
    "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "ogg", "ogv", "ts", "webm",
    "wmv", "y4m",
];

/// What sort of file an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One picture.
    Picture,
    /// Whatever GStreamer's plugins play.
    Video,
    /// Numbered pictures, one per frame.
    Sequence,
}

impl Kind {
    /// That of files with this ending; `None` for what is not looked at in a folder.
    pub(crate) fn by_ending(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_string_lossy().to_lowercase();
        if PICTURES.contains(&ending.as_str()) {
            Some(Self::Picture)
        } else {
            VIDEOS.contains(&ending.as_str()).then_some(Self::Video)
        }
    }
}
