// SPDX-License-Identifier: MPL-2.0
//! The table of properties (docs/gstreamer.md 2.6): names, defaults, ranges and blurbs are the library's.

use std::path::PathBuf;
use std::sync::LazyLock;

use gst::glib::{self, prelude::*};
#[cfg(feature = "doc")]
use gst::prelude::*;
use steerlens::settings::{Choice, Count, Group, Switch, Text};
use steerlens::{ClassifierSettings, LensSettings, Sweep};

use super::enums::{self, Mirror};
use super::region::RoiSource;
use super::rows;
use super::settings::{Class, Settings, TOP_K};
use super::spec::{When, described, nick};
use crate::message::nanoseconds;

/// One property: its description for GObject, and the way to its value.
pub(super) struct Property {
    pub(super) spec: glib::ParamSpec,
    get: Box<Get>,
    set: Box<Set>,
}

type Get = dyn Fn(&mut Settings) -> glib::Value + Send + Sync;
type Set = dyn Fn(&mut Settings, &glib::Value) + Send + Sync;

/// Where a property's value lies.
type Field<T> = fn(&mut Settings) -> &mut T;

const POST_MESSAGES: Switch = Switch {
    name: "post-messages",
    default: false,
    blurb: "Post an element message for each analysed frame",
};

const ATTACH_META: Switch = Switch {
    name: "attach-meta",
    default: false,
    blurb: if cfg!(feature = "v1_24") {
        "Attach to each analysed frame what a message says of it, as GstClassMorphMeta, and its classes as analytics meta"
    } else {
        "Attach to each analysed frame what a message says of it, as GstClassMorphMeta"
    },
};

const MODEL_INSTANCE_ID: Text = Text {
    name: "model-instance-id",
    blurb: "Name under which elements share one loaded model, each run in its turn; unset: a model of its own",
};

/// Every property that can be set, in the order of gst-inspect-1.0.
pub(super) static TABLE: LazyLock<Vec<Property>> = LazyLock::new(|| {
    use When::{Playing, Ready};
    let mut table = vec![
        path(&ClassifierSettings::MODEL_FILE, |s| &mut s.model_file),
        further_models(),
    ];
    table.extend(rows(|s, visitor| s.classifier.visit(visitor), true));
    table.extend([
        text(&ClassifierSettings::INPUT_SIZE, Ready, |s| &mut s.input_size),
        text(&MODEL_INSTANCE_ID, Ready, |s| &mut s.model_instance_id),
        class(&LensSettings::SOURCE_CLASS, |s| &mut s.source.number),
        class(&LensSettings::TARGET_CLASS, |s| &mut s.target.number),
        text(&LensSettings::SOURCE_LABEL, Playing, |s| &mut s.source.label),
        text(&LensSettings::TARGET_LABEL, Playing, |s| &mut s.target.label),
        region(),
        region_source(),
    ]);
    table.extend(rows(|s, visitor| s.lens.visit(visitor), false));
    table.extend([choice::<enums::Sweep>(Playing, |s| &mut s.sweep), sweep_period()]);
    table.extend(rows(|s, visitor| s.live.visit(visitor), false));
    table.extend([
        latency(),
        switch(&POST_MESSAGES, Playing, |s| &mut s.post_messages),
        switch(&ATTACH_META, Playing, |s| &mut s.attach_meta),
        count(&TOP_K, Playing, |s| &mut s.top_k),
    ]);
    table
});

/// A property for each setting of the library's groups that `visit` goes through.
fn rows(visit: rows::Visit, at_start: bool) -> Vec<Property> {
    rows::specs(visit, at_start)
        .into_iter()
        .map(|spec| {
            let name = spec.name();
            Property {
                spec,
                get: Box::new(move |settings| rows::get(visit, settings, name)),
                set: Box::new(move |settings, value| rows::set(visit, settings, name, value)),
            }
        })
        .collect()
}

impl Property {
    fn new<T>(spec: glib::ParamSpec, field: Field<T>) -> Self
    where
        T: ToValue + for<'a> glib::value::FromValue<'a> + 'static,
    {
        Self {
            spec,
            get: Box::new(move |settings| field(settings).to_value()),
            set: Box::new(move |settings, value| {
                if let Ok(value) = value.get::<T>() {
                    *field(settings) = value;
                }
            }),
        }
    }

