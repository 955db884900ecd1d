// SPDX-License-Identifier: MPL-2.0
//! A flag for each setting of a group, and the way back: name, range, default and description are the setting's own.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgMatches, value_parser};
use steerlens::settings::{AnyChoice, Count, Group, Real, Span, Switch, Text, Visitor, Whole, short};

/// Flags that the short help shows.
const PROMINENT: &[&str] = &[
    "magnification",
    "l2-budget",
    "steps",
    "method",
    "color-mode",
    "display-mode",
    "caption",
    "onnxruntime-library",
    "threads",
    "label-file",
    "model-info",
    "input-format",
    "input-layout",
    "normalization",
    "mean",
    "std",
];

/// Settings of videos: a still has no frames to hold a class over, nor to smooth between, and is always measured.
pub(crate) const OF_VIDEOS: &[&str] = &["class-hold", "temporal-smoothing", "measure-after"];

/// A flag for each setting of the group that a still has. What the group holds is what they say the default is.
pub(super) fn flags(usual: &impl Group) -> Vec<Arg> {
    every(usual, |name| !OF_VIDEOS.contains(&name))
}

/// A flag for each setting of the group that only videos have.
#[cfg(feature = "live")]
pub(super) fn flags_of_videos(usual: &impl Group) -> Vec<Arg> {
    every(usual, |name| OF_VIDEOS.contains(&name))
}

fn every(usual: &impl Group, wanted: impl Fn(&str) -> bool) -> Vec<Arg> {
    let mut flags = Flags(Vec::new());
    usual.clone().visit(&mut flags);
    flags
        .0
        .into_iter()
        .filter(|flag| wanted(flag.get_id().as_str()))
        .map(|flag| {
            let shown = PROMINENT.contains(&flag.get_id().as_str());
            flag.hide_short_help(!shown)
        })
        .collect()
}

/// Takes over what the flags of a group say.
pub(super) fn take(matches: &ArgMatches, group: &mut impl Group) {
    group.visit(&mut Take(matches));
}

/// A flag that takes text; add a parser for anything narrower.
pub(super) fn text(setting: Text, value: &'static str) -> Arg {
    Arg::new(setting.name)
        .long(setting.name)
        .value_name(value)
        .help(setting.blurb)
}

/// The value of a flag that not every command has.
pub(super) fn given<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Option<T> {
    matches.try_get_one(name).ok().flatten().cloned()
}

struct Flags(Vec<Arg>);

impl Flags {
    fn push(&mut self, name: &'static str, value: &'static str, help: String, edit: impl FnOnce(Arg) -> Arg) {
        self.0
            .push(edit(Arg::new(name).long(name).value_name(value).help(help)));
    }
}

impl Visitor for Flags {
    fn real(&mut self, fact: &'static Real, usual: &mut f64) {
        let Real { min, max, .. } = *fact;
        let [default, least, most] = [*usual, min, max].map(short);
        let help = format!("{} [default: {default}, range: {least} to {most}]", fact.blurb);
        self.push(fact.name, "X", help, |flag| {
            flag.allow_negative_numbers(true)
                .value_parser(move |text: &str| match text.parse::<f64>() {
                    Ok(value) if (min..=max).contains(&value) => Ok(value),
                    Ok(_) => Err(format!("it must be between {} and {}", short(min), short(max))),
                    Err(_) => Err("it must be a number".to_owned()),
                })
        });
    }

    fn count(&mut self, fact: &'static Count, usual: &mut u32) {
        let Count { min, max, .. } = *fact;
        let help = format!("{} [default: {usual}, range: {min} to {max}]", fact.blurb);
        self.push(fact.name, "N", help, |flag| {
            flag.value_parser(value_parser!(u32).range(i64::from(min)..=i64::from(max)))
        });
    }

    fn whole(&mut self, fact: &'static Whole, usual: &mut u64) {
        let Whole { min, max, .. } = *fact;
        let help = format!("{} [default: {usual}]", fact.blurb);
        self.push(fact.name, "N", help, |flag| {
            flag.value_parser(value_parser!(u64).range(min..=max))
        });
    }

