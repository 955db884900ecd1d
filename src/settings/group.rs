// SPDX-License-Identifier: MPL-2.0
//! Groups of settings, each declared once: a row gives a setting's field, kind, name, default, range and description.

use std::path::PathBuf;
use std::time::Duration;

use super::{AnyChoice, Count, OutOfRange, Real, Span, Switch, Text, Whole};

/// What is done with each setting of a group, in the order of its rows: flags, properties, reports and presets are made
/// so.
pub trait Visitor {
    /// A real number.
    fn real(&mut self, fact: &'static Real, value: &mut f64);
    /// A whole number.
    fn count(&mut self, fact: &'static Count, value: &mut u32);
    /// A whole number that may be large.
    fn whole(&mut self, fact: &'static Whole, value: &mut u64);
    /// A span of time.
    fn span(&mut self, fact: &'static Span, value: &mut Duration);
    /// A setting that is on or off.
    fn switch(&mut self, fact: &'static Switch, value: &mut bool);
    /// One of a few named values.
    fn choice(&mut self, value: &mut dyn AnyChoice);
    /// Text, or none.
    fn text(&mut self, fact: &'static Text, value: &mut Option<String>);
    /// A file, or none.
    fn path(&mut self, fact: &'static Text, value: &mut Option<PathBuf>);
    /// Real numbers.
    fn list(&mut self, fact: &'static Text, value: &mut Vec<f64>);
}

/// Settings that govern one thing. `==` says whether a change of settings touches it.
pub trait Group: Clone + Default + PartialEq {
    /// Takes the visitor to each setting, in the order of the rows.
    fn visit(&mut self, visitor: &mut dyn Visitor);

    /// Refuses a value that is out of its setting's range.
    ///
    /// # Errors
    /// Names the first such setting.
    fn check(&self) -> Result<(), OutOfRange>;
}

/// Declares a [`Group`]. Rows are `field: kind(..)`, where the kind is
/// `real`, `count`, `whole` or `span` (constant, name, default, smallest, largest, description),
/// `switch` (constant, name, default, description), `choice` (type),
/// `text`, `path` or `list` (constant, name, description), `group` (type),
/// or `plain` (type, default, description): a field that is no setting of the user's.
macro_rules! group {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $($field:ident: $kind:ident $row:tt,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[allow(rustdoc::broken_intra_doc_links, reason = "descriptions are plain text, with brackets of their own")]
        pub struct $name {
            $(
                #[doc = $crate::settings::row!(@doc $kind $row)]
                pub $field: $crate::settings::row!(@type $kind $row),
            )+
        }

        impl $name {
            $($crate::settings::row!(@fact $kind $row);)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $crate::settings::row!(@default $kind $row),)+ }
            }
        }

        impl $crate::settings::Group for $name {
            fn visit(&mut self, visitor: &mut dyn $crate::settings::Visitor) {
                $($crate::settings::row!(@visit $kind $row (&mut self.$field) visitor);)+
            }

            fn check(&self) -> Result<(), $crate::settings::OutOfRange> {
                $($crate::settings::row!(@check $kind $row (&self.$field));)+
                Ok(())
            }
        }
    };
}

/// What a row of [`group!`] comes to: documentation, type, constant, default, visit, check.
macro_rules! row {
    (@doc plain ($type:ty, $default:expr, $text:literal)) => { $text };
    (@doc group ($type:ty)) => { concat!("See [`", stringify!($type), "`].") };
    (@doc choice ($type:ty)) => { concat!("See [`", stringify!($type), "`].") };
    (@doc switch ($id:ident, $name:literal, $default:expr, $text:expr)) => { $text };
    (@doc $kind:ident ($id:ident, $name:literal, $text:expr)) => { $text };
    (@doc $kind:ident ($id:ident, $name:literal, $default:expr, $min:expr, $max:expr, $text:expr)) => {
        concat!($text, ". From ", stringify!($min), " to ", stringify!($max), "; ", stringify!($default), " unless set.")
    };

    (@type plain ($type:ty, $default:expr, $text:literal)) => { $type };
    (@type group ($type:ty)) => { $type };
    (@type choice ($type:ty)) => { $type };
    (@type real $row:tt) => { f64 };
    (@type count $row:tt) => { u32 };
    (@type whole $row:tt) => { u64 };
    (@type span $row:tt) => { ::std::time::Duration };
    (@type switch $row:tt) => { bool };
    (@type text $row:tt) => { Option<String> };
    (@type path $row:tt) => { Option<::std::path::PathBuf> };
    (@type list $row:tt) => { Vec<f64> };

    (@fact plain $row:tt) => {};
    (@fact group $row:tt) => {};
    (@fact choice $row:tt) => {};
    (@fact real $row:tt) => { $crate::settings::row!(@ranged Real $row); };
    (@fact count $row:tt) => { $crate::settings::row!(@ranged Count $row); };
    (@fact whole $row:tt) => { $crate::settings::row!(@ranged Whole $row); };
    (@fact span $row:tt) => { $crate::settings::row!(@ranged Span $row); };
    (@fact switch ($id:ident, $name:literal, $default:expr, $text:expr)) => {
        #[doc = concat!("The setting `", $name, "`.")]
        pub const $id: $crate::settings::Switch =
            $crate::settings::Switch { name: $name, default: $default, blurb: $text };
    };
    (@fact $kind:ident ($id:ident, $name:literal, $text:expr)) => {
        #[doc = concat!("The setting `", $name, "`.")]
        pub const $id: $crate::settings::Text = $crate::settings::Text { name: $name, blurb: $text };
    };
    (@ranged $type:ident ($id:ident, $name:literal, $default:expr, $min:expr, $max:expr, $text:expr)) => {
        #[doc = concat!("The setting `", $name, "`.")]
        pub const $id: $crate::settings::$type = $crate::settings::$type {
            name: $name,
            default: $default,
            min: $min,
            max: $max,
            blurb: $text,
        };
    };

    (@default plain ($type:ty, $default:expr, $text:literal)) => { $default };
    (@default real ($id:ident $($rest:tt)*)) => { Self::$id.default };
    (@default count ($id:ident $($rest:tt)*)) => { Self::$id.default };
    (@default whole ($id:ident $($rest:tt)*)) => { Self::$id.default };
    (@default span ($id:ident $($rest:tt)*)) => { Self::$id.default };
    (@default switch ($id:ident $($rest:tt)*)) => { Self::$id.default };
    (@default $kind:ident $row:tt) => { Default::default() };

    (@visit plain $row:tt $field:tt $visitor:ident) => {};
    (@visit group $row:tt $field:tt $visitor:ident) => { $crate::settings::Group::visit($field, $visitor) };
    (@visit choice $row:tt $field:tt $visitor:ident) => { $visitor.choice($field) };
    (@visit $kind:ident ($id:ident $($rest:tt)*) $field:tt $visitor:ident) => { $visitor.$kind(&Self::$id, $field) };

    (@check group $row:tt $field:tt) => { $crate::settings::Group::check($field)? };
    (@check real ($id:ident $($rest:tt)*) $field:tt) => { Self::$id.check($field)? };
    (@check count ($id:ident $($rest:tt)*) $field:tt) => { Self::$id.check($field)? };
    (@check whole ($id:ident $($rest:tt)*) $field:tt) => { Self::$id.check($field)? };
    (@check span ($id:ident $($rest:tt)*) $field:tt) => { Self::$id.check($field)? };
    (@check $kind:ident $row:tt $field:tt) => {};
}

/// Declares an enum that is a [`super::Choice`]: its name, what it decides, its default, and for each value its nick and
/// a sentence, which is its documentation too.
macro_rules! choice {
    (
        $(#[$meta:meta])*
        pub enum $type:ident = $name:literal, $default:ident, $blurb:literal {
            $($(#[$value_meta:meta])* $value:ident = $nick:literal: $text:literal),+ $(,)?
        }
    ) => {
        #[doc = concat!($blurb, ".")]
        $(#[doc = ""] #[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $type {
            $(
                #[doc = concat!($text, ".")]
                $(#[doc = ""] #[$value_meta])*
                $value,
            )+
        }

        impl $crate::settings::Choice for $type {
            const NAME: &'static str = $name;
            const BLURB: &'static str = $blurb;
            const DEFAULT: Self = Self::$default;
            const ALL: &'static [(Self, &'static str, &'static str)] = &[$((Self::$value, $nick, $text)),+];
        }

        impl Default for $type {
            fn default() -> Self {
                <Self as $crate::settings::Choice>::DEFAULT
            }
        }

        $crate::settings::choice!(@values ($) $type $($value = $nick: $text),+);
    };
    // A macro of the type's name that hands its values to another macro: GObject's enumerations are made by a derive, which
    // takes literals and no constants.
    (@values ($dollar:tt) $type:ident $($value:ident = $nick:literal: $text:literal),+) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $type {
            ($dollar to:ident $dollar($dollar first:tt)*) => {
                $dollar to!($dollar($dollar first)* $($value = $nick: $text),+);
            };
        }
    };
}

pub(crate) use {choice, group, row};
