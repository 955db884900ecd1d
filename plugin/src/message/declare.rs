// SPDX-License-Identifier: MPL-2.0
//! A message as a struct, and its way into a structure and back.

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

            fn read(from: &gst::StructureRef) -> Result<Self, $crate::message::field::Error> {
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
            type Error = $crate::message::field::Error;

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

pub(super) use {fields, named};