    fn span(&mut self, fact: &'static Span, usual: &mut Duration) {
        let Span { min, max, .. } = *fact;
        let [default, least, most] = [*usual, min, max].map(|span| short(span.as_secs_f64()));
        let help = format!(
            "{}, in seconds [default: {default}, range: {least} to {most}]",
            fact.blurb
        );
        self.push(fact.name, "SECONDS", help, |flag| {
            flag.value_parser(move |text: &str| {
                let span = text
                    .parse()
                    .ok()
                    .and_then(|s| Duration::try_from_secs_f64(s).ok());
                span.filter(|span| (min..=max).contains(span))
                    .ok_or("it must be a number of seconds within the range")
            })
        });
    }

    fn switch(&mut self, fact: &'static Switch, usual: &mut bool) {
        let help = match *usual {
            true => format!("{} [default: true]", fact.blurb),
            false => fact.blurb.to_owned(),
        };
        self.push(fact.name, "BOOL", help, |flag| {
            flag.num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_parser(value_parser!(bool))
        });
    }

    fn choice(&mut self, value: &mut dyn AnyChoice) {
        let values = value.values().into_iter();
        let values = values.map(|(nick, text)| PossibleValue::new(nick).help(text));
        let help = format!("{} [default: {}]", value.blurb(), value.current());
        self.push(value.name(), "NAME", help, |flag| {
            flag.value_parser(PossibleValuesParser::new(values))
        });
    }

    fn text(&mut self, fact: &'static Text, _: &mut Option<String>) {
        self.push(fact.name, "TEXT", fact.blurb.to_owned(), |flag| flag);
    }

    /// Empty is a path too: of labels and side-car it means none.
    fn path(&mut self, fact: &'static Text, _: &mut Option<PathBuf>) {
        self.push(fact.name, "FILE", fact.blurb.to_owned(), |flag| {
            flag.value_parser(OsStringValueParser::new().map(PathBuf::from))
        });
    }

    fn list(&mut self, fact: &'static Text, _: &mut Vec<f64>) {
        self.push(fact.name, "X,..", fact.blurb.to_owned(), |flag| {
            flag.value_parser(value_parser!(f64)).value_delimiter(',')
        });
    }
}

struct Take<'a>(&'a ArgMatches);

impl Take<'_> {
    fn put<T: Clone + Send + Sync + 'static>(&self, name: &str, to: &mut T) {
        if let Some(value) = given(self.0, name) {
            *to = value;
        }
    }
}

impl Visitor for Take<'_> {
    fn real(&mut self, fact: &'static Real, value: &mut f64) {
        self.put(fact.name, value);
    }

    fn count(&mut self, fact: &'static Count, value: &mut u32) {
        self.put(fact.name, value);
    }

    fn whole(&mut self, fact: &'static Whole, value: &mut u64) {
        self.put(fact.name, value);
    }

    fn span(&mut self, fact: &'static Span, value: &mut Duration) {
        self.put(fact.name, value);
    }

    fn switch(&mut self, fact: &'static Switch, value: &mut bool) {
        self.put(fact.name, value);
    }

    fn choice(&mut self, value: &mut dyn AnyChoice) {
        if let Some(nick) = given::<String>(self.0, value.name()) {
            value.choose(&nick);
        }
    }

    fn text(&mut self, fact: &'static Text, value: &mut Option<String>) {
        *value = given(self.0, fact.name).or_else(|| value.take());
    }

    fn path(&mut self, fact: &'static Text, value: &mut Option<PathBuf>) {
        *value = given(self.0, fact.name).or_else(|| value.take());
    }

    fn list(&mut self, fact: &'static Text, value: &mut Vec<f64>) {
        if let Ok(Some(numbers)) = self.0.try_get_many(fact.name) {
            *value = numbers.copied().collect();
        }
    }
}
