// SPDX-License-Identifier: MPL-2.0
//! What a setting is: its kinds, and groups of settings by what they govern.
//!
//! A setting's name, default, range and description are written once, in the row of the group that it belongs to:
//! [`crate::ClassifierSettings`], [`crate::LensSettings`] and the groups in it. Properties, flags, reports and presets are
//! made of the rows by a [`Visitor`]. Names are kebab-case, as GStreamer's own elements write them. Nothing here knows any
//! setting in particular.

mod group;
mod json;
mod kinds;
mod text;

pub use group::{Group, Visitor};
pub(crate) use group::{choice, group, row};
pub use json::values;
pub use kinds::{AnyChoice, Choice, Count, OutOfRange, Ranged, Real, Span, Switch, Text, Whole};
pub use text::{changed, get_by_name, set_by_name, short};
