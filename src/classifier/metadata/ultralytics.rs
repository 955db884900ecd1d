// SPDX-License-Identifier: MPL-2.0
//! What Ultralytics' YOLO exports write, as Python's literals.
//!
//! | key | value |
//! |---|---|
//! | `names` | `{0: 'cat', 1: 'dog'}` |
//! | `imgsz` | `[height, width]`, or one number for both |
//! | `task` | `classify`, `detect`, `segment`, `pose`, `obb` |
//! | `author`, `version`, `stride`, `batch`, `channels`, `args`, .. | not needed |
//!
//! Their classifiers take RGB, 0..1. YOLOv5 writes `names` and `stride` alone; its classifiers take ImageNet's means
//! and standard deviations, its detectors do not, and so nothing is said of values there.

use super::super::description::{InputInfo, ModelInfo, OutputInfo, Range};
use super::super::{InputFormat, Labels};
use super::words::{get, left_aside};
use super::{Entries, described, inline, literal, other_task, sides};

pub(super) fn read(entries: &Entries<'_>) -> Option<ModelInfo> {
    let [names, size, task, stride] = ["names", "imgsz", "task", "stride"].map(|key| get(entries, key));
    let current = size.is_some() || get(entries, "author") == Some("Ultralytics");
    if !(current || names.is_some() && stride.is_some()) {
        return None;
    }
    let mut warnings: Vec<String> = task.and_then(other_task).into_iter().collect();
    let mut input = InputInfo {
        channels: InputFormat::Rgb,
        ..Default::default()
    };
    if current {
        input.ranges = vec![Range { min: 0.0, max: 1.0 }];
        input.crop_fraction = Some(1.0);
    }
    let one_channel = get(entries, "channels") == Some("1");
    if one_channel {
        input.channels = InputFormat::Gray;
    }
    if let Some(text) = size {
        input.size = literal::value(text).as_ref().and_then(sides);
        if input.size.is_none() {
            warnings.push(left_aside("imgsz", text));
        }
    }
    let mut output = OutputInfo::default();
    if let Some(text) = names {
        match literal::value(text).as_ref().and_then(Labels::of_json) {
            Some(labels) => output.labels = inline(labels),
            None => warnings.push(left_aside("names", text)),
        }
    }
    Some(described(input, output, warnings))
}

#[cfg(test)]
mod tests {
    use super::super::super::LabelSource;
    use super::*;

    #[test]
    fn a_classifiers_export_is_understood() {
        let info = read(&[
            ("description", "Ultralytics YOLO11n-cls model"),
            ("author", "Ultralytics"),
            ("task", "classify"),
            ("imgsz", "[224, 192]"),
            ("names", "{0: 'tench', 1: \"jack-o'-lantern\"}"),
        ])
        .unwrap();
        assert_eq!(info.warnings, Vec::<String>::new());
        let input = &info.inputs[0];
        assert_eq!((input.size, input.channels), (Some((224, 192)), InputFormat::Rgb));
        assert_eq!(input.ranges, [Range { min: 0.0, max: 1.0 }]);
        assert_eq!(
            info.outputs[0].labels,
            Some(LabelSource::Inline(Labels::from_text("tench\njack-o'-lantern")))
        );
    }

    #[test]
    fn a_detector_and_broken_values_are_said() {
        let warned = |entries: &Entries<'_>| read(entries).unwrap().warnings.join("\n");
        let detector = warned(&[("task", "detect"), ("imgsz", "[640, 640]")]);
        assert!(
            detector.contains("detects objects") && detector.contains("output-name"),
            "{detector}"
        );
        assert!(warned(&[("imgsz", "big")]).contains("imgsz"));
        assert!(warned(&[("imgsz", "32"), ("names", "{0: 'a'")]).contains("names"));
        let old = read(&[("names", "['a', 'b']"), ("stride", "32")]).unwrap();
        assert!(old.inputs[0].ranges.is_empty() && old.outputs[0].labels.is_some());
        assert_eq!(read(&[("names", "{0: 'a'}")]), None, "anybody may have names");
    }
}
