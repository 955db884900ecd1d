// SPDX-License-Identifier: MPL-2.0
//! Settings as JSON has them.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{AnyChoice, Count, Group, Real, Span, Switch, Text, Visitor, Whole};

/// Every setting of a group under its name, in the order of the rows: numbers, spans of time in seconds, booleans, nicks,
/// texts and lists; `null` where a text or path is not said.
pub fn values(group: &impl Group) -> Map<String, Value> {
    let mut values = Values(Map::new());
    group.clone().visit(&mut values);
    values.0
}

struct Values(Map<String, Value>);

impl Values {
    fn put(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }
}

impl Visitor for Values {
    fn real(&mut self, fact: &'static Real, value: &mut f64) {
        self.put(fact.name, json!(value));
    }

    fn count(&mut self, fact: &'static Count, value: &mut u32) {
        self.put(fact.name, json!(value));
    }

    fn whole(&mut self, fact: &'static Whole, value: &mut u64) {
        self.put(fact.name, json!(value));
    }

    fn span(&mut self, fact: &'static Span, value: &mut Duration) {
        self.put(fact.name, json!(value.as_secs_f64()));
    }

    fn switch(&mut self, fact: &'static Switch, value: &mut bool) {
        self.put(fact.name, json!(value));
    }

    fn choice(&mut self, value: &mut dyn AnyChoice) {
        self.put(value.name(), json!(value.current()));
    }

    fn text(&mut self, fact: &'static Text, value: &mut Option<String>) {
        self.put(fact.name, json!(value));
    }

    fn path(&mut self, fact: &'static Text, value: &mut Option<PathBuf>) {
        let text = value.as_ref().map(|path| path.to_string_lossy());
        self.put(fact.name, json!(text));
    }

    fn list(&mut self, fact: &'static Text, value: &mut Vec<f64>) {
        self.put(fact.name, json!(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{get_by_name, set_by_name};
    use crate::{ClassifierSettings, LensSettings};

    /// As text each value is what [`get_by_name`] has.
    #[test]
    fn values_are_those_that_are_read_as_text() {
        fn check(group: &impl Group, rows: usize) {
            let all = values(group);
            assert!(all.len() >= rows, "{all:?}");
            for (name, value) in all {
                let text = match &value {
                    Value::Null => None,
                    Value::String(text) => Some(text.clone()),
                    Value::Array(list) => {
                        let numbers: Vec<_> = list.iter().filter_map(Value::as_f64).collect();
                        Some(numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(","))
                    }
                    Value::Number(number) if number.is_f64() => number.as_f64().map(|x| x.to_string()),
                    other => Some(other.to_string()),
                };
                assert_eq!(text, get_by_name(group, &name), "{name}: {value}");
            }
        }
        let mut classifier = ClassifierSettings::default();
        for (name, text) in [("mean", "0.5,1"), ("output-name", "12"), ("label-file", "a b")] {
            assert!(set_by_name(&mut classifier, name, text), "{name}");
        }
        check(&classifier, 10);
        let mut lens = LensSettings::default();
        for (name, text) in [
            ("temporal-smoothing", "0.25"),
            ("caption", "true"),
            ("grid", "exact"),
        ] {
            assert!(set_by_name(&mut lens, name, text), "{name}");
        }
        check(&lens, 30);
    }
}
