// SPDX-License-Identifier: MPL-2.0
//! The library's errors in GStreamer's domains (docs/gstreamer.md 1.8).
//!
//! The sentence for the user stays the library's; the debug text adds what lies underneath.

use std::error::Error as _;
use std::fmt::Display;
use std::panic::Location;

use gst::{LibraryError, ResourceError, StreamError};
use steerlens::{Error, ErrorKind};

/// The error as the bus carries it; its place in the source is the caller's.
#[track_caller]
pub(super) fn bus_error(error: &Error) -> gst::ErrorMessage {
    let causes = causes(error);
    match error.kind() {
        ErrorKind::Settings => message(&ResourceError::Settings, error, &causes),
        ErrorKind::NotFound => message(&ResourceError::NotFound, error, &causes),
        ErrorKind::Unreadable => message(&ResourceError::OpenRead, error, &causes),
        ErrorKind::RuntimeLibrary => message(&LibraryError::Init, error, &causes),
        ErrorKind::InvalidModel => message(&StreamError::Decode, error, &causes),
        ErrorKind::NotAClassifier => message(&StreamError::WrongType, error, &causes),
        ErrorKind::Unsupported => message(&StreamError::NotImplemented, error, &causes),
        ErrorKind::Frame => message(&StreamError::Format, error, &causes),
        _ => message(&StreamError::Failed, error, &causes),
    }
}

/// What `gst::error_msg!` makes, which takes its own place in the source.
#[track_caller]
fn message<T: gst::MessageErrorDomain>(domain: &T, text: &dyn Display, debug: &str) -> gst::ErrorMessage {
    let place = Location::caller();
    gst::ErrorMessage::new(
        domain,
        Some(&text.to_string()),
        Some(debug),
        place.file(),
        "classmorph",
        place.line(),
    )
}

fn causes(error: &Error) -> String {
    let mut text = format!("{:?}", error.kind());
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
