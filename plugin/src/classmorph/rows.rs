// SPDX-License-Identifier: MPL-2.0
//! Properties made of the rows of the library's groups of settings: descriptions, and values both ways.

use std::path::PathBuf;
use std::time::Duration;

use gst::glib::{self, prelude::*};
use steerlens::settings::{AnyChoice, Count, Real, Span, Switch, Text, Visitor, Whole};

use super::enums;
use super::settings::Settings;
use super::spec::{When, described, nick};
use crate::message::nanoseconds;

/// The way through some groups of the element's settings.
pub(super) type Visit = fn(&mut Settings, &mut dyn Visitor);

/// A description for each setting. What is needed `at_start` may change before it; the rest at any time, and a controller
/// may drive what is a real number or a span.
pub(super) fn specs(visit: Visit, at_start: bool) -> Vec<glib::ParamSpec> {
    let mut specs = Specs {
        now: if at_start { When::Ready } else { When::Playing },
        driven: if at_start { When::Ready } else { When::Controlled },
        specs: Vec::new(),
    };
    visit(&mut Settings::default(), &mut specs);
    specs.specs
}

/// The value of a setting.
pub(super) fn get(visit: Visit, settings: &mut Settings, name: &str) -> glib::Value {
    let mut get = Get { name, value: None };
    visit(settings, &mut get);
    get.value.unwrap_or_else(|| false.to_value())
}

/// Puts a value, whose type and range GObject has checked, into a setting.
pub(super) fn set(visit: Visit, settings: &mut Settings, name: &str, value: &glib::Value) {
    visit(settings, &mut Set { name, value });
}

struct Specs {
    now: When,
    driven: When,
    specs: Vec<glib::ParamSpec>,
}

/// "Time constant" as "time constant".
fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

impl Visitor for Specs {
    fn real(&mut self, fact: &'static Real, _: &mut f64) {
        let nick = nick(fact.name);
        let builder = glib::ParamSpecDouble::builder(fact.name)
            .minimum(fact.min)
            .maximum(fact.max)
            .default_value(fact.default);
        self.specs
            .push(described(builder, &nick, fact.blurb, self.driven).build());
    }

    fn count(&mut self, fact: &'static Count, _: &mut u32) {
        let nick = nick(fact.name);
        let builder = glib::ParamSpecUInt::builder(fact.name)
            .minimum(fact.min)
            .maximum(fact.max)
            .default_value(fact.default);
        self.specs
            .push(described(builder, &nick, fact.blurb, self.now).build());
    }

    fn whole(&mut self, fact: &'static Whole, _: &mut u64) {
        let nick = nick(fact.name);
        let builder = glib::ParamSpecUInt64::builder(fact.name)
            .minimum(fact.min)
            .maximum(fact.max)
            .default_value(fact.default);
        self.specs
            .push(described(builder, &nick, fact.blurb, self.now).build());
    }

    /// In nanoseconds, as everywhere in GStreamer.
    fn span(&mut self, fact: &'static Span, _: &mut Duration) {
        let nick = nick(fact.name);
        let blurb = format!("In nanoseconds: {}", lower_first(fact.blurb));
        let builder = glib::ParamSpecUInt64::builder(fact.name)
            .minimum(nanoseconds(fact.min))
            .maximum(nanoseconds(fact.max))
            .default_value(nanoseconds(fact.default));
        self.specs
            .push(described(builder, &nick, &blurb, self.driven).build());
    }

    fn switch(&mut self, fact: &'static Switch, _: &mut bool) {
        let nick = nick(fact.name);
        let builder = glib::ParamSpecBoolean::builder(fact.name).default_value(fact.default);
        self.specs
            .push(described(builder, &nick, fact.blurb, self.now).build());
    }

    fn choice(&mut self, value: &mut dyn AnyChoice) {
        self.specs
            .extend(enums::find(value.name()).map(|kind| (kind.spec)(self.now)));
    }

