// SPDX-License-Identifier: MPL-2.0
//! The settings in force, and changes of them by name: what the page posts.

use serde_json::{Map, Value, json};
use steerlens::frame::Rect;
use steerlens::settings::{Group, OutOfRange, get_by_name, set_by_name, values};
use steerlens::{ClassChoice, Classifier, LensSettings, LiveSettings, Preset};

/// The name under which a preset is asked for.
const PRESET: &str = "preset";
/// What a page shows of the settings, beside the classes and the region.
const SHOWN: [&str; 11] = [
    "magnification",
    "scale-weight",
    "samples",
    "display-mode",
    "gradient-mode",
    "method",
    "color-mode",
    "step-mode",
    "temporal-smoothing",
    "measure-after",
    "caption",
];

/// How frames are morphed, and when they are read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Control {
    pub(crate) lens: LensSettings,
    pub(crate) pace: LiveSettings,
}

/// Why a change is refused; nothing of it was done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("what was sent is no JSON object of settings: {0}")]
    NoObject(String),
    #[error("there is no setting {0:?} that a page may change")]
    Unknown(String),
    #[error("{name} does not take {value}")]
    Value { name: String, value: Value },
    #[error(transparent)]
    Range(#[from] OutOfRange),
    #[error(transparent)]
    Class(#[from] steerlens::classifier::Error),
    #[error("roi takes x, y, width and height in pixels, as [80,40,320,320], or null for all of the frame")]
    Region,
}

impl Control {
    /// Changes what a JSON object says: names of settings with their values, numbers as numbers or text. `null` leaves
    /// a class to be chosen, and the region to be all of the frame. All of it is done, or nothing.
    pub(crate) fn change(&mut self, text: &[u8], classifier: &Classifier) -> Result<(), Refusal> {
        let said: Map<String, Value> =
            serde_json::from_slice(text).map_err(|error| Refusal::NoObject(error.to_string()))?;
        let mut new = self.clone();
        for (name, value) in &said {
            new.set(name, value, classifier)?;
        }
        new.lens.check()?;
        new.pace.check()?;
        *self = new;
        Ok(())
    }

    fn set(&mut self, name: &str, value: &Value, classifier: &Classifier) -> Result<(), Refusal> {
        let unfit = || Refusal::Value {
            name: name.to_owned(),
            value: value.clone(),
        };
        let lens = &mut self.lens;
        if name == LensSettings::SOURCE_LABEL.name {
            lens.gradient.source = class(value, classifier)?.ok_or_else(unfit)?;
        } else if name == LensSettings::TARGET_LABEL.name {
            lens.gradient.target = class(value, classifier)?.ok_or_else(unfit)?;
        } else if name == LensSettings::ROI.name {
            lens.input.roi = region(value).ok_or(Refusal::Region)?;
        } else if name == PRESET {
            value
                .as_str()
                .and_then(Preset::find)
                .ok_or_else(unfit)?
                .apply(lens);
        } else {
            let known = get_by_name(lens, name).is_some() || get_by_name(&self.pace, name).is_some();
            if !known {
                return Err(Refusal::Unknown(name.to_owned()));
            }
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                _ => return Err(unfit()),
            };
            if !set_by_name(lens, name, &text) && !set_by_name(&mut self.pace, name, &text) {
                return Err(unfit());
            }
        }
        Ok(())
    }

    /// What a page shows of them. Classes that are chosen automatically are `null`.
    pub(crate) fn json(&self, classifier: &Classifier) -> Value {
        let mut all = values(&self.lens);
        all.extend(values(&self.pace));
        all.retain(|name, _| SHOWN.contains(&name.as_str()));
        let label = |choice: &ClassChoice| match choice {
            ClassChoice::Auto => Value::Null,
            ClassChoice::Index(class) => classifier.label(*class).into(),
            ClassChoice::Label(label) => label.as_str().into(),
        };
        let gradient = &self.lens.gradient;
        all.insert(
            LensSettings::SOURCE_LABEL.name.to_owned(),
            label(&gradient.source),
        );
        all.insert(
            LensSettings::TARGET_LABEL.name.to_owned(),
            label(&gradient.target),
        );
        let roi = self.lens.input.roi.map(|r| json!([r.x, r.y, r.width, r.height]));
        all.insert(LensSettings::ROI.name.to_owned(), roi.into());
        all.into()
    }
}

/// The class that a text means; none or an empty one leaves it to be chosen.
fn class(value: &Value, classifier: &Classifier) -> Result<Option<ClassChoice>, Refusal> {
    Ok(match value {
        Value::Null => Some(ClassChoice::Auto),
        Value::String(text) if text.trim().is_empty() => Some(ClassChoice::Auto),
        Value::String(text) => Some(ClassChoice::Index(classifier.class(text)?)),
        _ => None,
    })
}

fn region(value: &Value) -> Option<Option<Rect>> {
    if value.is_null() {
        return Some(None);
    }
    let numbers: Option<Vec<usize>> = value
        .as_array()?
        .iter()
        .map(|number| usize::try_from(number.as_u64()?).ok())
        .collect();
    match numbers?[..] {
        [x, y, width, height] if width > 0 && height > 0 => Some(Some(Rect { x, y, width, height })),
        _ => None,
    }
}
