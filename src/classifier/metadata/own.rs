// SPDX-License-Identifier: MPL-2.0
//! What this project's own exporters write (docs/gstreamer.md 2.7).
//!
//! | key | value |
//! |---|---|
//! | `input.layout`, `input.color` | `NCHW` or `NHWC`; `RGB`, `BGR` or `GRAY` |
//! | `input.size` | HxW |
//! | `input.mean`, `input.std` | per channel with commas, in units of 8-bit values: `(pixel - mean) / std` |
//! | `input.crop` | share of the short side |
//! | `output.kind` | `logits`, `softmax` or `sigmoid` |
//! | `labels` | names joined by newlines |

use super::super::description::{Activation, InputInfo, ModelInfo, OutputInfo};
use super::super::modelinfo::{list, parse_crop};
use super::super::scale::{self, Scale};
use super::super::{InputFormat, InputLayout, Labels};
use super::words::left_aside;
use super::{Entries, described, inline};
use crate::settings::Choice;

const KEYS: [&str; 8] = [
    "input.layout",
    "input.color",
    "input.size",
    "input.crop",
    "input.mean",
    "input.std",
    "output.kind",
    "labels",
];

pub(super) fn read(entries: &Entries<'_>) -> Option<ModelInfo> {
    let (mut input, mut output) = (InputInfo::default(), OutputInfo::default());
    let (mut mean, mut std, mut warnings) = (None, None, Vec::new());
    if !entries.iter().any(|(key, _)| KEYS.contains(key)) {
        return None;
    }
    for (key, value) in entries {
        let (value, lower) = (value.trim(), value.trim().to_ascii_lowercase());
        let understood = match *key {
            "input.layout" => put(&mut input.layout, InputLayout::from_nick(&lower)),
            "input.color" => put(&mut input.channels, InputFormat::from_nick(&lower)),
            "input.size" => put(&mut input.size, parse_size(&lower).map(Some)),
            "input.crop" => put(&mut input.crop_fraction, parse_crop(&lower).map(Some)),
            "input.mean" => put(&mut mean, list::<f64>(&lower).map(Some)),
            "input.std" => put(&mut std, list::<f64>(&lower).map(Some)),
            "output.kind" => put(&mut output.activation, Activation::from_name(&lower).map(Some)),
            "labels" => put(&mut output.labels, Labels::parse(value).ok().map(inline)),
            _ => true,
        };
        if !understood {
            warnings.push(left_aside(key, value));
        }
    }
    // None where neither is given; one alone, and two of different lengths, do not fit.
    let ranges = match (mean, std) {
        (None, None) => Some(Vec::new()),
        (Some(mean), Some(std)) if mean.len() == std.len() => scale::ranges(&mean, &std, Scale::Byte),
        _ => None,
    };
    match ranges {
        Some(ranges) => input.ranges = ranges,
        None => warnings.push(
            "the model's metadata give input.mean and input.std that do not fit each other; they are left aside"
                .into(),
        ),
    }
    Some(described(input, output, warnings))
}

/// Stores a value that was understood; whether it was.
fn put<T>(slot: &mut T, value: Option<T>) -> bool {
    let understood = value.is_some();
    if let Some(value) = value {
        *slot = value;
    }
    understood
}

/// `224x224`
fn parse_size(text: &str) -> Option<(usize, usize)> {
    let (height, width) = text.split_once('x')?;
    let size: (usize, usize) = (height.trim().parse().ok()?, width.trim().parse().ok()?);
    (size.0 > 0 && size.1 > 0).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::super::super::LabelSource;
    use super::*;

    #[test]
    fn what_our_exporters_write_is_understood() {
        let info = ModelInfo::from_metadata([
            ("input.layout", "NHWC"),
            ("input.color", "BGR"),
            ("input.size", "112x96"),
            ("input.mean", "122.782,117.001,104.298"),
            ("input.std", "255,255,255"),
            ("input.crop", "0.875"),
            ("output.kind", "softmax"),
            ("labels", "neutral\nhappy"),
            ("origin", "somewhere"),
        ]);
        assert_eq!(info.warnings, Vec::<String>::new());
        let (input, output) = (info.input("x").unwrap(), info.output("y").unwrap());
        assert_eq!(
            (input.layout, input.channels),
            (InputLayout::Nhwc, InputFormat::Bgr)
        );
        assert_eq!((input.size, input.crop_fraction), (Some((112, 96)), Some(0.875)));
        for (range, mean) in input.ranges.iter().zip([122.782, 117.001, 104.298]) {
            for pixel in [0.0, 100.0, 255.0] {
                assert!((range.at(pixel / 255.0) - (pixel - mean) / 255.0).abs() < 1e-14);
            }
        }
        assert_eq!(output.activation, Some(Activation::Softmax));
        assert_eq!(
            output.labels,
            Some(LabelSource::Inline(Labels::from_text("neutral\nhappy")))
        );
    }

    #[test]
    fn what_is_odd_is_left_aside_with_a_warning() {
        for (key, value) in [
            ("input.layout", "CHWN"),
            ("input.size", "0x7"),
            ("input.size", "224"),
            ("input.mean", "[1, 2]"),
            ("input.mean", "1"),
            ("input.std", "1"),
            ("input.crop", "1.5"),
            ("input.crop", "nan"),
            ("output.kind", "argmax"),
        ] {
            let info = ModelInfo::from_metadata([(key, value)]);
            assert_eq!(info.warnings.len(), 1, "{key}={value}: {:?}", info.warnings);
            assert_eq!(
                (&info.inputs[0], &info.outputs[0]),
                (&InputInfo::default(), &OutputInfo::default())
            );
        }
        let mismatched = ModelInfo::from_metadata([("input.mean", "1,2,3"), ("input.std", "1")]);
        assert_eq!(mismatched.warnings.len(), 1);
        let zero = ModelInfo::from_metadata([("input.mean", "1"), ("input.std", "0")]);
        assert!(zero.warnings.len() == 1 && zero.inputs[0].ranges.is_empty());
        assert_eq!(ModelInfo::from_metadata([]).warnings, Vec::<String>::new());
    }
}
