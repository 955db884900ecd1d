// SPDX-License-Identifier: MPL-2.0
//! The library's errors as `steerlens.Error`.

use std::fmt::Debug;

use pyo3::prelude::*;
use steerlens::ErrorKind;

/// The sentence and the kind of something that went wrong.
#[derive(Debug)]
pub(crate) struct Error {
    text: String,
    kind: ErrorKind,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            kind,
        }
    }
}

impl From<steerlens::Error> for Error {
    fn from(error: steerlens::Error) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}

impl From<steerlens::settings::OutOfRange> for Error {
    fn from(error: steerlens::settings::OutOfRange) -> Self {
        steerlens::Error::from(error).into()
    }
}

impl From<steerlens::classifier::Error> for Error {
    fn from(error: steerlens::classifier::Error) -> Self {
        steerlens::Error::from(error).into()
    }
}

impl From<steerlens::frame::Error> for Error {
    fn from(error: steerlens::frame::Error) -> Self {
        steerlens::Error::from(error).into()
    }
}

impl Error {
    /// Of what the command line's parts say: the library's kind, where it comes from there.
    pub(crate) fn of(error: anyhow::Error, otherwise: ErrorKind) -> Self {
        let error = match error.downcast::<steerlens::Error>() {
            Ok(error) => return error.into(),
            Err(error) => error,
        };
        let text = error.to_string();
        match error.downcast::<steerlens_audit::Error>() {
            Ok(steerlens_audit::Error::Lens(error)) => error.into(),
            Ok(steerlens_audit::Error::Inputs(_)) => Self::new(ErrorKind::NotFound, text),
            Ok(steerlens_audit::Error::Frame(_) | steerlens_audit::Error::File(_)) => {
                Self::new(ErrorKind::Unreadable, text)
            }
            _ => Self::new(otherwise, text),
        }
    }
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        Python::attach(|py| {
            let made = py
                .import("steerlens._error")
                .and_then(|module| module.getattr("Error"))
                .and_then(|class| class.call1((error.text, snake_case(error.kind))));
            made.map_or_else(|error| error, Self::from_value)
        })
    }
}

/// `NotFound` as `not_found`.
pub(crate) fn snake_case(variant: impl Debug) -> String {
    let mut name = String::new();
    for letter in format!("{variant:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
