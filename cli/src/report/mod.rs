// SPDX-License-Identifier: MPL-2.0
//! What commands answer: each report is one JSON object with `schema: 1`, and one screen of text.
//!
//! JSON keys are the names of the element's message fields and properties; times are nanoseconds, probabilities
//! 0..1, L2 distances in pixel values 0..1; bytes of a path that are not UTF-8 are U+FFFD. Keys are added, never
//! renamed, within one schema: each is written here, whatever the library's fields are called.

mod checkup;
mod inspected;
mod morphed;
mod price;
mod settings;
mod written;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use steerlens::Fact;

pub(crate) use checkup::{Check, Checkup};
pub(crate) use inspected::Inspected;
pub(crate) use morphed::{Files, Morphed, probabilities_after};
pub(crate) use written::Written;

/// The version of every report's shape.
const SCHEMA: u32 = 1;

/// An answer, whose text is its `Display`.
pub(crate) trait Answer: fmt::Display {
    /// The answer as one object.
    fn json(&self) -> Value;
}

/// What had to be known to use a model, and where each thing was taken from.
fn facts(facts: &[Fact]) -> Value {
    let fact =
        |fact: &Fact| json!({"name": fact.name, "value": fact.value, "source": fact.source.to_string()});
    facts.iter().map(fact).collect()
}

/// A path as JSON can have it.
fn lossy(path: &Path) -> Value {
    json!(path.to_string_lossy())
}

/// A float32 by the fewest digits that tell it from its neighbours, which as a float64 it would not have.
fn single(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::NAN)
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// An object without those of these keys that have nothing to say.
fn without_empty(mut object: Value, keys: &[&str]) -> Value {
    if let Value::Object(map) = &mut object {
        let is_empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        map.retain(|key, value| !(keys.contains(&key.as_str()) && is_empty(value)));
    }
    object
}
