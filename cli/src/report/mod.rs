// SPDX-License-Identifier: MPL-2.0
//! What commands answer: each report is one JSON object with `schema: 1`, and one screen of text.
//!
//! JSON keys are the names of the element's message fields and properties; times are nanoseconds, probabilities
//! 0..1, L2 distances in pixel values 0..1; bytes of a path that are not UTF-8 are U+FFFD. Keys are added, never
//! renamed, within one schema.

mod checkup;
mod fact;
mod inspected;
mod morphed;
mod price;
mod settings;
mod written;

use std::path::Path;

use serde::Serializer;

pub(crate) use checkup::{Check, Checkup};
pub(crate) use fact::Fact;
pub(crate) use inspected::Inspected;
pub(crate) use morphed::{Files, Morphed, Step};
pub(crate) use written::Written;

/// The version of every report's shape.
const SCHEMA: u32 = 1;

/// A path as JSON can have it: bytes that are not UTF-8 are U+FFFD each.
fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}
