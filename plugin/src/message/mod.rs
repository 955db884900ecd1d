// SPDX-License-Identifier: MPL-2.0
//! What `classmorph` says, as types: the element itself builds its messages and metas from them, and an application
//! gets them back with `try_from`.
//!
//! * [`FrameReport`]: the element message `classmorph` and the custom meta [`META`], one for each analysed frame
//! * [`Loading`] and [`Loaded`]: before and after a model is opened
//!
//! ```
//! use gststeerlens::message::FrameReport;
//!
//! fn on_message(message: &gst::Message) {
//!     let Some(structure) = message.structure() else { return };
//!     if let Ok(report) = FrameReport::try_from(structure) {
//!         println!("{} to {}: {:+.2}", report.source_label, report.target_label, report.margin);
//!     }
//! }
//!
//! fn on_buffer(buffer: &gst::BufferRef) {
//!     if let Ok(meta) = gst::meta::CustomMeta::from_buffer(buffer, gststeerlens::message::META) {
//!         println!("{:?}", FrameReport::try_from(meta.structure()));
//!     }
//! }
//! ```
//!
//! Probabilities lie in 0..1. Times of the stream are `None` where the buffer has none; in a structure they are
//! `guint64` nanoseconds with `GST_CLOCK_TIME_NONE`. Durations are `guint64` nanoseconds. Lists are `GstValueArray`s.
//! An optional field that has no value is left out.

mod field;
mod frame;
mod load;

pub use field::Error;
pub use frame::{After, FrameReport, META};
pub use load::{Loaded, Loading};

pub(crate) use field::nanoseconds;

/// Declares a struct together with its way into a structure and back, so that the two cannot differ. The literal
/// beside each field is its name in the structure.
macro_rules! fields {
    ($(#[$about:meta])* $name:ident { $($(#[$text:meta])* $field:ident: $type:ty = $key:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $($(#[$text])* pub $field: $type),+
        }

        impl $name {
            /// Adds every field to a structure, whatever its name.
            pub fn write(&self, to: &mut gst::StructureRef) {
                $($crate::message::field::Field::put(&self.$field, to, $key);)+
            }

            fn read(from: &gst::StructureRef) -> Result<Self, $crate::message::Error> {
                Ok(Self { $($field: $crate::message::field::Field::take(from, $key)?),+ })
            }
        }
    };
}

/// Gives a struct of `fields` the names that its structures may have; the first is the message's.
macro_rules! named {
    ($name:ident, $first:expr $(, $other:expr)*) => {
        impl From<&$name> for gst::Structure {
            fn from(from: &$name) -> Self {
                let mut structure = Self::new_empty($first);
                from.write(&mut structure);
                structure
            }
        }

        impl TryFrom<&gst::StructureRef> for $name {
            type Error = $crate::message::Error;

            fn try_from(from: &gst::StructureRef) -> Result<Self, Self::Error> {
                let known = [$first $(, $other)*];
                if !known.contains(&from.name().as_str()) {
                    return Err(Self::Error::Name { found: from.name().to_string(), expected: $first });
                }
                Self::read(from)
            }
        }
    };
}

use {fields, named};
