// SPDX-License-Identifier: MPL-2.0
//! OpenVINO's Model API, which Geti and the OpenVINO Training Extensions write: keys below `model_info`, joined by a
//! space (`model_info mean_values`), or one key `model_info` with a JSON object.
//!
//! | key | value |
//! |---|---|
//! | `mean_values`, `scale_values` | per channel with spaces or commas, in units of 8-bit values: `(pixel - mean) / scale` |
//! | `reverse_input_channels` | whether pictures that OpenCV reads (BGR) are turned into RGB |
//! | `labels` | names with spaces between, `_` for a space inside one |
//! | `orig_height`, `orig_width` | size |
//! | `model_type`, `task_type` | what it is made for |
//! | `resize_type`, `pad_value`, .. | left aside: how a frame is laid into the input is the caller's choice |

use std::collections::HashMap;

use serde_json::Value;

use super::super::description::{InputInfo, ModelInfo, OutputInfo};
use super::super::scale;
use super::super::{InputFormat, Labels};
use super::words::{left_aside, numbers};
use super::{Entries, described, inline, literal, other_task};

pub(super) fn read(entries: &Entries<'_>) -> Option<ModelInfo> {
    let keys = keys(entries);
    if keys.is_empty() {
        return None;
    }
    let get = |key: &str| {
        keys.get(key)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
    };
    let (mut input, mut output, mut warnings) = (InputInfo::default(), OutputInfo::default(), Vec::new());

    let values = |key: &str| get(key).map_or(Some(Vec::new()), numbers);
    match (values("mean_values"), values("scale_values")) {
        (Some(mean), Some(std)) if mean.is_empty() && std.is_empty() => {}
        (Some(mean), Some(std)) => match scale::ranges_of_bytes(&mean, &std) {
            Some(ranges) => input.ranges = ranges,
            None => warnings.push(
                "the model's metadata give mean_values and scale_values that do not fit each other; they are left aside"
                    .into(),
            ),
        },
        _ => warnings.push(left_aside(
            "mean_values, scale_values",
            &format!("{}, {}", get("mean_values").unwrap_or(""), get("scale_values").unwrap_or("")),
        )),
    }
    if let Some(text) = get("reverse_input_channels") {
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => input.channels = InputFormat::Rgb,
            "false" | "no" | "0" => {
                input.channels =
                    unreversed(&numbers(get("mean_values").unwrap_or_default()).unwrap_or_default());
                warnings.push(format!(
                    "the model's metadata say reverse_input_channels={text}, which is {} for pictures read by OpenCV and \
                     RGB for others: {} is taken, because of {}; set input-format if colours look wrong",
                    "BGR",
                    crate::settings::Choice::nick(input.channels).to_uppercase(),
                    if input.channels == InputFormat::Rgb { "the order of mean_values" } else { "OpenCV" },
                ));
            }
            _ => warnings.push(left_aside("reverse_input_channels", text)),
        }
    }
    let side = |key| get(key)?.parse().ok().filter(|side: &usize| *side > 0);
    input.size = side("orig_height").zip(side("orig_width"));
    if let Some(text) = get("labels") {
        let labels = match text.starts_with(['[', '{', '(']) {
            true => literal::value(text).as_ref().and_then(Labels::of_json),
            false => Some(Labels::from_text(
                &text.split_whitespace().collect::<Vec<_>>().join("\n"),
            )),
        };
        match labels {
            Some(labels) => output.labels = inline(labels),
            None => warnings.push(left_aside("labels", text)),
        }
    }
    warnings.extend(get("task_type").or(get("model_type")).and_then(other_task));
    Some(described(input, output, warnings))
}

/// The order of channels where pictures are taken as they come: ImageNet's means fall from red to blue.
fn unreversed(mean: &[f64]) -> InputFormat {
    match mean {
        [red, _, blue] if red > blue => InputFormat::Rgb,
        _ => InputFormat::Bgr,
    }
}

/// Keys below `model_info`, without it.
fn keys(entries: &Entries<'_>) -> HashMap<String, String> {
    let mut keys = HashMap::new();
    for (key, value) in entries {
        let Some(rest) = key.trim().strip_prefix("model_info") else {
            continue;
        };
        let inner = rest.trim_start_matches([' ', '.', '/', ':', '_']);
        if rest.is_empty() {
            if let Some(Value::Object(map)) = literal::value(value) {
                for (key, value) in map {
                    let text = match value {
                        Value::String(text) => text,
                        other => other.to_string(),
                    };
                    keys.insert(key, text);
                }
            }
        } else if inner != rest {
            keys.insert(inner.to_owned(), (*value).to_owned());
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::super::super::{LabelSource, Range};
    use super::*;

    #[test]
    fn getis_keys_are_understood_in_both_forms() {
        let flat = [
            ("model_info model_type", "Classification"),
            ("model_info mean_values", "127.5 127.5 127.5"),
            ("model_info scale_values", "127.5 127.5 127.5"),
            ("model_info reverse_input_channels", "True"),
            ("model_info resize_type", "standard"),
            ("model_info labels", "red dark_green blue"),
        ];
        let nested = [(
            "model_info",
            r#"{"mean_values": [127.5, 127.5, 127.5], "scale_values": "127.5,127.5,127.5",
                "reverse_input_channels": "YES", "labels": ["red", "dark_green", "blue"]}"#,
        )];
        for info in [read(&flat).unwrap(), read(&nested).unwrap()] {
            assert_eq!(info.warnings, Vec::<String>::new());
            assert_eq!(info.inputs[0].ranges, vec![Range { min: -1.0, max: 1.0 }; 3]);
            assert_eq!(info.inputs[0].channels, InputFormat::Rgb);
            assert_eq!(
                info.outputs[0].labels,
                Some(LabelSource::Inline(Labels::from_text("red\ndark_green\nblue")))
            );
        }
        assert_eq!(read(&[("model_information", "x")]), None);
    }

    #[test]
    fn channels_that_are_not_reversed_are_said() {
        let info = |mean: &str| {
            read(&[
                ("model_info reverse_input_channels", "False"),
                ("model_info mean_values", mean),
            ])
            .unwrap()
        };
        assert_eq!(info("0 0 0").inputs[0].channels, InputFormat::Bgr);
        assert_eq!(info("103.53 116.28 123.675").inputs[0].channels, InputFormat::Bgr);
        assert_eq!(info("123.675 116.28 103.53").inputs[0].channels, InputFormat::Rgb);
        assert!(info("0 0 0").warnings[0].contains("input-format"));
    }

    #[test]
    fn a_detector_and_odd_values_are_said() {
        let warned = |key, value| read(&[(key, value)]).unwrap().warnings.len();
        assert_eq!(warned("model_info model_type", "ssd"), 1);
        assert_eq!(warned("model_info mean_values", "a b"), 1);
        assert_eq!(warned("model_info scale_values", "0"), 1);
        assert_eq!(warned("model_info reverse_input_channels", "perhaps"), 1);
    }
}