    fn text(&mut self, fact: &'static Text, _: &mut Option<String>) {
        let nick = nick(fact.name);
        let builder = glib::ParamSpecString::builder(fact.name);
        self.specs
            .push(described(builder, &nick, fact.blurb, self.now).build());
    }

    fn path(&mut self, fact: &'static Text, _: &mut Option<PathBuf>) {
        self.text(fact, &mut None);
    }

    fn list(&mut self, fact: &'static Text, _: &mut Vec<f64>) {
        let nick = nick(fact.name);
        let entry = glib::ParamSpecDouble::builder("value")
            .nick("Value")
            .blurb("One channel's value")
            .build();
        let builder = gst::ParamSpecArray::builder(fact.name).element_spec(&entry);
        self.specs
            .push(described(builder, &nick, fact.blurb, self.now).build());
    }
}

struct Get<'a> {
    name: &'a str,
    value: Option<glib::Value>,
}

impl Get<'_> {
    fn take(&mut self, name: &str, value: impl FnOnce() -> glib::Value) {
        if self.name == name {
            self.value = Some(value());
        }
    }
}

impl Visitor for Get<'_> {
    fn real(&mut self, fact: &'static Real, value: &mut f64) {
        self.take(fact.name, || value.to_value());
    }

    fn count(&mut self, fact: &'static Count, value: &mut u32) {
        self.take(fact.name, || value.to_value());
    }

    fn whole(&mut self, fact: &'static Whole, value: &mut u64) {
        self.take(fact.name, || value.to_value());
    }

    fn span(&mut self, fact: &'static Span, value: &mut Duration) {
        self.take(fact.name, || nanoseconds(*value).to_value());
    }

    fn switch(&mut self, fact: &'static Switch, value: &mut bool) {
        self.take(fact.name, || value.to_value());
    }

    fn choice(&mut self, value: &mut dyn AnyChoice) {
        if let Some(kind) = enums::find(value.name()) {
            self.take(kind.name, || (kind.value)(value.current()));
        }
    }

    fn text(&mut self, fact: &'static Text, value: &mut Option<String>) {
        self.take(fact.name, || value.to_value());
    }

    fn path(&mut self, fact: &'static Text, value: &mut Option<PathBuf>) {
        self.take(fact.name, || value.to_value());
    }

    fn list(&mut self, fact: &'static Text, value: &mut Vec<f64>) {
        self.take(fact.name, || gst::Array::new(value.iter()).to_value());
    }
}

struct Set<'a> {
    name: &'a str,
    value: &'a glib::Value,
}

impl<'a> Set<'a> {
    fn put<T: glib::value::FromValue<'a>>(&self, name: &str, to: &mut T) {
        if self.name == name
            && let Ok(value) = self.value.get()
        {
            *to = value;
        }
    }
}

impl Visitor for Set<'_> {
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
        let mut time = nanoseconds(*value);
        self.put(fact.name, &mut time);
        *value = Duration::from_nanos(time);
    }

    fn switch(&mut self, fact: &'static Switch, value: &mut bool) {
        self.put(fact.name, value);
    }

    fn choice(&mut self, value: &mut dyn AnyChoice) {
        if self.name == value.name()
            && let Some((_, new)) = glib::EnumValue::from_value(self.value)
        {
            value.choose(new.nick());
        }
    }

    /// A program in C may give text in any bytes: those that are no UTF-8 become U+FFFD.
    fn text(&mut self, fact: &'static Text, value: &mut Option<String>) {
        if self.name == fact.name
            && let Ok(bytes) = self.value.get::<Option<PathBuf>>()
        {
            *value = bytes.map(|bytes| bytes.to_string_lossy().into_owned());
        }
    }

    /// Names of files are bytes, and stay what they are.
    fn path(&mut self, fact: &'static Text, value: &mut Option<PathBuf>) {
        self.put(fact.name, value);
    }

    fn list(&mut self, fact: &'static Text, value: &mut Vec<f64>) {
        if self.name == fact.name
            && let Ok(values) = self.value.get::<gst::Array>()
        {
            *value = values.iter().filter_map(|value| value.get().ok()).collect();
        }
    }
}