    /// Whether a change counts only at the next start.
    pub(super) fn needs_start(&self) -> bool {
        self.spec.flags().contains(gst::PARAM_FLAG_MUTABLE_READY)
    }

    /// The value in `settings`.
    pub(super) fn get(&self, settings: &mut Settings) -> glib::Value {
        (self.get)(settings)
    }

    /// Puts `value` into `settings`; GObject has checked type and range.
    pub(super) fn set(&self, settings: &mut Settings, value: &glib::Value) {
        (self.set)(settings, value);
    }
}

fn count(fact: &Count, when: When, field: Field<u32>) -> Property {
    let nick = nick(fact.name);
    let builder = glib::ParamSpecUInt::builder(fact.name)
        .minimum(fact.min)
        .maximum(fact.max)
        .default_value(fact.default);
    Property::new(described(builder, &nick, fact.blurb, when).build(), field)
}

fn switch(fact: &Switch, when: When, field: Field<bool>) -> Property {
    let nick = nick(fact.name);
    let builder = glib::ParamSpecBoolean::builder(fact.name).default_value(fact.default);
    Property::new(described(builder, &nick, fact.blurb, when).build(), field)
}

/// A file. Names of files are bytes, and stay what they are.
fn path(fact: &Text, field: Field<Option<PathBuf>>) -> Property {
    let nick = nick(fact.name);
    let builder = glib::ParamSpecString::builder(fact.name);
    Property::new(described(builder, &nick, fact.blurb, When::Ready).build(), field)
}

/// Text, which a program in C may give in any bytes: those that are no UTF-8 become U+FFFD.
fn text(fact: &Text, when: When, field: Field<Option<String>>) -> Property {
    let nick = nick(fact.name);
    let builder = glib::ParamSpecString::builder(fact.name);
    Property {
        spec: described(builder, &nick, fact.blurb, when).build(),
        get: Box::new(move |settings| field(settings).to_value()),
        set: Box::new(move |settings, value| {
            // A `String` would insist on UTF-8.
            if let Ok(bytes) = value.get::<Option<PathBuf>>() {
                *field(settings) = bytes.map(|bytes| bytes.to_string_lossy().into_owned());
            }
        }),
    }
}

fn class(fact: &Text, field: Field<i32>) -> Property {
    let nick = nick(fact.name);
    let builder = glib::ParamSpecInt::builder(fact.name)
        .minimum(Class::AUTO)
        .default_value(Class::AUTO);
    Property::new(
        described(builder, &nick, fact.blurb, When::Playing).build(),
        field,
    )
}

fn latency() -> Property {
    let builder = glib::ParamSpecInt64::builder("latency")
        .minimum(-1)
        .default_value(-1);
    let blurb = "Time of a frame that live pipelines are told, in nanoseconds, so that a sink waits for what is computed; -1: \
                 as measured, 0: none";
    Property::new(described(builder, "Latency", blurb, When::Playing).build(), |s| {
        &mut s.latency
    })
}

fn sweep_period() -> Property {
    let builder = glib::ParamSpecUInt64::builder("sweep-period")
        .minimum(nanoseconds(Sweep::MIN_PERIOD))
        .default_value(nanoseconds(Sweep::DEFAULT_PERIOD));
    let blurb = "Time of one sweep, in nanoseconds";
    Property::new(
        described(builder, "Sweep period", blurb, When::Playing).build(),
        |s| &mut s.sweep_period_ns,
    )
}

fn choice<M: Mirror>(when: When, field: Field<M::Of>) -> Property {
    let nick = nick(M::Of::NAME);
    let builder = glib::ParamSpecEnum::builder_with_default(M::Of::NAME, M::of(M::Of::DEFAULT));
    Property {
        spec: described(builder, &nick, M::Of::BLURB, when).build(),
        get: Box::new(move |settings| M::of(*field(settings)).to_value()),
        set: Box::new(move |settings, value| {
            if let Ok(value) = value.get::<M>() {
                *field(settings) = value.get();
            }
        }),
    }
}

