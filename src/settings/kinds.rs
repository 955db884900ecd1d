// SPDX-License-Identifier: MPL-2.0
//! The kinds of settings.

use std::time::Duration;

/// A setting whose value lies between two others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranged<T> {
    /// Its name, kebab-case.
    pub name: &'static str,
    /// The value that is used when nothing is said.
    pub default: T,
    /// Smallest accepted value.
    pub min: T,
    /// Largest accepted value.
    pub max: T,
    /// One sentence, the unit in it; a [`Span`] has none to name.
    pub blurb: &'static str,
}

/// A real-valued setting.
pub type Real = Ranged<f64>;

/// A whole-number setting.
pub type Count = Ranged<u32>;

/// A whole-number setting that may be large.
pub type Whole = Ranged<u64>;

/// A setting that is a span of time.
pub type Span = Ranged<Duration>;

/// A setting that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// Its name, kebab-case.
    pub name: &'static str,
    /// The value that is used when nothing is said.
    pub default: bool,
    /// One sentence.
    pub blurb: &'static str,
}

/// A setting that holds text, a path or a list; absent when nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// Its name, kebab-case.
    pub name: &'static str,
    /// One sentence.
    pub blurb: &'static str,
}

/// A setting with a few named values. The first is the default unless [`Choice::DEFAULT`] says otherwise.
pub trait Choice: Copy + PartialEq + Sized + 'static {
    /// The setting's name, kebab-case.
    const NAME: &'static str;
    /// One sentence.
    const BLURB: &'static str;
    /// The value that is used when nothing is said.
    const DEFAULT: Self;
    /// Every value with its nick (as written by users) and one sentence.
    const ALL: &'static [(Self, &'static str, &'static str)];

    /// The nick of this value.
    fn nick(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(value, ..)| *value == self)
            .map_or("", |(_, nick, _)| nick)
    }

    /// The value with this nick, if there is one.
    fn from_nick(nick: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, n, _)| *n == nick)
            .map(|(value, ..)| *value)
    }
}

/// A value of any [`Choice`], for those who treat all of them alike.
pub trait AnyChoice {
    /// The setting's name, kebab-case.
    fn name(&self) -> &'static str;
    /// One sentence.
    fn blurb(&self) -> &'static str;
    /// Nick and sentence of every value.
    fn values(&self) -> Vec<(&'static str, &'static str)>;
    /// The nick of this value.
    fn current(&self) -> &'static str;
    /// Takes the value with this nick; false where there is none.
    fn choose(&mut self, nick: &str) -> bool;
}

impl<T: Choice> AnyChoice for T {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn blurb(&self) -> &'static str {
        T::BLURB
    }

    fn values(&self) -> Vec<(&'static str, &'static str)> {
        T::ALL.iter().map(|(_, nick, text)| (*nick, *text)).collect()
    }

    fn current(&self) -> &'static str {
        self.nick()
    }

    fn choose(&mut self, nick: &str) -> bool {
        T::from_nick(nick).map(|value| *self = value).is_some()
    }
}

/// A value that its setting does not take.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{name} is {value}, and must be between {min} and {max}")]
pub struct OutOfRange {
    /// The setting's name.
    pub name: &'static str,
    /// The value that was given; seconds where it is a span of time.
    pub value: f64,
    /// Smallest accepted value.
    pub min: f64,
    /// Largest accepted value.
    pub max: f64,
}

/// A number as an [`OutOfRange`] names it.
trait Number: Copy {
    fn number(self) -> f64;
}

impl Number for f64 {
    fn number(self) -> f64 {
        self
    }
}

impl Number for u32 {
    fn number(self) -> f64 {
        self.into()
    }
}

impl Number for u64 {
    fn number(self) -> f64 {
        self as f64
    }
}

impl Number for Duration {
    fn number(self) -> f64 {
        self.as_secs_f64()
    }
}

#[expect(private_bounds, reason = "the kinds of numbers are these four")]
impl<T: Number> Ranged<T> {
    /// Refuses a value beyond the limits.
    ///
    /// # Errors
    /// With the setting's name, the value and the limits.
    pub fn check(&self, value: &T) -> Result<(), OutOfRange> {
        let [value, min, max] = [*value, self.min, self.max].map(Number::number);
        if (min..=max).contains(&value) {
            return Ok(());
        }
        Err(OutOfRange {
            name: self.name,
            value,
            min,
            max,
        })
    }
}
