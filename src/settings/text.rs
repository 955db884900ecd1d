// SPDX-License-Identifier: MPL-2.0
//! A setting by its name, as text and from text.

use std::path::PathBuf;
use std::time::Duration;

use super::{AnyChoice, Count, Group, Real, Span, Switch, Text, Visitor, Whole};

/// Sets the setting `name` of a group to what `text` says: a number, a nick, `true` or `false`, text; spans of time in
/// seconds, lists with commas. False where there is no such setting, or it takes no such text; then nothing changes.
/// Ranges are not looked at: see [`Group::check`].
pub fn set_by_name(group: &mut impl Group, name: &str, text: &str) -> bool {
    let mut set = Set {
        name,
        text,
        done: false,
    };
    group.visit(&mut set);
    set.done
}

struct Set<'a> {
    name: &'a str,
    text: &'a str,
    done: bool,
}

impl Set<'_> {
    fn put<T>(&mut self, name: &str, to: &mut T, read: impl FnOnce(&str) -> Option<T>) {
        if self.name == name
            && let Some(value) = read(self.text)
        {
            *to = value;
            self.done = true;
        }
    }
}

impl Visitor for Set<'_> {
    fn real(&mut self, fact: &'static Real, value: &mut f64) {
        self.put(fact.name, value, |text| text.parse().ok());
    }

    fn count(&mut self, fact: &'static Count, value: &mut u32) {
        self.put(fact.name, value, |text| text.parse().ok());
    }

    fn whole(&mut self, fact: &'static Whole, value: &mut u64) {
        self.put(fact.name, value, |text| text.parse().ok());
    }

    fn span(&mut self, fact: &'static Span, value: &mut Duration) {
        self.put(fact.name, value, |text| {
            Duration::try_from_secs_f64(text.parse().ok()?).ok()
        });
    }

    fn switch(&mut self, fact: &'static Switch, value: &mut bool) {
        self.put(fact.name, value, |text| text.parse().ok());
    }

    fn choice(&mut self, value: &mut dyn AnyChoice) {
        if self.name == value.name() {
            self.done |= value.choose(self.text);
        }
    }

    fn text(&mut self, fact: &'static Text, value: &mut Option<String>) {
        self.put(fact.name, value, |text| Some(Some(text.to_owned())));
    }

    fn path(&mut self, fact: &'static Text, value: &mut Option<PathBuf>) {
        self.put(fact.name, value, |text| Some(Some(text.into())));
    }

    fn list(&mut self, fact: &'static Text, value: &mut Vec<f64>) {
        self.put(fact.name, value, |text| {
            let numbers = text.split(',').filter(|_| !text.is_empty());
            numbers.map(|number| number.trim().parse().ok()).collect()
        });
    }
}

/// The value of the setting `name`, as [`set_by_name`] reads it; `None` where there is no such setting, or no value.
pub fn get_by_name(group: &impl Group, name: &str) -> Option<String> {
    let mut all = texts(group).into_iter();
    all.find(|(of, _)| *of == name).and_then(|(_, text)| text)
}

/// The settings of a group that are not at their defaults, in the order of the rows: names, and values as
/// [`set_by_name`] reads them.
pub fn changed<G: Group>(group: &G) -> impl Iterator<Item = (&'static str, String)> {
    let both = texts(group).into_iter().zip(texts(&G::default()));
    both.filter(|(is, usual)| is != usual)
        .filter_map(|((name, text), _)| Some((name, text?)))
}

/// A number as people write one: four decimals at most, and no zeros at the end. π/2, and what a search finds, have no
/// end.
pub fn short(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn texts(group: &impl Group) -> Vec<(&'static str, Option<String>)> {
    let mut texts = Texts(Vec::new());
    group.clone().visit(&mut texts);
    texts.0
}

struct Texts(Vec<(&'static str, Option<String>)>);

impl Texts {
    fn take(&mut self, name: &'static str, text: Option<String>) {
        self.0.push((name, text));
    }
}

impl Visitor for Texts {
    fn real(&mut self, fact: &'static Real, value: &mut f64) {
        self.take(fact.name, Some(value.to_string()));
    }

    fn count(&mut self, fact: &'static Count, value: &mut u32) {
        self.take(fact.name, Some(value.to_string()));
    }

    fn whole(&mut self, fact: &'static Whole, value: &mut u64) {
        self.take(fact.name, Some(value.to_string()));
    }

    fn span(&mut self, fact: &'static Span, value: &mut Duration) {
        self.take(fact.name, Some(value.as_secs_f64().to_string()));
    }

    fn switch(&mut self, fact: &'static Switch, value: &mut bool) {
        self.take(fact.name, Some(value.to_string()));
    }

    fn choice(&mut self, value: &mut dyn AnyChoice) {
        self.take(value.name(), Some(value.current().to_owned()));
    }

    fn text(&mut self, fact: &'static Text, value: &mut Option<String>) {
        self.take(fact.name, value.clone());
    }

    fn path(&mut self, fact: &'static Text, value: &mut Option<PathBuf>) {
        self.take(
            fact.name,
            value.as_ref().map(|path| path.to_string_lossy().into_owned()),
        );
    }

    fn list(&mut self, fact: &'static Text, value: &mut Vec<f64>) {
        let numbers: Vec<_> = value.iter().map(f64::to_string).collect();
        self.take(fact.name, Some(numbers.join(",")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LensSettings;

    #[test]
    fn settings_are_read_as_they_are_written() {
        let mut settings = LensSettings::default();
        for (name, text) in [
            ("steps", "4"),
            ("phase-limit", "0.25"),
            ("temporal-smoothing", "0.1"),
            ("caption", "true"),
            ("grid", "exact"),
        ] {
            assert!(set_by_name(&mut settings, name, text), "{name}");
            assert_eq!(get_by_name(&settings, name).as_deref(), Some(text), "{name}");
        }
        assert_eq!(settings.reach.steps, 4);
        assert_eq!(
            settings.morph.tuning.temporal_smoothing,
            Duration::from_millis(100)
        );
        let before = settings.clone();
        for (name, text) in [("stops", "4"), ("steps", "four"), ("grid", "fine")] {
            assert!(!set_by_name(&mut settings, name, text), "{name}");
        }
        assert_eq!(settings, before);
        assert_eq!(get_by_name(&settings, "stops"), None);
        let names: Vec<_> = changed(&settings).map(|(name, _)| name).collect();
        let five = ["grid", "phase-limit", "temporal-smoothing", "steps", "caption"];
        assert_eq!(names, five, "in the order of the rows");
        assert_eq!(changed(&LensSettings::default()).count(), 0);
    }
}