/// `roi`: four whole numbers, or none.
fn region() -> Property {
    let entry = glib::ParamSpecInt::builder("value")
        .nick("Value")
        .blurb("x, y, width or height, in pixels")
        .build();
    let builder = gst::ParamSpecArray::builder(LensSettings::ROI.name).element_spec(&entry);
    let blurb = "Part of the frame that is read and morphed: <x, y, width, height> in pixels, clipped to the frame; empty: \
                 all of it";
    Property {
        spec: described(builder, "Roi", blurb, When::Playing).build(),
        get: Box::new(move |settings| gst::Array::new(settings.roi.iter()).to_value()),
        set: Box::new(move |settings, value| {
            if let Ok(values) = value.get::<gst::Array>() {
                settings.roi = values.iter().filter_map(|value| value.get().ok()).collect();
            }
        }),
    }
}

/// `also-model-files`: paths, or none.
fn further_models() -> Property {
    let text = &ClassifierSettings::ALSO_MODEL_FILES;
    let entry = glib::ParamSpecString::builder("value")
        .nick("Value")
        .blurb("A model file")
        .build();
    let builder = gst::ParamSpecArray::builder(text.name).element_spec(&entry);
    Property {
        spec: described(builder, &nick(text.name), text.blurb, When::Ready).build(),
        get: Box::new(|settings| {
            gst::Array::new(
                settings
                    .also
                    .iter()
                    .map(|file| file.to_string_lossy().into_owned()),
            )
            .to_value()
        }),
        set: Box::new(|settings, value| {
            if let Ok(values) = value.get::<gst::Array>() {
                let files = values.iter().filter_map(|value| value.get::<String>().ok());
                settings.also = files.filter(|file| !file.is_empty()).map(PathBuf::from).collect();
            }
        }),
    }
}

fn region_source() -> Property {
    let builder = glib::ParamSpecEnum::builder::<RoiSource>("roi-source");
    let blurb = "Where the region of interest comes from";
    Property::new(
        described(builder, "Roi source", blurb, When::Playing).build(),
        |s| &mut s.roi_source,
    )
}

/// Lists every enumeration in the documentation cache that `gst-hotdoc-plugins-scanner` makes.
#[cfg(feature = "doc")]
pub(super) fn document() {
    for property in TABLE.iter() {
        let of = property.spec.value_type();
        if of.is_a(glib::Type::ENUM) {
            of.mark_as_plugin_api(gst::PluginAPIFlags::empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use gst::prelude::*;

    use super::super::ClassMorph;
    use super::*;

    /// The table, made by the class, as in use: GObject holds a lock meanwhile. A test that began with the table would
    /// wait for that lock, and the class of another test for the table.
    fn table() -> &'static [Property] {
        gst::init().unwrap();
        drop(glib::Object::new::<ClassMorph>());
        &TABLE
    }

    #[test]
    fn every_property_starts_with_its_declared_default() {
        let mut settings = Settings::default();
        for property in table() {
            let value = property.get(&mut settings);
            let declared = property.spec.default_value();
            // Arrays have no order of their own: an empty one is the default.
            if let Ok(array) = value.get::<gst::Array>() {
                assert!(array.is_empty(), "{}", property.spec.name());
            } else {
                assert_eq!(
                    format!("{value:?}"),
                    format!("{declared:?}"),
                    "{}",
                    property.spec.name()
                );
            }
        }
    }

    #[test]
    fn values_come_back_as_they_were_set() {
        let mut settings = Settings::default();
        let mut back = |name: &str, value: glib::Value| {
            let property = table()
                .iter()
                .find(|property| property.spec.name() == name)
                .unwrap();
            property.set(&mut settings, &value);
            property.get(&mut settings)
        };
        assert_eq!(back("magnification", (-2.5).to_value()).get(), Ok(-2.5));
        assert_eq!(
            back("target-label", "smile".to_value()).get::<&str>(),
            Ok("smile")
        );
        assert_eq!(
            back("roi", gst::Array::new([8, 4, 96, 64]).to_value())
                .serialize()
                .unwrap(),
            "< (int)8, (int)4, (int)96, (int)64 >"
        );
        assert_eq!(back("post-messages", true.to_value()).get(), Ok(true));
        assert_eq!(
            back("method", enums::Method::Pixel.to_value()).get(),
            Ok(enums::Method::Pixel)
        );
        let std = back("std", gst::Array::new([0.25, 0.5]).to_value())
            .get::<gst::Array>()
            .unwrap();
        assert_eq!(
            std.iter().map(|v| v.get::<f64>().unwrap()).collect::<Vec<_>>(),
            [0.25, 0.5]
        );
    }
}
