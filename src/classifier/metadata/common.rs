// SPDX-License-Identifier: MPL-2.0
//! Keys that many scripts use without being anybody's format.
//!
//! | key | value |
//! |---|---|
//! | `id2label`, `class_names` and the others under which JSON keeps them too ([`LABEL_KEYS`]) | a list or map, in JSON or Python |
//! | `mean` and `std`, `image_mean` and `image_std` | per channel, on the scale 0..1 or 0..255 |

use super::super::Labels;
use super::super::description::{InputInfo, ModelInfo, OutputInfo};
use super::super::labels::LABEL_KEYS;
use super::super::scale::{self, scale};
use super::words::{get, left_aside, numbers};
use super::{Entries, described, inline, literal};

pub(super) fn read(entries: &Entries<'_>) -> Option<ModelInfo> {
    let (mut input, mut output, mut warnings) = (InputInfo::default(), OutputInfo::default(), Vec::new());
    // Anybody may have such keys: what does not read as names is none.
    let labels = LABEL_KEYS
        .iter()
        .find_map(|key| Labels::of_json(&literal::value(get(entries, key)?)?));
    output.labels = labels.and_then(inline);
    let pair = [("mean", "std"), ("image_mean", "image_std")]
        .into_iter()
        .find_map(|(mean, std)| Some((get(entries, mean)?, get(entries, std)?)));
    if let Some((mean, std)) = pair {
        let values = numbers(mean).zip(numbers(std));
        let ranges = values.and_then(|(mean, std)| scale::ranges(&mean, &std, scale(&mean, &std)));
        match ranges {
            Some(ranges) => input.ranges = ranges,
            None => warnings.push(left_aside("mean, std", &format!("{mean}, {std}"))),
        }
    }
    (output.labels.is_some() || pair.is_some()).then(|| described(input, output, warnings))
}

#[cfg(test)]
mod tests {
    use super::super::super::{LabelSource, Range};
    use super::*;

    #[test]
    fn names_and_constants_are_read_where_they_are_plain() {
        let info = read(&[
            ("id2label", r#"{"0": "cat", "1": "dog"}"#),
            ("mean", "[0.5, 0.5, 0.5]"),
            ("std", "(0.5, 0.5, 0.5)"),
        ])
        .unwrap();
        assert_eq!(
            info.outputs[0].labels,
            Some(LabelSource::Inline(Labels::from_text("cat\ndog")))
        );
        assert_eq!(info.inputs[0].ranges, vec![Range { min: -1.0, max: 1.0 }; 3]);
        assert_eq!(read(&[("classes", "1000"), ("names", "x")]), None);
        let odd = read(&[("mean", "a"), ("std", "b")]).unwrap();
        assert!(odd.inputs[0].ranges.is_empty() && odd.warnings.len() == 1);
    }
}
