// SPDX-License-Identifier: MPL-2.0
//! One setting of the library as one flag: its name, range, default and description are the setting's own.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches};
use steerlens::settings::{Choice, Count, Real, Switch, Text};

use crate::report::short;

/// A flag that takes a real number within the setting's range.
pub(super) fn real(setting: Real) -> Arg {
    let Real {
        name,
        default,
        min,
        max,
        blurb,
    } = setting;
    let help = format!(
        "{blurb} [default: {}, range: {} to {}]",
        short(default),
        short(min),
        short(max)
    );
    Arg::new(name)
        .long(name)
        .value_name("X")
        .help(help)
        .allow_negative_numbers(true)
        .value_parser(move |text: &str| match text.parse::<f64>() {
            Ok(value) if (min..=max).contains(&value) => Ok(value),
            Ok(_) => Err(format!("it must be between {} and {}", short(min), short(max))),
            Err(_) => Err("it must be a number".to_owned()),
        })
}

/// A flag that takes a whole number within the setting's range.
pub(super) fn count(setting: Count) -> Arg {
    let Count {
        name,
        default,
        min,
        max,
        blurb,
    } = setting;
    let help = format!("{blurb} [default: {default}, range: {min} to {max}]");
    let range = clap::value_parser!(u32).range(i64::from(min)..=i64::from(max));
    Arg::new(name)
        .long(name)
        .value_name("N")
        .help(help)
        .value_parser(range)
}

/// A flag that is given or not.
pub(super) fn switch(setting: Switch) -> Arg {
    Arg::new(setting.name)
        .long(setting.name)
        .action(ArgAction::SetTrue)
        .help(setting.blurb)
}

/// A flag that takes text; add a parser for anything narrower.
pub(super) fn text(setting: Text, value: &'static str) -> Arg {
    Arg::new(setting.name)
        .long(setting.name)
        .value_name(value)
        .help(setting.blurb)
}

/// A flag that takes one of a few names.
pub(super) fn choice<T: Choice + Send + Sync>() -> Arg {
    let values = T::ALL
        .iter()
        .map(|(_, nick, text)| PossibleValue::new(*nick).help(*text));
    let parser = PossibleValuesParser::new(values).map(|nick| T::from_nick(&nick).unwrap_or(T::DEFAULT));
    let help = format!("{} [default: {}]", T::BLURB, T::DEFAULT.nick());
    Arg::new(T::NAME)
        .long(T::NAME)
        .value_name("NAME")
        .help(help)
        .value_parser(parser)
}

/// The value given for a setting, or another.
pub(super) fn real_of(matches: &ArgMatches, setting: Real, base: f64) -> f64 {
    given(matches, setting.name).unwrap_or(base)
}

/// The value given for a setting, or another.
pub(super) fn count_of(matches: &ArgMatches, setting: Count, base: u32) -> u32 {
    given(matches, setting.name).unwrap_or(base)
}

/// The value given for a setting, or another.
pub(super) fn choice_of<T: Choice + Send + Sync>(matches: &ArgMatches, base: T) -> T {
    given(matches, T::NAME).unwrap_or(base)
}

/// The value of a flag that not every command has.
pub(super) fn given<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Option<T> {
    matches.try_get_one(name).ok().flatten().cloned()
}
