// SPDX-License-Identifier: MPL-2.0
//! The library's errors in GStreamer's domains (FIELD.md 1.8).
//!
//! The sentence for the user stays the library's; the debug text adds what lies underneath.

use std::error::Error as _;

use gst::{LibraryError, ResourceError, StreamError};
use steerlens::{Error, ErrorKind};

use super::worker::Failure;

/// The error as the bus carries it.
pub(super) fn bus_error(error: &Error) -> gst::ErrorMessage {
    let causes = causes(error);
    macro_rules! of {
        ($domain:expr) => {
            gst::error_msg!($domain, ("{error}"), ["{causes}"])
        };
    }
    match error.kind() {
        ErrorKind::Settings => of!(ResourceError::Settings),
        ErrorKind::NotFound => of!(ResourceError::NotFound),
        ErrorKind::Unreadable => of!(ResourceError::OpenRead),
        ErrorKind::RuntimeLibrary => of!(LibraryError::Init),
        ErrorKind::InvalidModel => of!(StreamError::Decode),
        ErrorKind::NotAClassifier => of!(StreamError::WrongType),
        ErrorKind::Unsupported => of!(StreamError::NotImplemented),
        ErrorKind::Frame => of!(StreamError::Format),
        _ => of!(StreamError::Failed),
    }
}

/// The failure of a frame as the bus carries it.
pub(super) fn of_failure(failure: &Failure) -> gst::ErrorMessage {
    match failure {
        Failure::Library(error) => bus_error(error),
        Failure::Thread(_) => gst::error_msg!(StreamError::Failed, ("{failure}")),
    }
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
