// SPDX-License-Identifier: MPL-2.0
//! One field of a structure: how each type is written, and how it is read again.

use std::time::Duration;

use gst::ClockTime;

/// Why a structure is not what it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The structure has another name.
    #[error("the structure is called {found}, and {expected} is wanted here")]
    Name {
        /// Its name.
        found: String,
        /// The name it should have.
        expected: &'static str,
    },
    /// A field is missing, or of another type.
    #[error(
        "the field {name} is missing or of another type ({reason}); is it of another version of the plugin?"
    )]
    Field {
        /// The field.
        name: &'static str,
        /// GStreamer's own words.
        reason: String,
    },
}

/// A type that fields have.
pub(super) trait Field: Sized {
    fn put(&self, to: &mut gst::StructureRef, name: &'static str);
    fn take(from: &gst::StructureRef, name: &'static str) -> Result<Self, Error>;
}

fn get<'a, T>(from: &'a gst::StructureRef, name: &'static str) -> Result<T, Error>
where
    T: gst::glib::value::FromValue<'a>,
{
    from.get(name).map_err(|error| Error::Field {
        name,
        reason: error.to_string(),
    })
}

macro_rules! plain {
    ($($type:ty),+) => {
        $(impl Field for $type {
            fn put(&self, to: &mut gst::StructureRef, name: &'static str) {
                to.set(name, self);
            }

            fn take(from: &gst::StructureRef, name: &'static str) -> Result<Self, Error> {
                get(from, name)
            }
        })+
    };
}

plain!(bool, i32, u64, f64, String, Option<ClockTime>);

macro_rules! optional {
    ($($type:ty),+) => {
        $(impl Field for Option<$type> {
            fn put(&self, to: &mut gst::StructureRef, name: &'static str) {
                if let Some(value) = self {
                    to.set(name, value);
                }
            }

            fn take(from: &gst::StructureRef, name: &'static str) -> Result<Self, Error> {
                from.has_field(name).then(|| get(from, name)).transpose()
            }
        })+
    };
}

optional!(bool, f64, String);

impl Field for Duration {
    fn put(&self, to: &mut gst::StructureRef, name: &'static str) {
        to.set(name, nanoseconds(*self));
    }

    fn take(from: &gst::StructureRef, name: &'static str) -> Result<Self, Error> {
        get(from, name).map(Self::from_nanos)
    }
}

macro_rules! list {
    ($($type:ty),+) => {
        $(impl Field for Vec<$type> {
            fn put(&self, to: &mut gst::StructureRef, name: &'static str) {
                to.set(name, gst::Array::new(self));
            }

            fn take(from: &gst::StructureRef, name: &'static str) -> Result<Self, Error> {
                let array: gst::ArrayRef<'_> = get(from, name)?;
                let one = |value: &gst::glib::SendValue| {
                    value.get::<$type>().map_err(|error| Error::Field { name, reason: error.to_string() })
                };
                array.iter().map(one).collect()
            }
        })+
    };
}

list!(i32, f64, String);

/// A duration as GStreamer counts it; one of centuries as the longest.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
