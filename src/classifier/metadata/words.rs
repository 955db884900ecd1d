// SPDX-License-Identifier: MPL-2.0
//! What descriptions have in common, in whatever dialect.

use serde_json::Value;

use super::super::Labels;
use super::super::description::{InputInfo, LabelSource, ModelInfo, OutputInfo};

/// The strings of a model, by key.
pub(in crate::classifier) type Entries<'a> = [(&'a str, &'a str)];

/// The value of a key, as written.
pub(super) fn get<'a>(entries: &Entries<'a>, key: &str) -> Option<&'a str> {
    entries
        .iter()
        .find(|(name, _)| *name == key)
        .map(|(_, value)| value.trim())
        .filter(|value| !value.is_empty())
}

/// A description of one input and one output.
pub(in crate::classifier) fn described(
    input: InputInfo,
    output: OutputInfo,
    warnings: Vec<String>,
) -> ModelInfo {
    ModelInfo {
        inputs: vec![input],
        outputs: vec![output],
        warnings,
    }
}

/// Labels that stand in the description, if there are any.
pub(in crate::classifier) fn inline(labels: Labels) -> Option<LabelSource> {
    (!labels.is_empty()).then_some(LabelSource::Inline(labels))
}

/// A sentence about a value that is not understood.
pub(super) fn left_aside(key: &str, value: &str) -> String {
    let short: String = value.chars().take(60).collect();
    format!("the model's metadata say {key}={short:?}, which is left aside")
}

/// A sentence about a model that is made for something else; `None` for a classifier.
pub(in crate::classifier) fn other_task(task: &str) -> Option<String> {
    let words = task.to_lowercase();
    let is = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    let what = match () {
        () if is(&["classif", "embed", "feature"]) => return None,
        () if is(&["detect", "obb", "yolo", "ssd", "maskrcnn"]) => "detects objects",
        () if is(&["segment", "semantic"]) => "segments pictures",
        () if is(&["pose", "keypoint"]) => "finds poses",
        () => return None,
    };
    Some(format!(
        "the model says that it {what} ({task}), it is no classifier of whole pictures: what is taken for its classes \
         may be something else; name a tensor of class scores with output-name"
    ))
}

/// Numbers with commas, spaces or brackets: `1, 2, 3`, `[1 2 3]`, `1`.
pub(super) fn numbers(text: &str) -> Option<Vec<f64>> {
    text.trim_matches(['[', ']', '(', ')', ' '])
        .split([',', ' ', ';'])
        .filter(|word| !word.is_empty())
        .map(|word| word.parse().ok())
        .collect()
}

/// Height and width: a number for both, a pair, or an object.
pub(in crate::classifier) fn sides(value: &Value) -> Option<(usize, usize)> {
    let side = |value: &Value| usize::try_from(value.as_u64()?).ok().filter(|side| *side > 0);
    match value {
        Value::Object(map) => {
            let named = |key: &str| map.get(key).and_then(side);
            named("height")
                .zip(named("width"))
                .or_else(|| named("shortest_edge").map(|side| (side, side)))
        }
        Value::Array(items) => match items.as_slice() {
            [one] => side(one).map(|side| (side, side)),
            [height, width] => side(height).zip(side(width)),
            _ => None,
        },
        one => side(one).map(|side| (side, side)),
    }
}
